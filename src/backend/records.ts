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

/** What one caller has written; {@link Records.change} fills it in. */
export interface OwnWrite<T> {
  /** As it lies in the store. */
  text?: string
  value?: T
}

/** JSON values in the store, sealed where there are keys. */
export interface Records {
  read<T>(key: string): Promise<T | undefined>
  /**
   * Compare and swap: `next` may be called again when somebody else was faster, so it has no effects.
   *
   * @param own For a record that is changed twice: it is not opened again while it is still as it was written the first time.
   */
  change<T, R>(key: string, next: (current: T | undefined) => Change<T, R>, own?: OwnWrite<T>): Promise<R>
  remove(key: string): Promise<void>
}

/** How often a change is tried again when others are faster. */
const attempts = 30

export function createRecords(store: Store, sealing: Sealing | undefined, now: () => number): Records {
  async function decode<T>(key: string, value: string): Promise<T | undefined> {
    if (!sealing) return JSON.parse(value) as T
    return (await sealing.open(value, `record ${key}`, now())) as T | undefined
  }

  const encode = (key: string, value: unknown, until: number): Promise<string> | string =>
    sealing ? sealing.seal(value, `record ${key}`, until) : JSON.stringify(value)

  return {
    async read(key) {
      const entry = await store.get(key)
      return entry && decode(key, entry.value)
    },

    async change<T, R>(key: string, next: (current: T | undefined) => Change<T, R>, own: OwnWrite<T> = {}) {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const entry = await store.get(key)
        const current = entry && (entry.value === own.text ? own.value : await decode<T>(key, entry.value))
        const { write, until = 0, result } = next(current)
        if (write === undefined) return result
        const text = await encode(key, write, until)
        if (await store.put(key, text, entry?.version ?? null, until)) {
          Object.assign(own, { text, value: write })
          return result
        }
        await pause(attempt)
      }
      throw new Refusal('backend_unavailable', { reason: 'store_contention' })
    },

    remove: (key) => store.delete(key),
  }
}

/** Waits a random while, longer each time, so that those who collided do not meet again. */
function pause(attempt: number): Promise<void> {
  const milliseconds = Math.random() * Math.min(2 ** attempt, 100)
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
