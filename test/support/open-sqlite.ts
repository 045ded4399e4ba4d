import type { SqliteDatabase } from 'countersign/backend/node'

export type OpenSqlite = new (path: string) => SqliteDatabase

/** Node's own SQLite, or `libsql` on a Node that has none. */
export async function findSqlite(): Promise<OpenSqlite> {
  const own = process.getBuiltinModule('node:sqlite' as 'node:fs') as unknown
  if (own) return (own as { readonly DatabaseSync: OpenSqlite }).DatabaseSync
  const { default: Database } = await import('libsql')
  return Database
}

export async function openSqlite(path: string): Promise<SqliteDatabase> {
  return new (await findSqlite())(path)
}
