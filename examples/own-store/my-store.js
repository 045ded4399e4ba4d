// A store on a database of your own: one table, three methods, four statements. Prove it:
//
//   npx countersign check-store ./my-store.js
import { randomUUID } from 'node:crypto'
import { env } from 'node:process'
import Database from 'libsql' // stands for your database: its driver is the only line that is about SQLite

/** @returns {import('countersign/backend').Store & { close(): void }} */
export function open(now = () => Date.now() / 1000) {
  const database = new Database(env.MY_DATABASE ?? 'my-app.db')
  database.exec('PRAGMA busy_timeout = 5000')
  database.exec(
    'CREATE TABLE IF NOT EXISTS countersign (key TEXT PRIMARY KEY, value TEXT, version TEXT, expires_at REAL)',
  )
  // Only where there is nothing, or nothing that has not expired.
  const insert = database.prepare(`
    INSERT INTO countersign VALUES (:key, :value, :version, :expiresAt) ON CONFLICT (key)
    DO UPDATE SET value = :value, version = :version, expires_at = :expiresAt WHERE expires_at <= :now`)
  // Only the version that was read. One statement each: to read first and write then would let two replicas win.
  const update = database.prepare(`
    UPDATE countersign SET value = :value, version = :version, expires_at = :expiresAt
    WHERE key = :key AND version = :expected AND expires_at > :now`)
  const select = database.prepare('SELECT value, version FROM countersign WHERE key = ? AND expires_at > ?')
  const remove = database.prepare('DELETE FROM countersign WHERE key = ?')

  return {
    async get(key) {
      const row = /** @type {{ value: string, version: string } | undefined} */ (select.get(key, now()))
      return row && { value: row.value, version: row.version }
    },
    async put(key, value, expected, expiresAt) {
      // Random, not counted: a value that is deleted and made anew must not have a version that somebody remembers.
      const written = { key, value, version: randomUUID(), expiresAt, now: now() }
      const { changes } = expected === null ? insert.run(written) : update.run({ ...written, expected })
      return changes === 1
    },
    async delete(key) {
      remove.run(key)
    },
    close: () => database.close(),
  }
}
