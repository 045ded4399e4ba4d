import { openChannel } from '../channel/open-channel.js'
import { parseAuthorizationResponse } from '../../protocol/authorization-response.js'
import { CountersignError, TransactionError } from '../../protocol/errors.js'
import { sha256 } from '../../protocol/digest.js'
import { resumable } from './actions.js'
import type { CallbackState } from './callback.js'
import type { Capture } from './capture.js'
import type { Channel, Redeemed } from '../channel/channel.js'
import type { Context } from '../context.js'
import { decide, type ReceivedResponse, type TransactionWithCode, type Step } from './decide.js'
import { toCallbackState } from './outcome.js'
import { storeResult } from './store-result.js'
import { reportOutcome } from './report-outcome.js'
import { endWith, end } from '../records/ended-transaction.js'
import { checkReturnTo, returnOf } from '../return-to.js'
import { stateOf, transactionKey, transactionId } from '../records/keys.js'
import { hasEnded, isTransaction, type EndedTransaction, type Transaction } from '../records/transaction.js'

/**
 * Completes what the page was opened with.
 *
 * @param popup What to do where the page is a popup.
 * @throws {StorageError} when the transaction cannot be read or written: nothing is lost then.
 */
export async function completeCapture(
  context: Context,
  { parameters, url, id }: Capture,
  popup: PopupSide,
): Promise<CallbackState> {
  if (!parameters || !url) {
    const entries = await context.platform.database.entries()
    const states = entries.map(([key, value]) => (isTransaction(value) ? stateOf(key) : undefined))
    const state = states.find((one) => one !== undefined && transactionId(one) === id)
    return state === undefined ? { status: 'none' } : redeem(context, state, { popup })
  }
  let response: ReceivedResponse
  try {
    response = { ...parseAuthorizationResponse(parameters), url }
  } catch (error) {
    return { status: 'failed', error: error as CountersignError, returnTo: '/' }
  }
  return redeem(context, response.state, { response, popup })
}

/** Ends a transaction that nobody waits for any more, unless it has ended already. */
export async function giveUp(context: Context, state: string): Promise<void> {
  const key = transactionKey(state)
  const ended = await context.platform.database.change([key], ([record]) => {
    if (!isTransaction(record) || hasEnded(record)) return [{}, undefined]
    const cancelled = end(record, { phase: 'failed', outcome: 'cancelled' })
    return [{ [key]: cancelled }, cancelled]
  })
  if (ended) await reportOutcome(context, toCallbackState(context, ended))
}

/** The popup's part in a redemption; see popup/hand-over.ts. */
export interface PopupSide {
  /** Has the page that opened the popup go on with the code. */
  readonly handOver: (state: string) => Promise<CallbackState>
  /** Tells that page how the transaction ended, and closes the popup. */
  readonly leave: (state: string, ended: EndedTransaction) => Promise<CallbackState>
}

/** The occasion on which a transaction is redeemed. */
export interface Occasion {
  readonly response?: ReceivedResponse
  /** Absent where this page goes on with a code that was returned before. */
  readonly popup?: PopupSide
  /** Called when it had ended before, in another page. */
  readonly onEnded?: (ended: EndedTransaction) => void
}

/**
 * Redeems the code of a transaction exactly once, whoever asks: two tabs on the same URL, a reload, a second reader.
 *
 * One of them gets the lock and goes on; the others wait for it and then read what it left behind:
 *
 *     left ──response──▶ sent ──answer──▶ done | failed     (the tombstone that everybody else reads)
 *                          └──no answer──▶ sent              (a reload or resume() sends once more)
 */
export async function redeem(
  context: Context,
  state: string,
  { response, popup, onEnded }: Occasion = {},
): Promise<CallbackState> {
  const { database, tabs } = context.platform
  const resume = (): Promise<CallbackState> => redeem(context, state)

  const work = async (): Promise<Step | CallbackState> => {
    const key = transactionKey(state)
    const step = await database.change([key, state], ([known, bare]) => {
      const decided = decide(context, state, known ?? bare, response, popup === undefined)
      const value = toRecord(decided, popup !== undefined && response !== undefined)
      // A record of version 0.1 is adopted.
      return [value ? { [key]: value, [state]: undefined } : {}, decided]
    })
    if (response) context.emit('response_received', transactionId(state), step.do)
    return step.do === 'send' ? send(context, step.transaction, resume) : step
  }

  let step: Step | CallbackState
  try {
    step = await tabs.lock(`tx:${await sha256(state)}`, 60, work)
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error
    const busy = new TransactionError(
      'transaction_in_use',
      'Another tab is still completing this connection. Wait for it, then call resume().',
      { recovery: 'resume' },
    )
    // The response is in this page's memory only.
    const again = { ...(response && { response }), ...(popup && { popup }) }
    return { status: 'failed', error: busy, returnTo: '/', ...resumable(() => redeem(context, state, again)) }
  }
  if ('status' in step) return step
  switch (step.do) {
    case 'show': {
      if (popup && response && step.ended.input.display === 'popup') return popup.leave(state, step.ended)
      tabs.announce(transactionId(state))
      if (step.found) onEnded?.(step.ended)
      const outcome = toCallbackState(context, step.ended, { error: step.error })
      return step.found && !step.reports ? outcome : reportOutcome(context, outcome)
    }
    case 'wait':
      // The code is stored, so a reload loses nothing.
      await context.subjectKnown()
      return redeem(context, state, popup && { popup })
    case 'sign_in':
      // A popup then hands over what it was not to hand over before.
      return signInRequired(context, step.transaction, () => redeem(context, state, popup && { popup }))
    case 'hand_over':
      return popup ? popup.handOver(state) : { status: 'none' }
    case 'refuse': {
      const refused = { status: 'failed', error: step.error, returnTo: '/' } as const
      return step.ended ? reportOutcome(context, refused) : refused
    }
    default:
      return { status: 'none' }
  }
}

/** What a step leaves in the transaction's record; `undefined` where the record stays as it is. */
function toRecord(step: Step, isResponseInPopup: boolean): EndedTransaction | Transaction | undefined {
  if ('transaction' in step) return step.transaction
  if (!('ended' in step)) return undefined
  const isUntold = isResponseInPopup && step.ended.input.display === 'popup' && !('found' in step)
  return isUntold ? { ...step.ended, untold: true } : step.ended
}

/** Sends the code, stores what came of it, and reports it. Runs under the transaction's lock. */
async function send(
  context: Context,
  transaction: TransactionWithCode,
  resume: () => Promise<CallbackState>,
): Promise<CallbackState> {
  const { provider, state, sends = 1 } = transaction
  const { tabs } = context.platform
  const back = returnOf(context, transaction)
  const id = transactionId(state)
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
  context.emit('redemption_sent', id, provider)
  let redeemed: Redeemed
  try {
    redeemed = await channel.redeem(transaction, transaction)
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    if (error.code === 'sign_in_required') return signInRequired(context, transaction, resume)
    // Nothing was consumed, or nobody knows: the record stays, so that resume() or a reload can go on.
    if (error.recovery !== 'authorize') return { status: 'failed', error, ...back, ...resumable(resume) }
    const ended = endWith(transaction, error)
    const found = await replaceUnlessEnded(context, state, ended)
    if (found) return toCallbackState(context, found)
    tabs.announce(id)
    context.emit('transaction_ended', id, error.code)
    return reportOutcome(context, toCallbackState(context, ended, { error }))
  }

  return storeResult(context, transaction, redeemed)
}

/**
 * Writes what has become of a transaction, unless it has ended: a lease may have run out while its page slept, and another
 * page has used the code then. Resolves with how it had ended.
 */
function replaceUnlessEnded(
  { platform: { database } }: Context,
  state: string,
  next: Transaction | EndedTransaction,
): Promise<EndedTransaction | undefined> {
  const key = transactionKey(state)
  return database.change([key], ([known]) =>
    isTransaction(known) && hasEnded(known) ? [{}, known] : [{ [key]: next }, undefined],
  )
}

function signInRequired(
  context: Context,
  { provider, returnTo }: TransactionWithCode,
  resume: () => Promise<CallbackState>,
): CallbackState {
  context.requireSignIn()
  return {
    status: 'sign_in_required',
    provider,
    returnTo: checkReturnTo(context, returnTo),
    ...resumable(resume),
  }
}
