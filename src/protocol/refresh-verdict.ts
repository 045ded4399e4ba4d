import { TokenEndpointError, ValidationError } from './errors.js'
import { statusFrom, unreadableLimit, type RefreshTrouble } from './refresh-trouble.js'
import { isAboutClient, isTemporary } from './token-error.js'

/**
 * Meaning of a failed refresh for the refresh token.
 *
 * - `ended`: the grant is over.
 * - `refused`: by any other OAuth error. Servers say in many ways that they do not know a token; a bank's bad deployment says
 *   the same for a while.
 * - `unreadable`: an answer that is no OAuth answer. It says nothing about the grant.
 * - `undecided`: an error that passes, or is about the client; or nothing was answered.
 */
export type RefreshVerdict = 'ended' | 'refused' | 'unreadable' | 'undecided'

/** Seconds between the first refusal and one that ends the connection, at least. */
const refusalSeconds = 600

/** Judges the error of a refresh whose request was sent. */
export function judgeRefresh(error: unknown): RefreshVerdict {
  if (error instanceof TokenEndpointError) {
    if (error.error === 'invalid_grant' || error.error === 'invalid_token') return 'ended'
    if (isTemporary(error) || isAboutClient(error)) return 'undecided'
    return error.error === undefined ? 'unreadable' : 'refused'
  }
  if (!(error instanceof ValidationError)) return 'undecided'
  // A page in the place of the answer, or a redirect to one.
  const isPage = error.code === 'response_malformed' || error.parameter === 'body'
  return isPage ? 'unreadable' : 'undecided'
}

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
  return statusFrom(next) === 'connected' ? next : { ...next, triedAt: now }
}

function addVerdict(
  trouble: RefreshTrouble | undefined,
  verdict: RefreshVerdict,
  now: number,
): RefreshTrouble | undefined {
  const { refusedAt = now, unreadable = 0, stoppedAt } = trouble ?? {}
  if (stoppedAt !== undefined) return trouble
  if (verdict === 'unreadable') return { ...trouble, unreadable: Math.min(unreadable + 1, unreadableLimit) }
  if (verdict !== 'refused') return trouble
  // Where the clock was set back since, it counts anew.
  const first = Math.min(refusedAt, now)
  return now - first >= refusalSeconds
    ? { refusedAt: first, stoppedAt: now }
    : { ...trouble, refusedAt: first }
}
