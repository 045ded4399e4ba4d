import type { AskedChecks } from './asked-checks.js'
import { encodeBase64url } from './base64url.js'
import { decodeBase64url } from './base64url-decode.js'
import type { Json } from './contract.js'
import { ValidationError } from './errors.js'
import { digest } from './digest.js'

/** The claims of a verified ID Token. @see https://openid.net/specs/openid-connect-core-1_0.html#IDToken */
export interface IdTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  /** Epoch seconds. */
  readonly exp: number
  /** Epoch seconds. */
  readonly iat: number
  /** Epoch seconds. */
  readonly auth_time?: number
  readonly acr?: Json
  readonly azp?: string
  readonly nonce?: string
  readonly [claim: string]: Json | undefined
}

/** Facts of the authorization request that the ID Token must confirm. */
export interface IdTokenExpectation extends AskedChecks {
  readonly clientId: string
  readonly accessToken: string
  readonly state?: string | undefined
  /** The subject that was asked for by `claims`, or that the connection already has. */
  readonly subject?: string | undefined
  /** Epoch seconds. */
  readonly now: number
  /** Seconds by which the clock may be behind the server's. @defaultValue 60 for `iat`, 30 for `auth_time` */
  readonly clockToleranceSeconds?: number | undefined
  /** `true` for one that came with a code: it must be new, and have the nonce of the request, or none. */
  readonly fresh: boolean
  readonly nonce?: string | undefined
}

/** The signature algorithms that are accepted: asymmetric ones, whatever the server's metadata lists. */
export const idTokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

/** Refuses an ID Token. @throws {ValidationError} `id_token_invalid` naming the claim or member. */
export function refuseIdToken(claim: string, why = `has no acceptable ${claim}`): never {
  throw new ValidationError(
    'id_token_invalid',
    claim,
    `The ID Token ${why}. Nothing was connected; start again with authorize().`,
  )
}

/**
 * The checks of an ID Token that oauth4webapi leaves to its caller. Issuer, audience, expiry, the form of the claims and the
 * signature are its part.
 *
 * @throws {ValidationError} `id_token_invalid` naming the claim.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export async function checkIdToken(
  idToken: string,
  claims: IdTokenClaims,
  expected: IdTokenExpectation,
): Promise<void> {
  const { acr, azp, iat, auth_time: authTime, sub, at_hash: atHash, s_hash: sHash } = claims
  const { now, clockToleranceSeconds: tolerance, fresh, maxAgeSeconds } = expected
  if (azp !== undefined && azp !== expected.clientId) refuseIdToken('azp')
  if (fresh && claims.nonce !== expected.nonce) refuseIdToken('nonce')
  if (iat > now + (tolerance ?? 60) || (fresh && iat < now - 600)) refuseIdToken('iat')
  const age = authTime === undefined ? Infinity : now - authTime
  if (-age > (tolerance ?? 30) || (maxAgeSeconds !== undefined && age > maxAgeSeconds + (tolerance ?? 30)))
    refuseIdToken('auth_time')
  if (expected.acrValues && !expected.acrValues.some((value) => value === acr)) refuseIdToken('acr')
  if (sub.length > 255 || (expected.subject !== undefined && sub !== expected.subject)) refuseIdToken('sub')
  const algorithm = algorithmOf(idToken)
  if (atHash !== undefined && atHash !== (await halfHash(expected.accessToken, algorithm)))
    refuseIdToken('at_hash')
  if (
    sHash !== undefined &&
    expected.state !== undefined &&
    sHash !== (await halfHash(expected.state, algorithm))
  )
    refuseIdToken('s_hash')
}

/** The `alg` of a JWT's header. @throws {ValidationError} `id_token_invalid` when the header cannot be read. */
export function algorithmOf(jwt: string): string {
  const [header = ''] = jwt.split('.')
  try {
    const text = new TextDecoder().decode(decodeBase64url(header))
    return String((JSON.parse(text) as { alg?: unknown }).alg)
  } catch {
    return refuseIdToken('alg')
  }
}

/**
 * The left half of a value's hash, as `at_hash` and `s_hash` hold it.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken
 */
export async function halfHash(value: string, algorithm: string): Promise<string> {
  const bits = /(?:EdDSA|Ed25519)$/.test(algorithm) ? '512' : (/\d{3}$/.exec(algorithm)?.[0] ?? '256')
  const hash = new Uint8Array(await digest(value, `SHA-${bits}`))
  return encodeBase64url(hash.subarray(0, hash.length / 2))
}
