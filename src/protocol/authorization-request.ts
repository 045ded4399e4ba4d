import { ValidationError } from './errors.js'
import { parseSecureUrl, type Resolver } from './secure-url.js'
import { refuseReserved } from './reserved-parameters.js'
import { parseUrl } from './parse-url.js'

/**
 * Parses an endpoint's URL: `https:` (or `http:` on this machine), without fragment and user name.
 *
 * @param resolver The party that looks the host up. @defaultValue `server`
 * @throws {ValidationError} `metadata_invalid` otherwise, `javascript:` and `data:` included.
 */
export function parseEndpoint(value: unknown, name: string, resolver: Resolver = 'server'): URL {
  const url = parseSecureUrl(value, resolver)
  if (!url) {
    throw new ValidationError(
      'metadata_invalid',
      name,
      `The ${name} is not an https URL without fragment and user name. Check the provider's configuration.`,
      {
        recovery: 'configure',
      },
    )
  }
  return url
}

/**
 * The authorization URL: the endpoint with its own query kept, and the parameters, with spaces as `%20` (Apiture requires
 * it, every server accepts it).
 *
 * @param extra An application's or a preset's own parameters.
 * @throws {TypeError} when `extra` names a parameter that this library sets.
 * @throws {ValidationError} `metadata_invalid` when the endpoint's own query already holds one.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.1
 */
export function buildAuthorizationUrl(
  endpoint: string,
  parameters: Readonly<Record<string, string | undefined>>,
  extra: Readonly<Record<string, string>> = {},
): string {
  const url = parseEndpoint(endpoint, 'authorization_endpoint', 'browser')
  refuseReserved(extra)
  for (const [name, value] of Object.entries({ ...extra, ...parameters })) {
    if (value === undefined) continue
    if (url.searchParams.has(name))
      throw new ValidationError(
        'metadata_invalid',
        'authorization_endpoint',
        `The authorization endpoint's own query already holds "${name}". Check the provider's configuration.`,
        { recovery: 'configure' },
      )
    url.searchParams.set(name, value)
  }
  url.search = url.search.replace(/\+/g, '%20')
  return url.href
}

/** Expected parts of an authorization URL that a backend made. */
export interface AuthorizationUrlExpectation {
  /** The provider's authorization endpoint as the page knows it. */
  readonly endpoint: string
  readonly client_id: string
  readonly state: string
  readonly code_challenge: string
  readonly redirect_uri: string
}

/**
 * Checks the URL that a backend answers with before the page goes there, so that a broken or hijacked backend route
 * cannot send a person just anywhere: the origin and path are the configured ones, and any visible `client_id`, `state`,
 * `code_challenge` and `redirect_uri` are ours, without a downgrade of PKCE or of the response type. (With a pushed request
 * they are not visible.)
 *
 * @throws {ValidationError} `backend_response_invalid` naming the part that differs.
 */
export function checkAuthorizationUrl(
  value: unknown,
  { endpoint, ...expected }: AuthorizationUrlExpectation,
): string {
  const refuse = (part: string): never => {
    throw new ValidationError(
      'backend_response_invalid',
      part,
      `The backend's authorization_url has another ${part} than this page expects. The person was not sent there.${
        part === 'address' ? ' If it is the right one, give the preset it as `authorizationEndpoint`.' : ''
      }`,
      {
        recovery: 'configure',
      },
    )
  }
  const wanted = parseEndpoint(endpoint, 'authorization_endpoint', 'browser')
  const url = (typeof value === 'string' ? parseUrl(value) : undefined) ?? refuse('form')
  if (
    url.origin !== wanted.origin ||
    url.pathname !== wanted.pathname ||
    url.username ||
    url.password ||
    url.hash
  )
    refuse('address')
  const given = url.searchParams
  // Either all is in a pushed or signed request, or what protects the response must be there to be seen.
  const required = given.has('request_uri') || given.has('request') ? [] : ['state', 'code_challenge']
  const only = { ...expected, response_type: 'code', code_challenge_method: 'S256' }
  for (const [name, value] of Object.entries(only)) {
    const [seen, second] = given.getAll(name)
    if (second !== undefined || (seen === undefined ? required.includes(name) : seen !== value)) refuse(name)
  }
  return url.href
}
