import type { CountersignError } from '../../protocol/errors.js'
import type { Revocation } from '../../protocol/revocation-result.js'
import type { Userinfo } from '../channel/channel.js'
import type { Mode } from '../input.js'
import type { DetailsOf, ModeOf, ProviderName, Providers, UserinfoOf } from '../provider.js'
import type { Connection } from '../records/connection.js'

/** Access to a connected account. Holds no token itself. */
export interface Connected<Details extends object = object, Name extends string = string> {
  readonly status: 'connected'
  readonly connection: Connection<Details, Name>
  /**
   * A request to the provider's API: `path` is relative to its base. The access token is added and sent nowhere else;
   * one that the API refuses is replaced once. Any other status of the API is a response, as with the platform's `fetch`, but for
   * what only the person can help with: a 401 that asks for a newer or stronger sign-in and, in `bff` mode, a 403 because the
   * consent has ended.
   *
   * @throws {StepUpError} when the API wants the person to sign in again, or by a stronger way.
   * @throws {CountersignError} `resource_not_allowed` for a path that leaves the API; `reauthorization_required` when the
   * person has to connect again, `sign_in_required` when the app's user has to sign in, `refresh_failed` when the
   * refreshes get no OAuth answer.
   * @throws {NetworkError} when no token could be had because no response came.
   * @throws {BackendError} when the app's backend refuses: in `bff` mode also a path that it does not list, and what it says in the
   * API's place.
   * @throws {TypeError} when the provider was configured without `api`, and, as the platform's `fetch`, when no response of the API
   * came.
   */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
  /**
   * Forgets the connection and asks the provider to revoke it. Tells whether the provider confirmed it, or why not; it
   * does not reject because of what the provider answers.
   *
   * @throws {CountersignError} `sign_in_required` when the connection belongs to another user of the app.
   * @throws {StorageError} when it could not be forgotten.
   */
  readonly disconnect: () => Promise<Revocation>
}

/** Present in `browser` and `mediated` mode: in `bff` mode no token is ever in the page. */
export interface WithAccessToken {
  /**
   * A usable access token; refreshed when needed, once for any number of callers.
   *
   * @throws {CountersignError} `reauthorization_required` when the person has to connect again, `sign_in_required` when
   * the app's user has to sign in, `refresh_failed` when the refreshes get no OAuth answer.
   * @throws {NetworkError} when no response came. @throws {BackendError} when the app's backend refuses.
   */
  readonly getAccessToken: () => Promise<string>
  /** When the access token in this page's memory expires: epoch seconds; `undefined` while there is none. Not reactive. */
  readonly expiresAt: number | undefined
}

/** Present where the provider is an OpenID provider, in `browser` and `mediated` mode. */
export interface WithUserinfo {
  /**
   * Asks the userinfo endpoint for the claims about the person. They are stored nowhere.
   *
   * @throws {ValidationError} `response_malformed` for an answer that is none, or is about another person.
   * @throws {TokenEndpointError} when the endpoint refuses. @throws {CountersignError} as `getAccessToken`.
   * @throws {StepUpError} when the endpoint wants the person to sign in again, or by a stronger way.
   * @throws {TypeError} when it is not known where to ask, or whose claims they must be.
   */
  readonly userinfo: () => Promise<Userinfo>
}

/** State of `useConnection`: a union, discriminated by `status`. */
export type TokensState<
  Details extends object = object,
  M extends Mode = Mode,
  U extends boolean = boolean,
  Name extends string = string,
> =
  | { readonly status: 'restoring' }
  | (Connected<Details, Name> &
      (M extends 'bff' ? object : WithAccessToken) &
      ([U] extends [true] ? WithUserinfo : object))
  | { readonly status: 'disconnected' }
  | {
      readonly status: 'reauthorization_required'
      readonly connection: Connection<Details, Name>
      readonly disconnect: () => Promise<Revocation>
    }
  | { readonly status: 'sign_in_required' }
  /** Nothing is known. */
  | { readonly status: 'failed'; readonly error: CountersignError }
  /** The connection does not work at the moment: its refreshes get no OAuth answer, and are tried again once an hour. */
  | {
      readonly status: 'failed'
      readonly error: CountersignError
      readonly connection: Connection<Details, Name>
      readonly disconnect: () => Promise<Revocation>
    }

/** State of a connection at one of these providers: the `provider` of its connection tells the type of `details`. */
export type TokensStateOf<P extends Providers, Name extends ProviderName<P>> = Name extends unknown
  ? TokensState<DetailsOf<P[Name]>, ModeOf<P[Name]>, UserinfoOf<P[Name]>, Name>
  : never
