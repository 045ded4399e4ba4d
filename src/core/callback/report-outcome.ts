import type { Context } from '../context.js'
import { reportMistake } from '../in-background.js'
import type { CallbackState, Outcome } from './callback.js'

/**
 * Tells the app how a transaction ended, unless the same step can be taken again. The page that ended the transaction calls
 * this once. An error in the app's function is reported and changes nothing.
 */
export async function reportOutcome(
  { onOutcome }: Pick<Context, 'onOutcome'>,
  outcome: CallbackState | Promise<CallbackState>,
): Promise<CallbackState> {
  const state = await outcome
  // An asynchronous onOutcome may fail later.
  if (isOutcome(state))
    new Promise((resolve) => {
      resolve(onOutcome?.(state))
    }).catch(reportMistake)
  return state
}

const isOutcome = (state: CallbackState): state is Outcome =>
  ['failed', 'connected', 'cancelled', 'denied'].includes(state.status) && !('resume' in state)
