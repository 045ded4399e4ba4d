import * as oauth from 'oauth4webapi'
import type { AskedChecks } from './asked-checks.js'
import type { Fetch } from './http.js'
import {
  algorithmOf,
  daySeconds,
  checkIdToken,
  idTokenAlgorithms,
  refuseIdToken,
  type FirstIdToken,
  type IdTokenClaims,
} from './id-token.js'
import type { ServerMetadata } from './metadata.js'
import { checkHasKeys } from './offers.js'
import { checkSignature } from './signing-keys.js'
import type { TokenSet } from './token-response.js'

/** Server and client between which an ID Token goes, and the rules for it. */
export interface IdTokenRules {
  /** One object for as long as its keys may be kept. */
  readonly server: ServerMetadata
  readonly clientId: string
  readonly fetch: Fetch
  /** Epoch seconds. */
  readonly now: () => number
  /** Demand for an ID Token when `openid` was requested; `unchecked` where its issuer is not known. */
  readonly idToken: 'required' | 'optional' | 'unchecked'
  /** Seconds by which the clock may be off when an ID Token is checked. @defaultValue 30, and 60 for `iat` */
  readonly clockToleranceSeconds?: number
  /**
   * At the code exchange, times in the ID Token may be a day off: a signature over the nonce of the request shows that it was
   * made for this request, whatever the clock says. For pages, whose clock a person sets. @defaultValue false
   */
  readonly trustsNonce?: boolean
  /** Accepted signature algorithms of ID Tokens; of them, those that the metadata lists. @defaultValue all of `idTokenAlgorithms` */
  readonly idTokenAlgorithms?: readonly string[]
}

/** The part of a request that its ID Token must confirm. Only one that redeems a code has a `code`. */
export interface ExpectedIdToken extends AskedChecks {
  readonly code?: string
  readonly state?: string
  readonly nonce?: string | undefined
  /** The subject that the ID Token must name, where one is expected: then an ID Token must come. */
  readonly subject?: string | undefined
  /** For a refresh: what the connection's first ID Token said. */
  readonly first?: FirstIdToken | undefined
}

/** The part of a token response that its ID Token is verified with. */
export type VerifiableTokens = Pick<TokenSet, 'accessToken' | 'idToken'>

/** The claims of a token response's ID Token, everything in it being right but perhaps for its signature. */
export interface VerifiedClaims {
  /** `undefined` where no ID Token came, or none that is checked. */
  readonly claims: IdTokenClaims | undefined
  /** The error when the signature could not be checked, because no key for it can be had. */
  readonly unchecked: Error | undefined
}

/**
 * Verifies the ID Token of a token response, its signature included.
 *
 * @throws {ValidationError} `id_token_invalid` when it is missing and must not be, or is not acceptable.
 * @throws errors of oauth4webapi, whose `cause` holds tokens and claims: call it within `withoutCauses`.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export async function verifyIdToken(
  rules: IdTokenRules,
  expected: ExpectedIdToken,
  tokens: VerifiableTokens,
): Promise<VerifiedClaims> {
  const verified =
    tokens.idToken === undefined || rules.idToken === 'unchecked'
      ? { claims: undefined, unchecked: undefined }
      : await verifyClaims(rules, expected, tokens)
  if (!verified.claims && demandsIdToken(rules, expected))
    refuseIdToken('id_token', 'is missing, so nothing says who has signed in')
  return verified
}

/** Test for a code whose answer must hold an ID Token. A refresh may leave it out: OpenID Connect Core §12.2. */
const demandsIdToken = (
  { idToken }: Pick<IdTokenRules, 'idToken'>,
  { code, nonce, subject, maxAgeSeconds, acrValues }: ExpectedIdToken,
): boolean =>
  code !== undefined &&
  (subject ?? maxAgeSeconds ?? acrValues ?? (idToken === 'required' ? nonce : undefined)) !== undefined

/**
 * Checks that the ID Token that must come could be checked, before anybody is sent away for one, and before a code is spent on it.
 *
 * @throws {ValidationError} `metadata_invalid` for metadata without `jwks_uri`.
 */
export function checkCanVerify(
  rules: Pick<IdTokenRules, 'idToken' | 'server'>,
  expected: ExpectedIdToken,
): void {
  if (rules.idToken !== 'unchecked' && demandsIdToken(rules, expected)) checkHasKeys(rules.server)
}

/** Test for an algorithm that this client accepts and the server says it uses. */
function isAccepted({ server, idTokenAlgorithms: wanted }: IdTokenRules, algorithm: string): boolean {
  // RFC 9864 has given EdDSA's curves names of their own.
  const names = algorithm === 'EdDSA' || algorithm === 'Ed25519' ? ['EdDSA', 'Ed25519'] : [algorithm]
  const listed: unknown = server.id_token_signing_alg_values_supported
  return [idTokenAlgorithms, wanted, Array.isArray(listed) ? (listed as string[]) : undefined].every(
    (list) => list === undefined || names.some((name) => list.includes(name)),
  )
}

/** Has oauth4webapi check claims and signature of the ID Token, and checks what it leaves to us. */
async function verifyClaims(
  rules: IdTokenRules,
  expected: ExpectedIdToken,
  tokens: VerifiableTokens,
): Promise<VerifiedClaims> {
  const { server, clientId, clockToleranceSeconds } = rules
  const idToken = tokens.idToken ?? ''
  const algorithm = algorithmOf(idToken)
  if (!isAccepted(rules, algorithm)) refuseIdToken('alg')
  // Its code is spent, and no later try could check it. A refresh waits: the metadata may name keys again.
  if (expected.code !== undefined && server.jwks_uri === undefined)
    refuseIdToken('jwks_uri', "cannot be checked: the server's metadata names no keys (`jwks_uri`)")
  const isNew = rules.trustsNonce === true && expected.code !== undefined && expected.nonce !== undefined
  const tolerance = isNew ? daySeconds : clockToleranceSeconds
  const client: oauth.Client = {
    client_id: clientId,
    [oauth.clockTolerance]: tolerance ?? 30,
    id_token_signed_response_alg: algorithm,
  }
  // oauth4webapi reads a response: this one holds nothing but what has been checked.
  const body = { access_token: tokens.accessToken, token_type: 'bearer', id_token: idToken }
  const response = new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } })
  const result = await oauth.processGenericTokenEndpointResponse(server, client, response)
  const claims = oauth.getValidatedIdTokenClaims(result) as IdTokenClaims | undefined
  if (claims) {
    await checkIdToken(idToken, claims, {
      clientId,
      accessToken: tokens.accessToken,
      now: rules.now(),
      clockToleranceSeconds,
      fresh: expected.code !== undefined,
      isNewByNonce: isNew,
      ...expected,
    })
  }
  // Last: what the claims alone refuse needs no keys, and is not put down to their absence.
  return { claims, unchecked: await checkSignature(server, response, rules.fetch, rules.now) }
}
