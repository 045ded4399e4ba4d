import { safeReturnTo } from '../protocol/return-to.js'
import type { Context } from './context.js'

/**
 * Path at which the app may continue: one of this app, and no callback. Checked when a transaction begins and again when it
 * ends: storage can be written by whatever else runs on this origin.
 */
export function checkReturnTo({ platform, providers, redirectUri }: Context, returnTo: unknown): string {
  const callbacks = Object.keys(providers).map((name) => new URL(redirectUri(name)).pathname)
  return safeReturnTo(returnTo, platform.navigation.url().origin, callbacks)
}
