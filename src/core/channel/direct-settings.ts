/** Facts about an authorization server that this page needs to talk to it. */
export interface DirectSettings {
  /** Endpoints that are not discovered; with `token_endpoint` given there is no discovery. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  /** Sender-constrained tokens: bound to a key of this browser that cannot be exported, and kept over a reload. */
  readonly dpop?: boolean | undefined
  /** Keeps bearer tokens in IndexedDB, where every script of this origin can read them. */
  readonly persistTokens?: boolean | undefined
  /**
   * Use of refresh tokens. `false` where the server neither replaces a public client's refresh tokens at every
   * use nor binds them to a key: such a token must not be used (RFC 9700 §2.2.2). @defaultValue true
   */
  readonly refresh?: boolean | undefined
  /** Pushes the request first (RFC 9126), without client authentication. */
  readonly par?: boolean | undefined
  /** Asks for consent with every request for `offline_access`, unless `parameters` has a `prompt`. @defaultValue false */
  readonly consentsToOfflineAccess?: boolean | undefined
  /** Claims of the ID Token that a connection has as its details. @defaultValue none */
  readonly details?: readonly string[] | undefined
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Origins, beside the issuer's, on which discovered endpoints may lie. */
  readonly origins?: readonly string[] | undefined
  /** `token_type` values that mean `Bearer`, in lower case, such as Apiture's `bearer:`. */
  readonly bearerAliases?: readonly string[] | undefined
  /**
   * Demand for an ID Token in the token response to an `openid` request. A response that renews a connection of a known
   * person must hold one in any case. Without one the connection has `identity: 'unproven'`. @defaultValue 'required'
   */
  readonly idToken?: 'required' | 'optional' | undefined
}
