// Node: a listener of node:http, and a file as the store.
import { createServer } from 'node:http'
import process from 'node:process'
import { sqliteStore, toNodeListener } from 'countersign/backend/node'
import { createHandler, type RuntimeEnvironment } from './handler.js'

const env = process.env as unknown as RuntimeEnvironment & { STORE: string; PORT: string }
const handler = createHandler(env, sqliteStore(env.STORE), sqliteStore(env.STORE))

createServer(toNodeListener(handler)).listen(Number(env.PORT), '127.0.0.1')
