import type { AuthorizationResponse } from '../../protocol/authorization-response.js'
import type { CountersignError } from '../../protocol/errors.js'
import type { FirstIdToken } from '../../protocol/id-token.js'
import type { Revocation } from '../../protocol/revocation-result.js'
import type { InstitutionDocument, JsonObject } from '../../protocol/contract.js'
import type { Connection, ConnectionRecord } from '../records/connection.js'
import type { Context } from '../context.js'
import type { Provider } from '../provider.js'
import type { Transaction } from '../records/transaction.js'
import type { StoredTokens } from '../records/tokens.js'
import type { AccessToken } from '../held-tokens.js'

/** An authorization URL, and its lifetime. */
export interface AuthorizationUrl {
  /** Checked: the page may go there. */
  readonly url: string
  /** Until when: epoch seconds. */
  readonly expiresAt: number
  /** Opaque handle that the channel needs at redemption. */
  readonly handle?: string
  /** True where the server promises `iss` in every response (RFC 9207). */
  readonly promisesIss?: boolean
}

/** Result of a redeemed authorization code. */
export interface Redeemed {
  readonly connection: Connection
  /** In `browser` and `mediated` mode. */
  readonly accessToken?: AccessToken
  /** In `browser` mode, where the server issued one. */
  readonly refreshToken?: string
  /** In `browser` mode, where there was an ID Token: whom it named. */
  readonly idTokenSubject?: string | undefined
  /** What refreshed ID Tokens must repeat of it. */
  readonly firstIdToken?: FirstIdToken | undefined
  /** Records to store together with the connection, by key. */
  readonly stored?: Readonly<Record<string, unknown>>
  /** In `browser` mode: issuer, client id and origin of the API as one text. */
  readonly binding?: string | undefined
  /** In `browser` mode with tokens in memory: stores a connection whose tokens no other page has. See own-tokens.ts. */
  readonly storeOwn?: <Written extends { readonly id: string }>(
    record: ConnectionRecord,
    write: WriteConnection<Written>,
  ) => Promise<Written>
  /** In `browser` mode: revokes the tokens, which nobody will use. */
  readonly drop?: () => void
}

/** An answer to a code that is here, and cannot be checked yet: the keys of its ID Token are out of reach. */
export interface Unchecked {
  readonly unchecked: CountersignError
  /** Checks the same answer again. Nothing is sent to the token endpoint. @throws as {@link Channel.redeem} */
  readonly check: () => Promise<Redeemed | Unchecked>
  /** Gives the answer up, and revokes its tokens. */
  readonly drop: () => void
}

/** An answer to a code that waits in this page, and the release of its lock. */
export interface WaitingAnswer {
  readonly answer: Unchecked
  readonly release: () => void
}

/** Connections that no page has tokens of, and whose place a new one may take. */
export interface DeadConnections {
  readonly ids: readonly string[]
  /**
   * Picks from their records, as the transaction of the database reads them, those whose place it takes. It gets the id of the
   * first.
   */
  readonly pick: (records: readonly unknown[]) => readonly ConnectionRecord[]
}

/** Writes a connection. Resolves with the id under which it is stored, and what the writer wants beside it. */
export type WriteConnection<Written extends { readonly id: string }> = (
  dead?: DeadConnections,
) => Promise<Written>

/** The protocol steps of a provider, carried out by this page (`direct`) or by the app's backend. */
export interface Channel {
  /** Turns a transaction into an authorization URL. */
  begin(transaction: Transaction): Promise<AuthorizationUrl>
  /** Gets what {@link Channel.redeem} needs beside the code, so that a failure to get it does not cost the code. */
  readonly ready?: () => Promise<unknown>
  /** Redeems the authorization code of a response that belongs to the transaction. */
  redeem(
    transaction: Transaction,
    response: AuthorizationResponse & { readonly code: string },
  ): Promise<Redeemed | Unchecked>
  /** A usable access token, refreshed when needed; `rejected` is one that the API refused. */
  accessToken(connection: Connection, rejected: string | undefined): Promise<AccessToken>
  /** Ends the grant at the provider, and removes its stored tokens. @throws when it cannot be told what came of it. */
  disconnect(connection: Connection): Promise<Revocation>
  /** Revokes tokens that were stored here, in `browser` mode. */
  readonly revoke?: (tokens: StoredTokens) => Promise<Revocation>
  /** Behind a backend: the connections of the app's user, at whatever provider that this page has too. */
  readonly list?: () => Promise<Connection[]>
  /** Behind a backend: one page of the provider's institutions that a query finds. @param cursor Of the page before. */
  readonly institutions?: (query: string, cursor: string | undefined) => Promise<InstitutionPage>
  /**
   * A request to the provider's API, with `path` relative to its base: with a token of `getToken`, or in `bff` mode by way
   * of the backend, which adds the token.
   *
   * @throws {CountersignError} `resource_not_allowed` for a path that leaves the API, and what `getToken` throws.
   */
  fetch(connection: Connection, path: string, init: RequestInit, getToken: GetToken): Promise<Response>
  /** The claims about the person, from the userinfo endpoint. @throws {TypeError} when it cannot be asked. */
  userinfo(connection: Connection, getToken: GetToken): Promise<Userinfo>
}

/** One page of a provider's institutions, checked. */
export interface InstitutionPage {
  readonly institutions: readonly InstitutionDocument[]
  readonly nextCursor: string | undefined
}

/** Claims about the person, from the OpenID provider's userinfo endpoint. `sub` is that of the ID Token. */
export interface Userinfo extends JsonObject {
  readonly sub: string
}

/** Module of a channel. */
export interface ChannelModule {
  readonly createChannel: (context: Context, name: string, provider: Provider) => Channel
}

/** Gets a usable access token. @param rejected One that the API refused although it looked good. */
export type GetToken = (rejected?: string) => Promise<AccessToken>
