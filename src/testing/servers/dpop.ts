import { OAuthRefusal, type ServerRequest } from './http.js'
import { hashOf, importPublicJwk, thumbprintOf, verifyJwt } from './jwt.js'

const toleranceSeconds = 300

/**
 * Checks the DPoP proof of a request.
 *
 * @param seen Ids of the proofs that have been used.
 * @param accessToken The token that the proof must be about, at an API.
 * @returns the thumbprint of its key; `undefined` where there is no proof.
 * @throws {OAuthRefusal} `invalid_dpop_proof`
 * @see https://www.rfc-editor.org/rfc/rfc9449.html#section-4.3
 */
export async function checkProof(
  { method, url, headers }: ServerRequest,
  { seen, now, accessToken }: { seen: Set<string>; now: number; accessToken?: string },
): Promise<string | undefined> {
  const proof = headers.get('dpop')
  if (proof === null) return undefined
  const jwkOf = (header: object): JsonWebKey => ({ ...(header as { jwk?: JsonWebKey }).jwk })
  const verified = await verifyJwt(proof, (header) => importPublicJwk(jwkOf(header)), ['ES256']).catch(
    () => undefined,
  )
  const { htm, htu, iat, jti, ath } = verified?.claims ?? {}
  const good =
    verified?.header['typ'] === 'dpop+jwt' &&
    htm === method &&
    htu === url.origin + url.pathname &&
    Math.abs(Number(iat) - now) <= toleranceSeconds &&
    typeof jti === 'string' &&
    !seen.has(jti) &&
    ath === (accessToken === undefined ? undefined : await hashOf(accessToken))
  if (!good) throw new OAuthRefusal('invalid_dpop_proof', 'the proof is not for this request')
  seen.add(jti)
  return thumbprintOf(jwkOf(verified.header))
}
