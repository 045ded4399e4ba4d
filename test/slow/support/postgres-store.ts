import { Pool } from 'pg'
import { postgresMigration } from '../../support/docs-sql.js'
import { startPostgres } from '../../support/postgres-server.js'
import type { SharedStore } from './store-location.js'

/** Runs statements on a server, one after the other. */
export async function query(url: string, ...statements: readonly string[]): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 1 })
  pool.on('error', () => undefined)
  try {
    for (const sql of statements) await pool.query(sql)
  } finally {
    await pool.end()
  }
}

/** A PostgreSQL with the table of the documentation. */
export async function startPostgresStore(): Promise<SharedStore> {
  const server = await startPostgres()
  await query(server.url, postgresMigration())
  return {
    kind: 'postgres',
    at: server.url,
    server,
    clear: () => query(server.url, 'DELETE FROM countersign'),
    close: () => server.close(),
  }
}
