import type { ContractErrorCode } from '../../protocol/contract.js'
import type { TokenSet } from '../../protocol/token-response.js'
import { bindingOf } from '../connections/binding.js'
import type { ConnectionRecord } from '../connections/record.js'
import type { Context } from '../context.js'
import { sha256 } from '../crypto/hash.js'
import { Refusal } from '../http/refusal.js'
import type { Redemption } from '../provider.js'
import { beginAttempt, type Attempt } from '../storage/attempt.js'
import { leaseRecord, type Conclusion, type LeasedRecord } from '../storage/lease.js'
import { retry } from '../storage/retry.js'
import {
  claimTransaction,
  maximumAttempts,
  redeeming,
  redemptionTerms,
  tombstoneSeconds,
  type Presented,
} from './claim-transaction.js'
import { dropAnswer, keepAnswer, toAnswer, type Job } from './kept-answer.js'
import { uncountPending } from './pending.js'
import {
  openHandle,
  recordKey,
  transactionInvalid,
  type Transaction,
  type TransactionOwner,
  type TransactionRecord,
} from './transactions.js'

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
  /** Spends the code, by requests of this attempt; or checks the answer that it has given before. */
  readonly spend: (
    transaction: Transaction,
    attempt: Attempt,
    answers: Pick<Redemption, 'answer' | 'onAnswer'>,
  ) => Promise<Grant>
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
  const redemption = redeemHere(
    context,
    proof,
    { key, challenge, carried, binding: bindingOf(context, proof.provider) },
    steps,
  ).finally(() => {
    redemptions.delete(sameRequest)
  })
  redemptions.set(sameRequest, redemption)
  return redemption
}

async function redeemHere<Grant>(
  context: Context,
  proof: TransactionProof,
  presented: Presented,
  steps: RedemptionSteps<Grant>,
): Promise<ConnectionRecord | string> {
  const { records, now } = context
  const { key, carried } = presented
  const record = leaseRecord<TransactionRecord>((next) => records.change(key, next), now, redemptionTerms)
  for (;;) {
    const claim = await record.claim((current, lease, held) =>
      claimTransaction(now(), presented, current, lease, held),
    )
    if ('done' in claim) return claim.done
    if ('refuse' in claim) {
      if (claim.dropped) await dropAnswer(context, proof, claim.dropped.tokens)
      throw transactionInvalid(claim.refuse)
    }
    const connection = await attempt(context, record, { ...presented, ...claim, owner: proof }, steps)
    if (connection === 'overtaken') continue
    // One that the page has carried was never counted. The count ends by itself; the connection is there in any case.
    if (!carried) await uncountPending(context, proof.subject, key).catch(() => undefined)
    return connection
  }
}

async function attempt<Grant>(
  context: Context,
  record: LeasedRecord<TransactionRecord>,
  job: Job,
  { prepare, spend, keep }: RedemptionSteps<Grant>,
): Promise<ConnectionRecord | 'overtaken'> {
  const { lease, transaction, attempts, challenge } = job
  const conclude = (write: TransactionRecord): Promise<Conclusion> =>
    record.conclude(lease, () => ({ write, until: endOf(context, job) }))
  const running = beginAttempt(context.now, () =>
    record.proceed(lease, (_current, sending) =>
      redeeming({ ...job, attempts: attempts + 1, lease: sending }),
    ),
  )
  let { answer } = job
  const onAnswer = (tokens: TokenSet): void => {
    answer = toAnswer(context, tokens)
  }
  try {
    await prepare(transaction)
  } catch (error) {
    await conclude({ phase: 'begun', transaction, attempts, answer })
    throw error
  }
  let grant: Grant
  try {
    grant = await spend(transaction, running, { answer, onAnswer })
  } catch (error) {
    if (running.isOvertaken()) return 'overtaken'
    if (answer && isForNow(error)) await keepAnswer(context, job, answer)
    else {
      const written = answer ? failed(challenge, error) : afterFailure(job, error, running)
      if ((await conclude(written)) === 'overtaken') return 'overtaken'
      if (answer) await dropAnswer(context, job.owner, answer.tokens)
    }
    running.checkStore()
    throw error
  }
  try {
    const connection = await keep(transaction, grant)
    // Whoever has the answer to the code is right, also where another has sent it by now and was refused.
    const write = { phase: 'done' as const, challenge, connection: connection.id }
    const until = endOf(context, job)
    await retry(() => context.records.change(job.key, () => ({ write, until, result: undefined })))
    return connection
  } catch (error) {
    // The code is spent, whatever came of it.
    await conclude(failed(challenge, error))
    throw error
  }
}

/** Epoch seconds until which a record is kept. */
const endOf = ({ now }: Context, { transaction }: Job): number =>
  Math.max(transaction.expiresAt, now()) + tombstoneSeconds

const errorOf = (error: unknown): ContractErrorCode =>
  error instanceof Refusal ? error.error : 'backend_unavailable'

/** The transaction's record after a code was not redeemed. */
function afterFailure(
  { transaction, attempts: before }: Job,
  error: unknown,
  { isUnsent, mayHaveArrived }: Attempt,
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
  // The store failed, and the code is still good: the key that the request needs could not be read, for instance.
  if (reason === 'backend_unavailable' && !mayHaveArrived() && attempts < maximumAttempts)
    return { phase: 'begun', transaction, attempts }
  return failed(transaction.challenge, error)
}

const failed = (challenge: string, error: unknown): TransactionRecord => ({
  phase: 'failed',
  challenge,
  error: errorOf(error),
})

/** True where the check of an answer is to be taken again: before it there may be a limit, or a request that is not the right one. */
const isForNow = (error: unknown): boolean =>
  /^(?:provider_unavailable|backend_unavailable|rate_limited|transaction_invalid|invalid_request)$/.test(
    errorOf(error),
  )
