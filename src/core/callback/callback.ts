import type { AuthorizationResponseError, CountersignError } from '../../protocol/errors.js'
import type { Connection } from '../records/connection.js'

/**
 * Outcome of the authorization response that this page was opened with.
 *
 * @typeParam C A connection of any of the client's providers: its `provider` tells the type of its `details`.
 */
export type CallbackState<C extends Connection = Connection> =
  /** There is nothing to complete here: no response, or an old bookmark. */
  | { readonly status: 'none' }
  /** The code is being redeemed. */
  | { readonly status: 'pending' }
  | ConnectedOutcome<C>
  /** The person changed their mind at the provider. */
  | ({ readonly status: 'cancelled' } & Ended<C>)
  /** The person, or the provider for them, refused. */
  | ({ readonly status: 'denied'; readonly error: AuthorizationResponseError } & Ended<C>)
  /** Nobody was signed in to the app when the person came back. `resume` goes on once its user has signed in again. */
  | ({
      readonly status: 'sign_in_required'
      readonly provider: C['provider']
      readonly returnTo: string
    } & Resumable<C>)
  /**
   * The person is back from an interaction that `client.interact` sent them to. It does not say that they did what was wanted: ask the
   * provider's API again.
   */
  | {
      readonly status: 'interaction_finished'
      readonly provider: C['provider']
      readonly returnTo: string
    }
  /**
   * It did not come about. `resume` is present when nothing was lost, and `restart` when it is known what to begin again:
   * each with its `…Async` twin.
   */
  | (Failed<C> & Partial<Resumable<C>>)

/** The outcome of a response that connected an account: one type for each provider. */
export type ConnectedOutcome<C extends Connection = Connection> = C extends unknown
  ? {
      readonly status: 'connected'
      readonly provider: C['provider']
      readonly connection: C
      /**
       * After a renewal: the granted scope and the details from before it, so that the app can say what is no longer shared.
       * Absent where the connection is new, unless it took the place of one
       * whose tokens died with their page.
       *
       * @example
       * ```ts
       * import type { CallbackState } from 'countersign'
       *
       * const noLongerGranted = (callback: CallbackState) =>
       *   callback.status === 'connected' && callback.previous
       *     ? callback.previous.grantedScope.filter((value) => !callback.connection.grantedScope.includes(value))
       *     : []
       * ```
       */
      readonly previous?: Pick<C, 'grantedScope' | 'details'>
    } & Return
  : never

/**
 * How an authorization ended, for good: what `onOutcome` receives.
 *
 * @typeParam C A connection of any of the client's providers.
 */
export type Outcome<C extends Connection = Connection> =
  Extract<CallbackState<C>, { readonly status: 'connected' | 'cancelled' | 'denied' }> | Failed<C>

/** What the app said of where it continues. */
interface Return {
  /** Path of this app at which to continue. */
  readonly returnTo: string
  /** The `appState` that `authorize` was given. Any script of this origin can have written it: check it. */
  readonly appState?: unknown
}

interface Ended<C extends Connection> extends Return, Restartable {
  readonly provider: C['provider']
}

interface Failed<C extends Connection> extends Return, Partial<Restartable> {
  readonly status: 'failed'
  readonly error: CountersignError
  /** The provider, where the response could be attributed to one. */
  readonly provider?: C['provider']
}

/** The same step can be taken again. */
export interface Resumable<C extends Connection = Connection> {
  /** Takes the same step again. What comes of it takes the place of this state. */
  readonly resume: () => void
  /** The same, and resolves with what comes of it. */
  readonly resumeAsync: () => Promise<CallbackState<C>>
}

/** The same connection can be begun again. */
export interface Restartable {
  /** Begins the same connection again. Call it from a click: a browser opens a popup only then. */
  readonly restart: () => void
  /** The same, and settles as `authorizeAsync` does. */
  readonly restartAsync: () => Promise<unknown>
}
