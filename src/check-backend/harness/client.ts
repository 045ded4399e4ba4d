import { Buffer } from 'node:buffer'
import { Agent, request as requestHttp, type ClientRequest } from 'node:http'
import { Agent as SecureAgent, request as requestHttps } from 'node:https'
import { contractHeader, contractVersion, correlationHeader } from '../../protocol/contract.js'
import { retryAfterOf } from '../../protocol/retry-after.js'
import type { CheckOptions } from '../options.js'
import { Mismatch } from './mismatch.js'
import { readMessage, type Message } from './message.js'

/** The session that a request carries. */
export type Who = 'user' | 'other' | 'nobody'

/** The ways in which a request differs from a well-formed one of the app's page. */
export interface SendOptions {
  readonly as?: Who
  /** JSON where it is an object; otherwise the bytes as they are. */
  readonly body?: object | string | Uint8Array
  /** Headers in place of the usual ones; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Sent in chunks, without a `Content-Length`. */
  readonly chunked?: boolean
  /** Waits after an answer of 429, and asks again. @defaultValue true */
  readonly patient?: boolean
}

/** One request and its answer. */
export interface Exchange extends Message {
  readonly method: string
  /** Below the base path, as it was sent. */
  readonly path: string
  readonly origin: string | undefined
  /** The body of the request where it was an object. */
  readonly request: object | undefined
  readonly status: number
  /** The parsed body; `undefined` where it is not JSON. */
  readonly body: unknown
}

/** Sends requests to the backend under test, byte for byte: no path is normalized, no redirect followed. */
export interface Client {
  /** Every exchange so far, in order. */
  readonly exchanges: readonly Exchange[]
  /** @throws {Mismatch} when no whole answer comes. */
  readonly send: (method: string, path: string, options?: SendOptions) => Promise<Exchange>
  readonly close: () => void
}

const timeoutMilliseconds = 20_000
/** The longest wait after a 429, in seconds, and the number of waits. */
const patience = { seconds: 90, times: 3 }

/** Makes a client for the backend that the options name. */
export function createClient(options: CheckOptions): Client {
  const { protocol, hostname, port, pathname } = new URL(options.baseUrl)
  const isSecure = protocol === 'https:'
  // A connection for each request: a server may close an idle one at the moment in which it is used again.
  const agent = isSecure ? new SecureAgent({ keepAlive: false }) : new Agent({ keepAlive: false })
  const host = hostname.replace(/^\[|\]$/g, '')
  const exchanges: Exchange[] = []

  async function sendOnce(method: string, path: string, send: SendOptions): Promise<Exchange> {
    const { body } = send
    const bytes = body === undefined ? undefined : toBytes(body)
    const headers = requestHeaders(options, send, bytes)
    // A path, not a URL, which would be normalized.
    const settings = { host, port, method, path: pathname.replace(/\/$/, '') + path, headers, agent }
    const answer = await exchange(isSecure ? requestHttps(settings) : requestHttp(settings), bytes)
    const request = typeof body === 'object' && !(body instanceof Uint8Array) ? body : undefined
    const origin = headers['origin']
    const done: Exchange = { method, path, origin, request, ...answer, body: parseJson(answer.text) }
    exchanges.push(done)
    return done
  }

  return {
    exchanges,
    async send(method, path, sendOptions = {}) {
      for (let attempt = 1; ; attempt += 1) {
        const done = await sendOnce(method, path, sendOptions)
        if (done.status !== 429 || sendOptions.patient === false || attempt > patience.times) return done
        const wait = retryAfterOf(done.headers) ?? 0
        if (wait <= 0 || wait > patience.seconds) return done
        await new Promise((resolve) => setTimeout(resolve, wait * 1000))
      }
    },
    close: () => {
      agent.destroy()
    },
  }
}

/** The headers of a page's request, but for those that it changes or leaves out. */
function requestHeaders(
  { origin, baseUrl, sessions }: CheckOptions,
  { as = 'user', headers, chunked = false }: SendOptions,
  bytes: Uint8Array | undefined,
): Readonly<Record<string, string>> {
  const all: Record<string, string | undefined> = {
    origin,
    ...(origin === new URL(baseUrl).origin && { 'sec-fetch-site': 'same-origin' }),
    [contractHeader]: contractVersion,
    [correlationHeader]: crypto.randomUUID(),
    ...(bytes && {
      'content-type': 'application/json',
      ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bytes.length) }),
    }),
    ...(as !== 'nobody' && sessions[as]),
    ...headers,
  }
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(present)
}

function exchange(
  request: ClientRequest,
  bytes: Uint8Array | undefined,
): Promise<Message & { readonly status: number }> {
  return new Promise((resolve, reject) => {
    let answered = false
    request.once('response', (response) => {
      answered = true
      readMessage(response).then(
        (message) => resolve({ status: response.statusCode ?? 0, ...message }),
        () => reject(new Mismatch('the answer broke off')),
      )
    })
    // A server may answer before it has read a body that is too large, and close: the answer counts.
    request.on('error', (error: Error & { code?: string }) => {
      if (!answered) reject(new Mismatch(`no answer came (${error.code ?? error.name})`))
    })
    request.setTimeout(timeoutMilliseconds, () => {
      request.destroy(Object.assign(new Error(), { code: 'none within 20 seconds' }))
    })
    // In one piece, so that the headers do not wait for the body.
    request.end(bytes)
  })
}

function toBytes(body: object | string | Uint8Array): Uint8Array {
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
