import { Refusal } from './refusal.js'
import type { Sealing } from './sealing.js'
import type { Store } from './store.js'

/** What becomes of a record, and what the caller learns of it. */
export interface Change<T, R> {
  /** The new record; left out: it stays as it is. */
  readonly write?: T
  /** Epoch seconds until which the new record is kept. */
  readonly until?: number
  readonly result: R
}

/** JSON values in the store, sealed where there are keys. */
export interface Records {
  read<T>(key: string): Promise<T | undefined>
  /** Compare and swap: `next` may be called again when somebody else was faster, so it has no effects. */
  change<T, R>(key: string, next: (current: T | undefined) => Change<T, R>): Promise<R>
  remove(key: string): Promise<void>
  /**
   * The same records, for as long as one request takes: what it has read or written is not opened again while the store
   * has it so.
   */
  forRequest(): Records
}

/** How often a change is tried again when others are faster. */
const attempts = 30

export function createRecords(
  store: Store,
  sealing: Sealing | undefined,
  now: () => number,
  opened?: Map<string, { readonly text: string; readonly value: unknown }>,
): Records {
  async function decode<T>(key: string, text: string): Promise<T | undefined> {
    const known = opened?.get(key)
    if (known?.text === text) return known.value as T
    const value: unknown = sealing ? await sealing.open(text, `record ${key}`, now()) : JSON.parse(text)
    opened?.set(key, { text, value })
    return value as T | undefined
  }

  const encode = (key: string, value: unknown, until: number): Promise<string> | string =>
    sealing ? sealing.seal(value, `record ${key}`, until) : JSON.stringify(value)

  return {
    async read(key) {
      const entry = await store.get(key)
      return entry && decode(key, entry.value)
    },

    async change<T, R>(key: string, next: (current: T | undefined) => Change<T, R>) {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const entry = await store.get(key)
        const { write, until = 0, result } = next(entry && (await decode<T>(key, entry.value)))
        if (write === undefined) return result
        const text = await encode(key, write, until)
        if (await store.put(key, text, entry?.version ?? null, until)) {
          opened?.set(key, { text, value: write })
          return result
        }
        await pause(attempt)
      }
      throw new Refusal('backend_unavailable', { reason: 'store_contention' })
    },

    remove: (key) => store.delete(key),

    forRequest: () => createRecords(store, sealing, now, new Map()),
  }
}

/** Waits a random while, longer each time, so that those who collided do not meet again. */
function pause(attempt: number): Promise<void> {
  const milliseconds = Math.random() * Math.min(2 ** attempt, 100)
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
