import { isGivenUp, mayTry, secondsToTry } from '../../protocol/refresh-trouble.js'
import { mayReplace } from '../../protocol/replacements.js'
import type { Context } from '../context.js'
import { sha256 } from '../crypto/hash.js'
import { isSameHash } from '../crypto/same-hash.js'
import { Refusal } from '../http/refusal.js'
import type { ConnectionRecord, StoredTokens } from './record.js'

/** Seconds that a token must have left to be handed out; nothing is refreshed before it must be. */
const marginSeconds = 10

/**
 * The stored tokens if they can be handed out; `undefined` where a refresh is to be tried. A refused token is handed out again where it
 * must not be replaced so soon: then the API's refusal reaches the app.
 *
 * @param rejected SHA-256 of a token that the API refused.
 * @throws {Refusal} `reauthorization_required`, `provider_unavailable` where there is nothing to try now.
 */
export async function goodTokens(
  context: Pick<Context, 'now' | 'attended' | 'providers'>,
  record: ConnectionRecord,
  rejected: string | undefined,
): Promise<StoredTokens | undefined> {
  const { now } = context
  const { id, status, tokens, trouble } = record
  if (!tokens || (status === 'reauthorization_required' && !trouble)) throw reauthorizationRequired(id)
  if (status !== 'reauthorization_required') {
    const lasts = tokens.expiresAt === undefined || tokens.expiresAt - now() > marginSeconds
    const isRejected = rejected !== undefined && isSameHash(await sha256(tokens.accessToken), rejected)
    const isNoGood = isRejected || isOfOtherType(context, record)
    if (lasts && !(isNoGood && mayReplaceToken(context, record))) return tokens
  }
  if (isRefreshDue(record, now())) return undefined
  if (status === 'connected') {
    const retryAfterSeconds = Math.ceil(secondsToTry(trouble, now()))
    throw new Refusal('provider_unavailable', { retryAfterSeconds, reason: 'refresh_unanswered' })
  }
  throw status === 'failed' ? refreshFailed(id) : reauthorizationRequired(id)
}

/**
 * True for a token that came while the client had its tokens bound to a key and now has not, or the other way round: the API would refuse
 * it, and a request that may not be repeated would fail.
 */
export const isOfOtherType = (
  { providers }: Pick<Context, 'providers'>,
  { provider, tokens }: ConnectionRecord,
): boolean => {
  const { tokenType } = providers.get(provider) ?? {}
  return tokenType !== undefined && tokens?.tokenType !== undefined && tokens.tokenType !== tokenType
}

/** True where a refused token may be replaced, or is being: a page says so on its own word, the app's server on the app's. */
const mayReplaceToken = (
  { now, attended }: Pick<Context, 'now' | 'attended'>,
  { refresh, replacedAt }: ConnectionRecord,
): boolean => !attended || refresh !== undefined || mayReplace(replacedAt, now())

/** True where a refresh may be tried now: of a connection that does not work, once an hour at most. */
export const isRefreshDue = ({ trouble }: ConnectionRecord, now: number): boolean =>
  mayTry(trouble, now) || isGivenUp(trouble, now)

/** Refusal of a connection that only the person can renew. */
export const reauthorizationRequired = (connection: string, reason?: string): Refusal =>
  new Refusal('reauthorization_required', { connection, reason })

/** Refusal of a connection whose refreshes get no OAuth answer. Naming the connection tells the page so. */
export const refreshFailed = (connection: string): Refusal =>
  new Refusal('provider_unavailable', { connection, reason: 'refresh_failed' })
