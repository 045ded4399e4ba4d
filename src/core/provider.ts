import type { ConnectionDocument, JsonObject } from '../protocol/contract.js'
import type { ChannelModule } from './channel/channel.js'
import type { DirectSettings } from './channel/direct-settings.js'
import type { CommonInput, Mode } from './input.js'
import type { Connection } from './records/connection.js'

/**
 * One configured data provider, as a preset such as `stitch({…})` makes it. Plain data and small pure functions; the
 * client reads it and never changes it.
 *
 * @typeParam Input What `authorize` takes for this provider.
 * @typeParam Details What a connection at this provider tells.
 * @typeParam M The mode: tokens are reachable in `browser` and `mediated` only.
 * @typeParam U `true` where connections have `userinfo()`.
 */
export interface Provider<
  Input extends object = object,
  Details extends object = object,
  M extends Mode = Mode,
  U extends boolean = boolean,
> {
  /** The name in sentences, such as `Stitch`. */
  readonly label: string
  readonly clientId: string
  /** The scope that is asked for, space-delimited. With `openid` every request asks for it. */
  readonly scope: string
  /**
   * Authorization endpoint. In `mediated` and `bff` mode the backend's answer is checked against its origin and path;
   * in `browser` mode absent means: from discovery.
   */
  readonly authorizationEndpoint?: string | undefined
  /** The issuer identifier, where the authorization server has one. */
  readonly issuer?: string | undefined
  /** True when every authorization response must carry `iss` (RFC 9207). @defaultValue false */
  readonly requireIss?: boolean
  /** True when a response with nothing but `state` means that the person cancelled. @defaultValue false */
  readonly cancelsWithoutCode?: boolean
  /**
   * With a backend: true when the authorization response says in `scope` what the person granted. `grantedScope` of a connection is then what the
   * token response and it have in common: an address can take away from what is reported, and add nothing. @defaultValue false
   */
  readonly narrowsScope?: boolean
  /** `error` values that mean the person refused, beside `access_denied`. */
  readonly deniedErrors?: readonly string[]
  /** True when the transaction may be made at the backend before the click: it has no side effect and signs nothing personal. */
  readonly preparesRemotely?: boolean
  /** Seconds that a person may take at the provider. @defaultValue 900 */
  readonly transactionSeconds?: number
  /** Base URL of the provider's API; `fetch(path)` stays below it, and tokens go nowhere else. In `bff` mode the backend's counts. */
  readonly api?: string | undefined
  /** True when connections have `userinfo()`, which asks the OpenID provider's userinfo endpoint. @defaultValue false */
  readonly userinfo?: U
  /** Userinfo endpoint, in `mediated` mode. @defaultValue from discovery, in `browser` mode */
  readonly userinfoEndpoint?: string | undefined
  /** Recognizes an API response that rejects the access token, beside HTTP 401. */
  readonly isTokenRejected?: (response: Response) => Promise<boolean>
  /** Decides whether a refused request may be sent again with a new token. @defaultValue idempotent methods may */
  readonly isRepeatable?: (init: RequestInit) => boolean
  /** The provider's own part of the input, checked, as it goes to the backend. @throws {TypeError} for a wrong one. */
  readonly toInput?: (input: Input) => JsonObject
  /** The input for an institution of the provider's list, by its id. Absent: the provider has no list. */
  readonly toInstitutionInput?: (id: string) => Input
  /** Details of a connection, from the names on the wire. */
  readonly toDetails?: (details: JsonObject, connection: ConnectionDocument) => Details
  /** The way the provider's protocol steps are carried out, and with it the mode. */
  readonly channel: ProviderChannel<M>
}

/** The way a provider's protocol steps are carried out: made by `direct({…})` or `backend('mediated')`. */
export interface ProviderChannel<M extends Mode = Mode> {
  readonly mode: M
  /** True when tokens outlive the page in this browser and are shared by all tabs. */
  readonly keepsTokens: boolean
  /** Facts about the authorization server, in `browser` mode. */
  readonly settings?: DirectSettings
  /** Loads the code, on first use. */
  readonly load: () => Promise<ChannelModule>
}

/** The providers of a client, by the names the application gives them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one way to say "a provider of whatever input": input types stand in contravariant positions
export type Providers = Readonly<Record<string, Provider<any>>>

/** The names of providers. */
export type ProviderName<P extends Providers> = Extract<keyof P, string>

/** A connection at one of these providers: `provider` tells which, and with it the type of `details`. */
export type ConnectionOf<
  P extends Providers,
  Name extends ProviderName<P> = ProviderName<P>,
> = Name extends unknown ? Connection<DetailsOf<P[Name]>, Name> : never

/** The input type of a provider. */
export type InputOf<P> =
  P extends Provider<infer Input, infer _Details, infer _M, infer _U> ? Input & CommonInput : never

/** The provider's own part of the input: what an institution of its list is chosen by. */
export type InstitutionInputOf<P> =
  P extends Provider<infer Input, infer _Details, infer _M, infer _U> ? Input : never

/** The details type of a provider. */
export type DetailsOf<P> =
  P extends Provider<infer _Input, infer Details, infer _M, infer _U> ? Details : never

/** The mode of a provider. */
export type ModeOf<P> = P extends Provider<infer _Input, infer _Details, infer M, infer _U> ? M : never

/** Whether connections of a provider have `userinfo()`. */
export type UserinfoOf<P> = P extends Provider<infer _Input, infer _Details, infer _M, infer U> ? U : never
