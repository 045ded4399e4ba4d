import type { CountersignError } from '../../protocol/errors.js'
import type { CallbackState, Resumable } from '../callback/callback.js'
import type { Connection } from '../records/connection.js'

/**
 * Progress of an authorization.
 *
 * @typeParam C A connection of the provider, or of any of the providers that it may be of.
 */
export type AuthorizationState<C extends Connection = Connection> =
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
  | ({ readonly status: 'failed'; readonly error: CountersignError } & Partial<Resumable<C>>)
  /** Outcome of a popup. */
  | Extract<CallbackState<C>, { readonly status: 'connected' | 'cancelled' | 'denied' | 'sign_in_required' }>
