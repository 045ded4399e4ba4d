import { checkOptions, type OptionForms } from '../../protocol/options.js'
import type { Store } from './store.js'

interface Held {
  readonly value: string
  readonly version: string
  readonly expiresAt: number
}

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Epoch seconds. @defaultValue the system's clock */
  readonly now?: () => number
}

const forms = { now: 'function' } satisfies OptionForms<MemoryStoreOptions>

/** Number of writes between two removals of expired values. */
const writesBetweenRemovals = 256

/**
 * A store in this process's memory, for demos and tests: it survives no restart and serves one replica only.
 *
 * @throws {TypeError} for an option that is wrong or unknown.
 * @example
 * ```ts
 * import { memoryStore } from 'countersign/backend'
 *
 * const store = memoryStore()
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  checkOptions('memoryStore', options, forms)
  const { now = () => Date.now() / 1000 } = options
  const entries = new Map<string, Held>()
  let writes = 0

  function find(key: string): Held | undefined {
    const held = entries.get(key)
    if (held && held.expiresAt > now()) return held
    entries.delete(key)
    return undefined
  }

  function removeExpired(): void {
    for (const key of entries.keys()) find(key)
  }

  return {
    inProcess: true,
    get(key) {
      const held = find(key)
      return Promise.resolve(held && { value: held.value, version: held.version })
    },
    put(key, value, expectedVersion, expiresAt) {
      if ((find(key)?.version ?? null) !== expectedVersion) return Promise.resolve(false)
      writes += 1
      entries.set(key, { value, version: String(writes), expiresAt })
      if (writes % writesBetweenRemovals === 0) removeExpired()
      return Promise.resolve(true)
    },
    delete(key) {
      entries.delete(key)
      return Promise.resolve()
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a store's keys may come from elsewhere
    async *keys() {
      for (const key of [...entries.keys()]) if (find(key)) yield key
    },
  }
}
