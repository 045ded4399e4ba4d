import type { Context } from '../context.js'
import { checkReturnTo } from '../return-to.js'
import { resumable } from './actions.js'
import type { CallbackState } from './callback.js'
import type { TransactionWithCode } from './decide.js'

/** The state of a response that waits until the app's user has signed in. */
export function signInRequired(
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
