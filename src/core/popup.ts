import type { AuthorizationState } from './authorization.js'
import type { CallbackState } from './callback.js'
import type { Context } from './context.js'
import { giveUp, redeemReturned } from './redemption.js'
import { hasEnded, isTransaction, transactionId, type Transaction } from './transaction.js'

/** How often the popup is looked at, and how long a closed one may still turn out to have come back: seconds. */
const lookSeconds = 0.25
const graceSeconds = 1

/**
 * Sends a popup to the provider and waits for what it comes back with.
 *
 * The popup's own page takes the response and stores it; this page hears of it on the channel and redeems the code, so
 * that the tokens are where the application is. Nothing depends on `window.opener` or `postMessage`: a provider that
 * isolates its pages (Cross-Origin-Opener-Policy) cuts both.
 *
 * Such a provider also makes an open popup look closed. Once the popup has been seen on the provider's page, closed
 * means closed; before that it cannot be told, and the wait goes on until the answer, `cancel()` or the expiry.
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
      resolve(outcome)
    }
    const giveUpAs = (status: 'closed'): void => {
      popup.close()
      void giveUp(context, state).finally(() => {
        settle({ status })
      })
    }
    const check = async (): Promise<void> => {
      const record = await database.get(state)
      if (!isTransaction(record) || !(hasEnded(record) || record.code !== undefined)) return
      const outcome = await redeemReturned(context, state)
      popup.close()
      settle(toState(outcome))
    }
    const look = (): void => {
      const now = clock.now()
      seenAway ||= isAway(popup)
      closedSince = popup.closed ? (closedSince ?? now) : undefined
      if (
        now > transaction.expiresAt ||
        (seenAway && closedSince !== undefined && now - closedSince > graceSeconds)
      ) {
        void check().finally(() => {
          giveUpAs('closed')
        })
      } else {
        stopLooking = clock.after(lookSeconds, look)
      }
    }
    const stopListening = tabs.onAnnounced((id) => {
      if (id === transactionId(state)) void check()
    })

    popup.location.href = url
    show({
      status: 'waiting',
      cancel: () => {
        giveUpAs('closed')
      },
    })
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

const toState = (outcome: CallbackState): AuthorizationState =>
  outcome.status === 'none' || outcome.status === 'pending' ? { status: 'closed' } : outcome
