import { Buffer } from 'node:buffer'
import type { Grants, ProviderSecrets } from './grants.js'
import { keySet, type IdTokenFault } from './id-tokens.js'
import { json, type Answer, type ProviderRequest } from './server.js'

/** The first segment of a target, which names the endpoint. */
export const endpointOf = (target: string): string => /^\/([\w.-]*)/.exec(target)?.[1] ?? ''

/** The provider's own answer to a request. */
export function answer(
  issuer: string,
  grants: Grants,
  request: ProviderRequest,
  idToken?: IdTokenFault,
): Answer {
  switch (endpointOf(request.target)) {
    case 'token':
      return token(issuer, grants, request, idToken)
    case 'revoke':
      grants.revoke(request.form.get('token') ?? '')
      return { status: 200 }
    case 'api':
      return api(issuer, grants.secrets, request)
    case 'jwks':
      return json(200, keySet())
    case '.well-known':
      return json(200, metadata(issuer))
    default:
      return { status: 404 }
  }
}

/** An error of the token endpoint, in words that no page may see. */
export const oauthError = (
  issuer: string,
  { words }: ProviderSecrets,
  status: number,
  code: string,
): Answer =>
  json(status, {
    error: code,
    error_description: `The provider's own words: ${words}`,
    error_uri: `${issuer}/errors/${words}`,
  })

function token(
  issuer: string,
  grants: Grants,
  request: ProviderRequest,
  idToken: IdTokenFault | undefined,
): Answer {
  const { secrets } = grants
  const secret = clientSecret(request)
  if (secret === undefined) return oauthError(issuer, secrets, 401, 'invalid_client')
  secrets.clientSecrets.add(secret)
  const tokens = grants.redeem(request.form, idToken)
  return tokens ? json(200, tokens) : oauthError(issuer, secrets, 400, 'invalid_grant')
}

function api(
  issuer: string,
  { accessTokens }: ProviderSecrets,
  { method, target, headers, text }: ProviderRequest,
): Answer {
  const bearer = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1] ?? ''
  if (!accessTokens.has(bearer))
    return { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
  const { pathname, search } = new URL(target, issuer)
  return json(200, { method, path: pathname, query: search, body: text })
}

const metadata = (issuer: string): object => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  revocation_endpoint: `${issuer}/revoke`,
  jwks_uri: `${issuer}/jwks`,
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
})

/** The client's authentication: any secret will do, since what it is does not matter here, only that there is one. */
function clientSecret({ headers, form }: ProviderRequest): string | undefined {
  const basic = /^Basic ([\w+/=-]+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  if (basic === undefined) return form.get('client_secret') ?? form.get('client_assertion') ?? undefined
  // RFC 6749 §2.3.1 has id and secret form-encoded in HTTP Basic.
  const [, secret = ''] = Buffer.from(basic, 'base64').toString().split(/:(.*)/s)
  return secret === '' ? undefined : (new URLSearchParams(`secret=${secret}`).get('secret') ?? undefined)
}
