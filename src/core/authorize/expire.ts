import type { Database } from '../../platform/database.js'
import type { TransactionError } from '../../protocol/errors.js'
import type { ConnectionRecord } from '../records/connection.js'
import type { Context } from '../context.js'
import { isOfThisApp } from '../of-this-app.js'
import { cameTooLate, neverCameBack, unknownFate } from '../records/end-reasons.js'
import { endWith } from '../records/ended-transaction.js'
import { stateOf } from '../records/keys.js'
import { isLitter, isNewer } from '../records/litter.js'
import {
  abandonedSeconds,
  hasEnded,
  isTransaction,
  type EndedTransaction,
  type Transaction,
} from '../records/transaction.js'

/**
 * Nobody needs more than this many at once; prepared ones make room first, then ended ones, the oldest before others. Of those that
 * one sweep ends, no more are told of either.
 */
const maximumTransactions = 16

/** How many records one transaction of the database removes: those of other pages wait no longer than for these. */
const batch = 100

/** What lies in the database, as `Database.entries` gives it. */
type Entries = [key: string, value: unknown][]

/**
 * Removes what has expired or cannot be read, and the oldest of what is too much. Of a transaction whose person never came back
 * only the fact is kept, without its verifier. Before it has expired, what another app of this origin began is left alone; what a
 * newer version of this library wrote always is.
 *
 * What is told of is written when the promise resolves; where more is to be removed than one batch, that goes on beside.
 *
 * @param room How many transactions are about to be stored.
 * @param known What lies in the database, where it has just been read.
 * @returns What is left.
 */
export async function expire(
  context: Pick<Context, 'platform' | 'providers' | 'redirectUri'>,
  room = 0,
  known?: Entries,
): Promise<Entries> {
  const { clock, database } = context.platform
  const now = clock.now()
  const entries = known ?? (await database.entries())
  const live = entries
    .filter((entry): entry is [string, Transaction | EndedTransaction] => isTransaction(entry[1]))
    .filter(([, { expiresAt }]) => expiresAt > now)
    .sort(([, a], [, b]) => rank(a) - rank(b) || b.createdAt - a.createdAt)
  const own = live.filter(([, record]) => isOfThisApp(context, record))
  const excess = new Set(own.slice(maximumTransactions - room).map(([key]) => key))
  const kept = new Set(live.map(([key]) => key).filter((key) => !excess.has(key)))
  const gone = entries.filter(
    ([key, value]) =>
      !kept.has(key) && (stateOf(key) === undefined ? isLitter([key, value], now) : !isNewer(value)),
  )
  if (gone.length === 0) return entries
  const told = toldOf(context, gone, lastConnections(entries), now)
  const isTold = new Set<unknown>(told.keys())
  const [first = [], ...others] = inBatches([
    ...gone.filter(([key]) => isTold.has(key)),
    ...gone.filter(([key]) => !isTold.has(key)),
  ])
  const written = await replace(database, first, told, now)
  void replaceEach(database, others, now)
  const isGone = new Set(gone.map(([key]) => key))
  return [...entries.filter(([key]) => !isGone.has(key)), ...written]
}

/** What is told of the transactions whose person never came back, by key. */
function toldOf(
  context: Pick<Context, 'providers' | 'redirectUri'>,
  gone: Entries,
  connectedAt: ReadonlyMap<string, number>,
  now: number,
): ReadonlyMap<string, EndedTransaction> {
  const ended = gone.flatMap(([key, value]): [string, EndedTransaction][] => {
    if (isTransaction(value) && isOfThisApp(context, value) && isMadeUpFor(connectedAt, value)) return []
    const rest = remainder(value, now)
    return rest ? [[key, rest]] : []
  })
  return new Map(ended.sort(([, a], [, b]) => b.createdAt - a.createdAt).slice(0, maximumTransactions))
}

const inBatches = (entries: Entries): Entries[] =>
  Array.from({ length: Math.ceil(entries.length / batch) }, (_, index) =>
    entries.slice(index * batch, (index + 1) * batch),
  )

/** Removes records, or has what is told of them in their place. Resolves with what lies there then. */
function replace(
  database: Database,
  entries: Entries,
  told: ReadonlyMap<string, EndedTransaction>,
  now: number,
): Promise<Entries> {
  return database.change(
    entries.map(([key]) => key),
    (records) => {
      // The person may have come back this moment, or another tab may have swept or written anew: then it has had its turn.
      const isSame = ([key, seen]: Entries[number], record: unknown): boolean =>
        stateOf(key) === undefined ? isLitter([key, record], now) : isAsSeen(record, seen)
      const next = entries.map((entry, index): [string, unknown] => [
        entry[0],
        isSame(entry, records[index]) ? told.get(entry[0]) : records[index],
      ])
      const writes = next.filter(([, value], index) => value !== records[index])
      return [Object.fromEntries(writes), next.filter(([, value]) => value !== undefined)]
    },
  )
}

/** Removes the rest. What a page that is left does not get done, the next one does. */
async function replaceEach(database: Database, batches: readonly Entries[], now: number): Promise<void> {
  try {
    for (const entries of batches) await replace(database, entries, new Map(), now)
  } catch {
    // Without storage there is nothing to remove.
  }
}

/** True for a transaction that nobody has changed since, nor given more time. */
function isAsSeen(record: unknown, seen: unknown): boolean {
  const [now, before] = [record, seen].map((value) => Object(value) as Partial<Transaction>)
  return now?.phase === before?.phase && now?.expiresAt === before?.expiresAt
}

const rank = (record: Transaction | EndedTransaction): number =>
  record.phase === 'prepared' ? 2 : hasEnded(record) ? 1 : 0

/** When each user last connected each provider: epoch seconds. */
function lastConnections(entries: readonly [string, unknown][]): ReadonlyMap<string, number> {
  const last = new Map<string, number>()
  for (const [, value] of entries) {
    const { connection, subject } = Object(value) as Partial<ConnectionRecord>
    const { provider, connectedAt } = Object(connection) as Partial<ConnectionRecord['connection']>
    // Other scripts may have written it.
    if (typeof connectedAt !== 'number' || Number.isNaN(connectedAt)) continue
    const who = JSON.stringify([subject, provider])
    last.set(who, Math.max(last.get(who) ?? connectedAt, connectedAt))
  }
  return last
}

/** True when the person has connected the same provider since: then the earlier attempt is not reported. */
const isMadeUpFor = (
  connectedAt: ReadonlyMap<string, number>,
  { provider, subject, createdAt }: Transaction | EndedTransaction,
): boolean => (connectedAt.get(JSON.stringify([subject, provider])) ?? -Infinity) >= createdAt

function remainder(record: unknown, now: number): EndedTransaction | undefined {
  if (!isTransaction(record) || hasEnded(record) || record.phase === 'prepared') return undefined
  return { ...endWith(record, reasonOf(record), 'abandoned'), expiresAt: now + abandonedSeconds }
}

const reasonOf = ({ phase }: Transaction): TransactionError =>
  phase === 'left' ? neverCameBack() : phase === 'returned' ? cameTooLate() : unknownFate()
