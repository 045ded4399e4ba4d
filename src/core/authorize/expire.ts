import type { TransactionError } from '../../protocol/errors.js'
import type { ConnectionRecord } from '../records/connection.js'
import type { Context } from '../context.js'
import { isOfThisApp } from '../of-this-app.js'
import { cameTooLate, neverCameBack, unknownFate } from '../records/end-reasons.js'
import { endWith } from '../records/ended-transaction.js'
import { stateOf } from '../records/keys.js'
import { isLitter, isNewer } from '../records/litter.js'
import { hasEnded, isTransaction, type EndedTransaction, type Transaction } from '../records/transaction.js'

/**
 * Nobody needs more than this many at once; prepared ones make room first, then ended ones, the oldest before others. Of those that
 * one sweep ends, no more are told of either.
 */
const maximumTransactions = 16

/** Seconds for which it is told that somebody never came back. */
const abandonedSeconds = 7 * 24 * 3600

/**
 * Removes what has expired or cannot be read, and the oldest of what is too much. Of a transaction whose person never came back
 * only the fact is kept, without its verifier. Before it has expired, what another app of this origin began is left alone; what a
 * newer version of this library wrote always is.
 *
 * @param room How many transactions are about to be stored.
 */
export async function expire(
  context: Pick<Context, 'platform' | 'providers' | 'redirectUri'>,
  room = 0,
): Promise<void> {
  const { clock, database } = context.platform
  const now = clock.now()
  const entries = await database.entries()
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
  if (gone.length === 0) return
  const connectedAt = lastConnections(entries)
  await database.change(
    gone.map(([key]) => key),
    (records) => {
      // The person may have come back this moment, or another tab may have swept or written anew: then it has had its turn.
      const same = gone.filter(([key, seen], index) =>
        stateOf(key) === undefined
          ? isLitter([key, records[index]], now)
          : phaseOf(records[index]) === phaseOf(seen),
      )
      const next = same.map(
        ([key, seen]) =>
          [
            key,
            isTransaction(seen) && isOfThisApp(context, seen) && isMadeUpFor(connectedAt, seen)
              ? undefined
              : remainder(seen, now),
          ] as const,
      )
      const told = next
        .flatMap(([, rest]) => rest ?? [])
        .sort((a, b) => b.createdAt - a.createdAt)
        .slice(0, maximumTransactions)
      const isTold = new Set<unknown>(told)
      return [
        Object.fromEntries(next.map(([key, rest]) => [key, isTold.has(rest) ? rest : undefined])),
        undefined,
      ]
    },
  )
}

const phaseOf = (value: unknown): unknown => (Object(value) as Partial<Transaction>).phase

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
