import { randomUUID } from 'node:crypto'
import type { Store, StoreEntry } from 'countersign/backend'
import type { Database } from 'node-sqlite3-wasm'

const createTable = `
  CREATE TABLE IF NOT EXISTS countersign (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    version TEXT NOT NULL,
    expires_at REAL NOT NULL
  )`

/** Only where there is nothing, or nothing that has not expired. */
const insert = `
  INSERT INTO countersign (key, value, version, expires_at) VALUES (:key, :value, :version, :expiresAt)
  ON CONFLICT (key) DO UPDATE SET value = :value, version = :version, expires_at = :expiresAt
  WHERE expires_at <= :now`

/** Only the version that was read. */
const update = `
  UPDATE countersign SET value = :value, version = :version, expires_at = :expiresAt
  WHERE key = :key AND version = :expected AND expires_at > :now`

const named = (values: Record<string, string | number>): Record<string, string | number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]))

/** @param now Epoch seconds. */
export function sqliteStore(database: Database, now = (): number => Date.now() / 1000): Store {
  database.exec(createTable)
  return {
    async get(key) {
      const sql = 'SELECT value, version FROM countersign WHERE key = :key AND expires_at > :now'
      return (database.get(sql, named({ key, now: now() })) as StoreEntry | null) ?? undefined
    },

    async put(key, value, expectedVersion, expiresAt) {
      // Random, not counted: a value that is deleted and made anew must not have a version that somebody remembers.
      const written = { key, value, version: randomUUID(), expiresAt, now: now() }
      const { changes } =
        expectedVersion === null
          ? database.run(insert, named(written))
          : database.run(update, named({ ...written, expected: expectedVersion }))
      return changes === 1
    },

    async delete(key) {
      database.run('DELETE FROM countersign WHERE key = :key', named({ key }))
    },
  }
}

/** Frees the space of what has expired; let a timer call it now and then. */
export function sweep(database: Database, now = Date.now() / 1000): void {
  database.run('DELETE FROM countersign WHERE expires_at <= :now', named({ now }))
}
