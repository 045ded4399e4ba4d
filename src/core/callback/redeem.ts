import { parseAuthorizationResponse, parseUntrustedError } from '../../protocol/authorization-response.js'
import type { CountersignError } from '../../protocol/errors.js'
import { sha256 } from '../../protocol/digest.js'
import { resumable } from './actions.js'
import type { CallbackState } from './callback.js'
import type { Capture } from './capture.js'
import type { Context } from '../context.js'
import { busy, decide, type ReceivedResponse, type Step } from './decide.js'
import { finishInteraction } from './interaction.js'
import { toCallbackState } from './outcome.js'
import { check, send } from './send.js'
import { signInRequired } from './sign-in-required.js'
import { forgetAnswer, keptAnswer } from './waiting-answer.js'
import { reportOutcome } from './report-outcome.js'
import { end } from '../records/ended-transaction.js'
import { stateOf, transactionKey, transactionId } from '../records/keys.js'
import { isOfThisApp } from '../of-this-app.js'
import { hasEnded, isTransaction, type EndedTransaction, type Transaction } from '../records/transaction.js'

/**
 * Completes what the page was opened with.
 *
 * @param popup What to do where the page is a popup.
 * @throws {StorageError} when the transaction cannot be read or written: nothing is lost then.
 */
export async function completeCapture(
  context: Context,
  { provider, parameters, url, id, interaction, isShared }: Capture,
  popup: PopupSide,
): Promise<CallbackState> {
  if (interaction !== undefined) return finishInteraction(context, provider, interaction)
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
    const untrusted = await untrustedError(context, provider, parameters)
    if (untrusted) return { status: 'failed', error: untrusted, provider, returnTo: '/' }
    return isShared
      ? { status: 'none' }
      : { status: 'failed', error: error as CountersignError, returnTo: '/' }
  }
  return redeem(context, response.state, { response, popup })
}

/** An error without a `state`, where exactly one connection of this user at the provider is under way: it is likely about that. */
async function untrustedError(
  context: Context,
  provider: string,
  parameters: URLSearchParams,
): Promise<CountersignError | undefined> {
  const error = parseUntrustedError(parameters)
  if (!error) return undefined
  await context.subjectKnown()
  const entries = await context.platform.database.entries()
  const pending = entries.filter(
    ([, record]) =>
      isTransaction(record) &&
      record.phase === 'left' &&
      record.provider === provider &&
      isOfThisApp(context, record) &&
      record.subject === context.subject(),
  )
  return pending.length === 1 ? error : undefined
}

/** Ends a transaction that nobody waits for any more, unless it has ended already. */
export async function giveUp(context: Context, state: string): Promise<void> {
  const key = transactionKey(state)
  const ended = await context.platform.database.change([key], ([record]) => {
    if (!isTransaction(record) || hasEnded(record)) return [{}, undefined]
    const cancelled = end(record, { phase: 'failed', outcome: 'cancelled' })
    return [{ [key]: cancelled }, cancelled]
  })
  if (!ended) return
  emitEnd(context, state, ended)
  await reportOutcome(context, toCallbackState(context, ended))
}

/** Tells of an end that this page has made, other than by redeeming the code. */
function emitEnd(context: Context, state: string, { outcome, error, createdAt }: EndedTransaction): void {
  const detail = outcome === 'failed' ? error?.code : outcome
  context.emit('transaction_ended', transactionId(state), detail, { since: createdAt })
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
 *                          ├──no answer──▶ sent              (a reload or resume() sends once more)
 *                          └──no keys────▶ answered          (resume() checks the answer, which this page has)
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
      const record = asAnswered(known ?? bare, keptAnswer(context, state) !== undefined)
      const decided = decide(context, state, record, response, popup === undefined)
      const value = toRecord(decided, popup !== undefined && response !== undefined)
      // A record of version 0.1 is adopted.
      return [value ? { [key]: value, [state]: undefined } : {}, decided]
    })
    if (response) context.emit('response_received', transactionId(state), step.do)
    if (step.do === 'send') return send(context, step.transaction, resume)
    if (step.do === 'check') return check(context, step.transaction, resume)
    // Ended, refused or removed: nobody will check it.
    if ('ended' in step || step.do === 'nothing') forgetAnswer(context, state)?.drop()
    return step
  }

  let step: Step | CallbackState
  try {
    step = await tabs.lock(`tx:${await sha256(state)}`, 60, work)
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error
    // The response is in this page's memory only.
    const again = { ...(response && { response }), ...(popup && { popup }) }
    return {
      status: 'failed',
      error: busy(),
      returnTo: '/',
      ...resumable(() => redeem(context, state, again)),
    }
  }
  if ('status' in step) return step
  switch (step.do) {
    case 'show': {
      if (!step.found) emitEnd(context, state, step.ended)
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
    case 'refuse':
      return refuse(context, step)
    default:
      return { status: 'none' }
  }
}

/** A transaction whose answer waits in this page has been answered, even where that could not be stored: its code is spent. */
const asAnswered = (record: unknown, isKept: boolean): unknown =>
  isKept && isTransaction(record) && !hasEnded(record) ? { ...record, phase: 'answered', code: '' } : record

/** Tells of a response that was refused, unless it concerns another user. */
async function refuse(
  context: Context,
  { error, ended, subject }: Extract<Step, { readonly do: 'refuse' }>,
): Promise<CallbackState> {
  const refused = { status: 'failed', error, returnTo: '/' } as const
  if (ended) return reportOutcome(context, refused)
  if (subject === undefined) return refused
  await context.subjectKnown()
  return (await context.revealSubject(subject)) === context.subject() ? refused : { status: 'none' }
}

/** What a step leaves in the transaction's record; `undefined` where the record stays as it is. */
function toRecord(step: Step, isResponseInPopup: boolean): EndedTransaction | Transaction | undefined {
  if ('transaction' in step) return step.transaction
  if (!('ended' in step)) return undefined
  const isUntold = isResponseInPopup && step.ended.input.display === 'popup' && !('found' in step)
  return isUntold ? { ...step.ended, untold: true } : step.ended
}
