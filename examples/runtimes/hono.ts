// Hono, wherever that runs: `export default app`, or on Node `serve(app)` of @hono/node-server.
import { Hono } from 'hono'
import { handler } from './handler.js'

export const app = new Hono()

app.all('/connect/*', (c) => handler(c.req.raw))
