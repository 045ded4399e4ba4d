// The process that is measured: the backend, and beside it handlers that do nothing of their own.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeListener } from 'countersign/backend/node'
import { createMeasuredBackend } from './backend.js'

// As in production: with them, every error that a closed connection leaves behind costs a tenth of a millisecond.
process.setSourceMapsEnabled(false)

const [upstream = ''] = process.argv.slice(2)
const backend = await createMeasuredBackend(upstream, { rateLimit: 'off' })

/** Reads the body and answers. */
async function answer(request: Request): Promise<Response> {
  await request.text()
  return Response.json({ ok: true })
}

/** Sends the body on, and the answer back. */
async function forward(path: string, request: Request, headers: Record<string, string>): Promise<Response> {
  const bodiless = request.method === 'GET'
  const response = await fetch(`${upstream}${path}`, {
    method: request.method,
    headers,
    ...(!bodiless && { body: await request.text() }),
  })
  return new Response(await response.text(), { status: response.status })
}

const server = createServer(
  toNodeListener((request) => {
    const { pathname } = new URL(request.url)
    const [, first = '', ...rest] = pathname.split('/')
    if (first === 'answer') return answer(request)
    if (first === 'forward') return forward(`/${rest.join('/')}`, request, {})
    if (first === 'forward-anew') return forward(`/${rest.join('/')}`, request, { connection: 'close' })
    return backend(request)
  }),
)
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
