import * as oauth from 'oauth4webapi'
import { insecure } from './metadata.js'
import { oauthRequest } from './oauth-request.js'
import type { TokenEndpoint } from './token-endpoint.js'

/**
 * Revokes tokens, the refresh token first.
 *
 * @returns `true` when the server confirmed all of them; `false` where it has no revocation endpoint or refused.
 * @throws {NetworkError} when no answer came.
 * @see https://www.rfc-editor.org/rfc/rfc7009.html#section-2
 */
export async function revoke(
  endpoint: TokenEndpoint,
  tokens: readonly (readonly [token: string | undefined, hint: string])[],
): Promise<boolean> {
  const { server, clientId, authentication, fetch, mtls = false } = endpoint
  const address =
    (mtls ? server.mtls_endpoint_aliases?.revocation_endpoint : undefined) ?? server.revocation_endpoint
  const client: oauth.Client = { client_id: clientId, use_mtls_endpoint_aliases: mtls }
  const held = tokens.filter((entry): entry is [string, string] => entry[0] !== undefined)
  if (address === undefined || held.length === 0) return false
  let confirmed = true
  for (const [token, hint] of held) {
    const options = {
      additionalParameters: { token_type_hint: hint },
      ...insecure(address),
    }
    const { response } = await oauthRequest(fetch, (through) =>
      oauth.revocationRequest(server, client, authentication, token, {
        ...options,
        ...through,
      }),
    )
    // Any 2xx is a yes (RFC 7009 §2.2 says 200, servers also send 204).
    confirmed &&= response.ok
  }
  return confirmed
}
