import type { ContractErrorCode } from '../../protocol/contract.js'
import type { ConnectionRecord } from '../connections/record.js'
import type { Context } from '../context.js'
import { sha256 } from '../crypto/hash.js'
import { beginAttempt, type Attempt } from '../storage/attempt.js'
import { leaseRecord, type Conclusion, type Lease, type LeasedRecord } from '../storage/lease.js'
import { retry } from '../storage/retry.js'
import { uncountPending } from './pending.js'
import type { Change } from '../storage/records.js'
import { Refusal } from '../http/refusal.js'
import { isSameHash } from '../crypto/same-hash.js'
import {
  openHandle,
  recordKey,
  transactionInvalid,
  type Transaction,
  type TransactionOwner,
  type TransactionRecord,
} from './transactions.js'

/** Seconds for which a finished transaction answers the same request in the same way. */
const tombstoneSeconds = 900

/** One redemption may take a minute: half of it at the provider, keys of the ID Token included, half for the store. */
const terms = {
  leaseSeconds: 60,
  pollMilliseconds: 100,
  leaseOf: (record: TransactionRecord): Lease | undefined =>
    record.phase === 'redeeming'
      ? { id: record.lease, until: record.leaseUntil, sent: record.sent }
      : undefined,
}

/** Token requests per code: one, and a second if the first got no answer. */
const maximumAttempts = 2

/** Evidence of a token request that the transaction is its own. */
export interface TransactionProof extends TransactionOwner {
  readonly codeVerifier: string
  /** The handle, where the page was given one. */
  readonly handle: string | undefined
}

/** The steps of a redemption. */
export interface RedemptionSteps<Grant> {
  /** Checks that {@link keep} can store, before anything is sent: an error here uses nothing up. */
  readonly prepare: (transaction: Transaction) => Promise<void>
  /** Spends the code, by requests of this attempt. */
  readonly spend: (transaction: Transaction, attempt: Attempt) => Promise<Grant>
  /** Stores the grant as a connection. Any error here ends the transaction. */
  readonly keep: (transaction: Transaction, grant: Grant) => Promise<ConnectionRecord>
}

/**
 * Redeems a transaction once for any number of callers: concurrent callers wait, later callers get the same connection.
 *
 * @returns The connection as it has just been stored, or the id of one that was stored before.
 * @throws {Refusal} `transaction_invalid` before the code is spent, when user, provider, state or verifier do not belong
 * together, or it is over; what the steps throw otherwise.
 * @see https://www.rfc-editor.org/rfc/rfc9700.html#section-2.1.1
 */
export async function redeemOnce<Grant>(
  context: Context,
  proof: TransactionProof,
  steps: RedemptionSteps<Grant>,
): Promise<ConnectionRecord | string> {
  const { redemptions } = context
  const [key, challenge, carried] = await Promise.all([
    recordKey(proof),
    sha256(proof.codeVerifier),
    openHandle(context, proof, proof.handle),
  ])
  const sameRequest = `${key} ${challenge}`
  const running = redemptions.get(sameRequest)
  if (running) return running
  const redemption = redeemHere(context, proof, { key, challenge, carried }, steps).finally(() => {
    redemptions.delete(sameRequest)
  })
  redemptions.set(sameRequest, redemption)
  return redemption
}

/** A transaction that this call redeems. */
interface Claimed {
  readonly lease: Lease
  readonly transaction: Transaction
  /** Times that the code was sent before, or may have been. */
  readonly attempts: number
}

/** The decision about a transaction. */
type Claim = Claimed | { readonly done: string } | { readonly refuse: string }

/** A token request's transaction, as far as the request identifies it. */
interface Presented {
  /** Of its record in the store. */
  readonly key: string
  /** S256 of the verifier. */
  readonly challenge: string
  /** The transaction in the handle. */
  readonly carried: Transaction | undefined
}

async function redeemHere<Grant>(
  context: Context,
  proof: TransactionProof,
  presented: Presented,
  steps: RedemptionSteps<Grant>,
): Promise<ConnectionRecord | string> {
  const { records, now } = context
  const { key, carried } = presented
  const record = leaseRecord<TransactionRecord>((next) => records.change(key, next), now, terms)
  for (;;) {
    const claim = await record.claim((current, lease, held) =>
      claimTransaction(now(), presented, current, lease, held),
    )
    if ('done' in claim) return claim.done
    if ('refuse' in claim) throw transactionInvalid(claim.refuse)
    const connection = await attempt(context, key, record, claim, steps)
    if (connection === 'overtaken') continue
    // One that the page has carried was never counted. The count ends by itself; the connection is there in any case.
    if (!carried) await uncountPending(context, proof.subject, key).catch(() => undefined)
    return connection
  }
}

function claimTransaction(
  now: number,
  { challenge, carried }: Presented,
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
  // Another replica is at it: its result will be ours.
  if (held) return 'wait'
  if (transaction.expiresAt <= now) return { result: { refuse: 'expired' } }
  const { attempts = 0 } = current ?? {}
  if (attempts >= maximumAttempts) return { result: { refuse: 'spent' } }
  return {
    write: redeeming(transaction, attempts, lease),
    until: Math.max(transaction.expiresAt, lease.until) + tombstoneSeconds,
    result: { lease, transaction, attempts },
  }
}

const redeeming = (
  transaction: Transaction,
  attempts: number,
  { id, until, sent }: Lease,
): TransactionRecord => ({ phase: 'redeeming', transaction, attempts, lease: id, leaseUntil: until, sent })

async function attempt<Grant>(
  context: Context,
  key: string,
  record: LeasedRecord<TransactionRecord>,
  { lease, transaction, attempts }: Claimed,
  { prepare, spend, keep }: RedemptionSteps<Grant>,
): Promise<ConnectionRecord | 'overtaken'> {
  const { challenge } = transaction
  const until = Math.max(transaction.expiresAt, context.now()) + tombstoneSeconds
  const conclude = (write: TransactionRecord): Promise<Conclusion> =>
    record.conclude(lease, () => ({ write, until }))
  const running = beginAttempt(() =>
    record.proceed(lease, () => ({
      write: redeeming(transaction, attempts + 1, { ...lease, sent: true }),
      until,
    })),
  )
  try {
    await prepare(transaction)
  } catch (error) {
    await conclude({ phase: 'begun', transaction, attempts })
    throw error
  }
  let grant: Grant
  try {
    grant = await spend(transaction, running)
  } catch (error) {
    if (running.isOvertaken()) return 'overtaken'
    if ((await conclude(afterFailure(transaction, attempts, error, running))) === 'overtaken')
      return 'overtaken'
    running.checkStore()
    throw error
  }
  try {
    const connection = await keep(transaction, grant)
    // Whoever has the answer to the code is right, also where another has sent it by now and was refused.
    const done = { phase: 'done' as const, challenge, connection: connection.id }
    await retry(() => context.records.change(key, () => ({ write: done, until, result: undefined })))
    return connection
  } catch (error) {
    // The code is spent, whatever came of it.
    await conclude({ phase: 'failed', challenge, error: errorOf(error) })
    throw error
  }
}

const errorOf = (error: unknown): ContractErrorCode =>
  error instanceof Refusal ? error.error : 'backend_unavailable'

/** The transaction's record after a code was not redeemed. */
function afterFailure(
  transaction: Transaction,
  before: number,
  error: unknown,
  { isUnsent }: Attempt,
): TransactionRecord {
  const reason = errorOf(error)
  const attempts = before + 1
  // Nothing was sent: the server's metadata cannot be had, for instance.
  if (isUnsent()) return { phase: 'begun', transaction, attempts: before }
  // Refused before anything was sent, another server's response for instance: that must not use up the right one.
  if (reason === 'transaction_invalid' || reason === 'invalid_request' || reason === 'rate_limited')
    return { phase: 'begun', transaction, attempts: before }
  // Without an answer of the provider, the same request may be sent once more.
  if (reason === 'provider_unavailable' && attempts < maximumAttempts)
    return { phase: 'begun', transaction, attempts }
  return { phase: 'failed', challenge: transaction.challenge, error: reason }
}
