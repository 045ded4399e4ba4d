/**
 * Makes one realm of two. Vitest's jsdom environment puts jsdom's `Uint8Array` and `ArrayBuffer` in the place of those that
 * Web Crypto makes, and code that asks `instanceof` takes a signature for no bytes at all ("input.subarray is not a
 * function"). Where they differ, Web Crypto's are put back; anywhere else nothing changes.
 */
export function joinRealms(): void {
  const PlatformArray = new TextEncoder().encode('').constructor as typeof Uint8Array
  if (PlatformArray === Uint8Array) return
  const PlatformBuffer = new PlatformArray(0).buffer.constructor
  Object.assign(globalThis, { Uint8Array: PlatformArray, ArrayBuffer: PlatformBuffer })
}
