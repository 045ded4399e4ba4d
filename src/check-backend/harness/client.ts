import { Buffer } from 'node:buffer'
import { contractHeader, contractVersion } from '../../protocol/contract.js'
import type { CheckOptions } from '../options.js'
import { createHttpClient } from './http.js'

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
  /** Waits after an answer of 429, and asks again. Default `true`. */
  readonly patient?: boolean
}

/** One request and its answer. */
export interface Exchange {
  readonly method: string
  /** Below the base path, as it was sent. */
  readonly path: string
  readonly as: Who
  readonly origin: string | undefined
  /** The body of the request where it was an object. */
  readonly request: object | undefined
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; `undefined` where it is no JSON. */
  readonly body: unknown
}

/** Sends requests to the backend under test, byte for byte: no path is normalized, no redirect followed. */
export interface Client {
  /** Every exchange so far, in order. */
  readonly exchanges: readonly Exchange[]
  readonly send: (method: string, path: string, options?: SendOptions) => Promise<Exchange>
  readonly close: () => void
}

/** The longest wait after a 429, in seconds, and the number of waits. */
const patience = { seconds: 90, times: 3 }

/** Makes a client for the backend that the options name. */
export function createClient(options: CheckOptions): Client {
  const base = new URL(options.baseUrl)
  const basePath = base.pathname.replace(/\/$/, '')
  const http = createHttpClient(base)
  const exchanges: Exchange[] = []

  async function sendOnce(method: string, path: string, send: SendOptions): Promise<Exchange> {
    const { as = 'user', body } = send
    const bytes = body === undefined ? undefined : toBytes(body)
    const headers = requestHeaders(options, send, bytes)
    const answer = await http.send(method, basePath + path, headers, bytes)
    const request = typeof body === 'object' && !(body instanceof Uint8Array) ? body : undefined
    const origin = headers['origin']
    const done: Exchange = { method, path, as, origin, request, ...answer, body: parseJson(answer.text) }
    exchanges.push(done)
    return done
  }

  return {
    exchanges,
    async send(method, path, sendOptions = {}) {
      for (let attempt = 1; ; attempt += 1) {
        const done = await sendOnce(method, path, sendOptions)
        if (done.status !== 429 || sendOptions.patient === false || attempt > patience.times) return done
        const wait = Number(done.headers.get('retry-after') ?? NaN)
        if (!(wait > 0 && wait <= patience.seconds)) return done
        await new Promise((resolve) => setTimeout(resolve, wait * 1000))
      }
    },
    close: http.close,
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
