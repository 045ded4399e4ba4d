import { memoryStore, type Store } from 'countersign/backend'

/** A store whose values a test can look at, and write as somebody else would. */
export interface OpenStore {
  readonly store: Store
  /** What lies there, by key. */
  values(): Promise<Readonly<Record<string, string>>>
  /** Replaces the values of one kind of record, such as `connection`; gives the keys. */
  rewrite(kind: string, change: (value: string, key: string) => string): Promise<readonly string[]>
}

export function openStore(now?: () => number): OpenStore {
  const store = memoryStore(now && { now })
  const keys = new Set<string>()

  const open: OpenStore = {
    store: {
      ...store,
      put(...parameters) {
        keys.add(parameters[0])
        return store.put(...parameters)
      },
    },
    async values() {
      const entries = await Promise.all([...keys].map(async (key) => [key, await store.get(key)] as const))
      return Object.fromEntries(entries.flatMap(([key, entry]) => (entry ? [[key, entry.value]] : [])))
    },
    async rewrite(kind, change) {
      const found = Object.entries(await open.values()).filter(([key]) => key.split(':')[0] === kind)
      for (const [key, value] of found) {
        const entry = await store.get(key)
        await store.put(key, change(value, key), entry?.version ?? null, 4_000_000_000)
      }
      return found.map(([key]) => key)
    },
  }
  return open
}
