/** An access token in the memory of this page. */

export interface AccessToken {
  readonly value: string
  /** Epoch seconds; `undefined` when the server did not say. */
  readonly expiresAt: number | undefined
}

/** The tokens of one connection, in the memory of this page and nowhere else. */
export interface HeldTokens {
  readonly accessToken: AccessToken | undefined
  /** When the connection that the access token came with was made or renewed: epoch seconds. */
  readonly connectedAt?: number
  readonly refreshToken?: string | undefined
  /** Whom the first ID Token named: a refreshed one must name the same. */
  readonly idTokenSubject?: string | undefined
  /** A request for a new access token that is under way: everybody waits for the same one. */
  readonly pending?: Promise<AccessToken>
}
