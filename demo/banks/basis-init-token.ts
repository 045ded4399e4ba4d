import { errors, jwtVerify, type JWTPayload } from 'jose'
import { initTokenProblems, objectToInitToken } from '../../src/testing/quirks/basis.js'
import { findPlatform } from '../../src/testing/quirks/basis-institutions.js'

/** An initialization token that was accepted. */
export interface InitToken {
  readonly platformId: string
  /** What the developer says about the person and the company. */
  readonly claims: JWTPayload
}

/** Why an initialization token is refused: an `error_description`. */
export class InitTokenProblem extends Error {}

/** The client an initialization token must be from. */
export interface InitTokenClient {
  readonly clientId: string
  /** As issued: base64. */
  readonly clientSecret: string
}

/**
 * Checks an initialization token.
 *
 * @param now When it is read.
 * @throws InitTokenProblem
 */
export async function readInitToken(
  token: string | null,
  { clientId, clientSecret }: InitTokenClient,
  now: Date,
): Promise<InitToken> {
  if (!token) throw new InitTokenProblem(initTokenProblems.missing)
  const key = Buffer.from(clientSecret, 'base64')
  const options = { algorithms: ['HS512'], requiredClaims: ['exp', 'iat'], currentDate: now }
  const { payload, protectedHeader } = await jwtVerify(token, key, options).catch((error: unknown) => {
    throw new InitTokenProblem(explain(error))
  })
  const read = { header: { ...protectedHeader }, claims: payload }
  const hasPlatform = (id: string) => findPlatform(id) !== undefined
  const problem = objectToInitToken(read, clientId, now.getTime() / 1000, hasPlatform)
  if (problem !== undefined) throw new InitTokenProblem(problem)
  return { platformId: String(payload['platform_id']), claims: payload }
}

function explain(error: unknown): string {
  if (error instanceof errors.JWTExpired) return initTokenProblems.expired
  if (error instanceof errors.JOSEAlgNotAllowed) return initTokenProblems.algorithm
  if (error instanceof errors.JWSSignatureVerificationFailed) return initTokenProblems.signature
  if (error instanceof errors.JWTClaimValidationFailed) return initTokenProblems.unusable(error.claim)
  return initTokenProblems.malformed
}
