import type { Platform } from './platform.js'

/** A database in memory, with the atomic changes of IndexedDB and without its timing. */
export function createDatabase(): Platform['database'] {
  const records = new Map<string, unknown>()
  const get = (key: string): unknown => copy(records.get(key))
  return {
    get: (key) => Promise.resolve(get(key)),
    entries: () => Promise.resolve([...records.keys()].map((key) => [key, get(key)])),
    async change(keys, change) {
      // As in IndexedDB nothing has happened yet when the function returns.
      await Promise.resolve()
      const [writes, result] = change(keys.map(get))
      for (const [key, value] of Object.entries(writes)) {
        if (value === undefined) records.delete(key)
        else records.set(key, copy(value))
      }
      return result
    },
  }
}

/** A deep copy of plain data. A CryptoKey stays the same one: it cannot be changed. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (Object.prototype.toString.call(value) !== '[object Object]') return value
  return Object.fromEntries(Object.entries(value as object).map(([name, member]) => [name, copy(member)]))
}
