import { CountersignError, TokenEndpointError, ValidationError } from './errors.js'
import type { Answer } from './http.js'
import { oauthErrorOf } from './oauth-request.js'
import { retryAfterOf } from './retry-after.js'

/**
 * The error of a token endpoint's answer, with the way out of it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-5.2
 */
export function toTokenError(answer: Answer): TokenEndpointError {
  const { status, headers } = answer.response
  const error = oauthErrorOf(answer)
  const isBusy =
    status >= 500 || status === 429 || /^(?:temporarily_unavailable|server_error)$/.test(error ?? '')
  return new TokenEndpointError(
    isBusy
      ? 'The token endpoint cannot serve the request now. Try again in a while.'
      : 'The token endpoint refused the request. Start again with authorize().',
    { error, status },
    {
      recovery: isBusy
        ? 'resume'
        : error === 'invalid_client' || error === 'unauthorized_client'
          ? 'configure'
          : 'authorize',
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
      'The ID Token, or the key it was signed with, could not be accepted. Nothing was connected; start again with authorize().',
    )
  }
}

/** The name of the claim, or of the header member, that an oauth4webapi error is about; never its value. */
function claimOf(error: unknown): string {
  if (!(error instanceof Error)) return 'signature'
  const { claim } = Object(error.cause) as { claim?: unknown }
  return typeof claim === 'string'
    ? claim
    : (/(?:JWT|ID Token) "(\w+)"/.exec(error.message)?.[1] ?? 'signature')
}
