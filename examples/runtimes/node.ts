// Node: `server.listen(3000)`.
import { createServer } from 'node:http'
import { toNodeListener } from 'countersign/backend/node'
import { handler } from './handler.js'

export const server = createServer(toNodeListener(handler))
