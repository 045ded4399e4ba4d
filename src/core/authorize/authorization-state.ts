import type { CountersignError } from '../../protocol/errors.js'
import type { CallbackState, Resumable } from '../callback/callback.js'
import type { Providers } from '../provider.js'

/**
 * Progress of an authorization.
 *
 * @typeParam P The provider or providers it may be of.
 */
export type AuthorizationState<P extends Providers = Providers> =
  | { readonly status: 'idle' }
  /** The page, or the popup, is about to go to the provider. Ends after 10 seconds when the page is still here. */
  | { readonly status: 'leaving' }
  /** A popup is open at the provider. */
  | {
      readonly status: 'waiting'
      /** Ends the wait: closes the popup and gives up the transaction. */
      readonly cancel: () => void
    }
  /**
   * The popup is closed, as far as the browser can tell. If it comes back after all, before it has expired, its outcome
   * takes the place of this.
   */
  | { readonly status: 'closed' }
  /**
   * Nobody was sent away, or the popup came back with a failure: then `resume` and `resumeAsync` are present when nothing
   * was lost.
   */
  | ({ readonly status: 'failed'; readonly error: CountersignError } & Partial<Resumable<P>>)
  /** Outcome of a popup. */
  | Extract<CallbackState<P>, { readonly status: 'connected' | 'cancelled' | 'denied' | 'sign_in_required' }>
