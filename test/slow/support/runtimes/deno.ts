// Deno: its own server, and its own SQLite in the form of Node's.
import { sqliteStore } from 'countersign/backend/node'
import { createHandler, type RuntimeEnvironment } from './handler.js'
import { withMtls, type MtlsEnvironment } from './mtls.js'

interface DenoGlobal {
  readonly env: { toObject(): Record<string, string> }
  serve(options: { port: number; hostname: string }, handler: (request: Request) => Promise<Response>): void
}

const { Deno } = globalThis as unknown as { Deno: DenoGlobal }
const env = Deno.env.toObject() as unknown as RuntimeEnvironment &
  MtlsEnvironment & { STORE: string; PORT: string }
const handler = withMtls(createHandler(env, sqliteStore(env.STORE), sqliteStore(env.STORE)), env)

Deno.serve({ port: Number(env.PORT), hostname: '127.0.0.1' }, handler)
