import type { ConnectionDocument, JsonObject } from '../../protocol/contract.js'
import { base64url } from '../../protocol/pkce.js'
import { missingScope, parseScope } from '../../protocol/scope.js'
import { providerContext, type Context } from '../context.js'
import { retry } from '../storage/retry.js'
import type { HeldConnection, ProviderGrant } from '../provider.js'
import { Refusal } from '../http/refusal.js'

/** A connection as it lies in the store. */
export interface ConnectionRecord {
  readonly v: 1
  readonly id: string
  readonly subject: string
  readonly provider: string
  readonly status: ConnectionDocument['status']
  readonly scope: string
  readonly missingScope: string
  readonly createdAt: number
  readonly consentExpiresAt?: number | undefined
  readonly renewBy?: number | undefined
  readonly details: JsonObject
  readonly data?: JsonObject | undefined
  /** Who the person is at the provider, as the first ID Token said. */
  readonly sub?: string | undefined
  readonly tokens?: StoredTokens | undefined
  /** Who refreshes now, or has not come back from it. */
  readonly refresh?: RefreshLease | undefined
}

/** The tokens of a connection. Only `access-tokens.ts` and `resource.ts` read them. */
export interface StoredTokens {
  readonly accessToken: string
  /** Epoch seconds; absent where the server did not say. */
  readonly expiresAt?: number | undefined
  readonly refreshToken?: string | undefined
}

/** One refresh under way. */
export interface RefreshLease {
  readonly id: string
  /** Epoch seconds after which its holder is not waited for any more. */
  readonly until: number
}

/** How long a connection is kept after its last use: two years, the longest that a provider's refresh tokens live. */
const keptSeconds = 63_072_000

/** How many connections one user may have. */
const maximumConnections = 200

const recordKey = (id: string): string => `connection:${id}`
const indexKey = async ({ subjectKey }: Context, subject: string): Promise<string> =>
  `connections:${await subjectKey(subject)}`

/** Whether a value from outside has the shape of a connection's id: 128 random bits. */
function isConnectionId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{22}$/.test(value)
}

/** The user's connection. @throws {Refusal} `unknown_connection`, for somebody else's, too. */
export async function findConnection(
  { records }: Context,
  subject: string,
  id: unknown,
): Promise<ConnectionRecord> {
  const record = isConnectionId(id) ? await records.read<ConnectionRecord>(recordKey(id)) : undefined
  if (record?.subject !== subject) throw new Refusal('unknown_connection')
  return record
}

/** All connections of the user, the newest last. */
export async function listConnections(context: Context, subject: string): Promise<ConnectionRecord[]> {
  const ids = (await context.records.read<readonly string[]>(await indexKey(context, subject))) ?? []
  const found = await Promise.all(ids.map((id) => context.records.read<ConnectionRecord>(recordKey(id))))
  return found.filter(
    (record) => record?.subject === subject && context.providers.has(record.provider),
  ) as ConnectionRecord[]
}

/** Changes a connection, unless it has been forgotten. Gives what `next` says, or `undefined`. */
export function changeConnection<R>(
  { records, now }: Context,
  id: string,
  next: (record: ConnectionRecord) => { readonly write?: ConnectionRecord; readonly result: R },
): Promise<R | undefined> {
  return records.change<ConnectionRecord, R | undefined>(recordKey(id), (record) => {
    if (!record) return { result: undefined }
    return { ...next(record), until: now() + keptSeconds }
  })
}

/**
 * Reads what {@link storeConnection} and {@link forgetConnection} change, before anything is spent or deleted for them.
 *
 * @throws {Refusal} `backend_unavailable` where a record cannot be read.
 */
export async function checkReadable(context: Context, subject: string, renews?: string): Promise<void> {
  const { records } = context
  await Promise.all([
    records.read(await indexKey(context, subject)),
    renews !== undefined && records.read(recordKey(renews)),
  ])
}

/** What a redeemed code was for. */
export interface Redeemed {
  readonly subject: string
  readonly provider: string
  readonly requestedScope: string
  /** The connection that was to be renewed. */
  readonly renews: string | undefined
}

/**
 * Stores what a redeemed code gave. A renewed connection keeps its id, and is of the same person at the provider as before:
 * what another one has consented to is given back, so that no data of the one is taken for the other's.
 *
 * @throws {Refusal} `transaction_invalid` when the ID Token names another person than the first one did, or nothing names
 * anybody.
 */
export async function storeConnection(
  context: Context,
  { subject, provider, requestedScope, renews }: Redeemed,
  grant: ProviderGrant,
): Promise<ConnectionRecord> {
  const { records, now } = context
  const fresh = toRecord(context, { subject, provider, requestedScope }, grant)
  if (renews !== undefined) {
    const renewed = await retry(() =>
      changeConnection<ConnectionRecord | 'refused' | undefined>(context, renews, (old) => {
        if (old.subject !== subject || old.provider !== provider) return { result: undefined }
        if (old.sub !== undefined && old.sub !== fresh.sub) return { result: 'refused' }
        const write = { ...fresh, id: old.id }
        return { write, result: write }
      }),
    )
    if (renewed === 'refused') {
      // It may be the same person after all, and to revoke this grant may end the one that stays.
      if (fresh.sub === undefined) throw personUnknown()
      await forgetConnection(context, fresh)
      throw otherPerson()
    }
    // Disconnected meanwhile, if there is none: then it is a new one.
    if (renewed) return renewed
  }
  const until = now() + keptSeconds
  const index = await indexKey(context, subject)
  // Side by side: an id on the list without its record is passed over.
  await Promise.all([
    retry(() =>
      records.change<ConnectionRecord, undefined>(recordKey(fresh.id), () => ({
        write: fresh,
        until,
        result: undefined,
      })),
    ),
    retry(() =>
      records.change<readonly string[], undefined>(index, (ids = []) => ({
        write: [...ids.filter((id) => id !== fresh.id), fresh.id].slice(-maximumConnections),
        until,
        result: undefined,
      })),
    ),
  ])
  return fresh
}

const otherPerson = (): Refusal =>
  new Refusal('transaction_invalid', {
    description:
      'Another person has signed in at the provider than the one whose connection was to be renewed. Nothing has changed; start again.',
    reason: 'other_person',
  })

const personUnknown = (): Refusal =>
  new Refusal('transaction_invalid', {
    description:
      'Nothing says who has signed in at the provider, so the connection was not renewed and stays as it was. Start again, or connect anew without naming it.',
    reason: 'person_unknown',
  })

function toRecord(
  { now }: Context,
  { subject, provider, requestedScope }: Omit<Redeemed, 'renews'>,
  grant: ProviderGrant,
): ConnectionRecord {
  const requested = parseScope(requestedScope)
  const granted = grant.tokens?.scope === undefined ? requested : parseScope(grant.tokens.scope)
  return {
    v: 1,
    id: base64url(crypto.getRandomValues(new Uint8Array(16))),
    subject,
    provider,
    status: 'connected',
    scope: granted.join(' '),
    missingScope: missingScope(requested, granted).join(' '),
    createdAt: now(),
    consentExpiresAt: grant.consentExpiresAt,
    renewBy: grant.renewBy,
    details: grant.details ?? {},
    data: grant.data,
    sub: grant.sub,
    tokens: grant.tokens && toStoredTokens(grant.tokens, now()),
  }
}

/** What is kept of a token response; the ID Token is not. */
export function toStoredTokens(tokens: NonNullable<ProviderGrant['tokens']>, now: number): StoredTokens {
  const { accessToken, expiresInSeconds, refreshToken } = tokens
  return {
    accessToken,
    expiresAt: expiresInSeconds === undefined ? undefined : now + Math.floor(expiresInSeconds),
    refreshToken,
  }
}

/** The connection as a provider's methods see it. */
export function toHeld(record: ConnectionRecord): HeldConnection {
  const { id, subject, scope, createdAt, sub, details, data, tokens } = record
  return {
    id,
    subject,
    scope,
    createdAt,
    sub,
    details,
    data,
    accessToken: tokens?.accessToken,
    refreshToken: tokens?.refreshToken,
  }
}

/** The connection as the page sees it: no token, and a status that says whether it can still be used. */
export function toDocument(record: ConnectionRecord, now: number): ConnectionDocument {
  const { id, provider, status, scope, missingScope: missing, createdAt, details, tokens } = record
  const { consentExpiresAt, renewBy } = record
  const over =
    (consentExpiresAt !== undefined && consentExpiresAt <= now) ||
    (tokens && tokens.refreshToken === undefined && tokens.expiresAt !== undefined && tokens.expiresAt <= now)
  return {
    id,
    provider,
    status: over ? 'reauthorization_required' : status,
    scope,
    missing_scope: missing,
    created_at: createdAt,
    ...(consentExpiresAt !== undefined && { consent_expires_at: consentExpiresAt }),
    ...(renewBy !== undefined && { renew_by: renewBy }),
    details,
  }
}

/** Forgets a connection, and only then asks the provider to end the grant. Gives whether the provider confirmed it. */
export async function forgetConnection(context: Context, record: ConnectionRecord): Promise<boolean> {
  const { records, providers } = context
  await checkReadable(context, record.subject)
  await records.remove(recordKey(record.id))
  await records.change<readonly string[], undefined>(await indexKey(context, record.subject), (ids) =>
    ids?.includes(record.id)
      ? { write: ids.filter((id) => id !== record.id), until: context.now() + keptSeconds, result: undefined }
      : { result: undefined },
  )
  const provider = providers.get(record.provider)
  try {
    return (await provider?.revoke?.(toHeld(record), providerContext(context, provider))) ?? false
  } catch {
    return false
  }
}
