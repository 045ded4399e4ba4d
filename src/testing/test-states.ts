import type {
  AuthorizationState,
  CallbackState,
  Client,
  Connection,
  ConnectionOf,
  ConnectionsState,
  DetailsOf,
  InputOf,
  InstitutionInputOf,
  InstitutionsState,
  ProviderName,
  Providers,
  TokensState,
} from '../core/index.js'

/** A connection, of which a test gives what it is about. */
export type TestConnection<P extends Providers, Name extends ProviderName<P>> = Partial<
  Omit<Connection<DetailsOf<P[Name]>, Name>, 'provider'>
>

/** A state of `useConnection`. Functions that are left out do nothing, and are noted in `calls`. */
export type TestTokens<P extends Providers, Name extends ProviderName<P>> =
  | { readonly status: 'restoring' | 'disconnected' | 'sign_in_required' }
  | {
      readonly status: 'connected'
      readonly connection?: TestConnection<P, Name>
      /** Answers requests to the API: JSON, or a `Response`. @defaultValue an empty object */
      readonly fetch?: (path: string, init?: RequestInit) => unknown
      /** What `getAccessToken` gives. @defaultValue `access-token` */
      readonly accessToken?: string
      /** Epoch seconds. @defaultValue unknown */
      readonly expiresAt?: number
      /** What `userinfo` gives. @defaultValue a `sub` alone */
      readonly userinfo?: Readonly<Record<string, unknown>>
    }
  | { readonly status: 'reauthorization_required'; readonly connection?: TestConnection<P, Name> }
  | {
      readonly status: 'failed'
      readonly error: Extract<TokensState, { readonly status: 'failed' }>['error']
      readonly connection?: TestConnection<P, Name>
    }

/** A state without what the client would give it: functions may be left out, and so may `returnTo`. */
type Loosely<State, C extends Connection> = State extends unknown
  ? Omit<State, FunctionsOf<State> | 'returnTo' | 'connection'> &
      Partial<Pick<State, Extract<keyof State, FunctionsOf<State> | 'returnTo'>>> &
      (State extends { readonly connection: Connection } ? { readonly connection?: Partial<C> } : unknown)
  : never

type FunctionsOf<State> = Extract<
  keyof State,
  'resume' | 'resumeAsync' | 'restart' | 'restartAsync' | 'cancel'
>

/** States that a test client shows. What is left out is as in an app where nothing has happened. */
export interface TestStates<P extends Providers = Providers> {
  /** By provider. @defaultValue `disconnected` */
  readonly tokens?: { readonly [Name in ProviderName<P>]?: TestTokens<P, Name> }
  /** @defaultValue `none` */
  readonly callback?: Loosely<CallbackState<ConnectionOf<P>>, ConnectionOf<P>>
  /** By provider. @defaultValue `idle` */
  readonly authorizations?: {
    readonly [Name in ProviderName<P>]?: Loosely<
      AuthorizationState<ConnectionOf<P, Name>>,
      ConnectionOf<P, Name>
    >
  }
  /** By provider, whatever the query. @defaultValue `ready`, with none */
  readonly institutions?: {
    readonly [Name in ProviderName<P>]?: InstitutionsState<InstitutionInputOf<P[Name]>>
  }
  /** The list, or another state of it. @defaultValue the connections that `tokens` shows */
  readonly connections?:
    | readonly (Partial<ConnectionOf<P>> & { readonly provider: ProviderName<P> })[]
    | Exclude<ConnectionsState, { readonly status: 'ready' }>
}

/** What a component has called. */
export type TestCall<P extends Providers = Providers> = {
  [Name in ProviderName<P>]:
    | {
        readonly method: 'authorize' | 'prepare'
        readonly provider: Name
        readonly input: Partial<InputOf<P[Name]>>
      }
    | { readonly method: 'disconnect' | 'getAccessToken' | 'userinfo'; readonly provider: Name }
    | { readonly method: 'fetch'; readonly provider: Name; readonly path: string }
    | { readonly method: 'resume' | 'restart' | 'cancel' | 'refresh'; readonly provider?: undefined }
}[ProviderName<P>]

/** A client that shows what it is told. */
export interface TestClient<P extends Providers = Providers> extends Client<P> {
  /** Shows other states; those that are left out stay. */
  set(states: TestStates<P>): void
  /** What components have called, oldest first. */
  readonly calls: readonly TestCall<P>[]
}
