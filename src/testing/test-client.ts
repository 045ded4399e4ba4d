import type {
  AnyClient,
  Authorization,
  AuthorizationState,
  CallbackState,
  Client,
  Connection,
  ConnectionsState,
  InstitutionsState,
  Providers,
  ReadableStore,
  TokensState,
} from '../core/index.js'
import type { RegisteredClient } from '../index.js'
import type { TestCall, TestClient, TestStates, TestTokens } from './test-states.js'

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
  const institutions = new Map<string, Store<InstitutionsState>>()
  const authorizations = new Map<string, Store<AuthorizationState>>()
  const callback = createStore<CallbackState>({ status: 'none' })
  const connections = createStore<ConnectionsState>({ status: 'ready', connections: [], abandoned: [] })
  const tokensOf = (name: string): Store<TokensState> =>
    storeOf<TokensState>(tokens, name, { status: 'disconnected' })
  const authorizationOf = (name: string): Store<AuthorizationState> =>
    storeOf<AuthorizationState>(authorizations, name, { status: 'idle' })

  const institutionsOf = (name: string): Store<InstitutionsState> =>
    storeOf<InstitutionsState>(institutions, name, { status: 'ready', institutions: [] })

  let list: TestStates['connections']

  function set(states: TestStates): void {
    for (const [name, state] of Object.entries(states.tokens ?? {}))
      if (state)
        tokensOf(name).set(toTokens(name, state, note, () => set({ tokens: { [name]: disconnected } })))
    for (const [name, state] of Object.entries(states.authorizations ?? {}))
      if (state) authorizationOf(name).set(withActions(state, name, note) as AuthorizationState)
    for (const [name, state] of Object.entries(states.institutions ?? {}))
      if (state) institutionsOf(name).set(state)
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
    institutions: (name: string) => institutionsOf(name),
    interact: () => Promise.resolve(),
    ready: ((name: string) => Promise.resolve(tokensOf(name).get())) as unknown as Client['ready'],
    setSubject: () => undefined,
    signOut: () => Promise.resolve({ revoked: true }),
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
