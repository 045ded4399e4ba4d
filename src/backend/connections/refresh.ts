import { CountersignError, NetworkError, TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import { isGivenUp, statusFrom } from '../../protocol/refresh-trouble.js'
import { judgeRefresh, noteTrouble, type RefreshVerdict } from '../../protocol/refresh-verdict.js'
import { providerOf, type Context } from '../context.js'
import { countRequest } from '../http/rate-limit.js'
import { Refusal } from '../http/refusal.js'
import { toRefusal } from '../http/to-refusal.js'
import { providerContext } from '../provider-context.js'
import type { RefreshedGrant } from '../provider.js'
import { beginAttempt, type Attempt } from '../storage/attempt.js'
import { leaseRecord, type Conclusion, type Lease, type LeasedRecord } from '../storage/lease.js'
import type { Change } from '../storage/records.js'
import { retry } from '../storage/retry.js'
import { fileConnection } from './due-index.js'
import { countUnattended } from './unattended-limit.js'
import { changeConnection, forgetConnection } from './stored-connections.js'
import { goodTokens, reauthorizationRequired, refreshFailed } from './good-tokens.js'
import { toHeld } from './held-connection.js'
import type { ConnectionRecord, StoredTokens } from './record.js'
import { toStoredTokens } from './stored-tokens.js'

/** One refresh may take a minute: half of it at the provider, keys of the ID Token included, half for the store. */
const terms = {
  leaseSeconds: 60,
  pollMilliseconds: 50,
  leaseOf: ({ refresh }: ConnectionRecord): Lease | undefined => refresh,
}

/** A connection whose refresh this call does. */
interface Claimed {
  readonly lease: Lease
  readonly record: ConnectionRecord
}

/** The decision about a refresh: `over`: the connection can only be renewed by the person. */
type Claim = Claimed | { readonly changed: ConnectionRecord } | 'over' | 'gone'

/**
 * New tokens of a connection, by one refresh for all replicas.
 *
 * @param seen The connection whose tokens were found to be no good.
 * @throws {Refusal} as `usableTokens`.
 */
export async function refreshOnce(
  context: Context,
  seen: ConnectionRecord,
  rejected: string | undefined,
): Promise<StoredTokens> {
  const { provider, id, subject } = seen
  await countRequest(context, { by: 'provider', key: provider, action: 'access-token', subject })
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
      if (record.status !== 'reauthorization_required')
        context.emit('reauthorization_required', { provider, connection: id })
      throw reauthorizationRequired(id)
    }
    if ('lease' in claim) {
      const tokens = await refresh(context, leased, claim)
      if (tokens !== 'overtaken') return tokens
    } else record = claim.changed
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
  const isSame =
    current.tokens?.accessToken === seen.tokens?.accessToken &&
    current.status === seen.status &&
    current.trouble?.triedAt === seen.trouble?.triedAt
  if (!isSame) return { result: { changed: current } }
  if (held) return 'wait'
  const provider = providerOf(context, current.provider)
  // A lease that is over, and was sent under, is a refresh whose answer nobody has: its token may have been used up.
  const mayBeSent = current.refresh !== undefined && current.refresh.sent !== false
  const unanswered = mayBeSent && !(provider.refreshRepeatable ?? false)
  const givenUp = isGivenUp(current.trouble, context.now())
  if (!provider.refresh || current.tokens?.refreshToken === undefined || unanswered || givenUp)
    return {
      write: {
        ...current,
        status: 'reauthorization_required',
        refresh: undefined,
        trouble: undefined,
        // Nobody needs it any more.
        ...(givenUp && current.tokens && { tokens: { ...current.tokens, refreshToken: undefined } }),
      },
      result: 'over',
    }
  const record = { ...countUnattended(context, current), refresh: lease }
  return { write: record, result: { lease, record } }
}

async function refresh(
  context: Context,
  leased: LeasedRecord<ConnectionRecord>,
  claimed: Claimed,
): Promise<StoredTokens | 'overtaken'> {
  const { lease, record } = claimed
  const { id } = record
  const { now } = context
  const attempt = beginAttempt(() =>
    leased.proceed(lease, (current) => ({ write: { ...current, refresh: { ...lease, sent: true } } })),
  )
  let grant: RefreshedGrant | undefined
  try {
    grant = await ask(context, record, attempt)
  } catch (error) {
    if (attempt.isOvertaken()) return 'overtaken'
    const refusal = await afterFailure(context, leased, claimed, error, attempt.mayHaveArrived())
    attempt.checkStore()
    throw refusal
  }
  const tokens = grant?.tokens && toRefreshed(grant.tokens, record, now())
  if (!grant || !tokens) throw await afterFailure(context, leased, claimed, undefined, true)
  // Stored before anybody gets the new access token: the old refresh token may be dead by now.
  const stored = await retry(() => storeRefreshed(context, claimed, grant, tokens))
  if (stored === 'gone') {
    // Disconnected meanwhile: what has just been issued must not live on.
    await forgetConnection(context, { ...record, tokens })
    throw new Refusal('unknown_connection')
  }
  if (stored === 'written') await fileConnection(context, refreshed(record, grant, tokens), record)
  const unchecked = grant.tokens?.accessToken === undefined
  if (!unchecked) context.emit('tokens_refreshed', { provider: record.provider, connection: id })
  // Renewed by the person meanwhile: those tokens are the newer ones.
  if (stored === 'overtaken') return stored
  if (unchecked) throw new Refusal('provider_unavailable', { reason: 'no_keys' })
  return tokens
}

/**
 * Stores what a refresh gave: under its lease, and also where the lease was lost while nobody got any newer tokens. What was
 * issued last is what the server accepts.
 */
const storeRefreshed = (
  context: Context,
  { lease, record }: Claimed,
  grant: RefreshedGrant,
  tokens: StoredTokens,
): Promise<Conclusion> =>
  changeConnection<Conclusion>(context, record.id, (current) => {
    if (!current) return { result: 'gone' }
    const isNewest =
      current.refresh?.id === lease.id || current.tokens?.refreshToken === record.tokens?.refreshToken
    if (!isNewest) return { result: 'overtaken' }
    return { write: refreshed(current, grant, tokens), result: 'written' }
  })

async function ask(
  context: Context,
  record: ConnectionRecord,
  { through }: Attempt,
): Promise<RefreshedGrant | undefined> {
  const provider = providerOf(context, record.provider)
  const own = providerContext(context, provider)
  const grant = await provider.refresh?.(toHeld(record), { ...own, fetch: through(own.fetch) })
  checkPerson(record, grant)
  return grant
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
  const renewBy = grant.renewBy ?? current.renewBy
  return {
    ...current,
    tokens,
    status: 'connected',
    refresh: undefined,
    trouble: undefined,
    scope: grant.tokens?.scope ?? current.scope,
    sub: current.sub ?? grant.sub,
    details: { ...current.details, ...grant.details },
    data: grant.data ?? current.data,
    consentExpiresAt: grant.consentExpiresAt ?? current.consentExpiresAt,
    renewBy,
    renewByIsFinal: isFinal(current, renewBy, tokens) || undefined,
  }
}

/** Seconds between two refreshes of which the second must have moved `renewBy`, if any can. */
const noticeableSeconds = 60

/** Test for a refresh that moved `renewBy` no further, although the one before is a while ago. */
function isFinal(
  { renewBy: before, renewByIsFinal = false, tokens: old }: ConnectionRecord,
  renewBy: number | undefined,
  { issuedAt = Infinity }: StoredTokens,
): boolean {
  if (renewBy === undefined || before === undefined || renewBy > before) return false
  return renewByIsFinal || issuedAt - (old?.issuedAt ?? 0) >= noticeableSeconds
}

/** Words of the log for the end of a connection. */
const reasons: Readonly<Record<RefreshVerdict, string>> = {
  ended: 'invalid_grant',
  refused: 'refused_twice',
  unanswered: 'unreadable',
  undecided: 'refresh_unanswered',
}

/**
 * Concludes a failed refresh. The lease of one whose answer is lost stays in the record until it runs out, and
 * {@link claimRefresh} decides; of any other, what the failure says about the refresh token is written.
 */
async function afterFailure(
  context: Context,
  leased: LeasedRecord<ConnectionRecord>,
  { lease, record: { id, provider, status: before, trouble } }: Claimed,
  error: unknown,
  mayHaveArrived: boolean,
): Promise<Refusal> {
  const repeatable = providerOf(context, provider).refreshRepeatable ?? false
  // A refresh token that stays good after its use is as good as before.
  const isHarmless = !mayHaveArrived || (repeatable && error instanceof NetworkError)
  const verdict = isHarmless ? 'undecided' : judgeRefresh(error)
  const answered = error instanceof TokenEndpointError || error instanceof ValidationError
  const lost = !answered && mayHaveArrived
  const isOver = verdict === 'ended' || (lost && !repeatable)
  const noted = isOver ? undefined : noteTrouble(trouble, verdict, context.now())
  const status = isOver ? 'reauthorization_required' : statusFrom(noted)
  await leased.conclude(lease, (current) => ({
    write: { ...current, refresh: undefined, status, trouble: noted },
  }))
  if (status !== before && status !== 'connected') {
    const name = status === 'failed' ? 'refresh_failed' : status
    context.emit(name, { provider, connection: id, reason: reasons[verdict] })
  }
  if (status === 'connected') return toRefusal(error)
  if (status === 'failed') return refreshFailed(id)
  return reauthorizationRequired(id, error instanceof CountersignError ? error.code : undefined)
}
