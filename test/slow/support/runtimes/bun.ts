// Bun: its own server, and an open database of its own SQLite.
import { sqliteStore, type SqliteDatabase } from 'countersign/backend/node'
import { createHandler, type RuntimeEnvironment } from './handler.js'
import { withMtls, type MtlsEnvironment } from './mtls.js'

interface BunGlobal {
  readonly env: Record<string, string>
  serve(options: { port: number; hostname: string; fetch: (request: Request) => Promise<Response> }): void
}

const { Bun } = globalThis as unknown as { Bun: BunGlobal }
const env = Bun.env as unknown as RuntimeEnvironment & MtlsEnvironment & { STORE: string; PORT: string }
const name = 'bun:sqlite'
const { Database } = (await import(/* @vite-ignore */ name)) as {
  Database: new (path: string) => SqliteDatabase
}
const open = () => sqliteStore(new Database(env.STORE))

Bun.serve({
  port: Number(env.PORT),
  hostname: '127.0.0.1',
  fetch: withMtls(createHandler(env, open(), open()), env),
})
