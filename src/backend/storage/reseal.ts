import { checkOptions, type OptionForms } from '../../protocol/options.js'
import { createSealing } from './sealing.js'
import type { Store } from './store.js'

/** Options of {@link reseal}. */
export interface ResealOptions {
  /** The store of the backend; it needs `keys()`, which all stores of this package have. */
  readonly store: Store
  /** The keys of the backend, the new one first, in the order that every replica has by now. */
  readonly keys: readonly string[]
  /** Change nothing, and count only. @defaultValue false */
  readonly check?: boolean
  /** Records under way at once. @defaultValue 8 */
  readonly concurrency?: number
  /** Called after every 1000 records. */
  readonly onProgress?: (progress: ResealProgress) => void
  /** Ends the run early; a later one goes on. */
  readonly signal?: AbortSignal
  /** Epoch seconds. @defaultValue the system's clock */
  readonly now?: () => number
}

const forms = {
  store: 'object!',
  keys: 'strings!',
  check: 'boolean',
  concurrency: 'number',
  onProgress: 'function',
  signal: 'object',
  now: 'function',
} satisfies OptionForms<ResealOptions>

/** Numbers of records so far. */
export interface ResealProgress {
  readonly seen: number
  /** Sealed by the first key before. */
  readonly current: number
  /** Sealed by another key before, and by the first now; with `check`, still by another. */
  readonly resealed: number
  /** Opened by none of the keys, not sealed, or damaged; they stay as they are. */
  readonly unreadable: number
}

type Outcome = 'current' | 'resealed' | 'unreadable' | 'gone'

/** Number of records between two reports. */
const reportEvery = 1000

/** Number of tries of one record while the backend is faster. */
const attempts = 30

/**
 * Seals every record of a store with the first key, so that the others can be removed. Replicas may run meanwhile: a record
 * that one of them changes is read again. A run that was ended is simply started again: what the first key has sealed is
 * passed over without being opened.
 *
 * The order of steps is in docs/stores.md: the new key last in every replica, then first in every replica, then this.
 *
 * @returns The numbers of the whole run. Remove the old key only when `unreadable` is 0.
 * @throws {TypeError} when an option is wrong or unknown, a key is malformed, or the store lists no keys.
 * @throws what the store throws, and the reason of `signal`.
 * @example
 * ```ts
 * import { reseal, type Store } from 'countersign/backend'
 *
 * declare const store: Store
 * const { KEY_2027 = '', KEY_2026 = '' } = process.env
 *
 * const { unreadable } = await reseal({ store, keys: [KEY_2027, KEY_2026], onProgress: console.log })
 * if (unreadable > 0) throw new Error('a key is missing')
 * ```
 */
export async function reseal(options: ResealOptions): Promise<ResealProgress> {
  checkOptions('reseal', options, forms)
  const { store, keys, concurrency = 8, onProgress, signal } = options
  if (!store.keys)
    throw new TypeError('reseal: this store has no `keys()`, so its records cannot be listed: add it.')
  if (keys.length === 0)
    throw new TypeError('reseal: `keys` is empty: give the keys of the backend, the new one first.')
  const resealOne = createResealing(options)
  const counts = { seen: 0, current: 0, resealed: 0, unreadable: 0 }
  const listed = store.keys()[Symbol.asyncIterator]()

  async function work(): Promise<void> {
    for (;;) {
      signal?.throwIfAborted()
      const next = await listed.next()
      if (next.done) return
      const outcome = await resealOne(next.value)
      if (outcome === 'gone') continue
      counts.seen += 1
      counts[outcome] += 1
      if (counts.seen % reportEvery === 0) onProgress?.({ ...counts })
    }
  }

  await Promise.all(Array.from({ length: concurrency }, work))
  return { ...counts }
}

/** Makes the step for one record. */
function createResealing({
  store,
  keys,
  check = false,
  now = () => Date.now() / 1000,
}: ResealOptions): (key: string) => Promise<Outcome> {
  const sealing = createSealing(keys)
  return async (key) => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const entry = await store.get(key)
      if (!entry) return 'gone'
      if (await sealing.isFirst(entry.value)) return 'current'
      const context = `record ${key}`
      const opened = await sealing.open(entry.value, context, now())
      if (opened.status === 'expired') return 'gone'
      if (opened.status !== 'open') return 'unreadable'
      if (check) return 'resealed'
      const { value, expiresAt } = opened
      if (await store.put(key, await sealing.seal(value, context, expiresAt), entry.version, expiresAt))
        return 'resealed'
    }
    throw new Error('reseal: a record is changed all the time by the backend. Run it again.')
  }
}
