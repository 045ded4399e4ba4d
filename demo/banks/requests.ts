import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { BankRequest } from './http.js'

/** One request a bank has received. */
export interface LoggedRequest {
  /** Milliseconds since the epoch, when it arrived. */
  readonly at: number
  readonly method: string
  readonly path: string
  readonly grantType?: string
  readonly parameters: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  /** The scheme of the Authorization header, such as `Bearer`. */
  readonly authorizationScheme?: string
  /** The `x5t#S256` of the client certificate, where one was presented. */
  readonly certificate?: string
  /** HTTP status; undefined while the bank has not answered. */
  readonly status: number | undefined
}

/** What a bank has received, in memory only, oldest first. */
export interface RequestLog {
  /** Everything, CORS preflights included. */
  readonly all: readonly LoggedRequest[]
  /** Requests at a path that carry the given parameters; CORS preflights are left out. */
  find(path: string | RegExp, parameters?: Readonly<Record<string, string>>): LoggedRequest[]
  /** How many {@link RequestLog.find} finds. */
  count(path: string | RegExp, parameters?: Readonly<Record<string, string>>): number
  clear(): void
}

/** The log's other side, for the bank that writes it. */
export interface WritableRequestLog extends RequestLog {
  add(request: BankRequest, response: ServerResponse): void
}

const longestLog = 1000

/** Creates an empty log. */
export function createRequestLog(): WritableRequestLog {
  const entries: LoggedRequest[] = []
  const find: RequestLog['find'] = (path, parameters = {}) =>
    entries.filter(
      (entry) => entry.method !== 'OPTIONS' && hasPath(entry, path) && hasParameters(entry, parameters),
    )
  return {
    all: entries,
    find,
    count: (path, parameters) => find(path, parameters).length,
    clear: () => void entries.splice(0),
    add(request, response) {
      entries.push(toEntry(request, response))
      if (entries.length > longestLog) entries.shift()
    },
  }
}

function hasPath(entry: LoggedRequest, path: string | RegExp): boolean {
  return typeof path === 'string' ? entry.path === path : path.test(entry.path)
}

function hasParameters(entry: LoggedRequest, parameters: Readonly<Record<string, string>>): boolean {
  return Object.entries(parameters).every(([name, value]) => entry.parameters[name] === value)
}

function toEntry(request: BankRequest, response: ServerResponse): LoggedRequest {
  const grantType = request.parameters['grant_type']
  const authorizationScheme = request.headers.authorization?.split(' ')[0]
  const certificate = presentedCertificate(request)
  return {
    at: Date.now(),
    method: request.method ?? '',
    path: request.path,
    ...(grantType === undefined ? {} : { grantType }),
    parameters: request.parameters,
    headers: request.headers,
    ...(authorizationScheme === undefined ? {} : { authorizationScheme }),
    ...(certificate === undefined ? {} : { certificate }),
    get status() {
      return response.writableEnded ? response.statusCode : undefined
    },
  }
}

/** The `x5t#S256` of the certificate that a client has presented in the TLS handshake. */
export function presentedCertificate({ socket }: BankRequest): string | undefined {
  const certificate = (socket as Partial<TLSSocket>).getPeerX509Certificate?.()
  return certificate && thumbprintOf(certificate.raw)
}

/** The `x5t#S256` of a certificate in DER. @see https://www.rfc-editor.org/rfc/rfc8705.html#section-3.1 */
export function thumbprintOf(der: Buffer): string {
  return createHash('sha256').update(der).digest('base64url')
}
