import { Buffer } from 'node:buffer'
import { createHash, X509Certificate } from 'node:crypto'
import { Agent, request as send, type AgentOptions } from 'node:https'
import { Readable } from 'node:stream'
import { createSecureContext } from 'node:tls'
import { noteThumbprint } from '../../protocol/client-certificate.js'
import type { Fetch } from '../../protocol/http.js'
import { checkOptions } from '../../protocol/options.js'

/** Options of {@link mtlsFetch}. */
export interface MtlsFetchOptions {
  /** The client's certificate, and those between it and its authority: PEM. */
  readonly cert: string | Buffer
  /** The certificate's private key: PEM. */
  readonly key: string | Buffer
  /** Passphrase of the key, where it is encrypted. */
  readonly passphrase?: string
  /** Certificates of the authorities that servers are trusted by, instead of the platform's: PEM. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
}

const forms = { cert: 'any!', key: 'any!', passphrase: 'string', ca: 'any' } as const

/**
 * A `fetch` that presents a client certificate (mutual TLS) to every https server that asks for one. The server's own
 * certificate is always verified, whatever the environment says; redirects are not followed.
 *
 * Every request has a connection of its own. A server may close a kept one while a request is on its way, and then it is
 * unknown whether a code or a refresh token, good for one use, was used. TLS sessions are resumed.
 *
 * @throws {TypeError} when certificate or key is missing or cannot be read, when they do not belong together, and in Cloudflare
 * Workers.
 * @example
 * ```ts
 * import { mtlsFetch } from 'countersign/backend/node'
 * import { readFileSync } from 'node:fs'
 *
 * const fetch = mtlsFetch({ cert: readFileSync('client.crt'), key: readFileSync('client.key') })
 * ```
 * @see https://www.rfc-editor.org/rfc/rfc8705.html#section-2
 */
export function mtlsFetch(options: MtlsFetchOptions): Fetch {
  // It has node:https, which presents no certificate there: a server would refuse each request, and nobody would know why.
  const { navigator } = globalThis as { readonly navigator?: Navigator }
  if (navigator?.userAgent === 'Cloudflare-Workers')
    throw new TypeError(
      'mtlsFetch: Workers present client certificates by a binding alone. Add it to `mtls_certificates` in wrangler.jsonc, and give the provider `fetch: (url, init) => env.CERTIFICATE.fetch(url, init)`.',
    )
  const { cert, key, passphrase, ca } = Object(options) as MtlsFetchOptions
  // What else the object holds is let be: certificates are kept together with much that is not for here.
  checkOptions('mtlsFetch', { cert, key, passphrase, ca }, forms)
  const authorities: readonly unknown[] = Array.isArray(ca) ? ca : [ca ?? '']
  if (![cert, key, ...authorities].every(isPem))
    throw new TypeError(
      'mtlsFetch: `cert`, `key` and `ca` are PEM, as strings or Buffers; `ca` may be several.',
    )
  const agent = createAgent({
    cert,
    key,
    ...(passphrase !== undefined && { passphrase }),
    ...(ca !== undefined && { ca: isPem(ca) ? ca : [...ca] }),
  })
  const presenting: Fetch = async (url, init) => {
    const request = new Request(url, init)
    // Only https has certificates; http is for this machine alone, and whoever calls has checked that.
    if (new URL(request.url).protocol !== 'https:') return fetch(request)
    const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined
    return exchange(agent, request, body)
  }
  const thumbprint = thumbprintOf(cert)
  if (thumbprint !== undefined) noteThumbprint(presenting, thumbprint)
  return presenting
}

/** The `x5t#S256` of the first certificate; `undefined` in a runtime that cannot tell: then nothing is compared with it. */
function thumbprintOf(cert: string | Buffer): string | undefined {
  try {
    return createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url')
  } catch {
    return undefined
  }
}

const isPem = (value: unknown): value is string | Buffer =>
  typeof value === 'string' || Buffer.isBuffer(value)

function createAgent(options: AgentOptions): Agent {
  try {
    createSecureContext(options)
  } catch {
    throw new TypeError('mtlsFetch: `cert` and `key` (PEM) cannot be read, or do not belong together.')
  }
  return new Agent({ ...options, minVersion: 'TLSv1.2', rejectUnauthorized: true, keepAlive: false })
}

function exchange(agent: Agent, request: Request, body: Buffer | undefined): Promise<Response> {
  const { method, headers, signal } = request
  return new Promise((resolve, reject) => {
    const outgoing = send(request.url, {
      agent,
      method,
      signal,
      headers: {
        ...Object.fromEntries(headers),
        ...(body && { 'content-length': String(body.length) }),
      },
    })
    // As fetch has it, with the reason as the cause.
    outgoing.once('error', (cause) => {
      reject(new TypeError('fetch failed', { cause }))
    })
    outgoing.once('response', (incoming) => {
      const { statusCode: status = 500 } = incoming
      const bodiless = [204, 205, 304].includes(status) || method === 'HEAD'
      if (bodiless) incoming.resume()
      const stream = bodiless ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>)
      const pairs = Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
        values.map((value): [string, string] => [name, value]),
      )
      resolve(new Response(stream, { status, headers: pairs }))
    })
    outgoing.end(body)
  })
}
