import type { AuthorizationResponseError, CountersignError } from '../../protocol/errors.js'
import type { Connection } from '../records/connection.js'

/** Outcome of the authorization response that this page was opened with. */
export type CallbackState =
  /** There is nothing to complete here: no response, or an old bookmark. */
  | { readonly status: 'none' }
  /** The code is being redeemed. */
  | { readonly status: 'pending' }
  | {
      readonly status: 'connected'
      readonly provider: string
      readonly connection: Connection
      /** Path of this app at which to continue. */
      readonly returnTo: string
    }
  /** The person changed their mind at the provider. */
  | ({ readonly status: 'cancelled' } & Ended)
  /** The person, or the provider for them, refused. */
  | ({ readonly status: 'denied'; readonly error: AuthorizationResponseError } & Ended)
  | {
      readonly status: 'sign_in_required'
      readonly provider: string
      readonly returnTo: string
      /** Goes on where it stopped, once the app's user has signed in again at the backend. After `setSubject` it goes on by itself. */
      readonly resume: () => Promise<CallbackState>
    }
  | {
      readonly status: 'failed'
      readonly error: CountersignError
      readonly returnTo: string
      /** The provider, where the response could be attributed to one. */
      readonly provider?: string
      /** Takes the same step again: present when nothing was lost. */
      readonly resume?: () => Promise<CallbackState>
      /** Begins the same connection again: present when it is known which. */
      readonly restart?: () => Promise<unknown>
    }

interface Ended {
  readonly provider: string
  /** Path of this app at which to continue. */
  readonly returnTo: string
  /** Begins the same connection again. */
  readonly restart: () => Promise<unknown>
}
