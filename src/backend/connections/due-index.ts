import type { Context } from '../context.js'
import { Refusal } from '../http/refusal.js'
import type { ConnectionRecord } from './record.js'

/**
 * The index of connections by the day on which they must have been used, for a job that uses them in time. Its records are many
 * and small: up to 64 a day, so that no two users wait for each other. One more record of each day names those in use, so that a
 * job reads no others.
 *
 * A connection has a weekday of its own, by its id, and lies under the last such day that is not after its `renewBy`. A connection in
 * daily use is therefore filed anew once a week and not with every refresh, and nothing need be remembered of where it lies.
 *
 * The index is a hint, and the connection the truth. An entry that is out of date is dropped when it is read. One that was lost
 * comes back with the first refresh of another week, or by `reindex`.
 */
export interface Place {
  /** Days since 1970, in UTC. */
  readonly day: number
  /** Below {@link shards}. */
  readonly shard: number
}

/** Number of places of one day. */
const shards = 64

export const allShards: readonly number[] = Array.from({ length: shards }, (_, shard) => shard)

/** Days between the places of a connection: its renewal comes less than that after the day under which it lies. */
export const spacingDays = 7

/** Days for which a place is kept beyond its last renewal. */
export const lateDays = 7

const daySeconds = 86_400

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Epoch seconds until which the records of a day are kept. */
const endOf = (day: number): number => (day + spacingDays + lateDays + 1) * daySeconds

/** The day of a time. @param seconds Epoch seconds. */
export const dayOf = (seconds: number): number => Math.floor(seconds / daySeconds)

export const placeKey = ({ day, shard }: Place): string => `due:${String(day)}:${String(shard)}`

/** The place under a key of the store; `undefined` for a key of anything else. */
export function placeUnder(key: string): Place | undefined {
  const [, day, shard] = /^due:(\d+):(\d+)$/.exec(key) ?? []
  return day === undefined ? undefined : { day: Number(day), shard: Number(shard) }
}

const dayKey = (day: number): string => `due:${String(day)}`

/** The place of a connection, or `undefined` where no use of it would make it last longer. */
export function placeOf({
  id,
  renewBy,
  renewByIsFinal = false,
  consentExpiresAt = Infinity,
  tokens,
}: ConnectionRecord): Place | undefined {
  const needsUse = renewBy !== undefined && !renewByIsFinal && consentExpiresAt > renewBy
  if (!needsUse || tokens?.refreshToken === undefined) return undefined
  const [shard, weekday] = [0, 1].map((index) => alphabet.indexOf(id.charAt(index))) as [number, number]
  const last = dayOf(renewBy)
  return { shard, day: last - ((last + weekday) % spacingDays) }
}

export const isSamePlace = (one: Place | undefined, other: Place | undefined): boolean =>
  one?.day === other?.day && one?.shard === other?.shard

/**
 * Names the shard of a place in its day's record, which is written 64 times at most. The name stays when the place is empty:
 * taken out, it could be missing for somebody who has just read it there.
 *
 * @throws {Refusal} `backend_unavailable`
 */
export async function nameShard({ records }: Pick<Context, 'records'>, { day, shard }: Place): Promise<void> {
  await records.change<readonly number[], undefined>(
    dayKey(day),
    (named = []) =>
      named.includes(shard)
        ? { result: undefined }
        : { write: [...named, shard], until: endOf(day), result: undefined },
    // As many as there are writes: each attempt that fails is one that somebody else has made.
    shards,
  )
}

/** The shards of a day that may have entries: all of them where its record cannot be read. */
export async function namedShards(
  { records }: Pick<Context, 'records'>,
  day: number,
): Promise<readonly number[]> {
  const named = await orUnreadable(records.read<readonly number[]>(dayKey(day)))
  return named === 'unreadable' ? allShards : (named ?? [])
}

/**
 * Files a connection under its place. Never rejects: an entry is worth less than what was just stored, and comes back.
 *
 * @param before The connection as it was, where it was there: nothing is done while its place stays the same.
 */
export async function fileConnection(
  context: Pick<Context, 'records'>,
  record: ConnectionRecord,
  before?: ConnectionRecord,
): Promise<void> {
  const place = placeOf(record)
  if (!place || (before && isSamePlace(place, placeOf(before)))) return
  try {
    // First, so that no entry lies where nobody looks.
    await orUnreadable(nameShard(context, place))
    await context.records.change<readonly string[], undefined>(placeKey(place), (ids = []) =>
      ids.includes(record.id)
        ? { result: undefined }
        : { write: [...ids, record.id], until: endOf(place.day), result: undefined },
    )
  } catch {
    // It comes back.
  }
}

/** Takes entries out of one place. Never rejects: what stays there is dropped when it is read. */
export async function removeEntries(
  { records }: Pick<Context, 'records'>,
  place: Place,
  gone: readonly string[],
): Promise<void> {
  await records
    .change<readonly string[], undefined>(placeKey(place), (ids = []) =>
      ids.some((id) => gone.includes(id))
        ? { write: ids.filter((id) => !gone.includes(id)), until: endOf(place.day), result: undefined }
        : { result: undefined },
    )
    .catch(() => undefined)
}

/** The value of a record; `unreadable` where its key is missing, which the log was told, and which stops nothing else. */
export async function orUnreadable<T>(read: Promise<T>): Promise<T | 'unreadable'> {
  try {
    return await read
  } catch (error) {
    if (error instanceof Refusal && error.details.reason?.startsWith('record:')) return 'unreadable'
    throw error
  }
}
