import type {
  AnyClient,
  Authorization,
  AuthorizationState,
  CallbackState,
  Client,
  Connection,
  ConnectionOf,
  ConnectionsState,
  DetailsOf,
  InputOf,
  ProviderName,
  Providers,
  ReadableStore,
  TokensState,
} from '../core/index.js'
import type { RegisteredClient } from '../index.js'

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

/**
 * A client without a browser, a backend or a bank: it shows the states that it is given, and notes what is called. For the
 * smallest unit, such as a component that shows one state; `fakeBank` is for everything that happens.
 *
 * Its types are those of the client that is registered; without a registration, name yours:
 * `createTestClient<typeof bank>({ … })`.
 *
 * @example
 * ```ts
 * import { createTestClient } from 'countersign/testing'
 *
 * const client = createTestClient({ tokens: { stitch: { status: 'reauthorization_required' } } })
 * ```
 */
export function createTestClient<C extends AnyClient = RegisteredClient>(
  states: TestStates<C['providers']> = {},
): TestClient<C['providers']> {
  return createClientOf(states as TestStates)
}

interface Store<T> extends ReadableStore<T> {
  readonly set: (value: T) => void
}

function createStore<T>(initial: T): Store<T> {
  const listeners = new Set<() => void>()
  let value = initial
  return {
    get: () => value,
    set(next) {
      value = next
      for (const listener of [...listeners]) listener()
    },
    subscribe(listener) {
      const own = (): void => {
        listener()
      }
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    },
  }
}

/** Notes a call. */
type Note = (call: object) => void

const later = async (work: () => void): Promise<void> => {
  await Promise.resolve()
  work()
}

function createClientOf(initial: TestStates): TestClient {
  const calls: object[] = []
  const note: Note = (call) => void calls.push(call)
  const tokens = new Map<string, Store<TokensState>>()
  const authorizations = new Map<string, Store<AuthorizationState>>()
  const callback = createStore<CallbackState>({ status: 'none' })
  const connections = createStore<ConnectionsState>({ status: 'ready', connections: [], abandoned: [] })
  const tokensOf = (name: string): Store<TokensState> =>
    storeOf<TokensState>(tokens, name, { status: 'disconnected' })
  const authorizationOf = (name: string): Store<AuthorizationState> =>
    storeOf<AuthorizationState>(authorizations, name, { status: 'idle' })

  let list: TestStates['connections']

  function set(states: TestStates): void {
    for (const [name, state] of Object.entries(states.tokens ?? {}))
      if (state)
        tokensOf(name).set(toTokens(name, state, note, () => set({ tokens: { [name]: disconnected } })))
    for (const [name, state] of Object.entries(states.authorizations ?? {}))
      if (state) authorizationOf(name).set(withActions(state, name, note) as AuthorizationState)
    if (states.callback) {
      const { provider = '' } = states.callback as { readonly provider?: string }
      callback.set({ returnTo: '/', ...withActions(states.callback, provider, note) } as CallbackState)
    }
    list = states.connections ?? list
    connections.set(toConnections(list, tokens.values()))
  }
  set(initial)

  return {
    providers: {},
    calls: calls as readonly TestCall[],
    set,
    callback,
    connections: {
      get: connections.get,
      subscribe: connections.subscribe,
      refresh: () => {
        note({ method: 'refresh' })
      },
      refreshAsync: () => later(() => note({ method: 'refresh' })),
    },
    authorization: ((name: string, known?: object) =>
      toAuthorization(name, known, authorizationOf(name), note)) as Client['authorization'],
    tokens: ((name: string) => tokensOf(name)) as unknown as Client['tokens'],
    ready: ((name: string) => Promise.resolve(tokensOf(name).get())) as unknown as Client['ready'],
    setSubject: () => undefined,
    dispose: () => undefined,
  }
}

const disconnected = { status: 'disconnected' } as const

function storeOf<T>(stores: Map<string, Store<T>>, name: string, initial: T): Store<T> {
  const store = stores.get(name) ?? createStore(initial)
  stores.set(name, store)
  return store
}

const toConnection = (provider: string, given: object = {}): Connection => ({
  id: `${provider}-1`,
  provider,
  status: 'connected',
  grantedScope: [],
  missingScope: [],
  connectedAt: Math.floor(Date.now() / 1000),
  details: {},
  ...given,
})

function toTokens(
  provider: string,
  state: TestTokens<Providers, string>,
  note: Note,
  end: () => void,
): TokensState {
  const disconnect = (): Promise<{ readonly revoked: true }> => {
    note({ method: 'disconnect', provider })
    end()
    return Promise.resolve({ revoked: true })
  }
  if (state.status === 'connected') {
    const { fetch, accessToken = 'access-token', expiresAt, userinfo = {} } = state
    return {
      status: 'connected',
      connection: toConnection(provider, state.connection),
      expiresAt,
      disconnect,
      getAccessToken() {
        note({ method: 'getAccessToken', provider })
        return Promise.resolve(accessToken)
      },
      async fetch(path: string, init?: RequestInit) {
        note({ method: 'fetch', provider, path })
        const answer = await fetch?.(path, init)
        if (answer instanceof Response) return answer
        const headers = { 'content-type': 'application/json' }
        return new Response(JSON.stringify(answer ?? {}), { headers })
      },
      userinfo() {
        note({ method: 'userinfo', provider })
        return Promise.resolve({ sub: 'ada', ...userinfo })
      },
    } as TokensState
  }
  if (state.status === 'reauthorization_required') {
    const status = 'reauthorization_required'
    return { status, connection: toConnection(provider, { status, ...state.connection }), disconnect }
  }
  if (state.status !== 'failed') return state
  const { status, error, connection } = state
  return connection
    ? { status, error, connection: toConnection(provider, { status, ...connection }), disconnect }
    : { status, error }
}

/** Completes a state with what the client always gives it. `failed` has `resume` and `restart` where the test gives them. */
function withActions(state: object, provider: string, note: Note): object {
  const { status, connection, ...given } = state as {
    readonly status: string
    readonly connection?: object
    readonly resume?: () => void
    readonly restart?: () => void
  }
  const action = (method: 'resume' | 'restart' | 'cancel', work?: () => void) => {
    const run = (): void => {
      note({ method })
      work?.()
    }
    return { [method]: run, [`${method}Async`]: () => later(run) }
  }
  const always = { sign_in_required: 'resume', cancelled: 'restart', denied: 'restart', waiting: 'cancel' }
  const own = (always as Readonly<Partial<Record<string, 'resume' | 'restart' | 'cancel'>>>)[status]
  return {
    ...state,
    ...(own && action(own)),
    ...(given.resume && action('resume', given.resume)),
    ...(given.restart && action('restart', given.restart)),
    ...(status === 'connected' && { connection: toConnection(provider, connection) }),
  }
}

function toAuthorization(
  provider: string,
  known: object | undefined,
  { get, subscribe, set }: Store<AuthorizationState>,
  note: Note,
): Authorization {
  const call = (method: string, click: unknown): void => {
    const isInput = Object.getPrototypeOf(click ?? null) === Object.prototype
    note({ method, provider, input: { ...known, ...(isInput && (click as object)) } })
    if (method === 'authorize') set({ status: 'leaving' })
  }
  return {
    get,
    subscribe,
    authorize: (click) => {
      call('authorize', click)
    },
    authorizeAsync: (click) => {
      call('authorize', click)
      return Promise.resolve(get())
    },
    prepare: (click) => {
      call('prepare', click)
    },
    prepareAsync: (click) => later(() => call('prepare', click)),
  }
}

function toConnections(
  given: TestStates['connections'],
  tokens: Iterable<Store<TokensState>>,
): ConnectionsState {
  if (given && 'status' in given) return given
  const list = given
    ? given.map(({ provider, ...connection }) => toConnection(provider, connection))
    : [...tokens].flatMap((store) => {
        const state = store.get()
        return 'connection' in state ? [state.connection] : []
      })
  return { status: 'ready', connections: list, abandoned: [] }
}
