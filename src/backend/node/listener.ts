import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { pipeline } from 'node:stream/promises'
import { checkOptions, type OptionForms } from '../../protocol/options.js'
import { noteSocketAddress, socketAddress } from '../http/client-address.js'
import { respondRefusal } from '../http/responses.js'
import { Refusal } from '../http/refusal.js'

/** Options of {@link toNodeListener}. */
export interface NodeListenerOptions {
  /**
   * The origin under which browsers see this server, such as `https://app.example`. The backend reads the path of a
   * request's URL only, so the origin matters to your `session` function alone. @defaultValue `http://localhost`
   */
  readonly origin?: string
}

const forms = { origin: 'string' } satisfies OptionForms<NodeListenerOptions>

/** A listener for the servers of `node:http`, `node:https` and `node:http2`. */
export type NodeListener = RequestListener &
  ((incoming: Http2ServerRequest, outgoing: Http2ServerResponse) => void)

/**
 * Serves a Web-standard handler with `node:http` or `node:http2`, or below an Express or Connect app.
 *
 * @throws {TypeError} when the handler is not a function, and when `origin` is not an http or https URL.
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { toNodeListener } from 'countersign/backend/node'
 *
 * declare const backend: (request: Request) => Promise<Response>
 *
 * createServer(toNodeListener(backend)).listen(3000)
 * ```
 */
export function toNodeListener(
  handle: (request: Request) => Promise<Response>,
  options: NodeListenerOptions = {},
): NodeListener {
  if (typeof handle !== 'function')
    throw new TypeError('toNodeListener needs a handler: give it what createBackend has made.')
  checkOptions('toNodeListener', options, forms)
  const origin = readOrigin(options.origin ?? 'http://localhost')
  // A request and an answer of HTTP/2 have all that is used here.
  const listener: RequestListener = (incoming, outgoing) => {
    serve(handle, origin, incoming, outgoing).catch(() => {
      // What has begun is broken off by then, so that nobody takes a part for the whole.
      if (!outgoing.headersSent) outgoing.writeHead(500).end()
    })
  }
  return listener as NodeListener
}

/** @throws {TypeError} for what has no origin that a request can have. */
function readOrigin(url: string): string {
  if (/^https?:/i.test(url) && URL.canParse(url)) return new URL(url).origin
  throw new TypeError('toNodeListener: `origin` must be an origin, such as "https://app.example".')
}

/**
 * The other end of the socket. A backend that is given no `clientAddress` takes it for the client's address, unless it
 * belongs to a machine nearby or the request says that it came by a proxy. Behind a proxy it is the proxy's address, the same for
 * every client: then read the header that your proxy sets.
 *
 * @returns `undefined` for a request that {@link toNodeListener} has not made.
 * @example
 * ```ts
 * import { createBackend, type BackendOptions } from 'countersign/backend'
 * import { remoteAddress } from 'countersign/backend/node'
 *
 * declare const options: BackendOptions
 *
 * const direct = createBackend({ ...options, clientAddress: remoteAddress })
 * // Behind a proxy that replaces what a client says in it:
 * const proxied = createBackend({
 *   ...options,
 *   clientAddress: (request) => request.headers.get('x-real-ip') ?? undefined,
 * })
 * ```
 */
export const remoteAddress = (request: Request): string | undefined => socketAddress(request)

async function serve(
  handle: (request: Request) => Promise<Response>,
  origin: string,
  incoming: IncomingMessage & { readonly originalUrl?: string },
  outgoing: ServerResponse,
): Promise<void> {
  const abort = new AbortController()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) abort.abort()
  })
  const request = toRequest(origin, incoming, abort.signal)
  const { remoteAddress: address } = incoming.socket
  if (request instanceof Request && address !== undefined) noteSocketAddress(request, address)
  const response = request instanceof Request ? await handle(request) : respondRefusal(request)
  const isWhole = incoming.complete
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    // A body that was not read whole is not waited for either.
    ...(!isWhole && incoming.httpVersionMajor === 1 && { connection: 'close' }),
  })
  if (!isWhole) receiveNoMore(outgoing)
  if (response.body) await pipeline(response.body, outgoing)
  else outgoing.end()
}

/** What HTTP/2 has in the place of a connection that is closed: the stream ends once the answer is sent. */
function receiveNoMore(outgoing: ServerResponse | Http2ServerResponse): void {
  if (!('stream' in outgoing)) return
  const { stream } = outgoing
  // Not the answer's own event, which waits for the end of the stream.
  stream.once('finish', () => {
    stream.close()
  })
}

/** For whoever sets up the server: it happens with every request, so the first one tells. */
const readBefore =
  'Something has read the request body before the countersign backend: mount the backend above express.json() and other body parsers.'

let hasWarned = false

function refuseReadBody(): Refusal {
  if (!hasWarned) process.emitWarning(readBefore)
  hasWarned = true
  return new Refusal('backend_unavailable', { description: readBefore })
}

/** Methods that `fetch` has no request for. */
const unrepresentable = new Set(['CONNECT', 'TRACE', 'TRACK'])

function toRequest(
  origin: string,
  incoming: IncomingMessage & { readonly originalUrl?: string },
  signal: AbortSignal,
): Request | Refusal {
  const { method = 'GET', headers } = incoming
  // Below a mount path Express shortens `url`; the contract's paths are whole.
  const path = incoming.originalUrl ?? incoming.url ?? '/'
  // A target with an origin of its own is never a path here, nor is `//host`, which parsers of URLs also read in `/\host`.
  if (!/^\/(?![/\\])/.test(path)) return new Refusal('invalid_request')
  if (unrepresentable.has(method))
    return new Refusal('method_not_allowed', { allow: ['GET', 'POST', 'DELETE'] })
  const bodiless = method === 'GET' || method === 'HEAD'
  if (!bodiless && incoming.readableDidRead) return refuseReadBody()
  // Appended, not resolved: whatever the path looks like, the origin is the one that is configured.
  return new Request(origin + path, {
    method,
    headers: Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      // HTTP/2 has method and path among its headers, as ":method" and ":path".
      value === undefined || name.startsWith(':') ? [] : [[name, String(value)]],
    ),
    signal,
    ...(!bodiless && { body: toStream(incoming), duplex: 'half' }),
  })
}

/** The body as a stream: the socket gives no more than is read. */
function toStream(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming.iterator({ destroyOnReturn: false })
  return new ReadableStream({
    async pull(controller) {
      const next: IteratorResult<Buffer> = await chunks.next()
      if (next.done) controller.close()
      else controller.enqueue(new Uint8Array(next.value))
    },
    async cancel() {
      await chunks.return?.()
    },
  })
}
