import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** A listening server. */
export interface Listening {
  readonly origin: string
  readonly close: () => Promise<void>
}

/**
 * Listens on the loopback interface.
 *
 * @throws {Error} a sentence when the port is taken
 */
export async function listen(handle: RequestListener, port: number): Promise<Listening> {
  let origin = ''
  const server = createServer((request, response) => {
    if (!isForeign(origin, request, response)) handle(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `Port ${String(port)} is taken. Stop what runs there, or choose another one: PORT=… npm run demo`
      reject(error.code === 'EADDRINUSE' ? new Error(taken) : error)
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  origin = `http://localhost:${String((server.address() as AddressInfo).port)}`
  return {
    origin,
    close: () => close(server),
  }
}

/**
 * Refuses what is addressed to another server. A site whose name resolves to this machine (DNS rebinding) is of one origin
 * with what it is answered, so it could read what the app's own pages are told. A target such as `//host/path` is
 * a URL of its own, and no path of this server.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.20
 */
function isForeign(origin: string, request: IncomingMessage, response: ServerResponse): boolean {
  const isOurs = request.headers.host === origin.slice('http://'.length)
  if (isOurs && /^\/(?![/\\])/.test(request.url ?? '')) return false
  response.writeHead(isOurs ? 400 : 421, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(
    isOurs ? 'There is no such path.' : `The demo is at ${origin} and nowhere else: open that address.`,
  )
  return true
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
}

/** The value of a cookie. */
export function readCookie(request: IncomingMessage, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(/;\s*/).map((pair) => pair.split('='))
  return pairs.find(([key]) => key === name)?.[1]
}

/** The JSON object of a small request body. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > 10_000) throw new Error('The body is too large.')
  }
  const value: unknown = JSON.parse(text || '{}')
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
  response.end(JSON.stringify(body))
}
