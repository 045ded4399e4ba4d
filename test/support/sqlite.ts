import { vi } from 'vitest'
import { findSqlite } from './open-sqlite.js'

/** Gives a Node without `node:sqlite` one of the same form, for the rest of a test. */
export async function provideSqlite(): Promise<void> {
  const DatabaseSync = await findSqlite()
  const { getBuiltinModule } = process
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) =>
    name === 'node:sqlite' ? { DatabaseSync } : getBuiltinModule(name),
  )
}
