import { decodeBase64url } from '../../protocol/base64url-decode.js'
import {
  algorithmOf,
  checkIdToken,
  idTokenAlgorithms,
  refuseIdToken as refuse,
  type FirstIdToken,
  type IdTokenClaims,
} from '../../protocol/id-token.js'

/** Expected content of an ID Token whose issuer is not known. */
export interface UnverifiedExpectation {
  readonly clientId: string
  readonly accessToken: string
  /** Of the request; a refresh has none. */
  readonly nonce?: string | undefined
  readonly state?: string | undefined
  /** The subject of the connection so far. */
  readonly subject?: string | undefined
  /** What the connection's first ID Token said, for one that came with a refresh. */
  readonly first?: FirstIdToken | undefined
  /** Epoch seconds. */
  readonly now: number
  /** True for an ID Token that came with a code: it must be new and hold the nonce. */
  readonly fresh: boolean
}

const toleranceSeconds = 30

/**
 * Checks all of an ID Token but its issuer and its signature: for a server whose issuer and keys are not known. TLS alone
 * says that the token is this server's, which OpenID Connect Core §3.1.3.7 (item 6) allows for a token endpoint.
 *
 * @throws {ValidationError} `id_token_invalid` naming the claim.
 */
export async function checkUnverifiedIdToken(
  idToken: string | undefined,
  expected: UnverifiedExpectation,
): Promise<IdTokenClaims> {
  const claims = decodeClaims(idToken ?? refuse('id_token', 'is missing'))
  const { aud, exp, iat, nonce, sub } = claims
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const { clientId, now } = expected
  if (!audiences.includes(clientId) || (audiences.length > 1 && claims['azp'] !== clientId)) refuse('aud')
  if (typeof exp !== 'number' || exp <= now - toleranceSeconds) refuse('exp')
  if (typeof iat !== 'number') refuse('iat')
  if (typeof sub !== 'string' || sub === '') refuse('sub')
  if (expected.fresh && nonce !== expected.nonce) refuse('nonce')
  if (!(idTokenAlgorithms as readonly string[]).includes(algorithmOf(idToken ?? ''))) refuse('alg')
  const checked = claims as unknown as IdTokenClaims
  await checkIdToken(idToken ?? '', checked, expected)
  return checked
}

function decodeClaims(idToken: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = idToken.split('.')
  try {
    const text = new TextDecoder().decode(decodeBase64url(payload))
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    return refuse('id_token')
  }
}
