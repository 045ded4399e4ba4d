import type { SqliteDatabase } from 'countersign/backend/node'
import { vi } from 'vitest'

type Open = new (path: string) => SqliteDatabase

/** Node's own SQLite, or `libsql` on a Node that has none. */
async function findSqlite(): Promise<Open> {
  const own = process.getBuiltinModule('node:sqlite' as 'node:fs') as unknown as
    { DatabaseSync: Open } | undefined
  if (own) return own.DatabaseSync
  const { default: Database } = await import('libsql')
  return Database
}

export async function openSqlite(path: string): Promise<SqliteDatabase> {
  return new (await findSqlite())(path)
}

/** Gives a Node without `node:sqlite` one of the same form, for the rest of a test. */
export async function provideSqlite(): Promise<void> {
  const DatabaseSync = await findSqlite()
  const { getBuiltinModule } = process
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) =>
    name === 'node:sqlite' ? { DatabaseSync } : getBuiltinModule(name as 'node:fs'),
  )
}
