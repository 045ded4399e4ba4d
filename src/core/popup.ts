import type { AuthorizationState } from './authorization.js'
import type { CallbackState } from './callback.js'
import type { CountersignError } from '../protocol/errors.js'
import type { Context } from './context.js'
import { giveUp, redeemReturned } from './redemption.js'
import { hasEnded, isTransaction, transactionId, type Transaction } from './transaction.js'

/** How often the popup is looked at, and how long a closed one may still turn out to have come back: seconds. */
const lookSeconds = 0.25
const graceSeconds = 1

const closed: AuthorizationState = { status: 'closed' }

/**
 * Sends a popup to the provider and waits for what it comes back with.
 *
 * The popup's own page takes the response and stores it; this page hears of it on the channel and redeems the code, so
 * that the tokens are where the application is. Nothing depends on `window.opener` or `postMessage`: a provider that
 * isolates its pages (Cross-Origin-Opener-Policy) cuts both.
 *
 * Such a provider also makes an open popup look closed. Before the popup has been seen on the provider's page it cannot
 * be told, and the wait goes on until the answer, `cancel()` or the expiry. After that closed means closed.
 */
export function watchPopup(
  context: Context,
  transaction: Transaction,
  popup: Window,
  url: string,
  show: (state: AuthorizationState) => void,
): Promise<AuthorizationState> {
  const { clock, database, tabs } = context.platform
  const { state } = transaction
  return new Promise((resolve) => {
    let seenAway = false
    let closedSince: number | undefined
    let stopLooking = (): void => undefined

    const settle = (outcome: AuthorizationState): void => {
      stopLooking()
      stopListening()
      show(outcome)
      resolve(outcome)
    }
    const fail = (error: unknown): void => {
      settle({ status: 'failed', error: error as CountersignError })
    }
    const end = (): void => {
      popup.close()
      giveUp(context, state).then(() => {
        settle(closed)
      }, fail)
    }
    /** Whether there was something to go on with. */
    const check = async (): Promise<boolean> => {
      const record = await database.get(state)
      if (!isTransaction(record) || !(hasEnded(record) || record.code !== undefined)) return false
      const outcome = await redeemReturned(context, state)
      popup.close()
      settle(toState(outcome, show))
      return true
    }
    const look = (): void => {
      const now = clock.now()
      const isClosed = popup.closed
      seenAway ||= !isClosed && isAway(popup)
      closedSince = isClosed ? (closedSince ?? now) : undefined
      const isOver =
        now > transaction.expiresAt ||
        (seenAway && closedSince !== undefined && now - closedSince > graceSeconds)
      if (!isOver) stopLooking = clock.after(lookSeconds, look)
      // It may have come back in the moment it closed.
      else
        check().then((found) => {
          if (!found) end()
        }, fail)
    }
    const stopListening = tabs.onAnnounced((id) => {
      if (id === transactionId(state)) check().catch(fail)
    })

    popup.location.href = url
    show({ status: 'waiting', cancel: end })
    look()
  })
}

/** Whether the popup shows another site's page, which the browser then hides from this one. */
function isAway(popup: Window): boolean {
  try {
    return popup.location.href === ''
  } catch {
    return true
  }
}

/** What came of it, where `resume` shows how it goes on. */
function toState(outcome: CallbackState, show: (state: AuthorizationState) => void): AuthorizationState {
  if (outcome.status === 'none' || outcome.status === 'pending') return closed
  const again = 'resume' in outcome ? outcome.resume : undefined
  if (!again) return outcome
  const resume = async (): Promise<CallbackState> => {
    const next = await again()
    show(toState(next, show))
    return next
  }
  return { ...outcome, resume } as AuthorizationState
}
