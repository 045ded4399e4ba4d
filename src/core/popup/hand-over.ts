import { CountersignError } from '../../protocol/errors.js'
import type { CallbackState } from '../callback/callback.js'
import type { Capture } from '../callback/capture.js'
import { toCallbackState } from '../callback/outcome.js'
import { isOwn } from '../callback/own.js'
import { completeCapture, redeem } from '../callback/redeem.js'
import type { Context } from '../context.js'
import { transactionKey, transactionId } from '../records/keys.js'
import { hasEnded, isTransaction, type EndedTransaction } from '../records/transaction.js'
import { timing } from './timing.js'

/**
 * Completes what the page was opened with, unless it is shown in a frame. Where the page is a popup, the page that opened it goes on.
 *
 * @throws {StorageError} when the transaction cannot be read or written: nothing is lost then.
 */
export async function complete(context: Context, capture: Capture): Promise<CallbackState> {
  if (!context.platform.navigation.isTopLevel()) {
    const error = new CountersignError(
      'environment_unsupported',
      'The provider answered inside a frame. It was not used: open the page in a window of its own.',
    )
    return { status: 'failed', error, returnTo: '/' }
  }
  return completeCapture(context, capture, {
    handOver: (state) => handOver(context, state),
    leave: (state, ended) => leave(context, state, ended),
  })
}

/** Completes the response once more after the app's user has changed, if the response is theirs. */
export async function completeAgain(context: Context, capture: Capture): Promise<CallbackState> {
  return (await isOwn(context, capture)) ? complete(context, capture) : { status: 'none' }
}

/** Lets the page that opened this popup go on, and goes on itself when that page is gone. */
async function handOver(context: Context, state: string): Promise<CallbackState> {
  await offer(context, state)
  // Waits for a page that has taken the code and has no answer yet.
  return redeem(context, state, {
    onEnded: ({ connectionId = '' }) => {
      // A page that made the connection itself, such as after its user signed in, stays open and shows it.
      if (!context.made.has(connectionId)) context.platform.navigation.close()
    },
  })
}

/** Tells the page that opened this popup what was refused, and closes the popup. Of what was cancelled nobody need be told. */
async function leave(context: Context, state: string, ended: EndedTransaction): Promise<CallbackState> {
  const { navigation, tabs } = context.platform
  if (ended.outcome === 'cancelled') tabs.announce(transactionId(state))
  // No page is there to tell the app, so this one does.
  else if (!(await offer(context, state))) return redeem(context, state)
  navigation.close()
  return toCallbackState(context, ended)
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
    const stopWaiting = clock.after(timing.handOver, () => {
      settle(false)
    })
    const stopListening = tabs.onAnnounced((announced) => {
      if (announced !== id) return
      database.get(transactionKey(state)).then(
        (record) => {
          if (isTransaction(record) && hasEnded(record)) settle(true)
        },
        // What cannot be read was not told: the wait goes on.
        () => undefined,
      )
    })
    tabs.announce(id)
  })
}
