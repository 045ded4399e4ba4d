import type { AskedChecks } from '../protocol/asked-checks.js'
import type { Json, JsonObject } from '../protocol/contract.js'
import type { Fetch } from '../protocol/http.js'
import type { Revocation } from '../protocol/revocation-result.js'
import type { CheckedTokens } from '../protocol/token-endpoint.js'
import type { TokenSet, UncheckedTokens } from '../protocol/token-response.js'
import type { ProviderInstitutions } from './institutions/provider-institutions.js'
import type { HeldConnection, ProviderContext, Session } from './provider-given.js'
import type { ProviderWebhooks } from './webhooks/provider-webhooks.js'

export type { HeldConnection, ProviderContext, ProviderRecords, Session } from './provider-given.js'

/** An authorization request, checked by the handler, for {@link BackendProvider.authorize} to turn into a URL. */
export interface AuthorizationSetup<Claims extends object = object> {
  readonly session: Session<Claims>
  readonly state: string
  /** S256 of a verifier that this backend does not know yet. */
  readonly codeChallenge: string
  readonly nonce: string | undefined
  /** One of the provider's `redirectUris`. */
  readonly redirectUri: string
  /** Within the provider's `scope`, with `openid` if that has it; space-delimited. */
  readonly scope: string
  /** The page's choices: only members that {@link BackendProvider.input} names, in their form. */
  readonly input: JsonObject
  /** The connection to be renewed. */
  readonly connection: HeldConnection | undefined
  /** What the ID Token must confirm of how and when the person signs in, where the page says so; only with `confirmsAuthentication`. */
  readonly asked?: AskedChecks | undefined
}

/** An authorization URL for the person, with its terms. */
export interface AuthorizationStart {
  /** The complete authorization URL. */
  readonly url: string
  /** Seconds for which it may be opened. @defaultValue the provider's `transactionSeconds` */
  readonly expiresInSeconds?: number
  /** Comes back in {@link Redemption.data}: small, and no secret. */
  readonly data?: JsonObject
}

/** The answer to a code, which nobody may use before everything in it has been checked. */
export interface ReceivedAnswer {
  readonly tokens: TokenSet
  /** Epoch seconds. */
  readonly receivedAt: number
}

/** An authorization code with its transaction: this user's, and with the verifier of its challenge. */
export interface Redemption<Claims extends object = object> {
  readonly session: Session<Claims>
  readonly code: string
  readonly codeVerifier: string
  readonly state: string
  /** The `iss` of the authorization response, where the page received one (RFC 9207). */
  readonly iss: string | undefined
  readonly nonce: string | undefined
  readonly redirectUri: string
  /** The requested scope, space-delimited. */
  readonly scope: string
  readonly data: JsonObject | undefined
  /** As in {@link AuthorizationSetup.asked}. `oauthClient` has the ID Token confirm it. */
  readonly asked?: AskedChecks | undefined
  /**
   * What the code has given to an earlier call that could not check it, because the server's keys could not be had for instance.
   * The code is not sent again: only the check is left. `oauthClient` does so.
   */
  readonly answer?: ReceivedAnswer | undefined
  /** Is to be told the answer before it is checked, so that it is not lost, or is revoked. `oauthClient` does so. */
  readonly onAnswer?: ((tokens: TokenSet) => void) | undefined
}

/** Result of a redeemed code. */
export interface ProviderGrant {
  /** The checked token response; absent where its tokens are not needed (Moneyhub's ongoing use case). */
  readonly tokens?: TokenSet & Pick<CheckedTokens, 'firstIdToken'>
  /**
   * The person at the provider, such as the `sub` of the ID Token. Once it is known, every renewal must name the same
   * person, and a refresh no other.
   */
  readonly sub?: string | undefined
  /** Details for the page, such as `profile_id`. */
  readonly details?: JsonObject
  /** Epoch seconds at which the person's consent ends. */
  readonly consentExpiresAt?: number
  /** Epoch seconds by which the connection must be renewed or used. */
  readonly renewBy?: number
  /** Kept with the tokens and never told to the page, such as Moneyhub's user id. */
  readonly data?: JsonObject
  /** A fixed word for what of the grant could not be read: it goes to the event `connected`, as its `reason`. */
  readonly incomplete?: string
}

/** Result of a refresh. */
export interface RefreshedGrant extends Omit<ProviderGrant, 'tokens'> {
  /**
   * The checked token response. An `undefined` refresh token or scope means that the old one stays; an `undefined` access
   * token, that the response could not be checked just now: its refresh token is kept, and used when a token is asked for
   * next.
   */
  readonly tokens?: TokenSet | UncheckedTokens
}

/** One client at one authorization server. */
export interface ServerIdentity {
  /** The issuer identifier; where it is not known, the token endpoint. */
  readonly issuer: string
  readonly clientId: string
  /** The issuer to which an earlier version bound connections of the same server: they are this server's, too. */
  readonly formerIssuer?: string | undefined
}

/** What must be kept of a connection to end its grant later. Only the names of `details` and `data` that are needed. */
export interface GrantToEnd extends Partial<Pick<HeldConnection, 'data' | 'refreshToken'>> {
  readonly details: JsonObject
}

/** Result of {@link BackendProvider.revoke}, with the refresh token that is good now where it has used up the one it was given. */
export type ProviderRevocation = Revocation & { readonly refreshToken?: string | undefined }

/** One request that pages may make to the provider's API, in `bff` mode. */
export interface ResourceRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the API's base, such as `/accounts/{accountId}/transactions`; a `{…}` stands for one segment. */
  readonly path: string
  /**
   * Values that segments of `path` must have, from the connection itself; any other path does not exist. Use it
   * where the provider's API would give this client more than this person's data.
   */
  readonly bind?: Readonly<Record<string, (connection: HeldConnection) => Json | undefined>>
  /** Names of query parameters that are passed on, each at most once. */
  readonly query?: readonly string[]
  /** The scope of the token that this request needs, for {@link BackendProvider.resourceToken}. */
  readonly scope?: string
  /** Permission to send a request again whose token was refused. @defaultValue for GET, PUT and DELETE */
  readonly isRepeatable?: (body: string | undefined) => boolean
}

/**
 * The form of a page's choice: an anchored expression for a string that may be left out, or a check of
 * any JSON value, `undefined` where it was left out.
 */
export type InputForm = RegExp | ((value: Json | undefined) => boolean)

/** The part of the provider's API that pages can reach through the backend. What is not listed does not exist. */
export interface Resources {
  /** The base URL of all requests, such as `https://api.example/v3/`. */
  readonly base: string
  readonly routes: readonly ResourceRoute[]
  /**
   * Further headers of every request to the API, such as FDX's `FDX-API-Actor-Type`. They take the place of a page's.
   * @defaultValue none
   */
  readonly headers?: (
    context: Pick<ProviderContext, 'attended' | 'correlation'>,
  ) => Readonly<Record<string, string>>
  /** Verdict on an answer's body: the token is no longer good, or no page may have this answer. */
  readonly inspect?: (
    body: unknown,
    status: number,
    route: ResourceRoute,
  ) => 'token_rejected' | 'unacceptable' | undefined
}

/**
 * One data provider, seen from the backend: each `countersign/backend` function such as `stitch({…})` makes one, and
 * `defineBackendProvider` one of your own.
 *
 * The handler does the work common to all: admission of requests, transactions and their single use, storage of tokens, one
 * refresh at a time, errors. A provider speaks to its authorization server. Its methods throw what those of `oauthClient` throw, or
 * a `Refusal`; the handler turns that into an error of the contract. Any other error means that the backend is set up wrongly.
 *
 * @typeParam Claims Facts about the app's user that the provider needs; `createBackend` demands them of `session`.
 * @example
 * ```ts
 * import { defineBackendProvider, oauthClient, type AuthorizationSetup } from 'countersign/backend'
 *
 * export const examplebank = (clientSecret: string) =>
 *   defineBackendProvider({
 *     label: 'Example Bank',
 *     mode: 'bff',
 *     redirectUri: 'https://app.example/callback/examplebank',
 *     scope: 'openid accounts',
 *     client: oauthClient({ issuer: 'https://bank.example', clientId: 'my-client', clientSecret }),
 *     input: { branch: (name) => typeof name === 'string' && /^[a-z]{2,20}$/.test(name) },
 *     toParameters: ({ input, session }: AuthorizationSetup<{ email: string }>) => ({
 *       branch: input['branch'] as string,
 *       login_hint: session.claims.email,
 *     }),
 *     resources: { base: 'https://api.bank.example/v1/', routes: [{ method: 'GET', path: '/accounts' }] },
 *   })
 * ```
 */
export interface BackendProvider<Claims extends object = object> {
  /** The name in sentences. */
  readonly label: string
  /** `mediated`: access tokens reach the page. `bff`: none does, data goes through {@link resources}. As in the page. */
  readonly mode: 'mediated' | 'bff'
  /**
   * The authorization server and the client at it. Connections belong to them and to the origin of `resources`: after a change of
   * one, no token goes to the new place, and the person is asked to renew. Absent: connections belong to the provider's name.
   */
  readonly server?: ServerIdentity
  /** The redirect URIs registered at the provider; a page names one of them: exact match. */
  readonly redirectUris: readonly string[]
  /**
   * The scope of a request that names none, and the most that a page may request. Space-delimited. With `openid` in it, every
   * request has `openid`.
   */
  readonly scope: string
  /**
   * Choices of the page, by their names on the wire. Any other member is refused, so that a page cannot slip in facts that
   * only the server's session may give. @defaultValue none
   */
  readonly input?: Readonly<Record<string, InputForm>>
  /**
   * Whether {@link authorize} sends what the page asks of the person's authentication on (`acr_values`, `max_age`), and {@link redeem}
   * has the ID Token confirm it. Without it, a page that asks for that is refused. @defaultValue false
   *
   * @see https://www.rfc-editor.org/rfc/rfc9470.html#section-4
   */
  readonly confirmsAuthentication?: boolean
  /** Seconds that a person may take at the provider. @defaultValue 900 */
  readonly transactionSeconds?: number
  /** Fulfilled when keys are imported. A rejection names the fault in the options. */
  readonly ready?: Promise<unknown>
  /** Instead of the backend's: with a client certificate, for instance. Used for `resources`, too. */
  readonly fetch?: Fetch

  /** Turns a transaction into an authorization URL. */
  authorize(setup: AuthorizationSetup<Claims>, context: ProviderContext): Promise<AuthorizationStart>

  /** Redeems the code. Called once per transaction; again only if no answer came, or with `answer`. */
  redeem(redemption: Redemption<Claims>, context: ProviderContext): Promise<ProviderGrant>

  /** Uses the refresh token. Called by one caller at a time, on demand. Absent: access tokens are not refreshed. */
  refresh?(connection: HeldConnection, context: ProviderContext): Promise<RefreshedGrant>
  /**
   * Permission to send an unanswered refresh again. Not where refresh tokens are replaced at every use: the token may have
   * been used and its answer lost, and a second use is an alarm (RFC 9700 §4.14.2). @defaultValue false
   */
  readonly refreshRepeatable?: boolean

  /**
   * Whether the person's consent has ended at the bank, though refreshes still work. It is asked when the API has answered 403; the
   * connection is then to be renewed. Absent, and where it throws: the API's answer is the answer.
   */
  hasEnded?(connection: HeldConnection, context: ProviderContext): Promise<boolean>

  /** Ends the grant at the provider, and says why it did not where the provider did not confirm it. Absent: there is no way to. */
  revoke?(connection: HeldConnection, context: ProviderContext): Promise<ProviderRevocation>
  /**
   * What {@link revoke} needs to try again: for at most seven days, whenever the user's page reads its connections, until the
   * provider has confirmed it. Absent, or `undefined`: one attempt is made, and nothing is kept.
   */
  toEnding?(connection: HeldConnection): GrantToEnd | undefined

  /**
   * Details that change at the provider, such as whether it can still reach the person's bank: asked for when a page reads its
   * connections, every 15 minutes at most, and merged into the connection's details. A `null` takes the place of what is over.
   * `ended` where the person's consent is over: the connection is then to be renewed.
   */
  readDetails?(
    connection: HeldConnection,
    context: ProviderContext,
  ): Promise<JsonObject | 'ended' | undefined>

  /**
   * The type of its access tokens: a stored one of the other type is refreshed before it is used. So `dpop` can be switched on and off.
   * @defaultValue tokens of any type are used
   */
  readonly tokenType?: TokenSet['tokenType']
  /** Requests of pages to the API, in `bff` mode. */
  readonly resources?: Resources
  /** The institutions among which a person may choose before {@link authorize}. Absent: there is no list. */
  readonly institutions?: ProviderInstitutions
  /** What the provider sends to `backend.webhooks`. Absent: nothing that could be read. */
  readonly webhooks?: ProviderWebhooks
  /**
   * The token for a request to the API, where that is not the connection's own access token: Moneyhub's comes from
   * `client_credentials`. `undefined` is the connection's own.
   *
   * @param rejected A token that the API has just refused.
   */
  resourceToken?(
    connection: HeldConnection,
    route: ResourceRoute,
    rejected: string | undefined,
    context: ProviderContext,
  ): Promise<string | undefined>
  /**
   * How requests to the API show the access token, that of `resourceToken` too, where a bearer token will not do: a `fetch` that adds the
   * `Authorization` itself, such as with a DPoP proof. Absent: `Authorization: Bearer`.
   *
   * @param fetch What it sends by.
   * @see https://www.rfc-editor.org/rfc/rfc9449.html#section-7
   */
  presentToken?(accessToken: string, fetch: Fetch, context: ProviderContext): Promise<Fetch>
}

/** The providers of a backend, by the names that the page gives them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one way to say "a provider with whatever claims"
export type BackendProviders = Readonly<Record<string, BackendProvider<any>>>

type Demands<P> = {
  [Name in keyof P]: P[Name] extends BackendProvider<infer Claims> ? (claims: Claims) => void : never
}[keyof P]

/** Claims about the app's user that all providers together need. */
export type ClaimsOf<P> = Demands<P> extends (claims: infer Claims extends object) => void ? Claims : object

/** Result of `session`: the claims may be left out where no provider needs any. */
export type SessionOf<P> =
  object extends ClaimsOf<P>
    ? { readonly subject: string; readonly claims?: ClaimsOf<P> }
    : { readonly subject: string; readonly claims: ClaimsOf<P> }
