import { safeReturnTo } from '../protocol/return-to.js'
import type { Context } from './context.js'
import type { EndedTransaction } from './records/transaction.js'

/** What an outcome has for the app's return, besides itself. */
export interface ReturnPath {
  readonly provider: string
  readonly returnTo: string
  readonly appState?: unknown
}

/** The way back into the app, as `authorize` was given it. Only for the user who began it. */
export function returnOf(
  context: Context,
  { provider, returnTo, input: { appState } }: Pick<EndedTransaction, 'provider' | 'returnTo' | 'input'>,
): ReturnPath {
  return {
    provider,
    returnTo: checkReturnTo(context, returnTo),
    ...(appState !== undefined && { appState }),
  }
}

/**
 * Path at which the app may continue: one of this app, and no callback. Checked when a transaction begins and again when it
 * ends: storage can be written by whatever else runs on this origin.
 */
export function checkReturnTo({ platform, providers, redirectUri }: Context, returnTo: unknown): string {
  const callbacks = Object.keys(providers).map((name) => new URL(redirectUri(name)).pathname)
  return safeReturnTo(returnTo, platform.navigation.url().origin, callbacks)
}
