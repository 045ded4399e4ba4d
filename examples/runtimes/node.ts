// Node: `server.listen(3000)`. Reached without a proxy, the backend can count by the socket's address, too: give
// `createBackend` `clientAddress: remoteAddress`, from the same entry.
import { createServer } from 'node:http'
import { toNodeListener } from 'countersign/backend/node'
import { handler } from './handler.js'

export const server = createServer(toNodeListener(handler))
