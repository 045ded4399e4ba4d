import { CountersignError, NetworkError } from '../../protocol/errors.js'
import { isGivenUp, mayTry, statusFrom, type RefreshTrouble } from '../../protocol/refresh-trouble.js'
import { judgeRefresh, noteTrouble } from '../../protocol/refresh-verdict.js'
import { refreshTokens, type RefreshedTokens } from '../../protocol/token-endpoint.js'
import type { AccessToken, ConnectionTokens } from '../held-tokens.js'
import { readTokens, replaceTokens, type StoredTokens } from '../records/tokens.js'
import type { DirectClient } from './direct-client.js'
import { refreshFailed } from './refresh-failed.js'

/** A clock that was set wrong meanwhile must not cost the connection: the old refresh token is spent by then. */
const refreshToleranceSeconds = 24 * 3600

/** Seconds to wait for another tab that refreshes the same connection. */
const waitSeconds = 45

/**
 * A new access token of a connection.
 *
 * @param rejected A token that the API refused.
 * @throws {CountersignError} `reauthorization_required` when the server refuses the refresh token, or there is none;
 * `refresh_failed` when its answers cannot be read as OAuth.
 * @throws {TokenEndpointError} when it refuses the refresh token for the first time, or for now.
 * @throws {NetworkError} when no answer came, or it could not be checked.
 */
export async function refreshAccessToken(
  client: DirectClient,
  id: string,
  rejected: string | undefined,
): Promise<AccessToken> {
  const { keepsTokens } = client.provider.channel
  const { accessToken, expiresAt } = keepsTokens
    ? await refreshShared(client, id, rejected)
    : await refreshOwn(client, id)
  if (accessToken === undefined) throw noKeys()
  return { value: accessToken, expiresAt }
}

/** A refresh of what only this page knows. */
async function refreshOwn(client: DirectClient, id: string): Promise<StoredTokens> {
  const { tokens } = client.context
  const held: Partial<ConnectionTokens> = tokens.get(id) ?? {}
  const attempt = await refresh(client, held)
  // Unless they were forgotten meanwhile.
  if (tokens.get(id))
    tokens.hold(
      id,
      'tokens' in attempt
        ? { refreshToken: attempt.tokens.refreshToken, trouble: undefined }
        : { refreshToken: attempt.isOver ? undefined : held.refreshToken, trouble: attempt.trouble },
    )
  if ('tokens' in attempt) return attempt.tokens
  throw attempt.error
}

/**
 * One tab refreshes; the others wait for the lock and then find what it stored. The new tokens are committed before
 * anybody gets them, because the old ones may be spent.
 */
async function refreshShared(
  client: DirectClient,
  id: string,
  rejected: string | undefined,
): Promise<StoredTokens> {
  const { platform } = client.context
  const before = await readTokens(platform, id)
  try {
    return await platform.tabs.lock(`refresh:${id}`, waitSeconds, () =>
      refreshLocked(client, id, rejected, before?.unanswered ?? 0),
    )
  } catch (error) {
    throw error instanceof DOMException && error.name === 'TimeoutError' ? noAnswer() : error
  }
}

/** Runs under the lock. @param seen How many refreshes in a row had given nothing when the wait began. */
async function refreshLocked(
  client: DirectClient,
  id: string,
  rejected: string | undefined,
  seen: number,
): Promise<StoredTokens> {
  const { platform } = client.context
  const stored = await readTokens(platform, id)
  if (!stored) throw gone()
  const { accessToken, expiresAt = Infinity, refreshToken, unanswered = 0 } = stored
  if (accessToken !== undefined && accessToken !== rejected && expiresAt - platform.clock.now() > 5)
    return stored
  // Another tab got nothing while this one waited. Without an answer the server may have replaced the refresh token: to
  // send it again is the next demand's risk, not this one's.
  if (unanswered > seen) throw noAnswer()
  const attempt = await refresh(client, stored)
  if ('tokens' in attempt) {
    const fresh = attempt.tokens
    const next = fresh.accessToken === undefined ? { ...fresh, unanswered: unanswered + 1 } : fresh
    const tokens = await replaceTokens(platform, id, refreshToken, next)
    if (!tokens) throw gone()
    return tokens
  }
  const { error, isOver, trouble } = attempt
  const isUnanswered = error instanceof NetworkError
  const left = { ...stored, trouble, ...(isUnanswered && { unanswered: unanswered + 1 }) }
  if (isOver || isUnanswered || trouble !== stored.trouble)
    await replaceTokens(platform, id, refreshToken, isOver ? undefined : left)
  throw error
}

/** Result of one try to refresh; a failure with what is left. */
type Attempt =
  | { readonly tokens: StoredTokens }
  | {
      readonly error: unknown
      /** True when the refresh token is of no use any more. */
      readonly isOver: boolean
      readonly trouble: RefreshTrouble | undefined
    }

async function refresh(
  client: DirectClient,
  previous: Pick<ConnectionTokens, 'refreshToken' | 'idTokenSubject' | 'trouble'>,
): Promise<Attempt> {
  const { refreshToken, idTokenSubject, trouble } = previous
  const now = client.context.platform.clock.now()
  const over: Attempt = { error: gone(), isOver: true, trouble: undefined }
  if (refreshToken === undefined || isGivenUp(trouble, now)) return over
  if (!mayTry(trouble, now)) return { error: stopped(trouble), isOver: false, trouble }
  let isSent = false
  try {
    const endpoint = { ...(await client.endpoint()), clockToleranceSeconds: refreshToleranceSeconds }
    isSent = true
    return {
      tokens: toStoredTokens(client, await refreshTokens(endpoint, refreshToken, idTokenSubject), previous),
    }
  } catch (error) {
    const verdict = isSent ? judgeRefresh(error) : 'undecided'
    if (verdict === 'ended') return over
    const next = noteTrouble(trouble, verdict, now)
    return { error: stopped(next) ?? error, isOver: false, trouble: next }
  }
}

/** The error of a connection that is stopped or has failed; `undefined` for one that goes on. */
function stopped(trouble: RefreshTrouble | undefined): CountersignError | undefined {
  const status = statusFrom(trouble)
  if (status === 'connected') return undefined
  return status === 'failed' ? refreshFailed() : gone()
}

/** The part of a token response that is kept where tokens outlive the page. */
export function toStoredTokens(
  { context, settings }: DirectClient,
  { accessToken, expiresInSeconds, refreshToken, claims }: RefreshedTokens,
  previous: Pick<ConnectionTokens, 'refreshToken' | 'idTokenSubject'> = {},
): StoredTokens {
  return {
    v: 1,
    accessToken,
    expiresAt: expiresInSeconds === undefined ? undefined : context.platform.clock.now() + expiresInSeconds,
    refreshToken: settings.refresh === false ? undefined : (refreshToken ?? previous.refreshToken),
    idTokenSubject: previous.idTokenSubject ?? claims?.sub,
  }
}

const gone = (): CountersignError =>
  new CountersignError(
    'reauthorization_required',
    'The access token is no longer good and cannot be refreshed: renew the connection with authorize().',
  )

const noKeys = (): NetworkError =>
  new NetworkError(
    "The access token could not be refreshed: the server's keys cannot be had just now. Try again.",
  )

const noAnswer = (): NetworkError =>
  new NetworkError('The access token could not be refreshed: no answer came. Try again.')
