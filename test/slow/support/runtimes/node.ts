// Node: a listener of node:http, and a file as the store.
import { createServer } from 'node:http'
import process from 'node:process'
import { sqliteStore, toNodeListener } from 'countersign/backend/node'
import { createHandler, type RuntimeEnvironment } from './handler.js'
import { withMtls, type MtlsEnvironment } from './mtls.js'

const env = process.env as unknown as RuntimeEnvironment & MtlsEnvironment & { STORE: string; PORT: string }
const handler = withMtls(createHandler(env, sqliteStore(env.STORE), sqliteStore(env.STORE)), env)

createServer(toNodeListener(handler)).listen(Number(env.PORT), '127.0.0.1')
