/** A value in a {@link Store}. */
export interface StoreEntry {
  readonly value: string
  /** Opaque. Every `put` makes a new one, and a key never has the same one twice, not even after a `delete`. */
  readonly version: string
}

/**
 * The backend's storage of connections, tokens and transactions: three methods over any database that can compare and set
 * one value atomically. Several replicas of the backend must share one store.
 *
 * @example
 * ```ts
 * import type { Store } from 'countersign/backend'
 *
 * type Query = (sql: string, values: unknown[]) => Promise<{ rows: { value: string; version: string }[]; rowCount: number }>
 *
 * const sqlStore = (query: Query): Store => ({
 *   async get(key) {
 *     const { rows } = await query('SELECT value, version FROM countersign WHERE key = $1 AND expires_at > now()', [key])
 *     return rows[0]
 *   },
 *   async put(key, value, expectedVersion, expiresAt) {
 *     const { rowCount } =
 *       expectedVersion === null
 *         ? await query(
 *             `INSERT INTO countersign AS old (key, value, version, expires_at)
 *              VALUES ($1, $2, gen_random_uuid(), to_timestamp($3))
 *              ON CONFLICT (key) DO UPDATE SET value = $2, version = gen_random_uuid(), expires_at = to_timestamp($3)
 *              WHERE old.expires_at <= now()`,
 *             [key, value, expiresAt],
 *           )
 *         : await query(
 *             `UPDATE countersign SET value = $2, version = gen_random_uuid(), expires_at = to_timestamp($3)
 *              WHERE key = $1 AND version = $4 AND expires_at > now()`,
 *             [key, value, expiresAt, expectedVersion],
 *           )
 *     return rowCount === 1
 *   },
 *   async delete(key) {
 *     await query('DELETE FROM countersign WHERE key = $1', [key])
 *   },
 * })
 * ```
 */
export interface Store {
  /**
   * True where values never leave the memory of this process, so that they need no sealing. Any other store needs `keys`.
   *
   * @defaultValue false
   */
  readonly inProcess?: boolean
  /** The value under a key, or `undefined` where none is or it has expired. */
  get(key: string): Promise<StoreEntry | undefined>
  /**
   * Writes a value if its version is still the expected one. Once the promise is fulfilled with `true`, every `get` anywhere
   * sees the value.
   *
   * @param expectedVersion The version that was read, or `null`: there must be no value.
   * @param expiresAt Epoch seconds after which the value may be dropped.
   * @returns `true` when the value was written.
   */
  put(key: string, value: string, expectedVersion: string | null, expiresAt: number): Promise<boolean>
  /** Deletes a key, whatever its version. */
  delete(key: string): Promise<void>
  /**
   * Every key, in any order: one that is there from beginning to end at least once. Only `reseal`, which changes the
   * key that seals, and `connections.reindex` need it; a store without it serves all else.
   */
  keys?(): AsyncIterable<string>
}
