import * as oauth from 'oauth4webapi'
import { isLoopback, parseEndpoint } from './authorization-request.js'
import { ValidationError } from './errors.js'
import { readJsonObject, type Fetch } from './http.js'
import { oauthRequest } from './oauth-request.js'

/** The metadata of an authorization server, checked. Keep one object per server: its signing keys are kept by it. */
export type ServerMetadata = oauth.AuthorizationServer

const refuse = (member: string, why: string): never => {
  throw new ValidationError(
    'metadata_invalid',
    member,
    `The authorization server's metadata ${why}. Check the provider's issuer.`,
    { recovery: 'configure' },
  )
}

/**
 * Fetches and checks the metadata of an issuer: the very issuer asked for, endpoints on https and on the issuer's
 * origin or one that is named, S256 among the methods where they are listed.
 *
 * @param origins Origins, beside the issuer's, on which endpoints may lie.
 * @throws {ValidationError} `metadata_invalid` naming the member. @throws {NetworkError} when no answer came.
 * @see https://www.rfc-editor.org/rfc/rfc8414.html#section-3.3
 */
export async function discover(
  fetch: Fetch,
  issuer: string,
  origins: readonly string[] = [],
): Promise<ServerMetadata> {
  const url = parseEndpoint(issuer, 'issuer')
  if (url.href.includes('?')) refuse('issuer', 'cannot have a query in its issuer')
  const answer = await oauthRequest(
    fetch,
    (through) => oauth.discoveryRequest(url, { ...through, ...insecure(url) }),
    { maximumBytes: 1_048_576 },
  )
  const document = answer.response.status === 200 ? readJsonObject(answer) : undefined
  return checkMetadata(document ?? refuse('document', 'was not found'), issuer, origins)
}

/** Checks metadata that was fetched or configured. @throws {ValidationError} `metadata_invalid` naming the member. */
export function checkMetadata(
  document: Readonly<Record<string, unknown>>,
  issuer: string,
  origins: readonly string[] = [],
): ServerMetadata {
  // Compared as strings: `iss` of responses and ID Tokens is compared as a string later, too.
  if (document['issuer'] !== issuer)
    refuse('issuer', 'names another issuer; compare them letter by letter, the slash at the end included')
  const allowed = [new URL(issuer).origin, ...origins]
  const methods = document['code_challenge_methods_supported']
  if (methods !== undefined && !(Array.isArray(methods) && methods.includes('S256')))
    refuse('code_challenge_methods_supported', 'does not offer S256')
  // Without it nobody could come back with a code that is worth anything.
  parseEndpoint(document['token_endpoint'], 'token_endpoint')
  const aliases = Object(document['mtls_endpoint_aliases']) as Record<string, unknown>
  for (const [name, value] of [...Object.entries(document), ...Object.entries(aliases)]) {
    if (
      !/^(?:authorization_endpoint|token_endpoint|jwks_uri|userinfo_endpoint|revocation_endpoint|pushed_authorization_request_endpoint)$/.test(
        name,
      )
    )
      continue
    if (!allowed.includes(parseEndpoint(value, name).origin))
      refuse(
        name,
        `puts its ${name} on an origin that is not the issuer's; name that origin in the configuration if it is right`,
      )
  }
  return { ...document, issuer }
}

/** oauth4webapi refuses plain http unless told; it is told for this machine only. */
export function insecure(url: string | URL): { [oauth.allowInsecureRequests]?: true } {
  return isLoopback(new URL(url)) ? { [oauth.allowInsecureRequests]: true } : {}
}
