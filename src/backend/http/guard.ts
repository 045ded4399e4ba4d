import { contractHeader, contractVersion, subjectHeader } from '../../protocol/contract.js'
import { sha256 } from '../crypto/hash.js'
import { isSameHash } from '../crypto/same-hash.js'
import { securityHeaders } from './responses.js'
import { readableHeaders, sendableHeaders } from './headers.js'
import { Refusal } from './refusal.js'

/** Rules for the origin of requests. */
export interface GuardOptions {
  /** Origins of the app's pages: exact match. */
  readonly origins: readonly string[]
  /** Permission for pages on another origin than the backend's. */
  readonly cors: boolean
}

const methods = 'GET, POST, PUT, PATCH, DELETE'

const forbid = (reason: string): never => {
  throw new Refusal('forbidden_origin', { reason })
}

/**
 * Refuses requests that another site's page caused: forms, `no-cors` fetches, frames and look-alike origins. Nothing has
 * been done for the request by then.
 *
 * @throws {Refusal} `forbidden_origin`; `invalid_request` for another version of the contract.
 * @see https://www.rfc-editor.org/rfc/rfc10017.html#section-6.1.3.3
 */
export function checkOrigin({ method, headers }: Request, { origins, cors }: GuardOptions): void {
  const origin = headers.get('origin')
  // Browsers leave it out of a same-origin GET, and of nothing else that is accepted here.
  if (origin === null ? method !== 'GET' : !origins.includes(origin)) forbid('origin')
  const site = headers.get('sec-fetch-site')
  if (
    site !== null &&
    site !== 'same-origin' &&
    !(cors && origin !== null && /^(?:same|cross)-site$/.test(site))
  )
    forbid('sec_fetch_site')
  const version = headers.get(contractHeader)
  if (version === null) forbid('header')
  if (version !== contractVersion) {
    throw new Refusal('invalid_request', {
      description: `This backend speaks version ${contractVersion} of the contract. Use the same version of countersign in page and backend.`,
      reason: 'version',
    })
  }
}

/**
 * Refuses a request that the page makes for another user than the one whose session it carries: somebody has signed in to the
 * app in another tab, and the page does not know yet. A page that does not say for whom it asks is not held to it.
 *
 * @throws {Refusal} `subject_mismatch`
 */
export async function checkSubject({ headers }: Request, subject: string): Promise<void> {
  const asked = headers.get(subjectHeader)
  if (asked !== null && !isSameHash(await sha256(subject), asked))
    throw new Refusal('subject_mismatch', { reason: 'subject' })
}

/**
 * The answer to a CORS preflight, or `undefined` where the request is none.
 *
 * @throws {Refusal} `forbidden_origin`, without CORS headers, unless CORS is on and the origin is a page's.
 */
export function preflight({ method, headers }: Request, options: GuardOptions): Response | undefined {
  if (method !== 'OPTIONS' || !headers.has('access-control-request-method')) return undefined
  if (!options.cors || !options.origins.includes(headers.get('origin') ?? '')) forbid('preflight')
  return new Response(null, {
    status: 204,
    headers: {
      ...securityHeaders,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': sendableHeaders.join(', '),
      'access-control-max-age': '600',
    },
  })
}

/** Lets the page that asked read the answer: this very origin, if it is one of the app's. */
export function allowOrigin(response: Response, request: Request, { origins, cors }: GuardOptions): Response {
  const origin = request.headers.get('origin')
  if (!cors || origin === null || !origins.includes(origin)) return response
  response.headers.set('access-control-allow-origin', origin)
  response.headers.set('access-control-allow-credentials', 'true')
  response.headers.set('access-control-expose-headers', readableHeaders.join(', '))
  return response
}
