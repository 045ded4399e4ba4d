import * as oauth from 'oauth4webapi'
import { parseEndpoint } from './authorization-request.js'
import { CountersignError, NetworkError, ValidationError } from './errors.js'
import { readJsonObject, request, type Answer, type Fetch } from './http.js'
import { isLoopback, type Resolver } from './secure-url.js'
import { hasOwn } from './has-own.js'
import { metadataHeaders, metadataUrl } from './metadata-request.js'
import { retryAfterOf } from './retry-after.js'

/** The metadata of an authorization server, checked. Keep one object per server: its signing keys are kept by it. */
export type ServerMetadata = oauth.AuthorizationServer

/** Members of the metadata that hold the address of an endpoint which a client may call. */
const endpointNames = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'revocation_endpoint',
  'pushed_authorization_request_endpoint',
  'userinfo_endpoint',
] as const

/** The name of an endpoint, as the metadata has it. */
export type EndpointName = (typeof endpointNames)[number]

/** Rules for the metadata of one server. */
export interface MetadataRules {
  /** Origins, beside the issuer's, on which endpoints may lie. @defaultValue none */
  readonly origins?: readonly string[] | undefined
  /**
   * Endpoints that the client calls: one of these in a wrong place refuses the server. Any other may lie anywhere, and is left
   * out of the result where it may not be called.
   *
   * @defaultValue those of the code flow: authorization, token, revocation and keys
   */
  readonly calls?: readonly EndpointName[]
  /** Use of the endpoints of `mtls_endpoint_aliases`. @see https://www.rfc-editor.org/rfc/rfc8705.html#section-5 */
  readonly mtls?: boolean
  /** The party that calls the endpoints. @defaultValue `server` */
  readonly resolver?: Resolver
}

/** The endpoints that a client of the code flow calls. Keys are needed only where ID Tokens are. */
export const codeFlowCalls = (scope: string, par = false): EndpointName[] => [
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  ...(/(?:^| )openid(?: |$)/.test(scope) ? (['jwks_uri'] as const) : []),
  ...(par ? (['pushed_authorization_request_endpoint'] as const) : []),
]

const refuse = (member: string, sentence: string): never => {
  throw new ValidationError('metadata_invalid', member, sentence, { recovery: 'configure' })
}

/**
 * Fetches and checks the metadata of an issuer. A server that has no OpenID Connect Discovery is asked for the metadata of
 * RFC 8414.
 *
 * @throws {ValidationError} `metadata_invalid` naming the member; `provider_unavailable` where the server is in trouble (429, 5xx).
 * @throws {NetworkError} when no answer came.
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 * @see https://www.rfc-editor.org/rfc/rfc8414.html#section-3
 */
export async function discover(
  fetch: Fetch,
  issuer: string,
  rules: MetadataRules = {},
): Promise<ServerMetadata> {
  const url = parseEndpoint(issuer, 'issuer', rules.resolver)
  if (url.href.includes('?')) refuse('issuer', 'An issuer has no query. Correct `issuer`.')
  const ask = (address: string): Promise<Answer> =>
    request(fetch, address, { headers: metadataHeaders }, { maximumBytes: 1_048_576 })
  // A page cannot read a 404 without CORS headers: to it, such a server is there and says nothing.
  const openid = await ask(metadataUrl(url)).catch((error: unknown) => {
    if (error instanceof NetworkError && error.recovery === 'configure') return error
    throw error
  })
  const found = openid instanceof CountersignError ? undefined : documentOf(openid)
  if (found) return checkMetadata(found, issuer, rules)
  const fallback = await ask(
    `${url.origin}/.well-known/oauth-authorization-server${url.pathname.replace(/\/$/, '')}`,
  ).catch((error: unknown) => {
    throw openid instanceof CountersignError ? openid : error
  })
  const document = documentOf(fallback)
  if (!document && openid instanceof CountersignError) throw openid
  return checkMetadata(
    document ??
      refuse(
        'document',
        'The authorization server has no metadata, neither at /.well-known/openid-configuration nor at /.well-known/oauth-authorization-server. Check `issuer`.',
      ),
    issuer,
    rules,
  )
}

/** The document of an answer; `undefined` where the server has none at this address. @throws {ValidationError} for a server in trouble. */
function documentOf(answer: Answer): Record<string, unknown> | undefined {
  const { status } = answer.response
  if (status === 429 || status >= 500) {
    throw new ValidationError(
      'provider_unavailable',
      'document',
      'The provider is not available now: its authorization server cannot give its metadata. Try again later.',
      { recovery: 'resume', retryAfterSeconds: retryAfterOf(answer.response.headers) },
    )
  }
  return status === 200 ? readJsonObject(answer) : undefined
}

/**
 * Checks metadata that was fetched or configured: the very issuer asked for, the endpoints that are called on https and on the
 * issuer's origin or one that is named, S256 among the methods where they are listed.
 *
 * @throws {ValidationError} `metadata_invalid` naming the member.
 * @see https://www.rfc-editor.org/rfc/rfc8414.html#section-3.3
 */
export function checkMetadata(
  document: Readonly<Record<string, unknown>>,
  issuer: string,
  rules: MetadataRules = {},
): ServerMetadata {
  // Compared as strings: `iss` of responses and ID Tokens is compared as a string later, too.
  if (document['issuer'] !== issuer)
    refuse(
      'issuer',
      "The authorization server's metadata names another issuer. Give `issuer` exactly as the document writes it, with or without a slash at the end.",
    )
  const methods = document['code_challenge_methods_supported']
  if (methods !== undefined && !(Array.isArray(methods) && methods.includes('S256')))
    refuse(
      'code_challenge_methods_supported',
      'The authorization server does not offer the code challenge method S256, without which no code is safe. Use another server.',
    )
  return { ...checkEndpoints(document, issuer, rules), issuer }
}

/** The metadata without the endpoints that may not be called. @throws {ValidationError} for one that the client has to call. */
function checkEndpoints(
  document: Readonly<Record<string, unknown>>,
  issuer: string,
  { origins = [], calls = codeFlowCalls('openid'), mtls = false, resolver = 'server' }: MetadataRules,
): Record<string, unknown> {
  const allowed = [new URL(issuer).origin, ...origins]
  const isAllowed = (value: unknown, name: string): boolean =>
    allowed.includes(
      parseEndpoint(value, name, name === 'authorization_endpoint' ? 'browser' : resolver).origin,
    )
  const aliases = mtls ? (Object(document['mtls_endpoint_aliases']) as Record<string, unknown>) : {}
  const addresses = { ...document, ...aliases }
  const pushes = document['require_pushed_authorization_requests'] === true
  const called = pushes ? [...calls, 'pushed_authorization_request_endpoint' as const] : calls
  for (const name of called) {
    // Others may be missing. Without this one nobody could come back with a code that is worth anything.
    if (!hasOwn(addresses, name) && name !== 'token_endpoint') continue
    if (!isAllowed(addresses[name], name))
      refuse(
        name,
        `The authorization server's metadata puts the ${name} on an origin that is not the issuer's. If that is right, name the origin in \`origins\`.`,
      )
  }
  /** Leaves out what has not been asked for and may not be called. */
  const withUsable = (members: Readonly<Record<string, unknown>>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(members).filter(([name, value]) => {
        try {
          return !isEndpointName(name) || isAllowed(value, name)
        } catch {
          return false
        }
      }),
    )
  return { ...withUsable(document), ...(mtls && { mtls_endpoint_aliases: withUsable(aliases) }) }
}

const isEndpointName = (name: string): boolean => (endpointNames as readonly string[]).includes(name)

/** oauth4webapi refuses plain http unless told; it is told for this machine only. The URL has been checked before. */
export function insecure(url: string | URL): { [oauth.allowInsecureRequests]?: true } {
  return isLoopback(new URL(url), 'browser') ? { [oauth.allowInsecureRequests]: true } : {}
}
