import { CountersignError } from '../../protocol/errors.js'
import type { Channel, Redeemed, Unchecked } from '../channel/channel.js'
import { openChannel } from '../channel/open-channel.js'
import type { Context } from '../context.js'
import { unknownFate } from '../records/end-reasons.js'
import { endWith } from '../records/ended-transaction.js'
import { transactionId, transactionKey } from '../records/keys.js'
import { hasEnded, isTransaction, type EndedTransaction, type Transaction } from '../records/transaction.js'
import { returnOf } from '../return-to.js'
import { resumable } from './actions.js'
import type { CallbackState } from './callback.js'
import { busy, type TransactionWithCode } from './decide.js'
import { endOfRemoved, toCallbackState } from './outcome.js'
import { reportOutcome } from './report-outcome.js'
import { signInRequired } from './sign-in-required.js'
import { storeResult } from './store-result.js'
import { forgetAnswer, isKeptElsewhere, keepAnswer, keptAnswer } from './waiting-answer.js'

/** Seconds for which an answer may wait to be checked, however late the person came back; without its page it is lost before. */
const answeredSeconds = 3600

/** Sends the code, stores what came of it, and reports it. Runs under the transaction's lock. */
export async function send(
  context: Context,
  transaction: TransactionWithCode,
  resume: () => Promise<CallbackState>,
): Promise<CallbackState> {
  const { provider, state, sends = 1 } = transaction
  const back = returnOf(context, transaction)
  let channel: Channel
  try {
    channel = await openChannel(context, provider)
    await channel.ready?.()
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    // The code has not left this page: that was no attempt.
    const waiting: TransactionWithCode = { ...transaction, phase: 'returned', sends: sends - 1 }
    await replaceUnlessEnded(context, state, waiting)
    return { status: 'failed', error, ...back, ...resumable(resume) }
  }
  context.emit('redemption_sent', transactionId(state), provider)
  let redeemed: Redeemed | Unchecked
  try {
    redeemed = await channel.redeem(transaction, transaction)
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    if (error.code === 'sign_in_required') return signInRequired(context, transaction, resume)
    // Nothing was consumed, or nobody knows: the record stays, so that resume() or a reload can go on.
    if (error.recovery !== 'authorize') return { status: 'failed', error, ...back, ...resumable(resume) }
    return endBy(context, transaction, error)
  }
  return conclude(context, transaction, redeemed, resume)
}

/**
 * Checks an answer that could not be checked before. It is in the memory of one page, which alone can go on; when that page is
 * gone, so is the answer. Runs under the transaction's lock.
 */
export async function check(
  context: Context,
  transaction: TransactionWithCode,
  resume: () => Promise<CallbackState>,
): Promise<CallbackState> {
  const { state, returnedAt = Infinity } = transaction
  const answer = keptAnswer(context, state)
  if (answer && context.platform.clock.now() - returnedAt > answeredSeconds) {
    forgetAnswer(context, state)?.drop()
    return endBy(context, transaction, unknownFate())
  }
  if (!answer) {
    if (!(await isKeptElsewhere(context, state))) return endBy(context, transaction, unknownFate())
    return { status: 'failed', error: busy(), ...returnOf(context, transaction), ...resumable(resume) }
  }
  let redeemed: Redeemed | Unchecked
  try {
    redeemed = await answer.check()
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    forgetAnswer(context, state)
    return endBy(context, transaction, error)
  }
  // Its tokens were revoked while it was checked: the user has changed, or the client is disposed.
  if (keptAnswer(context, state) !== answer) return endBy(context, transaction, unknownFate())
  return conclude(context, transaction, redeemed, resume)
}

/** Stores what a code gave; or has it wait in this page while it cannot be checked. */
async function conclude(
  context: Context,
  transaction: TransactionWithCode,
  redeemed: Redeemed | Unchecked,
  resume: () => Promise<CallbackState>,
): Promise<CallbackState> {
  const { state } = transaction
  if (!('unchecked' in redeemed)) return storeResult(context, transaction, redeemed, resume)
  await keepAnswer(context, state, redeemed)
  if (context.subject() !== transaction.subject) {
    // The user has signed out meanwhile: nobody is there to have it checked.
    forgetAnswer(context, state)?.drop()
    return endBy(context, transaction, unknownFate())
  }
  // The code is spent and will not be sent again. The person is back, so the limit is on the check now.
  const expiresAt = context.platform.clock.now() + answeredSeconds
  const answered = { ...transaction, phase: 'answered', code: '', expiresAt } as const
  const found = await replaceUnlessEnded(context, state, answered)
  if (!found)
    return {
      status: 'failed',
      error: redeemed.unchecked,
      ...returnOf(context, transaction),
      ...resumable(resume),
    }
  forgetAnswer(context, state)?.drop()
  return found === 'removed' ? endOfRemoved(context, transaction) : toCallbackState(context, found)
}

/** Ends a transaction by an error, unless it has ended already, and reports it. */
async function endBy(
  context: Context,
  transaction: TransactionWithCode,
  error: CountersignError,
): Promise<CallbackState> {
  const { state } = transaction
  const ended = endWith(transaction, error)
  const found = await replaceUnlessEnded(context, state, ended)
  if (found === 'removed') return endOfRemoved(context, transaction)
  if (found) return toCallbackState(context, found)
  const id = transactionId(state)
  context.platform.tabs.announce(id)
  context.emit('transaction_ended', id, error.code, { since: transaction.createdAt })
  return reportOutcome(context, toCallbackState(context, ended, { error }))
}

/**
 * Writes what has become of a transaction, unless it has ended: a lease may have run out while its page slept, and another
 * page has used the code then. Nor is it written where it was removed, because its user has signed out. Resolves with how it had
 * ended, if it had.
 */
function replaceUnlessEnded(
  { platform: { database } }: Context,
  state: string,
  next: Transaction | EndedTransaction,
): Promise<EndedTransaction | 'removed' | undefined> {
  const key = transactionKey(state)
  return database.change<EndedTransaction | 'removed' | undefined>([key], ([known]) => {
    if (known === undefined) return [{}, 'removed']
    return isTransaction(known) && hasEnded(known) ? [{}, known] : [{ [key]: next }, undefined]
  })
}
