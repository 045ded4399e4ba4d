import { AssertionError } from 'node:assert'
import { vi } from 'vitest'
import type { ReadableStore } from 'countersign/core'

/** Resolves with the state of a store as soon as it has one of these statuses. */
export function until<T extends { readonly status: string }, S extends T['status']>(
  store: ReadableStore<T>,
  ...statuses: readonly S[]
): Promise<Extract<T, { readonly status: S }>> {
  return untilState(store, (state): state is Extract<T, { readonly status: S }> =>
    (statuses as readonly string[]).includes(state.status),
  )
}

/** Resolves with the state of a store as soon as it is accepted. */
export function untilState<T, S extends T>(
  store: ReadableStore<T>,
  accept: (state: T) => state is S,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      const state = store.get()
      if (accept(state)) {
        stop()
        clearTimeout(timer)
        resolve(state)
        return true
      }
      return false
    }
    // Only for a test that fails: says what the state was instead.
    const timer = setTimeout(() => {
      stop()
      reject(new AssertionError({ message: `the state stayed ${JSON.stringify(store.get())}` }))
    }, 30_000)
    const stop = store.subscribe(look)
    look()
  })
}

/** Resolves with what `look` gives as soon as it no longer throws; the limit is one for a busy machine. */
export const eventually = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 30_000 })

/**
 * Resolves when the promises that are under way have run: storage, locks, answers of the network. Cryptography runs on threads
 * that a busy machine may keep waiting, so each turn also waits for as many operations as there are threads.
 */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await Promise.all(Array.from({ length: 4 }, () => crypto.subtle.digest('SHA-256', new Uint8Array())))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
