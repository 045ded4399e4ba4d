import type { CountersignError } from '../../protocol/errors.js'
import type { CallbackState } from '../callback/callback.js'

/** Progress of an authorization. */
export type AuthorizationState =
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
  /** Nobody was sent away, or the popup came back with a failure. */
  | {
      readonly status: 'failed'
      readonly error: CountersignError
      /** Takes the same step again: present when a popup came back and nothing was lost. */
      readonly resume?: () => Promise<CallbackState>
    }
  /** Outcome of a popup. */
  | Extract<CallbackState, { readonly status: 'connected' | 'cancelled' | 'denied' | 'sign_in_required' }>
