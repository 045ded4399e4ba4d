import { chmodSync, closeSync, openSync } from 'node:fs'
import process from 'node:process'
import { checkOptions, type OptionForms } from '../../protocol/options.js'
import type { Store } from '../storage/store.js'

/** A prepared statement of a {@link SqliteDatabase}. */
export interface SqliteStatement {
  get(...values: (string | number)[]): unknown
  all(...values: (string | number)[]): unknown[]
  run(...values: (string | number)[]): { readonly changes: number | bigint }
}

/** An open database of `node:sqlite`, `better-sqlite3`, `libsql` or `bun:sqlite`, as far as {@link sqliteStore} uses it. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  close(): unknown
}

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /** Milliseconds for which a write waits for another process's. @defaultValue 5000 */
  readonly busyTimeoutMilliseconds?: number
  /** Epoch seconds. @defaultValue the system's clock */
  readonly now?: () => number
}

const forms = { busyTimeoutMilliseconds: 'number', now: 'function' } satisfies OptionForms<SqliteStoreOptions>

/** A {@link Store} in a file. */
export interface SqliteStore extends Store {
  keys(): AsyncIterable<string>
  /**
   * Deletes at most 1000 values that have expired. The store does so by itself, once every 256 writes.
   *
   * @returns The number of values that were deleted.
   */
  removeExpired(): number
  /** Closes the database, if the store has opened it. */
  close(): void
}

/** Number of writes between two removals of expired values. */
const writesBetweenRemovals = 256

/** Number of values that one statement deletes or lists. */
const pageSize = 1000

const schema = `
  CREATE TABLE IF NOT EXISTS countersign (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    version TEXT NOT NULL,
    expires_at REAL NOT NULL
  );
  CREATE INDEX IF NOT EXISTS countersign_expires_at ON countersign (expires_at);`

const statements = {
  get: 'SELECT value, version FROM countersign WHERE key = ? AND expires_at > ?',
  // Only where there is nothing, or nothing that has not expired.
  insert: `
    INSERT INTO countersign (key, value, version, expires_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE
    SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at
    WHERE expires_at <= ?`,
  // Only the version that was read.
  update: `
    UPDATE countersign SET value = ?, version = ?, expires_at = ?
    WHERE key = ? AND version = ? AND expires_at > ?`,
  remove: 'DELETE FROM countersign WHERE key = ?',
  list: 'SELECT key FROM countersign WHERE key > ? AND expires_at > ? ORDER BY key LIMIT ?',
  removeExpired: `
    DELETE FROM countersign WHERE key IN (
      SELECT key FROM countersign WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
}

/**
 * A store in one file, for a backend on one machine: it survives restarts, and several processes may share it. A value is on
 * the disk when it counts as written (write-ahead log, `synchronous = FULL`). The file is readable by its owner only.
 *
 * A path is opened by `node:sqlite`: Node 22.13 or later, or Deno. Elsewhere give it an open database of `better-sqlite3`,
 * `libsql` or `bun:sqlite`; the mode of its file is then yours to set. The file must lie on a local disk: file locks and the
 * shared memory of the log do not work over networks.
 *
 * @param file A path, or an open database.
 * @throws {TypeError} for a file that is neither path nor database, and for an option that is wrong or unknown; when this
 * runtime has no `node:sqlite`, or the file cannot be opened, with the remedy.
 * @example
 * ```ts
 * import { sqliteStore } from 'countersign/backend/node'
 *
 * const store = sqliteStore('/var/lib/app/countersign.db')
 * ```
 */
export function sqliteStore(file: string | SqliteDatabase, options: SqliteStoreOptions = {}): SqliteStore {
  if (!isFile(file))
    throw new TypeError(
      'sqliteStore needs a path, or an open database of `node:sqlite`, `better-sqlite3`, `libsql` or `bun:sqlite`.',
    )
  checkOptions('sqliteStore', options, forms)
  const { busyTimeoutMilliseconds = 5000, now = () => Date.now() / 1000 } = options
  if (!Number.isInteger(busyTimeoutMilliseconds) || busyTimeoutMilliseconds < 0)
    throw new TypeError(
      'sqliteStore: `busyTimeoutMilliseconds` is a whole number of milliseconds, such as 5000.',
    )
  const database = typeof file === 'string' ? open(file) : file
  // Before all else: to turn the log on may have to wait, too.
  database.exec(`PRAGMA busy_timeout = ${String(busyTimeoutMilliseconds)}`)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec(schema)
  return createStore(database, now, typeof file === 'string')
}

/** Test for a path or an open database, for JavaScript. */
function isFile(file: unknown): boolean {
  const { exec, prepare } = Object(file) as Partial<SqliteDatabase>
  return typeof file === 'string' ? file !== '' : typeof exec === 'function' && typeof prepare === 'function'
}

function createStore(database: SqliteDatabase, now: () => number, isOwn: boolean): SqliteStore {
  const prepare = (name: keyof typeof statements): SqliteStatement => database.prepare(statements[name])
  const [get, insert, update, remove] = [
    prepare('get'),
    prepare('insert'),
    prepare('update'),
    prepare('remove'),
  ]
  const [list, expired] = [prepare('list'), prepare('removeExpired')]
  let writes = 0

  const removeExpired = (): number => Number(expired.run(now(), pageSize).changes)

  return {
    get: (key) =>
      settle(() => {
        const row = get.get(key, now()) as
          { readonly value: string; readonly version: string } | null | undefined
        return row ? { value: row.value, version: row.version } : undefined
      }),

    put: (key, value, expectedVersion, expiresAt) =>
      settle(() => {
        // Random, not counted: a value that is deleted and made anew must not have a version that somebody remembers.
        const version = crypto.randomUUID()
        const { changes } =
          expectedVersion === null
            ? insert.run(key, value, version, expiresAt, now())
            : update.run(value, version, expiresAt, key, expectedVersion, now())
        if (Number(changes) !== 1) return false
        writes += 1
        if (writes % writesBetweenRemovals === 0) removeQuietly(removeExpired)
        return true
      }),

    delete: (key) =>
      settle(() => {
        remove.run(key)
      }),

    // eslint-disable-next-line @typescript-eslint/require-await -- the driver is synchronous
    async *keys() {
      for (let after = ''; ;) {
        const rows = list.all(after, now(), pageSize) as readonly { readonly key: string }[]
        for (const { key } of rows) yield key
        const last = rows.at(-1)
        if (last === undefined) return
        after = last.key
      }
    },

    removeExpired,

    close() {
      if (isOwn) database.close()
    },
  }
}

/** The driver is synchronous: what it returns or throws is settled here. */
const settle = <T>(work: () => T): Promise<T> =>
  new Promise((resolve) => {
    resolve(work())
  })

/** Removes what has expired. A failure is no failure of the write before it. */
function removeQuietly(remove: () => number): void {
  try {
    remove()
  } catch {
    // The next is 256 writes away.
  }
}

interface NodeSqlite {
  readonly DatabaseSync: new (path: string) => SqliteDatabase
}

function open(path: string): SqliteDatabase {
  const sqlite = (process as Partial<NodeJS.Process>).getBuiltinModule?.('node:sqlite' as 'node:fs') as
    NodeSqlite | undefined
  if (!sqlite)
    throw new TypeError(
      'sqliteStore: this runtime has no node:sqlite, which Node has from 22.13. Update Node, or give sqliteStore an open database instead of a path: `sqliteStore(new Database(path))`, with Database of better-sqlite3, libsql or bun:sqlite.',
    )
  if (path !== ':memory:') protect(path)
  return new sqlite.DatabaseSync(path)
}

/** Makes the file, and makes it readable by its owner only; SQLite gives the files beside it the same mode. */
function protect(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
  } catch (cause) {
    const { code } = Object(cause) as { code?: unknown }
    throw new TypeError(
      `sqliteStore: the file cannot be opened or protected (${String(code)}). Its folder must exist, and file and folder must belong to the user that the backend runs as.`,
      { cause },
    )
  }
}
