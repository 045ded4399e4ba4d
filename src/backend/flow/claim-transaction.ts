import { isOtherBinding } from '../connections/binding.js'
import type { Binding } from '../connections/record.js'
import type { Lease, LeaseTerms } from '../storage/lease.js'
import type { Change } from '../storage/records.js'
import { isSameHash } from '../crypto/same-hash.js'
import type { KeptAnswer, Transaction, TransactionRecord } from './transactions.js'

/** Seconds for which a finished transaction answers the same request in the same way. */
export const tombstoneSeconds = 900

/** Token requests per code: one, and a second if the first got no answer. */
export const maximumAttempts = 2

/** One redemption may take a minute: half of it at the provider, keys of the ID Token included, half for the store. */
export const redemptionTerms: LeaseTerms<TransactionRecord> = {
  leaseSeconds: 60,
  pollMilliseconds: 100,
  leaseOf: (record) =>
    record.phase === 'redeeming'
      ? { id: record.lease, until: record.leaseUntil, sent: record.sent }
      : undefined,
}

/** A transaction that the caller redeems. */
export interface Claimed {
  readonly lease: Lease
  readonly transaction: Transaction
  /** Times that the code was sent before, or may have been. */
  readonly attempts: number
  /** What the code has given: then it is not sent again. */
  readonly answer: KeptAnswer | undefined
}

/** The decision about a transaction. */
export type Claim =
  | Claimed
  | { readonly done: string }
  | {
      readonly refuse: string
      /** What was waiting to be checked, for too long. */
      readonly dropped?: KeptAnswer
    }

/** A token request's transaction, as far as the request identifies it. */
export interface Presented {
  /** Of its record in the store. */
  readonly key: string
  /** S256 of the verifier. */
  readonly challenge: string
  /** The transaction in the handle. */
  readonly carried: Transaction | undefined
  /** The provider's server. */
  readonly binding: Binding | undefined
}

/** Decides about a transaction, as `LeasedRecord.claim` asks for it. */
export function claimTransaction(
  now: number,
  { challenge, carried, binding }: Presented,
  current: TransactionRecord | undefined,
  lease: Lease,
  held: boolean,
): Change<TransactionRecord, Claim> | 'wait' {
  if (current?.phase === 'done' || current?.phase === 'failed') {
    if (!isSameHash(current.challenge, challenge)) return { result: { refuse: 'verifier' } }
    return { result: current.phase === 'done' ? { done: current.connection } : { refuse: 'spent' } }
  }
  const transaction = current?.transaction ?? carried
  if (!transaction) return { result: { refuse: 'unknown' } }
  // Compared before the code is spent: who does not hold the verifier cannot waste it.
  if (!isSameHash(transaction.challenge, challenge)) return { result: { refuse: 'verifier' } }
  // The code is another server's, and so may be everything that it gives.
  if (isOtherBinding(transaction.binding, binding)) return { result: { refuse: 'configuration' } }
  // Another replica is at it: its result will be ours.
  if (held) return 'wait'
  const { attempts = 0, answer } = current ?? {}
  if (answer) return claimAnswered(now, { transaction, attempts, answer }, lease)
  if (transaction.expiresAt <= now) return { result: { refuse: 'expired' } }
  if (attempts >= maximumAttempts) return { result: { refuse: 'spent' } }
  const claimed = { lease, transaction, attempts, answer }
  return { ...redeeming(claimed), result: claimed }
}

/** Of an answer only the check is left; nothing is sent for it. */
function claimAnswered(
  now: number,
  found: Omit<Claimed, 'lease' | 'answer'> & { readonly answer: KeptAnswer },
  lease: Lease,
): Change<TransactionRecord, Claim> {
  const { transaction, answer } = found
  if (now < answer.until) {
    // Two that have checked it would both store a connection, so no clock ends this lease either.
    const claimed = { ...found, lease: { ...lease, sent: true } }
    return { ...redeeming(claimed), result: claimed }
  }
  return {
    write: { phase: 'failed', challenge: transaction.challenge, error: 'provider_unavailable' },
    until: now + tombstoneSeconds,
    result: { refuse: 'spent', dropped: answer },
  }
}

/** The record of a transaction that is being redeemed. */
export const redeeming = ({
  lease: { id, until, sent },
  transaction,
  attempts,
  answer,
}: Claimed): { readonly write: TransactionRecord; readonly until: number } => ({
  write: { phase: 'redeeming', transaction, attempts, answer, lease: id, leaseUntil: until, sent },
  until: Math.max(transaction.expiresAt, until) + tombstoneSeconds,
})
