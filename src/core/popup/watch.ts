import type { AuthorizationState } from '../authorize/authorization-state.js'
import type { Begun, Click } from '../authorize/begin.js'
import { attempt, resumable } from '../callback/actions.js'
import type { CallbackState } from '../callback/callback.js'
import type { CountersignError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import { giveUp, redeem } from '../callback/redeem.js'
import { checkAgain } from '../callback/resume-pending.js'
import { keptAnswer } from '../callback/waiting-answer.js'
import { transactionKey, transactionId } from '../records/keys.js'
import { hasEnded, isTransaction, type EndedTransaction, type Transaction } from '../records/transaction.js'
import { lookAt, type Sight } from './look.js'

const closed: AuthorizationState = { status: 'closed' }

/**
 * Sends a popup to the provider and waits for what it comes back with.
 *
 * The popup's own page takes the response and stores it; this page hears of it on the channel and redeems the code, so
 * that the tokens are where the application is. Nothing depends on `window.opener` or `postMessage`: a page that is
 * isolated (Cross-Origin-Opener-Policy), the provider's or the application's own, cuts both.
 *
 * Such a page also makes an open popup look closed. Before the popup has been seen on the provider's page that tells
 * nothing, and the wait goes on. After that the person is told that it is closed, and may begin anew; but it may as well be
 * on its way back, on a slow network. So nothing is given up before the expiry: what still comes is taken.
 */
export function watchPopup(
  context: Context,
  { transaction, url }: Begun,
  popup: Window,
  { show, isLast }: Pick<Click, 'show' | 'isLast'>,
): Promise<AuthorizationState> {
  const { clock, tabs } = context.platform
  const { state, expiresAt } = transaction
  return new Promise((resolve) => {
    let stopLooking = (): void => undefined
    let isSettled = false

    const display = (outcome: AuthorizationState): void => {
      show(outcome)
      resolve(outcome)
    }
    const settle = (outcome: AuthorizationState): void => {
      isSettled = true
      stopLooking()
      stopListening()
      display(outcome)
    }
    const fail = (error: unknown): void => settle({ status: 'failed', error: error as CountersignError })
    const end = (): void => {
      popup.close()
      giveUp(context, state).then(() => {
        settle(closed)
      }, fail)
    }
    const check = createCheck(
      context,
      state,
      () => isSettled,
      (outcome) => {
        popup.close()
        settle(toState(outcome, show))
        // Once another click is shown, nobody is asked to try again.
        if (keptAnswer(context, state)) void checkAgain(context, state, isLast)
      },
    )
    const look = ({ seemsClosed, isOver }: Sight): void => {
      // It may have come back in the moment it closed.
      check().then(
        (found) => {
          if (!found && isOver) end()
          else if (!found && seemsClosed) display(closed)
        },
        (error: unknown) => {
          // The next look reads the record again.
          if (isOver || seemsClosed) fail(error)
        },
      )
    }
    const stopListening = tabs.onAnnounced((id) => {
      if (id === transactionId(state)) check().catch(fail)
    })

    popup.location.href = url
    show({ status: 'waiting', cancel: end })
    stopLooking = lookAt(popup, clock, expiresAt, look)
  })
}

/**
 * Makes the check that continues with a response, if there is one for the user of this page. Resolves with whether there was. One
 * runs after another: a code that is at the token endpoint is not sent by the next check.
 */
function createCheck(
  context: Context,
  state: string,
  isSettled: () => boolean,
  settle: (outcome: CallbackState) => void,
): () => Promise<boolean> {
  const check = async (): Promise<boolean> => {
    if (isSettled()) return true
    const record = await readOwn(context, transactionKey(state))
    if (!record) return false
    if (!hasEnded(record) && (record.code === undefined || record.awaitsSignIn)) return false
    settle(await redeem(context, state))
    return true
  }
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const result = last.then(check)
    last = result.catch(() => undefined)
    return result
  }
}

/** State of an outcome; its `resume` shows how it continues. */
function toState(outcome: CallbackState, show: (state: AuthorizationState) => void): AuthorizationState {
  const { status } = outcome
  if (status === 'none' || status === 'pending' || status === 'interaction_finished') return closed
  const again = 'resumeAsync' in outcome ? outcome.resumeAsync : undefined
  if (!again) return outcome
  const resume = async (): Promise<CallbackState> => {
    const next = await attempt(again)
    show(toState(next, show))
    return next
  }
  return { ...outcome, ...resumable(resume) }
}

/** The transaction under a key, where it is the app's user's. */
async function readOwn(
  { platform, subject, revealSubject }: Context,
  key: string,
): Promise<Transaction | EndedTransaction | undefined> {
  const record = await platform.database.get(key)
  if (!isTransaction(record)) return undefined
  return (await revealSubject(record.subject)) === subject() ? record : undefined
}
