import { NetworkError, ValidationError } from './errors.js'
import { plainRequest } from './plain-request.js'
import { limitTime } from './time-limit.js'

/** Limits of one request. */
export interface HttpOptions {
  /** Seconds until the request counts as unanswered. @defaultValue 15 */
  readonly timeoutSeconds?: number
  /** The largest body that is read, in bytes. @defaultValue 262144 (256 KiB) */
  readonly maximumBytes?: number
}

/** The part of `fetch` that this library uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** A complete HTTP answer. */
export interface Answer {
  /** Status and headers; its body has been read. */
  readonly response: Response
  /** The body. */
  readonly text: string
  /** The values that the request had, where they must not come back in an error. */
  readonly sent?: readonly string[]
}

/**
 * The one way by which page and backend talk to another server: no redirect is followed, nothing is cached, no referrer
 * is sent, time and body are bounded. Cookies are sent only where `init` says so. The body is complete when the promise
 * resolves, so a slow body counts as no answer, too.
 *
 * @throws {NetworkError} when no HTTP answer came.
 * @throws {ValidationError} `response_malformed` for a redirect, or a body larger than allowed.
 */
export async function request(
  fetch: Fetch,
  url: string,
  init: RequestInit,
  options: HttpOptions = {},
): Promise<Answer> {
  const { timeoutSeconds = 15, maximumBytes = 262_144 } = options
  const limit = limitTime(timeoutSeconds, init.signal)
  let response: Response
  let text: string | undefined
  try {
    response = await fetch(url, {
      ...plainRequest,
      ...init,
      signal: limit.signal,
    })
    text = await readBody(response.body, maximumBytes)
  } catch (error) {
    // The sender knows more.
    if (error instanceof NetworkError) throw error
    throw new NetworkError(
      'No answer came: the device is offline, the server was too slow, or it answers a backend only and no page (CORS).',
    )
  } finally {
    limit.end()
  }
  // A browser shows a redirect that it did not follow as status 0, Node as what it is.
  const redirected = response.status === 0 || (response.status >= 300 && response.status < 400)
  if (text === undefined || redirected) {
    throw new ValidationError(
      'response_malformed',
      redirected ? 'status' : 'body',
      `The server ${redirected ? 'redirected instead of answering' : 'sent more than any valid answer holds'}. Nothing was used.`,
    )
  }
  return { response, text }
}

/** The whole body, counted as it arrives, or `undefined` over the limit. @throws errors of the stream and the decoder. */
export async function readBody(
  body: ReadableStream<Uint8Array> | null,
  maximumBytes: number,
  decoder: TextDecoder = new TextDecoder(),
): Promise<string | undefined> {
  const reader = body?.getReader()
  let text = ''
  let size = 0
  try {
    for (;;) {
      const next = await reader?.read()
      if (!next || next.done) return text + decoder.decode()
      size += next.value.byteLength
      if (size > maximumBytes) return undefined
      text += decoder.decode(next.value, { stream: true })
    }
  } finally {
    // What has not been read is not waited for.
    void reader?.cancel().catch(() => undefined)
  }
}

/** The JSON object of an answer, or `undefined` where it holds none (wrong type, not parsable, an array). */
export function readJsonObject({ response, text }: Answer): Record<string, unknown> | undefined {
  const type = response.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
