import type { Context } from '../context.js'
import { isConnectionId } from './connection-id.js'
import { keptSeconds, listKey, readListed } from './connection-list.js'
import { fileConnection, placeOf, removeEntries } from './due-index.js'
import { forgetForWebhooks, noteForWebhooks } from '../webhooks/webhook-index.js'
import { dropEndings, endGrant, noteEnding } from './endings.js'
import { asBound, bindingOf, isBoundElsewhere, isSameServer } from './binding.js'
import { recordKey } from './read-connection.js'
import type { ConnectionRecord } from './record.js'
import { toStoredTokens } from './stored-tokens.js'
import { Refusal } from '../http/refusal.js'
import type { ProviderGrant } from '../provider.js'
import { mayBeHeld } from '../storage/lease.js'
import type { Change } from '../storage/records.js'
import { retry } from '../storage/retry.js'
import { unrevoked, type Revocation } from '../../protocol/revocation-result.js'
import { missingScope, type ScopeEvidence } from '../../protocol/missing-scope.js'
import { narrowScope, parseScope } from '../../protocol/scope.js'

/** The user's connection, as it can be used here. @throws {Refusal} `unknown_connection`, for another user's, too. */
export async function findConnection(
  context: Context,
  subject: string,
  id: unknown,
): Promise<ConnectionRecord> {
  const { records } = context
  const record = isConnectionId(id) ? await records.read<ConnectionRecord>(recordKey(id)) : undefined
  if (record?.subject !== subject) throw new Refusal('unknown_connection')
  return bindFirst(context, record)
}

/** Binds a connection of before to the provider's present server: nobody is disconnected by an upgrade. */
export async function bindFirst(context: Context, record: ConnectionRecord): Promise<ConnectionRecord> {
  const binding = record.binding ? undefined : bindingOf(context, record.provider)
  if (!binding) return asBound(context, record)
  const bound = await changeConnection<ConnectionRecord>(context, record.id, (current) => {
    if (!current || current.binding) return { result: current ?? record }
    const write = { ...current, binding }
    return { write, result: write }
  })
  return asBound(context, bound)
}

/** All connections of the user, the newest last. */
export async function listConnections(context: Context, subject: string): Promise<ConnectionRecord[]> {
  return (await readListed(context, subject))
    .filter(({ provider }) => context.providers.has(provider))
    .map((record) => asBound(context, record))
}

/** Connections of one user beyond which no new one is begun. */
const maximumConnections = 200

/**
 * Checks that a user may have one more connection. No connection is ever dropped for another: its tokens would live on. Those that
 * are under way, of which there is a limit, may go beyond this one.
 *
 * @throws {Refusal} `too_many_connections`
 */
export async function checkHasRoom(context: Context, subject: string): Promise<void> {
  const ids = (await context.records.read<readonly string[]>(await listKey(context, subject))) ?? []
  if (ids.length < maximumConnections) return
  // Only what the user can see, and disconnect.
  if ((await listConnections(context, subject)).length >= maximumConnections)
    throw new Refusal('too_many_connections')
}

/** Changes a connection by compare and swap. @param next Is given `undefined` where it has been forgotten. */
export function changeConnection<R>(
  { records, now }: Context,
  id: string,
  next: (record: ConnectionRecord | undefined) => Change<ConnectionRecord, R>,
): Promise<R> {
  return records.change<ConnectionRecord, R>(recordKey(id), (record) => ({
    ...next(record),
    until: now() + keptSeconds,
  }))
}

/** Puts a connection back on its user's list, where it is missing there. */
export async function listAgain(context: Context, { id, subject }: ConnectionRecord): Promise<void> {
  await context.records.change<readonly string[], undefined>(await listKey(context, subject), (ids = []) =>
    ids.includes(id)
      ? { result: undefined }
      : {
          write: [...ids, id],
          until: context.now() + keptSeconds,
          result: undefined,
        },
  )
}

/** Purpose of a redeemed code. */
interface Redeemed {
  readonly subject: string
  readonly provider: string
  readonly requestedScope: string
  /** The `scope` of the authorization response, where one came. */
  readonly grantedScope: string | undefined
  /** The connection that was to be renewed. */
  readonly renews: string | undefined
}

/**
 * Reads the records that {@link storeConnection} and {@link forgetConnection} change, before anything is spent or deleted.
 *
 * @throws {Refusal} `backend_unavailable` where a record cannot be read.
 */
export async function checkReadable(context: Context, subject: string, renews?: string): Promise<void> {
  const { records } = context
  await Promise.all([
    records.read(await listKey(context, subject)),
    renews !== undefined && records.read(recordKey(renews)),
  ])
}

/**
 * Stores the grant of a redeemed code. A renewed connection keeps its id and must be of the same person at the provider:
 * another person's grant is revoked, so that no data of one is taken for the other's.
 *
 * @throws {Refusal} `other_person` when the ID Token names another person than the first one did; `person_unknown` when
 * nothing names the person.
 */
export async function storeConnection(
  context: Context,
  { renews, ...redeemed }: Redeemed,
  grant: ProviderGrant,
): Promise<ConnectionRecord> {
  const { records, now } = context
  const { subject, provider } = redeemed
  const id = await context.createId(async (taken) => (await records.read(recordKey(taken))) !== undefined)
  const fresh = toRecord(context, id, redeemed, grant)
  await retry(() => dropEndings(context, fresh))
  if (renews !== undefined) {
    const renewed = await retry(() =>
      changeConnection<ConnectionRecord | ReturnType<typeof comparePerson>>(context, renews, (old) => {
        if (old?.subject !== subject || old.provider !== provider) return { result: undefined }
        const refusal = comparePerson(old, fresh)
        if (refusal) return { result: refusal }
        const write = { ...fresh, id: old.id, unattendedAt: old.unattendedAt }
        return { write, result: write }
      }),
    )
    // Of one who is not known: it may be the same person after all, and to revoke this grant may end the one that stays.
    if (renewed === 'other_person') await forgetConnection(context, fresh)
    if (typeof renewed === 'string') throw new Refusal(renewed)
    // Disconnected meanwhile, if there is none: then it is a new one.
    if (renewed) {
      await Promise.all([fileConnection(context, renewed), noteForWebhooks(context, renewed)])
      return renewed
    }
  }
  const until = now() + keptSeconds
  const index = await listKey(context, subject)
  // The list first: an id on it without its record is passed over, and a record that is on no list could not be disconnected.
  await retry(() =>
    records.change<readonly string[], undefined>(index, (ids = []) => ({
      write: [...ids.filter((id) => id !== fresh.id), fresh.id],
      until,
      result: undefined,
    })),
  )
  await retry(() =>
    records.change<ConnectionRecord, undefined>(recordKey(fresh.id), () => ({
      write: fresh,
      until,
      result: undefined,
    })),
  )
  await Promise.all([fileConnection(context, fresh), noteForWebhooks(context, fresh)])
  return fresh
}

/** What speaks against a renewal: a connection stays of the same person, who is known by issuer and `sub`. */
function comparePerson(
  old: ConnectionRecord,
  fresh: ConnectionRecord,
): 'other_person' | 'person_unknown' | undefined {
  if (old.sub === undefined) return undefined
  const [from, to] = [old.binding, fresh.binding]
  const isSame = !from || !to || isSameServer(from, to)
  if (isSame && old.sub === fresh.sub) return undefined
  // Another client may be told another `sub` for the same person (OpenID Connect Core §8).
  const isComparable = isSame && (!from || !to || from.clientId === to.clientId)
  return isComparable && fresh.sub !== undefined ? 'other_person' : 'person_unknown'
}

/** A provider's `sub` is that of the ID Token, where one came. */
const evidenceOf = ({ tokens, sub }: ProviderGrant): ScopeEvidence => ({
  refreshToken: tokens?.refreshToken,
  sub: tokens?.idToken === undefined ? undefined : sub,
})

function toRecord(
  context: Context,
  id: string,
  { subject, provider, requestedScope, grantedScope }: Omit<Redeemed, 'renews'>,
  grant: ProviderGrant,
): ConnectionRecord {
  const requested = parseScope(requestedScope)
  const told = grant.tokens?.scope === undefined ? requested : parseScope(grant.tokens.scope)
  const granted = narrowScope(told, grantedScope)
  const { now } = context
  return {
    v: 1,
    id,
    subject,
    provider,
    status: 'connected',
    scope: granted.join(' '),
    missingScope: missingScope(requested, granted, evidenceOf(grant)).join(' '),
    grantedScope,
    createdAt: now(),
    consentExpiresAt: grant.consentExpiresAt,
    renewBy: grant.renewBy,
    details: grant.details ?? {},
    data: grant.data,
    binding: bindingOf(context, provider),
    sub: grant.sub,
    firstIdToken: grant.tokens?.firstIdToken,
    tokens: grant.tokens && toStoredTokens(grant.tokens, now()),
  }
}

/**
 * Forgets a connection, and only then asks the provider to end the grant. While it is being refreshed, its refresh token is left
 * to that refresh, which finds the connection gone and ends the grant with the tokens that it has got.
 *
 * @returns Whether the provider confirmed it, or why not.
 * @throws {Refusal} `backend_unavailable` where a record cannot be read; nothing is forgotten then.
 */
export async function forgetConnection(context: Context, seen: ConnectionRecord): Promise<Revocation> {
  const { records, now } = context
  await checkReadable(context, seen.subject)
  // What is bound elsewhere is not ended here: its tokens would go to the wrong server.
  const isHere = (record: ConnectionRecord): boolean => !isBoundElsewhere(context, record)
  const note = async (record: ConnectionRecord): Promise<void> => {
    if (isHere(record)) await noteEnding(context, record)
  }
  // A renewal or a refresh may write it this moment: its tokens are those to be revoked.
  const stored = await records.take<ConnectionRecord>(recordKey(seen.id), note)
  if (!stored) await note(seen)
  const record = stored ?? seen
  await records.change<readonly string[], undefined>(await listKey(context, record.subject), (ids) =>
    ids?.includes(record.id)
      ? { write: ids.filter((id) => id !== record.id), until: now() + keptSeconds, result: undefined }
      : { result: undefined },
  )
  const place = placeOf(record)
  if (place) await removeEntries(context, place, [record.id])
  await forgetForWebhooks(context, record)
  if (!isHere(record)) return unrevoked('no_endpoint')
  const { tokens } = record
  const isRefreshed = stored?.refresh !== undefined && mayBeHeld(stored.refresh, now())
  return endGrant(
    context,
    isRefreshed && tokens ? { ...record, tokens: { ...tokens, refreshToken: undefined } } : record,
  )
}
