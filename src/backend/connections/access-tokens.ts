import { CountersignError, TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import type { Fetch } from '../../protocol/http.js'
import { toHeld } from './held-connection.js'
import type { ConnectionRecord, StoredTokens } from './record.js'
import { toStoredTokens } from './stored-tokens.js'
import { forgetConnection, changeConnection } from './connections.js'
import { providerOf, type Context } from '../context.js'
import { providerContext } from '../provider-context.js'
import { toRefusal } from '../http/to-refusal.js'
import { sha256 } from '../crypto/hash.js'
import { leaseRecord, type Lease, type LeasedRecord } from '../storage/lease.js'
import type { Change } from '../storage/records.js'
import { retry } from '../storage/retry.js'
import type { RefreshedGrant } from '../provider.js'
import { countRequest } from '../http/rate-limit.js'
import { Refusal } from '../http/refusal.js'
import { isSameHash } from '../crypto/same-hash.js'

/** Seconds that a token must have left to be handed out; nothing is refreshed before it must be. */
const marginSeconds = 10

/** One refresh may take a minute, keys of the ID Token included. */
const terms = {
  leaseSeconds: 60,
  pollMilliseconds: 50,
  leaseOf: ({ refresh }: ConnectionRecord): Lease | undefined => refresh,
}

/**
 * An access token of the connection that is good: the stored one, or else the token of one refresh for any number of
 * concurrent callers, in this process or in other replicas.
 *
 * ```
 * replica A   claim ─ refresh ───────────── conclude ─ answer
 * replica B      claim: held ─ wait ────────────────── claim: changed ─ answer the same token
 * ```
 *
 * @param record The connection as it has just been read.
 * @param rejected SHA-256 of a token that the API refused: if that is the stored one, it is replaced.
 * @throws {Refusal} `unknown_connection`, `reauthorization_required`, `provider_unavailable`, `provider_error`.
 * @see https://www.rfc-editor.org/rfc/rfc9700.html#section-4.14.2
 */
export async function usableTokens(
  context: Context,
  record: ConnectionRecord,
  rejected?: string,
): Promise<StoredTokens> {
  const good = await goodTokens(context, record, rejected)
  if (good) return good
  const { id } = record
  const { refreshes } = context
  const running = refreshes.get(id)
  if (running) return running
  const refresh = refreshOnce(context, record, rejected).finally(() => {
    refreshes.delete(id)
  })
  refreshes.set(id, refresh)
  return refresh
}

/** The stored tokens if they can be handed out. @throws {Refusal} `reauthorization_required` where nothing can help. */
async function goodTokens(
  { now }: Context,
  { id, status, tokens }: ConnectionRecord,
  rejected: string | undefined,
): Promise<StoredTokens | undefined> {
  if (status !== 'connected' || !tokens) throw reauthorizationRequired(id)
  if (tokens.expiresAt !== undefined && tokens.expiresAt - now() <= marginSeconds) return undefined
  const isRejected = rejected !== undefined && isSameHash(await sha256(tokens.accessToken), rejected)
  return isRejected ? undefined : tokens
}

const reauthorizationRequired = (connection: string, reason?: string): Refusal =>
  new Refusal('reauthorization_required', { connection, reason })

/** A connection whose refresh this call does. */
interface Claimed {
  readonly lease: Lease
  readonly record: ConnectionRecord
}

/** The decision about a refresh: `over`: the connection can only be renewed by the person. */
type Claim = Claimed | { readonly changed: ConnectionRecord } | 'over' | 'gone'

async function refreshOnce(
  context: Context,
  seen: ConnectionRecord,
  rejected: string | undefined,
): Promise<StoredTokens> {
  const { provider, id } = seen
  await countRequest(context, { by: 'provider', key: provider, action: 'access-token' })
  const leased = leaseRecord<ConnectionRecord>(
    (next) => changeConnection(context, id, next),
    context.now,
    terms,
  )
  let record = seen
  for (;;) {
    const claim: Claim = await leased.claim((current, lease, held) =>
      claimRefresh(context, record, current, lease, held),
    )
    if (claim === 'gone') throw new Refusal('unknown_connection')
    if (claim === 'over') {
      context.emit('reauthorization_required', { provider, connection: id })
      throw reauthorizationRequired(id)
    }
    if ('lease' in claim) return refresh(context, leased, claim)
    record = claim.changed
    const good = await goodTokens(context, record, rejected)
    if (good) return good
  }
}

/** @param seen The connection whose tokens were found to be no good. */
function claimRefresh(
  context: Context,
  seen: ConnectionRecord,
  current: ConnectionRecord | undefined,
  lease: Lease,
  held: boolean,
): Change<ConnectionRecord, Claim> | 'wait' {
  if (!current) return { result: 'gone' }
  if (current.tokens?.accessToken !== seen.tokens?.accessToken || current.status !== seen.status)
    return { result: { changed: current } }
  if (held) return 'wait'
  const provider = providerOf(context, current.provider)
  // A lease that has run out is a refresh whose answer nobody has: its token may have been used up.
  const unanswered = current.refresh !== undefined && !(provider.refreshRepeatable ?? false)
  if (!provider.refresh || current.tokens?.refreshToken === undefined || unanswered)
    return {
      write: { ...current, status: 'reauthorization_required', refresh: undefined },
      result: 'over',
    }
  const record = { ...current, refresh: lease }
  return { write: record, result: { lease, record } }
}

async function refresh(
  context: Context,
  leased: LeasedRecord<ConnectionRecord>,
  claimed: Claimed,
): Promise<StoredTokens> {
  const { lease, record } = claimed
  const { id } = record
  const provider = providerOf(context, record.provider)
  const { now } = context
  const own = providerContext(context, provider)
  const watched = watch(own.fetch)
  let grant: RefreshedGrant | undefined
  try {
    grant = await provider.refresh?.(toHeld(record), { ...own, fetch: watched.fetch })
    checkPerson(record, grant)
  } catch (error) {
    throw await afterFailure(context, leased, claimed, error, watched.mayHaveArrived())
  }
  const tokens = grant?.tokens && toRefreshed(grant.tokens, record, now())
  if (!grant || !tokens) throw await afterFailure(context, leased, claimed, undefined, true)
  // Stored before anybody gets the new access token: the old refresh token may be dead by now.
  const stored = await retry(() =>
    leased.conclude(lease, (current) => ({ write: refreshed(current, grant, tokens) })),
  )
  if (stored === 'gone') {
    // Disconnected meanwhile: what has just been issued must not live on.
    await forgetConnection(context, { ...record, tokens })
    throw new Refusal('unknown_connection')
  }
  const unchecked = grant.tokens?.accessToken === undefined
  if (!unchecked) context.emit('tokens_refreshed', { provider: record.provider, connection: id })
  // Renewed by the person meanwhile: those tokens are the newer ones.
  if (stored === 'overtaken') return refreshOnce(context, record, undefined)
  if (unchecked) throw new Refusal('provider_unavailable', { reason: 'no_keys' })
  return tokens
}

/** A refresh may leave out the person (OpenID Connect Core §12.2), but not name another. @throws {ValidationError} */
function checkPerson({ sub }: ConnectionRecord, grant: RefreshedGrant | undefined): void {
  if (sub === undefined || grant?.sub === undefined || grant.sub === sub) return
  throw new ValidationError(
    'id_token_invalid',
    'sub',
    'The refreshed tokens are of another person than the connection. They were not kept; renew the connection.',
  )
}

/** The tokens to store after a refresh. Where its access token could not be checked, the old one has ended. */
function toRefreshed(
  tokens: NonNullable<RefreshedGrant['tokens']>,
  { tokens: old }: ConnectionRecord,
  now: number,
): StoredTokens | undefined {
  const refreshToken = tokens.refreshToken ?? old?.refreshToken
  if (tokens.accessToken !== undefined) return { ...toStoredTokens(tokens, now), refreshToken }
  return old && { ...old, expiresAt: now, refreshToken }
}

function refreshed(current: ConnectionRecord, grant: RefreshedGrant, tokens: StoredTokens): ConnectionRecord {
  return {
    ...current,
    tokens,
    refresh: undefined,
    scope: grant.tokens?.scope ?? current.scope,
    sub: current.sub ?? grant.sub,
    details: { ...current.details, ...grant.details },
    data: grant.data ?? current.data,
    consentExpiresAt: grant.consentExpiresAt ?? current.consentExpiresAt,
    renewBy: grant.renewBy ?? current.renewBy,
  }
}

/**
 * Concludes a failed refresh. Refused: the connection is over. Answered by an error of the server's, or never sent:
 * everything stays as it is. No answer: the lease stays and runs out, and {@link claimRefresh} decides.
 */
async function afterFailure(
  context: Context,
  leased: LeasedRecord<ConnectionRecord>,
  { lease, record: { id, provider } }: Claimed,
  error: unknown,
  mayHaveArrived: boolean,
): Promise<Refusal> {
  const refusal = toRefusal(error)
  const refused = error instanceof TokenEndpointError && error.error === 'invalid_grant'
  const answered = error instanceof TokenEndpointError
  const lost = !answered && mayHaveArrived
  const repeatable = providerOf(context, provider).refreshRepeatable ?? false
  const over = refused || (lost && !repeatable)
  await leased.conclude(lease, (current) => ({
    write: { ...current, refresh: undefined, ...(over && { status: 'reauthorization_required' as const }) },
  }))
  if (!over) return refusal
  context.emit('reauthorization_required', {
    provider,
    connection: id,
    reason: refused ? 'invalid_grant' : 'refresh_unanswered',
  })
  return reauthorizationRequired(id, error instanceof CountersignError ? error.code : undefined)
}

/** Node's error codes for a connection that was never made. */
const neverSent = /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/

/** Watches whether a request may have reached the server although no answer came. */
function watch(fetch: Fetch): { readonly fetch: Fetch; readonly mayHaveArrived: () => boolean } {
  let arrived = false
  return {
    fetch: async (url, init) => {
      // Metadata and keys are read; what is posted uses something up.
      const posted = init.method === 'POST'
      try {
        const response = await fetch(url, init)
        arrived ||= posted
        return response
      } catch (error) {
        const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined
        arrived ||= posted && !neverSent.test(String(cause?.code))
        throw error
      }
    },
    mayHaveArrived: () => arrived,
  }
}
