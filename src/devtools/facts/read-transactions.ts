import { stateOf, transactionId } from '../../core/records/keys.js'
import { hasEnded, isTransaction } from '../../core/records/transaction.js'
import { sha256 } from '../../protocol/digest.js'
import { readLocks } from '../watch/tabs.js'
import type { Inspection } from '../inspect.js'

/** A transaction as it is stored, without its secrets. */
export interface TransactionFacts {
  readonly id: string
  readonly provider: string
  /** The phase of a live one; how it ended otherwise. */
  readonly phase: string
  readonly isLive: boolean
  /** Epoch seconds. */
  readonly createdAt: number
  /** Epoch seconds. */
  readonly expiresAt: number
  /** Who holds its lock now. */
  readonly holder: 'this tab' | 'another tab' | undefined
}

/** Reads the transactions of this browser, the latest first. */
export async function readTransactions({
  watched: { platform },
  namespace,
  locks,
}: Inspection): Promise<readonly TransactionFacts[]> {
  const [entries, held] = await Promise.all([platform.database.entries(), readLocks(namespace, locks)])
  const found = await Promise.all(
    entries.map(async ([key, record]): Promise<TransactionFacts | undefined> => {
      const state = stateOf(key)
      if (state === undefined || !isTransaction(record)) return undefined
      const { provider, createdAt, expiresAt } = record
      const lock = `tx:${await sha256(state)}`
      const isLive = !hasEnded(record)
      return {
        ...{ id: transactionId(state), provider, createdAt, expiresAt, isLive },
        phase: hasEnded(record) ? (record.outcome ?? 'connected') : record.phase,
        holder: held.find(({ name }) => name === lock)?.holder,
      }
    }),
  )
  return found.filter((one) => one !== undefined).sort((a, b) => b.createdAt - a.createdAt)
}
