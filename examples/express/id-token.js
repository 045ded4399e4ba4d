import { createPublicKey, verify } from 'node:crypto'
import { parse, request } from './provider.js'
import { Refusal } from './refusal.js'

const leewaySeconds = 60

/**
 * The claims of an ID Token that this provider has signed for this client (OpenID Connect Core §3.1.3.7).
 *
 * @param {string | undefined} expected.nonce The nonce of the authorization request; a refresh has none.
 */
export async function readIdToken(idToken, { issuer, clientId, jwksUri }, { nonce } = {}) {
  const [header, claims] = String(idToken)
    .split('.', 2)
    .map((part) => parse(Buffer.from(part, 'base64url').toString()))
  const now = Date.now() / 1000
  if (!header || !claims || !(await isSigned(idToken, header, jwksUri))) throw new Refusal('provider_error')
  if (claims.iss !== issuer) throw new Refusal('provider_error')
  if (claims.aud !== clientId && !(claims.aud?.length === 1 && claims.aud[0] === clientId))
    throw new Refusal('provider_error')
  if ((claims.azp ?? clientId) !== clientId) throw new Refusal('provider_error')
  if (!(claims.exp > now - leewaySeconds)) throw new Refusal('provider_error')
  if (nonce !== undefined && claims.nonce !== nonce) throw new Refusal('provider_error')
  if (typeof claims.sub !== 'string' || claims.sub === '') throw new Refusal('provider_error')
  return claims
}

/** RS256 alone, whatever the header says. The keys are fetched each time: keep them for some minutes where that costs too much. */
async function isSigned(idToken, { alg, kid }, jwksUri) {
  if (alg !== 'RS256') return false
  const { text } = await request(jwksUri, {})
  const jwk = parse(text)?.keys?.find((key) => key.kid === kid && key.kty === 'RSA')
  if (!jwk) return false
  const [header, payload, signature = ''] = idToken.split('.')
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  return verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))
}
