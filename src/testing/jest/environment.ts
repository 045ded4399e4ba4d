import { TestEnvironment } from 'jest-environment-jsdom'

/** What browsers have, and Jest's jsdom has not, or has in a realm of its own. */
const names = [
  'ArrayBuffer',
  'BroadcastChannel',
  'CryptoKey',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'TextDecoder',
  'TextEncoder',
  'TransformStream',
  'Uint8Array',
  'WritableStream',
  'crypto',
  'fetch',
  'structuredClone',
] as const

/** jsdom with the platform's Web Crypto and fetch. */
// eslint-disable-next-line no-restricted-syntax -- Jest takes the default export
export default class CountersignEnvironment extends TestEnvironment {
  constructor(...settings: never[]) {
    super(...settings)
    for (const name of names)
      Object.defineProperty(this.global, name, {
        value: globalThis[name],
        configurable: true,
        writable: true,
      })
  }
}
