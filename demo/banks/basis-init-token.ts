import { errors, jwtVerify, type JWTPayload } from 'jose'
import { findPlatform } from './basis-institutions.js'

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
  if (!token) throw new InitTokenProblem('Request is missing the Initialization token.')
  const key = Buffer.from(clientSecret, 'base64')
  const options = { algorithms: ['HS512'], requiredClaims: ['exp', 'iat'], currentDate: now }
  const { payload, protectedHeader } = await jwtVerify(token, key, options).catch((error: unknown) => {
    throw new InitTokenProblem(explain(error))
  })
  // Documented: kid is the client_id; the documentation's own snippet leaves it out.
  if (protectedHeader.kid !== undefined && protectedHeader.kid !== clientId)
    throw new InitTokenProblem('Initialization token has a kid that is not the client_id.')
  if (payload['client_id'] !== clientId)
    throw new InitTokenProblem('Initialization token is of another client.')
  checkTimes(payload, now.getTime() / 1000)
  return { platformId: checkClaims(payload), claims: payload }
}

function explain(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'Request included expired Initialization Token.'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'Initialization token is not signed with HS512.'
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return 'Initialization token has an invalid signature.'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `Initialization token has no usable ${error.claim}.`
  return 'Initialization token is malformed.'
}

/** Documented: an hour at most, where possible; the documentation's own example lives for two hours and 46 minutes. */
const longestSeconds = 3 * 3600

/** Tolerance between the clocks of app and bank. */
const toleranceSeconds = 60

function checkTimes({ iat = 0, exp = 0 }: JWTPayload, now: number): void {
  if (iat > now + toleranceSeconds)
    throw new InitTokenProblem('Initialization token was issued in the future.')
  if (exp > now + longestSeconds) throw new InitTokenProblem('Initialization token lives too long.')
}

/** What a profile is constructed from. */
const profileClaims = ['user_email', 'user_name', 'company_ein', 'company_name']

/** @returns the id of a platform that exists */
function checkClaims(payload: JWTPayload): string {
  const { platform_id, company_ein } = payload
  if (typeof platform_id !== 'string' || !findPlatform(platform_id))
    throw new InitTokenProblem('Initialization token names an unknown platform_id.')
  const lacking = profileClaims.find((name) => typeof payload[name] !== 'string' || payload[name] === '')
  if (lacking !== undefined) throw new InitTokenProblem(`Initialization token has no ${lacking}.`)
  if (!/^\d{9}$/.test(String(company_ein)))
    throw new InitTokenProblem('Initialization token has a company_ein that is not nine digits.')
  return platform_id
}
