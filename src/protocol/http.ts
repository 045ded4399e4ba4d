import { NetworkError, ValidationError } from './errors.js'

/** How one request may behave. */
export interface HttpOptions {
  /** Seconds until the request counts as unanswered. @defaultValue 15 */
  readonly timeoutSeconds?: number
  /** The largest body that is read, in bytes. @defaultValue 262144 (256 KiB) */
  readonly maximumBytes?: number
}

/** The part of `fetch` that this library uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * The one way by which page and backend talk to another server: redirects are not followed, nothing is cached, no
 * referrer is sent, the wait and the body are bounded. Cookies go only where `init` says so. The body has been read
 * whole when the promise resolves, so a slow body counts as no answer, too.
 *
 * @throws {NetworkError} when no HTTP answer came.
 * @throws {ValidationError} `response_malformed` for a redirect, or a body larger than allowed.
 */
export async function request(
  fetch: Fetch,
  url: string,
  init: RequestInit,
  options: HttpOptions = {},
): Promise<Response> {
  const { timeoutSeconds = 15, maximumBytes = 262_144 } = options
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000)
  let response: Response
  let body: Uint8Array<ArrayBuffer> | undefined
  try {
    response = await fetch(url, {
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      redirect: 'manual',
      ...init,
      signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout,
    })
    body = await readBody(response, maximumBytes)
  } catch {
    throw new NetworkError(
      'No answer came: the device is offline, the server was too slow, or it answers a backend only and no page (CORS).',
    )
  }
  // A browser shows a redirect that it did not follow as status 0, Node as what it is.
  if (!body || response.status === 0 || (response.status >= 300 && response.status < 400)) {
    throw new ValidationError(
      'response_malformed',
      body ? 'status' : 'body',
      `The server ${body ? 'redirected instead of answering' : 'sent more than any valid answer holds'}. Nothing was used.`,
    )
  }
  return new Response(body.length > 0 ? body : null, { status: response.status, headers: response.headers })
}

/** The whole body, or `undefined` when it exceeds the limit. */
async function readBody(
  response: Response,
  maximumBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = response.body?.getReader()
  for (;;) {
    const next = await reader?.read()
    if (!next || next.done) break
    size += next.value.byteLength
    if (size > maximumBytes) {
      void reader?.cancel()
      return undefined
    }
    chunks.push(next.value)
  }
  const body = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.byteLength
  }
  return body
}

/** The JSON object of an answer, or `undefined` where it is none (wrong type, not parsable, an array). */
export async function readJsonObject(response: Response): Promise<Record<string, unknown> | undefined> {
  const type = response.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) return undefined
  try {
    const value: unknown = await response.json()
    return typeof value === 'object' && value && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
