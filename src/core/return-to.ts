import { foldPath } from '../protocol/redirect-place.js'
import { isOwnState } from '../protocol/own-state.js'
import { holdsResponse } from '../protocol/response-parameters.js'
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

/** Test for an address of which a page of the app would take a response. */
const holdsOwnState = ({ searchParams, hash }: URL): boolean =>
  searchParams.has('error') ||
  [searchParams, new URLSearchParams(hash.slice(1))].some((one) => isOwnState(one.get('state')))

/**
 * Path at which the app may continue: one of this app, and no callback. Checked when a transaction begins and again when it
 * ends: storage can be written by whatever else runs on this origin.
 */
export function checkReturnTo(context: Context, returnTo: unknown): string {
  const { platform, providers, redirectUri, hasSharedPages, startPath } = context
  const callbacks = Object.keys(providers).map((name) => foldPath(new URL(redirectUri(name)).pathname))
  const isCallback = (url: URL): boolean => {
    const path = foldPath(url.pathname)
    // A page of the app is a place to return to, whoever else comes back there.
    const isPage = hasSharedPages || path === foldPath(startPath)
    // Parameters of the app may have a response's names; what the page would take is told by its own state.
    const isTaken = hasSharedPages ? holdsOwnState(url) : holdsResponse(url)
    return callbacks.includes(path) && (!isPage || isTaken)
  }
  return safeReturnTo(returnTo, platform.navigation.url().origin, isCallback)
}
