import type { ServerResponse } from 'node:http'
import type { BankRequest } from './http.js'

/** The CORS headers of an answer, for pages of the given origins. */
export function crossOriginHeaders(
  request: BankRequest,
  origins: readonly string[],
  { credentials = false } = {},
): Record<string, string> {
  const { origin } = request.headers
  if (origin === undefined || !origins.includes(origin)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After',
    ...(credentials ? { 'access-control-allow-credentials': 'true' } : {}),
  }
}

/** Answers a CORS preflight; a page of another origin learns nothing from it. */
export function answerPreflight(
  request: BankRequest,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  methods: string,
): void {
  const requested = request.headers['access-control-request-headers']
  response.writeHead(204, {
    ...headers,
    ...('access-control-allow-origin' in headers ? { 'access-control-allow-methods': methods } : {}),
    ...(requested === undefined ? {} : { 'access-control-allow-headers': requested }),
  })
  response.end()
}
