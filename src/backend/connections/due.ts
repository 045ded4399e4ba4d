import type { Context } from '../context.js'
import { sha256 } from '../crypto/hash.js'
import { namesAllShards } from '../storage/canary.js'
import { usableTokens } from './access-tokens.js'
import { toBackendConnection, type BackendConnection, type ConnectionHandle } from './backend-connection.js'
import { isBoundElsewhere } from './binding.js'
import type { Calls } from './calls.js'
import {
  allShards,
  dayOf,
  fileConnection,
  isSamePlace,
  lateDays,
  namedShards,
  placeKey,
  placeOf,
  removeEntries,
  spacingDays,
  orUnreadable,
  type Place,
} from './due-index.js'
import { isRefreshDue } from './good-tokens.js'
import type { ConnectionRecord } from './record.js'
import { readConnection } from './read-connection.js'
import { findConnection } from './stored-connections.js'
import { unattendedWait } from './unattended-limit.js'

/** Number of records that are read at once. */
const atOnce = 16

/** Seconds after a refresh within which no job does another: a bank may tell the person of each. */
const restSeconds = 86_400

/** A connection that must be used before its `renewBy`. */
export interface DueConnection extends ConnectionHandle {
  /** The provider's name in `providers`. */
  readonly provider: string
  /** When it must have been used: epoch seconds. */
  readonly renewBy: number
  /** When the person's consent ends: epoch seconds, where known. */
  readonly consentExpiresAt?: number
  /**
   * Uses the refresh token, unless somebody has within a day: then nothing is sent, in whatever replica that was. So a job that
   * runs twice refreshes no connection twice.
   *
   * @returns The connection as it is afterwards.
   */
  renew(): Promise<BackendConnection>
}

/** The connections that must be used before a time, for the app's own server. @param renewBefore Epoch seconds. */
export async function* giveDue(
  calls: Calls,
  renewBefore: number,
): AsyncGenerator<DueConnection, void, undefined> {
  for await (const record of findDue(calls, renewBefore)) {
    const { subject, id, provider, renewBy = 0, consentExpiresAt } = record
    yield {
      subject,
      id,
      provider,
      renewBy,
      ...(consentExpiresAt !== undefined && { consentExpiresAt }),
      renew: () => calls.forUser(subject, (own) => renew(own, subject, id, renewBefore)),
    }
  }
}

async function renew(
  own: Context,
  subject: string,
  id: string,
  renewBefore: number,
): Promise<BackendConnection> {
  const record = await findConnection(own, subject, id)
  if (!record.tokens || !isDue(own, record, renewBefore)) return toBackendConnection(record, own.now())
  await usableTokens(own, record, await sha256(record.tokens.accessToken))
  return toBackendConnection(await findConnection(own, subject, id), own.now())
}

/**
 * The connections that must be used before a time, roughly the most urgent first. Another replica may use one of them meanwhile.
 *
 * @param renewBefore Epoch seconds.
 */
async function* findDue(
  { alone }: Calls,
  renewBefore: number,
): AsyncGenerator<ConnectionRecord, void, undefined> {
  const last = dayOf(renewBefore)
  // Replicas that start together begin at different ends.
  const [random = 0] = crypto.getRandomValues(new Uint8Array(1))
  const first = await alone((own) => Promise.resolve(dayOf(own.now()) - spacingDays - lateDays))
  const namesAll = await alone(async (own) => own.formerLists === undefined || namesAllShards(own.records))
  const days = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
  for (const some of parts(days)) {
    const used = namesAll
      ? await alone((own) => Promise.all(some.map((day) => namedShards(own, day))))
      : some.map(() => allShards)
    for (const [index, day] of some.entries())
      for (const part of parts(rotated(used[index] ?? [], random))) {
        const buckets = await alone((own) => Promise.all(part.map((shard) => readPlace(own, { day, shard }))))
        for (const { place, ids } of buckets)
          for (const entries of parts(ids))
            yield* await alone(async (own) =>
              (await readEntries(own, place, entries)).filter(
                (record) => isDue(own, record, renewBefore) && unattendedWait(own, record) === 0,
              ),
            )
      }
  }
}

/** Test for a connection that a refresh would keep alive. */
function isDue(context: Context, record: ConnectionRecord, renewBefore: number): boolean {
  const { renewBy = Infinity, consentExpiresAt = Infinity, status, tokens } = record
  const now = context.now()
  return (
    placeOf(record) !== undefined &&
    !isBoundElsewhere(context, record) &&
    renewBy < renewBefore &&
    consentExpiresAt > now &&
    now - (tokens?.issuedAt ?? 0) >= restSeconds &&
    context.providers.get(record.provider)?.refresh !== undefined &&
    (status === 'connected' || (record.trouble !== undefined && isRefreshDue(record, now)))
  )
}

interface Bucket {
  readonly place: Place
  readonly ids: readonly string[]
}

async function readPlace({ records }: Context, place: Place): Promise<Bucket> {
  const ids = await orUnreadable(records.read<readonly string[]>(placeKey(place)))
  return { place, ids: ids === 'unreadable' ? [] : (ids ?? []) }
}

/** Reads the connections of some entries, and drops the entries of those that lie elsewhere by now or are gone. */
async function readEntries(
  context: Context,
  place: Place,
  ids: readonly string[],
): Promise<readonly ConnectionRecord[]> {
  const here: ConnectionRecord[] = []
  const gone: string[] = []
  await Promise.all(
    ids.map(async (id) => {
      const record = await orUnreadable(readConnection(context, id))
      if (record === 'unreadable') return
      if (record && isSamePlace(placeOf(record), place)) {
        here.push(record)
        return
      }
      gone.push(id)
      // It was filed when it moved; should that have failed, it is now.
      if (record) await fileConnection(context, record)
    }),
  )
  if (gone.length > 0) await removeEntries(context, place, gone)
  return here
}

function rotated<T>(all: readonly T[], by: number): readonly T[] {
  const from = all.length === 0 ? 0 : by % all.length
  return [...all.slice(from), ...all.slice(0, from)]
}

function* parts<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += atOnce) yield all.slice(from, from + atOnce)
}
