// Koa 3: `app.listen(3000)`. Before anything that reads bodies.
import { toNodeListener } from 'countersign/backend/node'
import Koa from 'koa'
import { handler } from './handler.js'

export const app = new Koa()

const listener = toNodeListener(handler)

app.use(async (context, next) => {
  if (!context.path.startsWith('/connect/')) {
    await next()
    return
  }
  // The listener answers; Koa keeps its hands off.
  context.respond = false
  listener(context.req, context.res)
})
