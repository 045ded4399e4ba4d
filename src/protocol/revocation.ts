import * as oauth from 'oauth4webapi'
import { insecure } from './metadata.js'
import { oauthRequest } from './oauth-request.js'
import { toRevocation, unrevoked, type Revocation } from './revocation-result.js'
import type { TokenEndpoint } from './token-endpoint.js'

/**
 * Revokes tokens of one grant, the refresh token first. A server that has revoked the refresh token may not know the access
 * token any more, and refuse it: the grant is over then.
 *
 * @throws {NetworkError} when no answer came.
 * @see https://www.rfc-editor.org/rfc/rfc7009.html#section-2
 */
export async function revoke(
  endpoint: TokenEndpoint,
  tokens: readonly (readonly [token: string | undefined, hint: string])[],
): Promise<Revocation> {
  const { server, clientId, authentication, fetch, mtls = false } = endpoint
  const address =
    (mtls ? server.mtls_endpoint_aliases?.revocation_endpoint : undefined) ?? server.revocation_endpoint
  const client: oauth.Client = { client_id: clientId, use_mtls_endpoint_aliases: mtls }
  const held = tokens.filter((entry): entry is [string, string] => entry[0] !== undefined)
  if (address === undefined) return unrevoked('no_endpoint')
  let result = unrevoked('no_endpoint')
  for (const [index, [token, hint]] of held.entries()) {
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
    const next = toRevocation(response)
    const isOver = index > 0 && result.revoked && !next.revoked && next.reason === 'refused'
    // Otherwise the first that was not confirmed says why.
    if (index === 0 || (result.revoked && !isOver)) result = next
  }
  return result
}
