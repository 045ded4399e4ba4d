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
   * A request to the provider's API: `path` is relative to its base. The access token is added, and nowhere else it
   * goes; one that the API refuses is replaced once.
   */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
  /** Forgets the connection and asks the provider to revoke it. Tells whether the provider confirmed it, or why not. */
  readonly disconnect: () => Promise<Revocation>
}

/** Present in `browser` and `mediated` mode: in `bff` mode no token is ever in the page. */
export interface WithAccessToken {
  /** A usable access token; refreshed when needed, once for however many ask. */
  readonly getAccessToken: () => Promise<string>
  /** When the access token in this page's memory expires: epoch seconds; `undefined` while there is none. Not reactive. */
  readonly expiresAt: number | undefined
}

/** Present where the provider is an OpenID provider, in `browser` and `mediated` mode. */
export interface WithUserinfo {
  /** Asks for the claims about the person. They are the caller's, and are stored nowhere. */
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
