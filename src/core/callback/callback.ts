import type { AuthorizationResponseError, CountersignError } from '../../protocol/errors.js'
import type { ProviderName, Providers } from '../provider.js'
import type { Connection } from '../records/connection.js'
import type { DetailsOf } from '../provider.js'

/**
 * Outcome of the authorization response that this page was opened with.
 *
 * @typeParam P The client's providers: once connected, `provider` tells the type of `connection.details`.
 */
export type CallbackState<P extends Providers = Providers> =
  /** There is nothing to complete here: no response, or an old bookmark. */
  | { readonly status: 'none' }
  /** The code is being redeemed. */
  | { readonly status: 'pending' }
  | { readonly [Name in ProviderName<P>]: ConnectedOutcome<P, Name> }[ProviderName<P>]
  /** The person changed their mind at the provider. */
  | ({ readonly status: 'cancelled' } & Ended<P>)
  /** The person, or the provider for them, refused. */
  | ({ readonly status: 'denied'; readonly error: AuthorizationResponseError } & Ended<P>)
  /** Nobody was signed in to the app when the person came back. `resume` goes on once its user has signed in again. */
  | ({
      readonly status: 'sign_in_required'
      readonly provider: ProviderName<P>
      readonly returnTo: string
    } & Resumable<P>)
  /**
   * It did not come about. `resume` is present when nothing was lost, and `restart` when it is known what to begin again:
   * each with its `…Async` twin.
   */
  | ({
      readonly status: 'failed'
      readonly error: CountersignError
      readonly returnTo: string
      /** The provider, where the response could be attributed to one. */
      readonly provider?: ProviderName<P>
    } & Partial<Resumable<P>> &
      Partial<Restartable>)

/** The outcome of a response that connected an account. */
export interface ConnectedOutcome<P extends Providers, Name extends ProviderName<P>> {
  readonly status: 'connected'
  readonly provider: Name
  readonly connection: Connection<DetailsOf<P[Name]>, Name>
  /** Path of this app at which to continue. */
  readonly returnTo: string
}

interface Ended<P extends Providers> extends Restartable {
  readonly provider: ProviderName<P>
  /** Path of this app at which to continue. */
  readonly returnTo: string
}

/** The same step can be taken again. */
export interface Resumable<P extends Providers = Providers> {
  /** Takes the same step again. What comes of it takes the place of this state. */
  readonly resume: () => void
  /** The same, and resolves with what comes of it. */
  readonly resumeAsync: () => Promise<CallbackState<P>>
}

/** The same connection can be begun again. */
export interface Restartable {
  /** Begins the same connection again. Call it from a click: a browser opens a popup only then. */
  readonly restart: () => void
  /** The same, and settles as `authorizeAsync` does. */
  readonly restartAsync: () => Promise<unknown>
}
