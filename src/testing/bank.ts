import type {
  AuthorizationState,
  CallbackState,
  Client,
  ClientOptions,
  ConnectionOf,
  DetailsOf,
  InputOf,
  ProviderName,
  Providers,
  SubjectOption,
} from '../core/index.js'
import type { Approval } from './approval.js'
import type { Endpoint, FaultTarget, Refusal } from './network/faults.js'
import type { BankRequest } from './network/requests.js'
import type { ApiHandler } from './open-servers.js'
import type { TamperTarget } from './servers/tamper.js'

/** A connection that a test begins with: what the person approved, and what `authorize` was given. */
export type StartingConnection<P> = Approval<DetailsOf<P>> & {
  /** The input of `authorize`. @defaultValue one that the provider takes */
  readonly input?: InputOf<P>
}

/** The app's own options for `createClient`, and what a test adds. */
export interface FakeBankOptions<P extends Providers = Providers> extends Omit<
  ClientOptions<P>,
  'platform' | 'subject'
> {
  /** The app's user, as `createClient` takes it. @defaultValue `singleUser` */
  readonly subject?: SubjectOption
  /** Connections that there are from the beginning, by provider: one, or a list. Nobody sees how they were made. */
  readonly connected?: {
    readonly [Name in ProviderName<P>]?: StartingConnection<P[Name]> | readonly StartingConnection<P[Name]>[]
  }
  /** Answers of a provider's API, before the kit's own: for the paths that your app asks for. */
  readonly api?: { readonly [Name in ProviderName<P>]?: ApiHandler }
  /** Called with the path at which the browser comes back, so that your router can follow. */
  readonly navigate?: (path: string) => void
  /**
   * Makes what is random the same in every run: states, verifiers, codes, tokens and ids, in the order in which they are
   * made. Keys and signatures differ all the same, and so do ID Tokens. @defaultValue none: Web Crypto's randomness
   */
  readonly seed?: string | number
  /** The address at which the app is opened: a path of it. @defaultValue `/` */
  readonly url?: string
}

/** How a visit ended, as the app is shown it: in its callback, or for a popup in its authorization. */
export type VisitOutcome<P extends Providers, Name extends ProviderName<P>> =
  CallbackState<ConnectionOf<P, Name>> | AuthorizationState<ConnectionOf<P, Name>>

/** The authorization request of a person who is at a provider. */
export type Arrival = BankRequest & {
  /** What the consent page says that the app will be able to do, such as `see your accounts`. */
  readonly consent: readonly string[]
}

/** A window of the app. */
export interface AppTab<P extends Providers = Providers> {
  /**
   * The app's client, for `CountersignProvider`. A test never leaves its page: when the provider sends the browser back, this
   * client goes on as that of the page that is loaded then, and what is rendered stays rendered.
   */
  readonly client: Client<P>
  /** What the address bar shows. */
  readonly url: string
  /** Loads the page again: everything in its memory is gone, and only what is stored is left. */
  reload(): Promise<void>
}

/** Every bank of the app, in memory. */
export interface FakeBank<P extends Providers = Providers> extends AppTab<P> {
  /** Resolves when the person is at the provider, with what they are asked for. The other functions here wait for that, too. */
  arrival(provider: ProviderName<P>): Promise<Arrival>
  /** The person signs in at the provider and approves. Resolves with what the app is shown, when React has rendered it. */
  approve<Name extends ProviderName<P>>(
    provider: Name,
    approval?: Approval<DetailsOf<P[Name]>>,
  ): Promise<VisitOutcome<P, Name>>
  /** The person changes their mind at the provider, or at the only one where somebody is. Not every provider tells that from a refusal. */
  cancel<Name extends ProviderName<P>>(provider?: Name): Promise<VisitOutcome<P, Name>>
  /** The person refuses. */
  deny<Name extends ProviderName<P>>(provider?: Name): Promise<VisitOutcome<P, Name>>
  /**
   * The provider where somebody is sends them back with an error, such as `temporarily_unavailable`.
   *
   * @throws {TypeError} when the error is the name of a provider: then the error was left out.
   */
  fail(error: string): Promise<VisitOutcome<P, ProviderName<P>>>
  /** The same with the provider's name, and perhaps a description of the error. */
  fail<Name extends ProviderName<P>>(
    provider: Name,
    error: string,
    description?: string,
  ): Promise<VisitOutcome<P, Name>>
  /** The person closes the popup, or comes back to the page by the Back button. */
  leave(provider: ProviderName<P>): Promise<void>
  /** Basis's initialization token expires before the person arrives: they come back with that error. */
  expireInitToken<Name extends ProviderName<P>>(provider?: Name): Promise<VisitOutcome<P, Name>>

  /** The next request to this endpoint has its effect, and its answer is lost. */
  loseReply(endpoint: Endpoint, target?: FaultTarget): void
  /** The next request to this endpoint is refused. */
  refuse(endpoint: Endpoint, refusal: Refusal, target?: FaultTarget): void
  /** What the next authorization response, or the next ID Token, has wrong. */
  tamper(what: TamperTarget, provider?: ProviderName<P>): void
  /** Every answer to the page takes so long, by the kit's clock. 0 ends that. */
  delay(milliseconds: number): void
  /** Cuts the device off the network, or connects it again. */
  offline(isOffline?: boolean): void
  /** Providers accept no access token that they have issued so far. Refresh tokens stay good. */
  expireAccessTokens(provider?: ProviderName<P>): Promise<void>
  /** The person ends what they have approved, at the provider: no token is good any more. */
  revoke(provider?: ProviderName<P>): Promise<void>

  /** Ends the app's session at its backend. The page does not know it yet. */
  signOut(): void
  /** The app's user has a session at its backend again. @defaultValue the one before */
  signIn(subject?: string): void
  /** Opens the app in another tab of the same browser. */
  otherTab(): AppTab<P>
  /** Lets time pass at once: for expiries. Fake timers move the kit's clock as well. */
  advance(seconds: number): Promise<void>
  /** Resolves when no request is under way and React has rendered. */
  settled(): Promise<void>

  /** What the bank has received since the test began, oldest first, with no secret in it. */
  readonly requests: readonly BankRequest[]
  /** The requests to a provider itself, at one endpoint or at any; not those to the app's backend. */
  requestsTo(provider: ProviderName<P>, endpoint?: BankRequest['endpoint']): readonly BankRequest[]
  /** The only request to an endpoint of a provider. @throws {Error} for none, and for several, which it lists */
  requestTo(provider: ProviderName<P>, endpoint: BankRequest['endpoint']): BankRequest
  /** Answers a request that is for this bank; `undefined` for any other. `countersign/testing/msw` is made of it. */
  handle(request: Request): Promise<Response | undefined>
  /** Ends all pages and timers. Nothing keeps a process alive without it either. */
  close(): void
}
