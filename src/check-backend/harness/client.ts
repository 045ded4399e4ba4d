import { Buffer } from 'node:buffer'
import { Agent, request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as requestHttps } from 'node:https'
import { contractHeader, contractVersion } from '../../protocol/contract.js'
import { Mismatch } from './mismatch.js'
import type { CheckOptions } from '../options.js'

/** Whose session a request carries. */
export type Who = 'user' | 'other' | 'nobody'

/** How a request differs from a well-formed one of the app's page. */
export interface SendOptions {
  readonly as?: Who
  /** JSON where it is an object; otherwise the bytes as they are. */
  readonly body?: object | string | Uint8Array
  /** Instead of the usual ones; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Sent in chunks, without a `Content-Length`. */
  readonly chunked?: boolean
  /** Whether an answer of 429 is waited for and asked again. Default `true`. */
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

const timeoutMilliseconds = 20_000

/** How long a 429 is waited for, in seconds, and how often. */
const patience = { seconds: 90, times: 3 }

/** Makes a client for the backend that the options name. */
export function createClient(options: CheckOptions): Client {
  const base = new URL(options.baseUrl)
  const basePath = base.pathname.replace(/\/$/, '')
  const secure = base.protocol === 'https:'
  const agent = secure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true })
  const exchanges: Exchange[] = []

  function open(method: string, path: string, headers: Record<string, string>): ClientRequest {
    const { hostname, port } = base
    const host = hostname.replace(/^\[|\]$/g, '')
    const settings = { host, port, method, path: basePath + path, headers, agent }
    return secure ? requestHttps(settings) : requestHttp(settings)
  }

  async function sendOnce(
    method: string,
    path: string,
    { as = 'user', body, headers = {}, chunked = false }: SendOptions,
  ): Promise<Exchange> {
    const bytes = body === undefined ? undefined : toBytes(body)
    const all: Record<string, string | undefined> = {
      origin: options.origin,
      ...(options.origin === base.origin && { 'sec-fetch-site': 'same-origin' }),
      [contractHeader]: contractVersion,
      ...(bytes && { 'content-type': 'application/json' }),
      ...(bytes &&
        (chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bytes.length) })),
      ...sessionHeaders(options, as),
      ...headers,
    }
    const present = Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    )
    const { status, headers: received, text } = await exchange(open(method, path, present), bytes)
    const done: Exchange = {
      method,
      path,
      as,
      origin: all['origin'],
      request: typeof body === 'object' && !(body instanceof Uint8Array) ? body : undefined,
      status,
      headers: received,
      text,
      body: parseJson(text),
    }
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
    close: () => {
      agent.destroy()
    },
  }
}

function sessionHeaders({ sessions }: CheckOptions, as: Who): Readonly<Record<string, string>> {
  return as === 'nobody' ? {} : (sessions[as] ?? {})
}

function toBytes(body: object | string | Uint8Array): Uint8Array {
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

interface Received {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

function exchange(request: ClientRequest, bytes: Uint8Array | undefined): Promise<Received> {
  return new Promise((resolve, reject) => {
    let answered = false
    request.once('response', (response) => {
      answered = true
      read(response).then(resolve, reject)
    })
    // A server may answer before it has read a body that is too large, and close: the answer counts.
    request.on('error', (error: Error & { code?: string }) => {
      if (!answered) reject(new Mismatch(`no answer came (${error.code ?? error.name})`))
    })
    request.setTimeout(timeoutMilliseconds, () => {
      request.destroy(Object.assign(new Error(), { code: 'no answer in 20 seconds' }))
    })
    // In one piece, so that the headers do not wait for the body.
    request.end(bytes)
  })
}

async function read(response: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer)
  } catch {
    throw new Mismatch('the answer broke off')
  }
  const headers = new Headers()
  for (let index = 0; index < response.rawHeaders.length; index += 2)
    headers.append(response.rawHeaders[index] ?? '', response.rawHeaders[index + 1] ?? '')
  return { status: response.statusCode ?? 0, headers, text: Buffer.concat(chunks).toString() }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
