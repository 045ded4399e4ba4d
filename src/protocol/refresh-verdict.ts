import { NetworkError, TokenEndpointError, ValidationError } from './errors.js'
import { statusFrom, unansweredLimit, type RefreshTrouble } from './refresh-trouble.js'
import { isAboutClient, isTemporary } from './token-error.js'

/**
 * Meaning of a failed refresh for the refresh token.
 *
 * - `ended`: the grant is over, or the answer is about another person, client or server.
 * - `refused`: by any other OAuth error, or answered with tokens that cannot be used for a fault of form. Servers say in many
 *   ways that they do not know a token; a bank's bad deployment says the same for a while.
 * - `unanswered`: nobody knows whether the request was processed. No answer came, or a gateway's, or one that is no OAuth
 *   answer. The refresh token may have been replaced.
 * - `undecided`: an error that passes, or is about the client; or nothing was sent. The refresh token is as good as before.
 */
export type RefreshVerdict = 'ended' | 'refused' | 'unanswered' | 'undecided'

/** Seconds between the first refusal and one that ends the connection, at least. */
const refusalSeconds = 600

/** Judges the error of a refresh whose request was sent. */
export function judgeRefresh(error: unknown): RefreshVerdict {
  if (error instanceof NetworkError) return 'unanswered'
  if (error instanceof TokenEndpointError) return judgeAnswer(error)
  if (!(error instanceof ValidationError)) return 'undecided'
  // A page in the place of the answer, or a redirect to one.
  if (error.code === 'response_malformed' || error.parameter === 'body') return 'unanswered'
  if (error.code !== 'id_token_invalid' && error.code !== 'token_response_invalid') return 'undecided'
  return isFaultOfForm(error) ? 'refused' : 'ended'
}

function judgeAnswer(answer: TokenEndpointError): RefreshVerdict {
  const { error, status } = answer
  if (error === 'invalid_grant' || error === 'invalid_token') return 'ended'
  if (status === 502 || status === 504) return 'unanswered'
  if (isAboutClient(answer)) return 'undecided'
  if (error === undefined) return status === 429 || status === 503 ? 'undecided' : 'unanswered'
  return isTemporary(answer) ? 'undecided' : 'refused'
}

/**
 * True for a fault of a refresh answer that says nothing against the grant: a member that cannot be read, a time that is wrong.
 * What came beside it is the connection's, where the ID Token names the right person, client and server: `refreshTokens` looks.
 * Any other fault means that the answer may be somebody else's.
 */
export const isFaultOfForm = ({ code, parameter }: ValidationError): boolean =>
  code === 'token_response_invalid'
    ? parameter !== 'token_type'
    : code === 'id_token_invalid' && /^(?:exp|iat|nbf)$/.test(parameter)

/**
 * What is remembered after a failed refresh, other than one that ended the grant.
 *
 * @param now Epoch seconds.
 */
export function noteTrouble(
  trouble: RefreshTrouble | undefined,
  verdict: Exclude<RefreshVerdict, 'ended'>,
  now: number,
): RefreshTrouble | undefined {
  const next = addVerdict(trouble, verdict, now)
  const isPaused = verdict === 'unanswered' || statusFrom(next) !== 'connected'
  return isPaused ? { ...next, triedAt: now } : next
}

function addVerdict(
  trouble: RefreshTrouble | undefined,
  verdict: RefreshVerdict,
  now: number,
): RefreshTrouble | undefined {
  const { refusedAt = now, unanswered = 0, stoppedAt } = trouble ?? {}
  if (stoppedAt !== undefined) return trouble
  if (verdict === 'unanswered') return { ...trouble, unanswered: Math.min(unanswered + 1, unansweredLimit) }
  if (verdict !== 'refused') return trouble
  // Where the clock was set back since, it counts anew.
  const first = Math.min(refusedAt, now)
  return now - first >= refusalSeconds
    ? { refusedAt: first, stoppedAt: now }
    : { ...trouble, refusedAt: first }
}
