import { errorDescriptionOf } from './error-description.js'
import { CountersignError, TokenEndpointError, ValidationError } from './errors.js'
import type { Answer } from './http.js'
import { wrongClock } from './id-token.js'
import { oauthErrorOf } from './oauth-request.js'
import { retryAfterOf } from './retry-after.js'

/** Errors that only a developer can do something about, each with what to look at. */
const misconfigured: ReadonlyMap<string | undefined, string> = new Map([
  [
    'invalid_client',
    'does not accept this client. Compare the client id and its authentication with what is registered at the provider',
  ],
  [
    'unauthorized_client',
    'does not let this client use the grant. Allow authorization_code and refresh_token in its registration at the provider',
  ],
  [
    'unsupported_grant_type',
    'does not support the grant type. Check that it is the token endpoint of the right server, and that the client may use refresh tokens',
  ],
  ['invalid_scope', 'does not accept the scope. Compare `scope` with what is registered at the provider'],
  ['invalid_target', 'does not accept the resource. Compare it with what is registered at the provider'],
  [
    'invalid_dpop_proof',
    'does not accept the DPoP proof. Check the clock; where the server does not support DPoP, switch `dpop` off',
  ],
  [
    'use_dpop_nonce',
    'wants a nonce in the DPoP proof that cannot be read. The server must name DPoP-Nonce in Access-Control-Expose-Headers; otherwise switch `dpop` off',
  ],
])

/** The part of an error answer that decides what follows from it. */
type ErrorAnswer = Pick<TokenEndpointError, 'error' | 'status'>

/** True for an answer that says "not now": what was sent is as good as before. */
export const isTemporary = ({ error, status }: ErrorAnswer): boolean =>
  status >= 500 || status === 429 || /^(?:temporarily_unavailable|server_error|slow_down)$/.test(error ?? '')

/** What to look at for an error about the client or its proofs: the end of a sentence about the endpoint. */
export const adviceFor = (error: string | undefined): string | undefined => misconfigured.get(error)

/** True for an error about the client or its proofs, which says nothing about a grant. */
export const isAboutClient = ({ error }: Pick<ErrorAnswer, 'error'>): boolean => misconfigured.has(error)

/**
 * The error of a token endpoint's answer, with the way out of it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-5.2
 */
export function toTokenError(answer: Answer): TokenEndpointError {
  const { status, headers } = answer.response
  const error = oauthErrorOf(answer)
  const isNotNow = isTemporary({ error, status })
  const sentence = isNotNow
    ? 'cannot serve the request now. Try again later'
    : (adviceFor(error) ?? 'refused the request. Start again with authorize()')
  return new TokenEndpointError(
    `The token endpoint ${sentence}.`,
    { error, status, errorDescription: errorDescriptionOf(answer) },
    {
      recovery: isNotNow ? 'resume' : isAboutClient({ error }) ? 'configure' : 'authorize',
      retryAfterSeconds: retryAfterOf(headers),
    },
  )
}

/**
 * Lets our own errors pass and replaces oauth4webapi's, whose `cause` holds tokens, claims and responses.
 *
 * @throws {ValidationError} `id_token_invalid` in place of an error of oauth4webapi's.
 */
export async function withoutCauses<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CountersignError) throw error
    throw new ValidationError(
      'id_token_invalid',
      claimOf(error),
      `The ID Token${timeFaultOf(error) ?? ', or the key it was signed with, could not be accepted'}. Nothing was connected; start again with authorize().`,
    )
  }
}

/** What is wrong with the times of an ID Token, for an oauth4webapi error about one. */
function timeFaultOf(error: unknown): string | undefined {
  const { claim, claims, now } = Object((error as Error | undefined)?.cause) as Record<string, unknown>
  const { iat } = Object(claims) as { iat?: unknown }
  const isTime = claim === 'exp' || claim === 'nbf'
  return isTime && typeof iat === 'number' && typeof now === 'number'
    ? ` ${wrongClock(claim, iat, now)}`
    : undefined
}

/** The name of the claim, or of the header member, that an oauth4webapi error is about; never its value. */
function claimOf(error: unknown): string {
  if (!(error instanceof Error)) return 'signature'
  const { claim } = Object(error.cause) as { claim?: unknown }
  return typeof claim === 'string'
    ? claim
    : (/(?:JWT|ID Token) "(\w+)"/.exec(error.message)?.[1] ?? 'signature')
}
