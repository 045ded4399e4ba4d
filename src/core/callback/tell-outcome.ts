import type { Context } from '../context.js'
import { reportMistake } from '../in-background.js'
import type { CallbackState } from './callback.js'

/**
 * Tells the app how a transaction ended, unless the same step can be taken again. To be called once for each, by the page that
 * ended it. A mistake in the app's function disturbs nothing.
 */
export async function tellOutcome(
  { onOutcome }: Pick<Context, 'onOutcome'>,
  outcome: CallbackState | Promise<CallbackState>,
): Promise<CallbackState> {
  const state = await outcome
  switch (state.status) {
    case 'failed':
    case 'connected':
    case 'cancelled':
    case 'denied':
      // An asynchronous one may fail later.
      if (!('resume' in state))
        new Promise((resolve) => {
          resolve(onOutcome?.(state))
        }).catch(reportMistake)
  }
  return state
}
