// Deno: its own server, and its own SQLite in the form of Node's.
import { sqliteStore } from 'countersign/backend/node'
import { createHandler, type RuntimeEnvironment } from './handler.js'

interface DenoGlobal {
  readonly env: { toObject(): Record<string, string> }
  serve(options: { port: number; hostname: string }, handler: (request: Request) => Promise<Response>): void
}

const { Deno } = globalThis as unknown as { Deno: DenoGlobal }
const env = Deno.env.toObject() as unknown as RuntimeEnvironment & { STORE: string; PORT: string }
const handler = createHandler(env, sqliteStore(env.STORE), sqliteStore(env.STORE))

Deno.serve({ port: Number(env.PORT), hostname: '127.0.0.1' }, handler)
