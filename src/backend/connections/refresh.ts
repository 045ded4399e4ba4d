import { ValidationError } from '../../protocol/errors.js'
import { noteReplacement } from '../../protocol/replacements.js'
import { isGivenUp, statusFrom } from '../../protocol/refresh-trouble.js'
import { noteTrouble } from '../../protocol/refresh-verdict.js'
import { narrowScope, parseScope } from '../../protocol/scope.js'
import { providerOf, type Context } from '../context.js'
import { countRequest } from '../http/rate-limit.js'
import { Refusal } from '../http/refusal.js'
import { providerContext } from '../provider-context.js'
import type { RefreshedGrant } from '../provider.js'
import { beginAttempt, type Attempt } from '../storage/attempt.js'
import { leaseRecord, type Conclusion, type Lease, type LeasedRecord } from '../storage/lease.js'
import type { Change } from '../storage/records.js'
import { retry } from '../storage/retry.js'
import { asBound, bindingOf } from './binding.js'
import { fileConnection } from './due-index.js'
import { countUnattended } from './unattended-limit.js'
import { changeConnection, forgetConnection } from './stored-connections.js'
import { goodTokens, isOfOtherType, isRefreshDue, reauthorizationRequired } from './good-tokens.js'
import { toHeld } from './held-connection.js'
import type { ConnectionRecord, StoredTokens } from './record.js'
import { judgeFailure, leaseSeconds, refusalAfter, withLostAnswer } from './refresh-failure.js'
import { toStoredTokens } from './stored-tokens.js'

/** One refresh may take a minute: half of it at the provider, keys of the ID Token included, half for the store. */
const terms = {
  leaseSeconds,
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
  let dropped: ConnectionRecord | undefined
  for (;;) {
    const claim: Claim = await leased.claim((current, lease, held) =>
      claimRefresh(context, { record, rejected }, current, lease, held),
    )
    if (claim === 'gone') {
      // Whoever disconnected has left the refresh token to this call.
      if (dropped) await forgetConnection(context, dropped)
      throw new Refusal('unknown_connection')
    }
    if (claim === 'over') {
      if (record.status !== 'reauthorization_required')
        context.emit('reauthorization_required', { provider, connection: id })
      throw reauthorizationRequired(id)
    }
    if ('lease' in claim) {
      const tokens = await refresh(context, leased, claim)
      if (tokens !== 'overtaken') return tokens
      dropped = claim.record
    } else record = asBound(context, claim.changed)
    const good = await goodTokens(context, record, rejected)
    if (good) return good
  }
}

/** The connection whose tokens were found to be no good, and the hash of the token that the API refused, if it did. */
interface Seen {
  readonly record: ConnectionRecord
  readonly rejected: string | undefined
}

function claimRefresh(
  context: Context,
  { record: seen, rejected }: Seen,
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
  const seenAgain = withLostAnswer(context, current)
  const { trouble, tokens } = seenAgain
  const givenUp = isGivenUp(trouble, context.now())
  if (!providerOf(context, current.provider).refresh || tokens?.refreshToken === undefined || givenUp)
    return {
      write: {
        ...current,
        status: 'reauthorization_required',
        refresh: undefined,
        trouble: undefined,
        // Nobody needs it any more.
        ...(givenUp && tokens && { tokens: { ...tokens, refreshToken: undefined } }),
      },
      result: 'over',
    }
  // After a second request without an answer nothing is sent for a while.
  if (!isRefreshDue(seenAgain, context.now())) return { write: seenAgain, result: { changed: seenAgain } }
  const record = {
    ...countUnattended(context, seenAgain),
    ...countReplacement(context, seenAgain, rejected),
    refresh: lease,
  }
  return { write: record, result: { lease, record } }
}

/** One that the API has refused, or would, counts as long as it would have lasted or its end is not known. */
const countReplacement = (
  context: Context,
  record: ConnectionRecord,
  rejected: string | undefined,
): Pick<ConnectionRecord, 'replacedAt'> => {
  const now = context.now()
  const isReplaced = rejected !== undefined || isOfOtherType(context, record)
  return isReplaced && (record.tokens?.expiresAt ?? Infinity) > now
    ? { replacedAt: noteReplacement(record.replacedAt, now) }
    : {}
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
    // From now on: a process may have slept since it claimed.
    leased.proceed(lease, (current) => ({
      write: { ...current, refresh: { ...lease, until: now() + leaseSeconds, sent: true } },
    })),
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
  if (!grant?.tokens || !tokens) throw await afterFailure(context, leased, claimed, undefined, true)
  // Stored before anybody gets the new access token: the old refresh token may be dead by now.
  const stored = await retry(() => storeRefreshed(context, claimed, grant, tokens))
  if (stored === 'gone') {
    // Disconnected meanwhile: what has just been issued must not live on.
    await forgetConnection(context, { ...record, tokens })
    throw new Refusal('unknown_connection')
  }
  if (typeof stored !== 'string') await fileConnection(context, stored, record)
  const isUsable = grant.tokens.accessToken !== undefined
  if (isUsable) context.emit('tokens_refreshed', { provider: record.provider, connection: id })
  // Renewed by the person meanwhile: those tokens are the newer ones.
  if (typeof stored === 'string') return stored
  if (isUsable) return tokens
  throw 'fault' in grant.tokens
    ? refusalAfter(context, record, stored, { verdict: 'refused', error: grant.tokens.fault })
    : new Refusal('provider_unavailable', { reason: 'no_keys' })
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
): Promise<ConnectionRecord | Exclude<Conclusion, 'written'>> =>
  changeConnection<ConnectionRecord | 'gone' | 'overtaken'>(context, record.id, (current) => {
    if (!current) return { result: 'gone' }
    // What the person has renewed meanwhile is newer.
    const isNewest =
      current.refresh?.id === lease.id || current.tokens?.refreshToken === record.tokens?.refreshToken
    if (!isNewest) return { result: 'overtaken' }
    const binding = current.binding ?? bindingOf(context, current.provider)
    const write = { ...refreshed(current, grant, tokens, context.now()), binding }
    return { write, result: write }
  })

async function ask(
  context: Context,
  record: ConnectionRecord,
  { through }: Attempt,
): Promise<RefreshedGrant | undefined> {
  const provider = providerOf(context, record.provider)
  const own = providerContext(context, provider)
  const held = toHeld(record)
  const grant = await provider.refresh?.(held, { ...own, fetch: through(own.fetch) })
  const { sub } = record
  // A refresh may leave out the person (OpenID Connect Core §12.2), but not name another.
  if (sub === undefined || grant?.sub === undefined || grant.sub === sub) return grant
  const { accessToken, refreshToken } = grant.tokens ?? {}
  // As well as it can: nobody uses these tokens.
  await provider.revoke?.({ ...held, accessToken, refreshToken }, own).catch(() => undefined)
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

const scopeAfter = ({ tokens }: RefreshedGrant, { scope, grantedScope }: ConnectionRecord): string =>
  tokens?.scope === undefined ? scope : narrowScope(parseScope(tokens.scope), grantedScope).join(' ')

const isOver = ({ status, trouble }: ConnectionRecord): boolean =>
  status === 'reauthorization_required' && trouble === undefined

function refreshed(
  current: ConnectionRecord,
  grant: RefreshedGrant,
  tokens: StoredTokens,
  now: number,
): ConnectionRecord {
  const isFaulty = grant.tokens !== undefined && 'fault' in grant.tokens
  const trouble = isFaulty ? noteTrouble(current.trouble, 'refused', now) : undefined
  const renewBy = grant.renewBy ?? current.renewBy
  return {
    ...current,
    tokens,
    // No refresh begins once a connection must be renewed: something else has ended it meanwhile.
    status: isOver(current) ? current.status : statusFrom(trouble),
    refresh: undefined,
    trouble,
    scope: scopeAfter(grant, current),
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

/** Concludes a failed refresh: writes what the failure says about the refresh token. */
async function afterFailure(
  context: Context,
  leased: LeasedRecord<ConnectionRecord>,
  { lease, record }: Claimed,
  error: unknown,
  mayHaveArrived: boolean,
): Promise<Refusal> {
  const verdict = judgeFailure(context, record, error, mayHaveArrived)
  const trouble = verdict === 'ended' ? undefined : noteTrouble(record.trouble, verdict, context.now())
  const status = verdict === 'ended' ? 'reauthorization_required' : statusFrom(trouble)
  const concluded = await leased.conclude(lease, (current) => ({
    // What has ended meanwhile does not come back by a refresh that failed.
    write: { ...current, refresh: undefined, ...(!isOver(current) && { status, trouble }) },
  }))
  if (concluded === 'gone') {
    if (verdict !== 'ended') await forgetConnection(context, record)
    return new Refusal('unknown_connection')
  }
  return refusalAfter(context, record, { status }, { verdict, error })
}
