import { parseAuthorizationResponse } from '../protocol/authorization-response.js'
import { CountersignError, TransactionError } from '../protocol/errors.js'
import { sha256 } from '../protocol/pkce.js'
import type { CallbackState } from './callback.js'
import type { Capture } from './capture.js'
import type { Channel, Redeemed } from './channel/channel.js'
import { connectionKey, type ConnectionRecord } from './connection.js'
import { providerOf, type Context } from './context.js'
import { decide, type Arrival, type Returned, type Step } from './decision.js'
import { checkReturnTo, end, endWith, tell } from './ending.js'
import { hasEnded, isTransaction, transactionId, type EndedTransaction } from './transaction.js'

/** Seconds for which the page that opened a popup has time to take the code over. */
const handOverSeconds = 4

/**
 * Completes what the page was opened with.
 *
 * @throws {StorageError} when the transaction cannot be read or written: nothing is lost then.
 */
export async function complete(context: Context, { parameters, url, id }: Capture): Promise<CallbackState> {
  if (!parameters || !url) {
    const entries = await context.platform.database.entries()
    const state = entries.find(([key, value]) => isTransaction(value) && transactionId(key) === id)?.[0]
    return state === undefined ? { status: 'none' } : redeem(context, state)
  }
  let response: Arrival
  try {
    response = { ...parseAuthorizationResponse(parameters), url }
  } catch (error) {
    return { status: 'failed', error: error as CountersignError, returnTo: '/' }
  }
  return redeem(context, response.state, { response })
}

/** Goes on with the code that a popup left here. */
export function redeemReturned(context: Context, state: string): Promise<CallbackState> {
  return redeem(context, state, { opener: true })
}

/** Ends a transaction that nobody waits for any more, unless it has ended already. */
export async function giveUp(context: Context, state: string): Promise<void> {
  await context.platform.database.change([state], ([record]) => [
    isTransaction(record) && !hasEnded(record)
      ? { [state]: end(record, { phase: 'failed', outcome: 'cancelled' }) }
      : {},
    undefined,
  ])
}

interface Occasion {
  readonly response?: Arrival
  readonly opener?: boolean
  /** Called when it had ended before, in another page. */
  readonly onEnded?: () => void
}

/**
 * Redeems the code of a transaction exactly once, whoever asks: two tabs on the same URL, a reload, a second reader.
 *
 * One of them gets the lock and goes on; the others wait for it and then read what it left behind:
 *
 *     left ──response──▶ sent ──answer──▶ done | failed     (the tombstone that everybody else reads)
 *                          └──no answer──▶ sent              (a reload or resume() sends once more)
 */
async function redeem(
  context: Context,
  state: string,
  { response, opener = false, onEnded }: Occasion = {},
): Promise<CallbackState> {
  const { database, tabs } = context.platform
  const resume = (): Promise<CallbackState> => redeem(context, state, { opener: true })

  const work = async (): Promise<Step | CallbackState> => {
    const step = await database.change([state], ([record]) => {
      const decided = decide(context, state, record, response, opener)
      const value =
        'ended' in decided ? decided.ended : 'transaction' in decided ? decided.transaction : undefined
      return [value ? { [state]: value } : {}, decided]
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
    const again = { ...(response && { response }), opener }
    return { status: 'failed', error: busy, returnTo: '/', resume: () => redeem(context, state, again) }
  }
  if ('status' in step) return step
  switch (step.do) {
    case 'tell':
      if (response && step.ended.input.display === 'popup') return leavePopup(context, state, step.ended)
      tabs.announce(transactionId(state))
      if (step.found) onEnded?.()
      return tell(context, step.ended)
    case 'sign_in':
      // A popup then hands over what it was not to hand over before.
      return signInRequired(context, step.transaction, () => redeem(context, state, { opener }))
    case 'hand_over':
      return handOver(context, state)
    case 'refuse':
      return { status: 'failed', error: step.error, returnTo: '/' }
    default:
      return { status: 'none' }
  }
}

/** Sends the code, stores what came of it, and tells. Runs under the transaction's lock. */
async function send(
  context: Context,
  transaction: Returned,
  resume: () => Promise<CallbackState>,
): Promise<CallbackState> {
  const { provider, state, sends = 1 } = transaction
  const { database, tabs } = context.platform
  const returnTo = checkReturnTo(context, transaction.returnTo)
  const id = transactionId(state)
  let channel: Channel
  try {
    channel = await context.channel(provider)
    await channel.ready?.()
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    // The code has not left this page: that was no attempt.
    const waiting: Returned = { ...transaction, phase: 'returned', sends: sends - 1 }
    await database.change([], () => [{ [state]: waiting }, undefined])
    return { status: 'failed', error, provider, returnTo, resume }
  }
  context.emit('redemption_sent', id, provider)
  let redeemed: Redeemed
  try {
    redeemed = await channel.redeem(transaction, transaction)
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    if (error.code === 'sign_in_required') return signInRequired(context, transaction, resume)
    // Nothing was consumed, or nobody knows: the record stays, so that resume() or a reload can go on.
    if (error.recovery !== 'authorize') return { status: 'failed', error, provider, returnTo, resume }
    const ended = endWith(transaction, error)
    await database.change([], () => [{ [state]: ended }, undefined])
    tabs.announce(id)
    context.emit('transaction_ended', id, error.code)
    return tell(context, ended)
  }

  return keep(context, transaction, redeemed)
}

/** Stores what the code gave, and tells. The code is spent: where storing fails the tokens wait here for `resume()`. */
async function keep(context: Context, transaction: Returned, redeemed: Redeemed): Promise<CallbackState> {
  const { provider, state, subject } = transaction
  const { database, tabs } = context.platform
  const { connection, accessToken, refreshToken, idTokenSubject, stored } = redeemed
  const id = transactionId(state)
  const ended = end(transaction, { phase: 'done', connectionId: connection.id })
  const record: ConnectionRecord = {
    v: 1,
    subject,
    mode: providerOf(context, provider).mode,
    connection,
    ...(idTokenSubject !== undefined && { idTokenSubject }),
    ...(stored && { persistent: true }),
  }
  try {
    // One transaction of the database: there is never a connection without its tombstone, nor the other way round.
    await database.change([], () => [
      { [state]: ended, [connectionKey(connection.id)]: record, ...stored },
      undefined,
    ])
  } catch (error) {
    const returnTo = checkReturnTo(context, transaction.returnTo)
    const resume = (): Promise<CallbackState> => keep(context, transaction, redeemed)
    return { status: 'failed', error: error as CountersignError, provider, returnTo, resume }
  }
  const { id: connectionId, connectedAt } = connection
  if (accessToken)
    context.tokens.set(connectionId, { accessToken, connectedAt, refreshToken, idTokenSubject })
  tabs.announce(connection.id)
  tabs.announce(id)
  context.emit('transaction_ended', id, 'connected')
  return tell(context, ended)
}

function signInRequired(
  context: Context,
  { provider, returnTo }: Returned,
  resume: () => Promise<CallbackState>,
): CallbackState {
  context.connections.signInRequired()
  return { status: 'sign_in_required', provider, returnTo: checkReturnTo(context, returnTo), resume }
}

/** In the popup: what was refused is told by the page that opened it; of what was cancelled nobody need be told. */
async function leavePopup(context: Context, state: string, ended: EndedTransaction): Promise<CallbackState> {
  const { navigation, tabs } = context.platform
  if (ended.outcome === 'cancelled') tabs.announce(transactionId(state))
  // Nobody is there to tell it, so this page does.
  else if (!(await offer(context, state))) return tell(context, ended)
  navigation.close()
  return tell(context, ended)
}

/** In the popup: lets the page that opened it go on, and goes on itself when that page is gone. */
async function handOver(context: Context, state: string): Promise<CallbackState> {
  await offer(context, state)
  // Waits for a page that has taken the code and has no answer yet.
  return redeem(context, state, {
    opener: true,
    onEnded: () => {
      context.platform.navigation.close()
    },
  })
}

/** Offers what has come back to the page that opened the popup: whether that page has told in time what became of it. */
async function offer({ platform: { clock, database, tabs } }: Context, state: string): Promise<boolean> {
  const id = transactionId(state)
  return new Promise((resolve) => {
    const settle = (answer: boolean): void => {
      stopListening()
      stopWaiting()
      resolve(answer)
    }
    const stopWaiting = clock.after(handOverSeconds, () => {
      settle(false)
    })
    const stopListening = tabs.onAnnounced((announced) => {
      if (announced !== id) return
      void database.get(state).then((record) => {
        if (isTransaction(record) && hasEnded(record)) settle(true)
      })
    })
    tabs.announce(id)
  })
}
