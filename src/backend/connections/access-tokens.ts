import { CountersignError, TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import type { Fetch } from '../../protocol/http.js'
import { toHeld, toStoredTokens, type ConnectionRecord, type StoredTokens } from './record.js'
import { forgetConnection, changeConnection, findConnection } from './connections.js'
import { providerOf, type Context } from '../context.js'
import { providerContext } from '../provider-context.js'
import { toRefusal } from '../http/to-refusal.js'
import { sha256 } from '../crypto/hash.js'
import { retry } from '../storage/retry.js'
import type { RefreshedGrant } from '../provider.js'
import { countRequest } from '../http/rate-limit.js'
import { Refusal } from '../http/refusal.js'
import { isSameHash } from '../crypto/same-hash.js'

/** A token with at least this many seconds left is handed out; nothing is refreshed before it must be. */
const marginSeconds = 10

/** Seconds that one refresh may take, keys of the ID Token included. */
const leaseSeconds = 60

/**
 * An access token of the connection that is good: the stored one, or else one refresh, whoever asks at the same time, in
 * this process or in another replica.
 *
 * ```
 * replica A   take the lease ─ refresh ─────── store ─ answer
 * replica B        lease is taken ─ wait ─────────────── read, answer the same token
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

async function refreshOnce(
  context: Context,
  seen: ConnectionRecord,
  rejected: string | undefined,
): Promise<StoredTokens> {
  const { subject, id } = seen
  await countRequest(context, { by: 'provider', key: seen.provider, action: 'access-token' })
  let record = seen
  for (;;) {
    const lease = await takeLease(context, record)
    if (lease === 'taken') await new Promise((resolve) => setTimeout(resolve, 50))
    else if (lease === 'over') {
      context.emit('reauthorization_required', { provider: record.provider, connection: id })
      throw reauthorizationRequired(id)
    } else if (lease !== 'changed') return refresh(context, lease)
    record = await findConnection(context, subject, id)
    const good = await goodTokens(context, record, rejected)
    if (good) return good
  }
}

/**
 * Takes the right to refresh: the record with the lease in it, `taken` while somebody else has it, `changed` when the
 * tokens are others by now, `over` when the connection can only be renewed by the person.
 */
function takeLease(
  context: Context,
  seen: ConnectionRecord,
): Promise<ConnectionRecord | 'taken' | 'changed' | 'over'> {
  const provider = providerOf(context, seen.provider)
  const lease = { id: crypto.randomUUID(), until: context.now() + leaseSeconds }
  const claimed = changeConnection<ConnectionRecord | 'taken' | 'changed' | 'over'>(
    context,
    seen.id,
    (record) => {
      if (record.tokens?.accessToken !== seen.tokens?.accessToken || record.status !== seen.status)
        return { result: 'changed' }
      if (record.refresh && record.refresh.until > context.now()) return { result: 'taken' }
      // A lease that has run out is a refresh whose answer nobody has: its token may have been used up.
      const unanswered = record.refresh !== undefined && !(provider.refreshRepeatable ?? false)
      if (!provider.refresh || record.tokens?.refreshToken === undefined || unanswered)
        return {
          write: { ...record, status: 'reauthorization_required', refresh: undefined },
          result: 'over',
        }
      const write = { ...record, refresh: lease }
      return { write, result: write }
    },
  )
  return claimed.then((result) => result ?? 'changed')
}

async function refresh(context: Context, record: ConnectionRecord): Promise<StoredTokens> {
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
    throw await afterFailure(context, record, error, watched.mayHaveArrived())
  }
  const tokens = grant?.tokens && toRefreshed(grant.tokens, record, now())
  if (!grant || !tokens) throw await afterFailure(context, record, undefined, true)
  // Stored before anybody gets the new access token: the old refresh token may be dead by now.
  const stored = await retry(() =>
    changeConnection(context, id, (current) => {
      if (current.refresh?.id !== record.refresh?.id) return { result: 'changed' as const }
      return { write: refreshed(current, grant, tokens), result: 'stored' as const }
    }),
  )
  if (stored === undefined) {
    // Disconnected meanwhile: what has just been issued must not live on.
    await forgetConnection(context, { ...record, tokens })
    throw new Refusal('unknown_connection')
  }
  const unchecked = grant.tokens?.accessToken === undefined
  if (!unchecked) context.emit('tokens_refreshed', { provider: record.provider, connection: id })
  // Renewed by the person meanwhile: those tokens are the newer ones.
  if (stored === 'changed') return refreshOnce(context, record, undefined)
  if (unchecked) throw new Refusal('provider_unavailable', { reason: 'no_keys' })
  return tokens
}

/** A refresh may leave out whose the tokens are (OpenID Connect Core §12.2); it may not name another person. */
function checkPerson({ sub }: ConnectionRecord, grant: RefreshedGrant | undefined): void {
  if (sub === undefined || grant?.sub === undefined || grant.sub === sub) return
  throw new ValidationError(
    'id_token_invalid',
    'sub',
    'The refreshed tokens are of another person than the connection. They were not kept; renew the connection.',
  )
}

/** What is stored of a refresh: where nobody may have its access token, the one before has ended. */
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
 * What a failed refresh means for the connection. Refused: it is over. Answered by an error of the server's, or never
 * sent: everything stays as it is. No answer: the lease stays and runs out, and {@link takeLease} decides.
 */
async function afterFailure(
  context: Context,
  record: ConnectionRecord,
  error: unknown,
  mayHaveArrived: boolean,
): Promise<Refusal> {
  const { id, provider } = record
  const refusal = toRefusal(error)
  const refused = error instanceof TokenEndpointError && error.error === 'invalid_grant'
  const answered = error instanceof TokenEndpointError
  const lost = !answered && mayHaveArrived
  const repeatable = providerOf(context, provider).refreshRepeatable ?? false
  const over = refused || (lost && !repeatable)
  await changeConnection(context, id, (current) => {
    if (current.refresh?.id !== record.refresh?.id) return { result: undefined }
    return {
      write: { ...current, refresh: undefined, ...(over && { status: 'reauthorization_required' as const }) },
      result: undefined,
    }
  })
  if (!over) return refusal
  context.emit('reauthorization_required', {
    provider,
    connection: id,
    reason: refused ? 'invalid_grant' : 'refresh_unanswered',
  })
  return reauthorizationRequired(id, error instanceof CountersignError ? error.code : undefined)
}

/** What Node says when a connection was never made. */
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
