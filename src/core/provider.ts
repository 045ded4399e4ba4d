import type { ConnectionDocument, JsonObject } from '../protocol/contract.js'
import type { ChannelModule } from './channel/channel.js'
import type { CommonInput, Mode } from './input.js'

/**
 * One configured data provider, as a preset such as `stitch({…})` makes it. Plain data and small pure functions; the
 * client reads it and never changes it.
 *
 * @typeParam Input What `authorize` takes for this provider.
 * @typeParam Details What a connection at this provider tells.
 * @typeParam M The mode: tokens are reachable in `browser` and `mediated` only.
 */
export interface Provider<
  Input extends object = object,
  Details extends object = object,
  M extends Mode = Mode,
> {
  /** The name in sentences, such as `Stitch`. */
  readonly label: string
  readonly mode: M
  readonly clientId: string
  /** The scope that is asked for, space-delimited. With `openid` every request asks for it. */
  readonly scope: string
  /**
   * Where people are sent. In `mediated` and `bff` mode the backend's answer is checked against its origin and path;
   * in `browser` mode absent means: from discovery.
   */
  readonly authorizationEndpoint?: string | undefined
  /** The issuer identifier, where the authorization server has one. */
  readonly issuer?: string | undefined
  /** Whether every authorization response must carry `iss` (RFC 9207). @defaultValue false */
  readonly requireIss?: boolean
  /** Whether a response with nothing but `state` means that the person cancelled. @defaultValue false */
  readonly cancelsWithoutCode?: boolean
  /** `error` values that mean the person refused, beside `access_denied`. */
  readonly deniedErrors?: readonly string[]
  /** Whether the transaction may be made at the backend before the click: it has no side effect and signs nothing personal. */
  readonly preparesRemotely?: boolean
  /** Seconds that a person may take at the provider. @defaultValue 900 */
  readonly transactionSeconds?: number
  /** Base URL of the provider's API; `fetch(path)` stays below it, and tokens go nowhere else. */
  readonly api?: string | undefined
  /** Whether an answer of the API says that the access token is no longer good, beside HTTP 401. */
  readonly isTokenRejected?: (response: Response) => Promise<boolean>
  /** Whether a refused request may be sent again with a new token. @defaultValue idempotent methods may */
  readonly isRepeatable?: (init: RequestInit) => boolean
  /** The provider's own part of the input, checked, as it goes to the backend. @throws {TypeError} for a wrong one. */
  readonly toInput?: (input: Input) => JsonObject
  /** What a connection at this provider tells, from the names on the wire. */
  readonly toDetails?: (details: JsonObject, connection: ConnectionDocument) => Details
  /** How the provider's protocol steps are carried out: by this page or by the backend. Loaded on demand. */
  readonly channel: () => Promise<ChannelModule>
  /** What the direct channel needs to know. */
  readonly direct?: DirectSettings
}

/** What the direct channel needs to know about an authorization server. */
export interface DirectSettings {
  /** Endpoints that are not discovered; with `token_endpoint` given there is no discovery. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Sender-constrained tokens: bound to a key of this browser that cannot be exported, and kept over a reload. */
  readonly dpop?: boolean
  /** Keeps bearer tokens in IndexedDB, where every script of this origin can read them. */
  readonly persistTokens?: boolean
  /**
   * Whether refresh tokens are used. `false` where the server neither replaces a public client's refresh tokens at every
   * use nor binds them to a key: such a token must not be used (RFC 9700 §2.2.2). @defaultValue true
   */
  readonly refresh?: boolean
  /** Whether the request is pushed first (RFC 9126), without client authentication. */
  readonly par?: boolean
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Origins, beside the issuer's, on which discovered endpoints may lie. */
  readonly origins?: readonly string[]
  /** `token_type` values that mean `Bearer`, in lower case, such as Apiture's `bearer:`. */
  readonly bearerAliases?: readonly string[]
  /**
   * Whether a token response to an `openid` request must hold an ID Token. Where it renews a connection of a known person
   * it must in any case. @defaultValue 'required'
   */
  readonly idToken?: 'required' | 'optional'
}

/** The input type of a provider. */
export type InputOf<P> =
  P extends Provider<infer Input, infer _Details, infer _M> ? Input & CommonInput : never

/** The input as an argument: it can be left out only where the provider needs none of its fields. */
export type InputArgument<P> = object extends InputOf<P> ? [input?: InputOf<P>] : [input: InputOf<P>]

/** The details type of a provider. */
export type DetailsOf<P> = P extends Provider<infer _Input, infer Details, infer _M> ? Details : never
