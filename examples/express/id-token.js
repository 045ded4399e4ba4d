import { Refusal } from './refusal.js'
import { parse } from './provider.js'

/**
 * The person at the provider: the `sub` of an ID Token. It comes straight from the token endpoint over TLS, so the connection
 * stands for its signature (OpenID Connect Core §3.1.3.7, item 6); everything else in it is checked.
 *
 * @param {string} expected.issuer The provider's issuer.
 * @param {string} expected.clientId
 * @param {string} [expected.nonce] Of the request, where the token is the first one.
 */
export function personOf(idToken, { issuer, clientId, nonce }) {
  const [, payload = ''] = typeof idToken === 'string' ? idToken.split('.') : []
  const claims = parse(Buffer.from(payload, 'base64url').toString()) ?? {}
  const isForUs = [claims.aud].flat().includes(clientId) && (claims.azp ?? clientId) === clientId
  const isGood = claims.iss === issuer && isForUs && claims.exp > Date.now() / 1000
  const isFresh = nonce === undefined || claims.nonce === nonce
  if (!isGood || !isFresh || typeof claims.sub !== 'string' || claims.sub === '')
    throw new Refusal('provider_error')
  return claims.sub
}
