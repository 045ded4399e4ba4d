import { decodeBase64url } from '../../../protocol/base64url-decode.js'
import { thumbprintOf } from '../../../protocol/client-certificate.js'
import { ValidationError } from '../../../protocol/errors.js'
import type { Fetch } from '../../../protocol/http.js'
import type { ServerMetadata } from '../../../protocol/metadata.js'
import { parseUrl } from '../../../protocol/parse-url.js'
import type { CheckAccessToken } from './oauth-client.js'

/** Signature algorithms of FAPI 2.0. @see https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.4.1 */
export const fapiAlgorithms = ['PS256', 'ES256', 'EdDSA', 'Ed25519'] as const

/** Endpoints at which the client shows its certificate. */
const certificateEndpoints = [
  'pushed_authorization_request_endpoint',
  'token_endpoint',
  'revocation_endpoint',
] as const

/** How tokens are bound to the client, and whether it shows a certificate. */
export interface Constraint {
  /** By a key (RFC 9449), and not by the certificate (RFC 8705). */
  readonly dpop: boolean
  readonly mtls: boolean
}

/**
 * Checks that a server announces what FAPI 2.0 requires: `iss` in responses, tokens bound to the client, S256 and pushed requests;
 * and that every endpoint to which the client shows its certificate is https, on this machine too.
 *
 * @param constraint How this client has its tokens bound. @defaultValue by its certificate
 * @throws {ValidationError} `metadata_invalid` naming what the server does not announce.
 * @see https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.3.2
 */
export function checkFapi(
  server: ServerMetadata,
  { dpop, mtls }: Constraint = { dpop: false, mtls: true },
): void {
  const announced = {
    authorization_response_iss_parameter_supported:
      server.authorization_response_iss_parameter_supported === true,
    ...(dpop
      ? // Keys are made for ES256.
        {
          'dpop_signing_alg_values_supported with ES256':
            server.dpop_signing_alg_values_supported?.includes('ES256') === true,
        }
      : {
          tls_client_certificate_bound_access_tokens:
            server.tls_client_certificate_bound_access_tokens === true,
        }),
    code_challenge_methods_supported: server.code_challenge_methods_supported?.includes('S256') === true,
    pushed_authorization_request_endpoint:
      addressOf(server, 'pushed_authorization_request_endpoint') !== undefined,
  }
  const lacking = Object.entries(announced).find(([, isThere]) => !isThere)
  if (lacking) refuse(lacking[0], `does not announce ${lacking[0]}, which FAPI 2.0 requires`)
  for (const name of mtls ? certificateEndpoints : []) {
    const address = addressOf(server, name)
    if (address !== undefined && parseUrl(address)?.protocol !== 'https:')
      refuse(name, `has its ${name} on plain http, where no certificate is shown, which FAPI 2.0 requires`)
  }
}

const addressOf = (
  { mtls_endpoint_aliases: aliases, ...server }: ServerMetadata,
  name: (typeof certificateEndpoints)[number],
): string | undefined => aliases?.[name] ?? server[name]

function refuse(member: string, why: string): never {
  throw new ValidationError(
    'metadata_invalid',
    member,
    `The authorization server ${why}. Drop \`fapi\` if it need not keep to it.`,
    { recovery: 'configure' },
  )
}

/**
 * Makes the check of access tokens that must be bound to the client's certificate. Only a token that is a JWT says what it is bound to;
 * any other is taken as it is.
 *
 * @param fetch Presents the certificate. Which one it is, is known of `mtlsFetch` alone: with any other the token must be bound to
 * some certificate.
 * @returns throws {@link ValidationError} `token_response_invalid` with the parameter `access_token`.
 * @see https://www.rfc-editor.org/rfc/rfc8705.html#section-3.1
 */
export const checkIsBound =
  (fetch: Fetch) =>
  (accessToken: string): void => {
    const claims = claimsOf(accessToken)
    if (!claims) return
    const { 'x5t#S256': bound } = Object(claims['cnf']) as Readonly<Record<string, unknown>>
    const own = thumbprintOf(fetch) ?? bound
    if (typeof bound === 'string' && bound !== '' && bound === own) return
    throw new ValidationError(
      'token_response_invalid',
      'access_token',
      `The access token is ${bound === undefined ? 'not bound to a certificate' : 'bound to another certificate than the one that this client presents'}. It was not used: have it bound to the client's certificate (tls_client_certificate_bound_access_tokens); start again with authorize().`,
    )
  }

/**
 * Checks that an access token is bound to the client's DPoP key. Only a token that is a JWT says what it is bound to; any other is taken
 * as it is.
 *
 * @throws {ValidationError} `token_response_invalid` with the parameter `access_token`.
 * @see https://www.rfc-editor.org/rfc/rfc9449.html#section-6.1
 */
export const checkIsBoundToKey: CheckAccessToken = async (accessToken, { dpop }) => {
  const claims = claimsOf(accessToken)
  if (!claims) return
  const { jkt } = Object(claims['cnf']) as Readonly<Record<string, unknown>>
  if (dpop && jkt === (await dpop.calculateThumbprint())) return
  throw new ValidationError(
    'token_response_invalid',
    'access_token',
    `The access token is ${jkt === undefined ? 'not bound to a key' : 'bound to another key than the one that this client proves'}. It was not used: have it bound by DPoP (dpop_bound_access_tokens); start again with authorize().`,
  )
}

/** The claims of a token that is a JWT and not encrypted. Its signature is the API's to check. */
function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload, signature, ...rest] = token.split('.')
  if (payload === undefined || signature === undefined || rest.length > 0) return undefined
  try {
    const claims: unknown = JSON.parse(new TextDecoder().decode(decodeBase64url(payload)))
    return Object(claims) === claims ? (claims as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
