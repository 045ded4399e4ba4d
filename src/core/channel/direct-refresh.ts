import { CountersignError, NetworkError } from '../../protocol/errors.js'
import { mayReplace, noteReplacement } from '../../protocol/replacements.js'
import { isGivenUp, secondsToTry, statusFrom, type RefreshTrouble } from '../../protocol/refresh-trouble.js'
import { judgeRefresh, noteTrouble } from '../../protocol/refresh-verdict.js'
import { refreshTokens, type RefreshedTokens } from '../../protocol/refresh-tokens.js'
import type { AccessToken, ConnectionTokens } from '../held-tokens.js'
import { bindingOf, isBoundTo } from '../records/binding.js'
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
 * `refresh_failed` when nobody knows what became of its refreshes.
 * @throws {TokenEndpointError} when it refuses the refresh token for the first time, or for now.
 * @throws {ValidationError} for an answer with a fault of form: its refresh token is kept.
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
    : await refreshOwn(client, id, rejected)
  // Another page has renewed the connection meanwhile, or lost its keys.
  if (accessToken === undefined) throw noKeys()
  return { value: accessToken, expiresAt }
}

/** A refresh of what only this page knows. */
async function refreshOwn(
  client: DirectClient,
  id: string,
  rejected: string | undefined,
): Promise<StoredTokens> {
  const { tokens, platform } = client.context
  const {
    accessToken: held,
    refreshToken,
    idTokenSubject,
    firstIdToken,
    trouble,
    replacedAt,
  } = tokens.get(id) ?? ({} as Partial<ConnectionTokens>)
  const own = { accessToken: held?.value, expiresAt: held?.expiresAt }
  const previous = { ...nothing, refreshToken, idTokenSubject, firstIdToken, trouble }
  const replaced = replacement({ ...previous, ...own, replacedAt }, rejected, platform.clock.now())
  if (replaced === 'too_soon') return { ...previous, ...own }
  if (tokens.get(id)) tokens.hold(id, replaced)
  const { kept, error } = await refresh(client, id, previous)
  // Unless they were forgotten meanwhile.
  if (tokens.get(id)) tokens.hold(id, { refreshToken: kept?.refreshToken, trouble: kept?.trouble })
  if (error !== undefined || !kept) throw error ?? gone()
  return kept
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
  if (!stored || !isBoundTo(stored.binding, client.provider)) throw gone()
  const { accessToken, expiresAt = Infinity, refreshToken, unanswered = 0 } = stored
  const now = platform.clock.now()
  if (accessToken !== undefined && accessToken !== rejected && expiresAt - now > 5) return stored
  const replaced = replacement(stored, rejected, now)
  if (replaced === 'too_soon') return stored
  // Another tab got nothing while this one waited: what it would get is not asked for again.
  if (unanswered > seen) throw noAnswer()
  const tried = { ...stored, ...replaced }
  const { kept, error } = await refresh(client, id, tried)
  if (kept === tried) throw error ?? gone()
  const isUseless = kept && kept.accessToken === undefined
  const left = await replaceTokens(
    platform,
    id,
    refreshToken,
    isUseless || error instanceof NetworkError ? { ...tried, ...kept, unanswered: unanswered + 1 } : kept,
  )
  if (error !== undefined) throw error
  if (!left) throw gone()
  return left
}

/** The note of a refused token that is to be replaced, or that it must not be yet. Nothing for one that has ended. */
function replacement(
  { accessToken, expiresAt = Infinity, replacedAt }: StoredTokens,
  rejected: string | undefined,
  now: number,
): Pick<StoredTokens, 'replacedAt'> | 'too_soon' {
  if (accessToken === undefined || accessToken !== rejected || expiresAt - now <= 5) return {}
  return mayReplace(replacedAt, now) ? { replacedAt: noteReplacement(replacedAt, now) } : 'too_soon'
}

/** Result of one try to refresh. */
interface Attempt {
  /** What is to be kept, the same object where nothing changes; `undefined`: the refresh token is of no use any more. */
  readonly kept: StoredTokens | undefined
  /** Absent after a success. */
  readonly error?: Error
}

const nothing: StoredTokens = {
  v: 1,
  accessToken: undefined,
  expiresAt: undefined,
  refreshToken: undefined,
}

async function refresh(client: DirectClient, id: string, previous: StoredTokens): Promise<Attempt> {
  const { refreshToken, idTokenSubject: subject, firstIdToken: first, trouble } = previous
  const { clock, isOnline } = client.context.platform
  const now = clock.now()
  if (refreshToken === undefined || isGivenUp(trouble, now)) return { kept: undefined, error: gone() }
  const wait = secondsToTry(trouble, now)
  if (wait > 0) return { kept: previous, error: stopped(trouble) ?? noAnswer(Math.ceil(wait)) }
  // Nothing is sent, so nothing can have become of it.
  if (!isOnline()) return { kept: previous, error: stopped(trouble) ?? offline() }
  let isSent = false
  try {
    const endpoint = { ...(await client.endpoint()), clockToleranceSeconds: refreshToleranceSeconds }
    isSent = true
    const answer = await refreshTokens(endpoint, refreshToken, { subject, first })
    const kept = toStoredTokens(client, answer, previous)
    if (answer.accessToken !== undefined) {
      const isRotated = answer.refreshToken !== undefined && answer.refreshToken !== refreshToken
      if (!isRotated && !endpoint.dpop) client.context.emit('refresh_token_not_rotated', id, client.name)
      return { kept }
    }
    return answer.fault ? failed({ ...kept, trouble }, answer.fault, now) : { kept, error: noKeys() }
  } catch (error) {
    return isSent ? failed(previous, error as Error, now) : { kept: previous, error: error as Error }
  }
}

/** What a failed refresh leaves of the tokens, and the error that says so. */
function failed(tokens: StoredTokens, error: Error, now: number): Attempt {
  const verdict = judgeRefresh(error)
  if (verdict === 'ended') return { kept: undefined, error: gone() }
  const trouble = noteTrouble(tokens.trouble, verdict, now)
  const kept = trouble === tokens.trouble ? tokens : { ...tokens, trouble }
  return { kept, error: stopped(trouble) ?? error }
}

/** The error of a connection that is stopped or has failed; `undefined` for one that goes on. */
function stopped(trouble: RefreshTrouble | undefined): CountersignError | undefined {
  const status = statusFrom(trouble)
  if (status === 'connected') return undefined
  return status === 'failed' ? refreshFailed() : gone()
}

/**
 * The part of a token response that is kept where tokens outlive the page.
 *
 * @param at When the response came: epoch seconds.
 */
export function toStoredTokens(
  { context, provider, settings }: DirectClient,
  { accessToken, expiresInSeconds, refreshToken, claims }: RefreshedTokens,
  previous: Pick<ConnectionTokens, 'refreshToken' | 'idTokenSubject' | 'firstIdToken' | 'replacedAt'> = {},
  at: number = context.platform.clock.now(),
): StoredTokens {
  return {
    v: 1,
    accessToken,
    expiresAt: expiresInSeconds === undefined ? undefined : at + expiresInSeconds,
    refreshToken: settings.refresh === false ? undefined : (refreshToken ?? previous.refreshToken),
    idTokenSubject: previous.idTokenSubject ?? claims?.sub,
    firstIdToken: previous.firstIdToken,
    replacedAt: previous.replacedAt,
    usedAt: at,
    binding: bindingOf(provider),
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

const noAnswer = (retryAfterSeconds?: number): NetworkError =>
  new NetworkError(
    'The access token could not be refreshed: nobody knows what became of the last request, so it is not repeated at once. Try again after half a minute.',
    { retryAfterSeconds },
  )

const offline = (): NetworkError =>
  new NetworkError(
    'The access token could not be refreshed: the device is offline. Try again when it is online.',
  )
