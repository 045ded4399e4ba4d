import { checkOptions, type OptionForms } from '../../protocol/options.js'
import type { Store } from './store.js'

/** The part of a `pg` pool that {@link postgresStore} uses: what speaks for one database, statement by statement. */
export interface PostgresPool {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>
}

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions {
  /** The table, with its schema where `search_path` does not name that: `app.countersign`. @defaultValue `countersign` */
  readonly table?: string
}

const forms = { table: 'string' } satisfies OptionForms<PostgresStoreOptions>

/** A {@link Store} in PostgreSQL. */
export interface PostgresStore extends Store {
  keys(): AsyncIterable<string>
  /**
   * Deletes at most 1000 values that have expired. The store does so by itself, once every 256 writes of this process; call it
   * from a timer where a backend writes rarely.
   *
   * @returns The number of values that were deleted.
   */
  removeExpired(): Promise<number>
}

/** Number of writes between two removals of expired values. */
const writesBetweenRemovals = 256

/** Number of values that one statement deletes or lists. */
const pageSize = 1000

/** Number of tries of a statement that other transactions were in the way of. */
const attempts = 10

/**
 * A store in PostgreSQL 13 or later, for several replicas of the backend, with the `pool` of `pg` or one like it. The pool is
 * yours: give it an `error` listener, without which Node ends the process when an idle connection breaks, and a
 * `connectionTimeoutMillis`. Every method is one statement, so a pooler in transaction mode is fine; connect to the primary.
 *
 * The table is made by your migrations: docs/stores.md has the SQL. Leave `synchronous_commit` on: a refresh token that was
 * replaced and then lost means that the person must connect again.
 *
 * @throws {TypeError} when `table` is no name of a table, or `pool` has no `query`.
 * @example
 * ```ts
 * import { postgresStore } from 'countersign/backend'
 * import { Pool } from 'pg'
 *
 * const pool = new Pool({ connectionString: 'postgres://127.0.0.1/app', connectionTimeoutMillis: 5000 })
 * pool.on('error', (error) => {
 *   console.error(error.message)
 * })
 *
 * const store = postgresStore(pool)
 * ```
 */
export function postgresStore(pool: PostgresPool, options: PostgresStoreOptions = {}): PostgresStore {
  if (typeof (Object(pool) as Partial<PostgresPool>).query !== 'function')
    throw new TypeError(
      'postgresStore needs a pool: `new Pool({ … })` of `pg`, or an object with its `query`.',
    )
  checkOptions('postgresStore', options, forms)
  const table = checkTable(options.table ?? 'countersign')
  const statements = createStatements(table)
  let writes = 0

  async function removeExpired(): Promise<number> {
    const { rowCount } = await pool.query(statements.removeExpired, [pageSize])
    return rowCount ?? 0
  }

  return {
    async get(key) {
      const { rows } = await repeat(() => pool.query(statements.get, [key]))
      const [row] = rows as readonly { readonly value: string; readonly version: string }[]
      return row && { value: row.value, version: row.version }
    },

    async put(key, value, expectedVersion, expiresAt) {
      const values = [key, value, crypto.randomUUID(), expiresAt]
      const written = await (
        expectedVersion === null
          ? pool.query(statements.insert, values)
          : pool.query(statements.update, [...values, expectedVersion])
      ).catch((error: unknown) => {
        // Somebody else was faster, and the server has undone this: read again, as after any lost comparison.
        if (isConflict(error)) return { rowCount: 0 }
        throw error
      })
      if (written.rowCount !== 1) return false
      writes += 1
      // A removal that fails is made up for by the next, 256 writes away.
      if (writes % writesBetweenRemovals === 0) removeExpired().catch(() => undefined)
      return true
    },

    async delete(key) {
      await repeat(() => pool.query(statements.remove, [key]))
    },

    async *keys() {
      for (let after = ''; ;) {
        const { rows } = await repeat(() => pool.query(statements.list, [after, pageSize]))
        const keys = (rows as readonly { readonly key: string }[]).map(({ key }) => key)
        yield* keys
        const last = keys.at(-1)
        if (last === undefined) return
        after = last
      }
    },

    removeExpired,
  }
}

/** The statements, by what they do; expiry is by the server's clock, the one that all replicas share. */
function createStatements(
  table: string,
): Readonly<Record<'get' | 'insert' | 'update' | 'remove' | 'list' | 'removeExpired', string>> {
  return {
    get: `SELECT value, version FROM ${table} WHERE key = $1 AND expires_at > now()`,
    // Only where there is nothing, or nothing that has not expired.
    insert: `
      INSERT INTO ${table} AS old (key, value, version, expires_at)
      VALUES ($1, $2, $3, to_timestamp($4))
      ON CONFLICT (key) DO UPDATE
      SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at
      WHERE old.expires_at <= now()`,
    // Only the version that was read.
    update: `
      UPDATE ${table} SET value = $2, version = $3, expires_at = to_timestamp($4)
      WHERE key = $1 AND version = $5 AND expires_at > now()`,
    remove: `DELETE FROM ${table} WHERE key = $1`,
    list: `SELECT key FROM ${table} WHERE key > $1 AND expires_at > now() ORDER BY key LIMIT $2`,
    // Replicas that remove at once take different rows, and none waits for a writer.
    removeExpired: `
      DELETE FROM ${table} WHERE key IN (
        SELECT key FROM ${table} WHERE expires_at <= now()
        ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
  }
}

/** It becomes part of statements, so it is checked and not quoted. */
function checkTable(table: unknown): string {
  if (typeof table === 'string' && /^(?:[a-z_]\w{0,62}\.)?[a-z_]\w{0,62}$/i.test(table)) return table
  throw new TypeError(
    'postgresStore: `table` is the name of a table, alone or with its schema, such as "app.countersign": letters, digits and "_".',
  )
}

/** Serialization failure or deadlock: the statement had no effect. Only isolation above READ COMMITTED has the former. */
const isConflict = (error: unknown): boolean =>
  ['40001', '40P01'].includes(String((Object(error) as { code?: unknown }).code))

/** Runs a statement again, until no other transaction is in its way. */
async function repeat<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt < attempts; attempt += 1) {
    try {
      return await run()
    } catch (error) {
      if (!isConflict(error)) throw error
    }
  }
  return run()
}
