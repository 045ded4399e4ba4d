import type { AskedChecks } from './asked-checks.js'
import { encodeBase64url } from './base64url.js'
import { decodeBase64url } from './base64url-decode.js'
import type { Json } from './contract.js'
import { ValidationError } from './errors.js'
import { digest, sha256 } from './digest.js'

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

/**
 * What refreshed ID Tokens are compared with, beside the subject of a connection's first one. No personal data.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse
 */
export interface FirstIdToken {
  /** SHA-256 of its nonce, base64url. A refreshed one without a nonce is fine. */
  readonly nonceHash?: string | undefined
  /** When the person signed in: epoch seconds. A refreshed one may name a later sign-in, and no earlier one. */
  readonly authTime?: number | undefined
}

/** The facts of a first ID Token. */
export const toFirstIdToken = async ({
  nonce,
  auth_time: authTime,
}: Pick<IdTokenClaims, 'nonce' | 'auth_time'>): Promise<FirstIdToken> => ({
  ...(nonce !== undefined && { nonceHash: await sha256(nonce) }),
  ...(authTime !== undefined && { authTime }),
})

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
  /** `true` for one that its nonce and signature show to be new, whatever the clock says: it may be a day off. */
  readonly isNewByNonce?: boolean
  /** `true` for one that came with a code: it must be new, and have the nonce of the request, or none. */
  readonly fresh: boolean
  /** For one that came with a refresh: absent for a connection of an older version. */
  readonly first?: FirstIdToken | undefined
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
  const { now, clockToleranceSeconds: tolerance, fresh, isNewByNonce = false, maxAgeSeconds } = expected
  if (azp !== undefined && azp !== expected.clientId) refuseIdToken('azp')
  if (fresh && claims.nonce !== expected.nonce) refuseIdToken('nonce')
  checkTimes(claims, expected)
  if (!fresh) await checkRepeats(claims, expected.first)
  // Both by the server's clock, where this one may be wrong.
  const age = authTime === undefined ? Infinity : (isNewByNonce ? iat : now) - authTime
  if (
    (fresh && -age > (tolerance ?? 30)) ||
    (maxAgeSeconds !== undefined && age > maxAgeSeconds + (tolerance ?? 30))
  )
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

/** Seconds by which a page's clock may differ from the server's where the nonce shows that an ID Token is new. */
export const daySeconds: number = 24 * 3600

/**
 * Checks that a refreshed ID Token is of the request that the connection began with, and of no earlier sign-in. A later one is taken:
 * servers that keep `auth_time` with their session move it on when the same person signs in again, for another app.
 */
async function checkRepeats(
  { nonce, auth_time: authTime }: IdTokenClaims,
  { nonceHash, authTime: firstAuthTime }: FirstIdToken = {},
): Promise<void> {
  if (nonce !== undefined && nonceHash !== undefined && (await sha256(nonce)) !== nonceHash)
    refuseIdToken('nonce', 'is of another request than the first one of the connection')
  if (authTime !== undefined && firstAuthTime !== undefined && authTime < firstAuthTime)
    refuseIdToken('auth_time', 'is of an earlier sign-in than the first one of the connection')
}

function checkTimes({ iat, exp }: IdTokenClaims, expected: IdTokenExpectation): void {
  const { now, clockToleranceSeconds: tolerance = 60, fresh, isNewByNonce = false } = expected
  const ahead = isNewByNonce ? daySeconds : tolerance
  // A refreshed one must be new, too (OpenID Connect Core §12.2); its expiry says so more closely.
  const behind = isNewByNonce || !fresh ? Math.max(daySeconds, tolerance) : 600
  if (iat > now + ahead || iat < now - behind) refuseIdToken('iat', wrongClock('iat', iat, now))
  // Where a clock counts, oauth4webapi has compared it.
  if (isNewByNonce && exp <= iat) refuseIdToken('exp')
}

/** Why a time is not acceptable: most likely a clock is wrong. */
export function wrongClock(claim: string, iat: number, now: number): string {
  const minutes = Math.round(Math.abs(iat - now) / 60)
  const fault = `has no acceptable ${claim}`
  return minutes < 1
    ? fault
    : `${fault}: the clock of this device is probably wrong by about ${duration(minutes)}, so correct it`
}

/** Minutes in the unit that a person would use. */
function duration(minutes: number): string {
  const hours = minutes / 60
  const [count, unit] =
    minutes < 120 ? [minutes, 'minute'] : hours < 48 ? [hours, 'hour'] : [hours / 24, 'day']
  const rounded = Math.round(count)
  return `${String(rounded)} ${unit}${rounded === 1 ? '' : 's'}`
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
