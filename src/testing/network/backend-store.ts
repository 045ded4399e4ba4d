import type { Store } from '../../backend/index.js'

/** A value of the backend, as a map has it. */
export interface Held {
  readonly value: string
  readonly version: string
  readonly expiresAt: number
}

/** A store for the backend in a map. @param now Epoch seconds. */
export function storeIn(entries: Map<string, Held>, now: () => number): Store {
  const find = (key: string): Held | undefined => {
    const held = entries.get(key)
    return held && held.expiresAt > now() ? held : undefined
  }
  return {
    // What a test, or a browser that plays the banks, has of a world opens nothing: it needs no sealing.
    inProcess: true,
    get: (key) => Promise.resolve(find(key)),
    put(key, value, expectedVersion, expiresAt) {
      if ((find(key)?.version ?? null) !== expectedVersion) return Promise.resolve(false)
      for (const other of entries.keys()) if (!find(other)) entries.delete(other)
      entries.set(key, { value, version: crypto.randomUUID(), expiresAt })
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
