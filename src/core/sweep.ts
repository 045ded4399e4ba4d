import { TransactionError } from '../protocol/errors.js'
import type { Context } from './context.js'
import { endWith } from './ending.js'
import { hasEnded, isTransaction, type EndedTransaction, type Transaction } from './transaction.js'

/** Nobody needs more than this many at once; prepared ones make room first, then ended ones, the oldest before others. */
const maximumTransactions = 16

/** Seconds for which it is told that somebody never came back. */
const abandonedSeconds = 7 * 24 * 3600

/**
 * Removes what has expired and the oldest of what is too much. Of a transaction whose person never came back only the
 * fact is kept, without its verifier.
 */
export async function sweep({ platform: { clock, database } }: Pick<Context, 'platform'>): Promise<void> {
  const now = clock.now()
  const all = (await database.entries()).filter(([, value]) => isOurs(value))
  const live = all
    .filter((entry): entry is [string, Transaction | EndedTransaction] => isTransaction(entry[1]))
    .filter(([, { expiresAt }]) => expiresAt > now)
    .sort(([, a], [, b]) => rank(a) - rank(b) || b.createdAt - a.createdAt)
  const kept = new Set(live.slice(0, maximumTransactions - 1).map(([key]) => key))
  const gone = all.filter(([key]) => !kept.has(key))
  if (gone.length === 0) return
  // Read again inside the transaction: the person may have come back this moment, or another tab have swept.
  await database.change(
    gone.map(([key]) => key),
    (records) => {
      const same = gone.flatMap(([key, before], index) =>
        phaseOf(records[index]) === phaseOf(before) ? [[key, remainder(records[index], now)] as const] : [],
      )
      return [Object.fromEntries(same), undefined]
    },
  )
}

const phaseOf = (value: unknown): unknown => (Object(value) as { phase?: unknown }).phase

/** Also what has been damaged; what another version of this library stored is left alone. */
const isOurs = (value: unknown): boolean => {
  const { v, phase } = Object(value) as { v?: unknown; phase?: unknown }
  return v === 1 && phase !== undefined
}

const rank = (record: Transaction | EndedTransaction): number =>
  record.phase === 'prepared' ? 2 : hasEnded(record) ? 1 : 0

function remainder(record: unknown, now: number): EndedTransaction | undefined {
  if (!isTransaction(record) || hasEnded(record) || record.phase === 'prepared') return undefined
  const error = new TransactionError(
    'transaction_expired',
    'The person went to the provider and did not come back in time. Start again with authorize().',
  )
  return { ...endWith(record, error, 'abandoned'), expiresAt: now + abandonedSeconds }
}
