import { CountersignError } from '../protocol/errors.js'
import type { Fetch } from '../protocol/http.js'
import { refuseSecrets } from '../protocol/secrets.js'
import { browserPlatform, type Platform } from '../platform/platform.js'
import { createAuthorization, type Authorization } from './authorize/authorization.js'
import type { CallbackState } from './callback/callback.js'
import { captureResponse } from './callback/capture.js'
import type { Channel } from './channel/channel.js'
import { createConnections } from './connections/connections.js'
import type { ConnectionsState } from './connections/connections-state.js'
import { providerOf, type Context } from './context.js'
import type { HeldTokens } from './held-tokens.js'
import type { CountersignEvent } from './client-events.js'
import type { DetailsOf, InputArgument, Provider } from './provider.js'
import type { CommonInput } from './input.js'
import { loadModule } from './load-module.js'
import { lazyParts } from './lazy.js'
import { createStore, type ReadableStore } from './readable-store.js'
import { createTokens, type TokensState } from './connections/tokens.js'
import { checkConfiguration, resolveBackend } from './configuration.js'

/** The providers of a client, by the names the application gives them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one way to say "a provider of whatever input": input types stand in contravariant positions
export type Providers = Readonly<Record<string, Provider<any, any>>>

/** What {@link createClient} takes. */
export interface ClientOptions<P extends Providers = Providers> {
  /** The providers, by name. The name is part of the redirect URI and of the backend's paths. */
  readonly providers: P
  /**
   * Where the backend contract is served: a path or URL, or with `fetch` for an app that sends its own `Authorization`
   * header instead of a cookie. Needed by every provider in `mediated` or `bff` mode.
   */
  readonly backend?: string | { readonly url: string; readonly fetch?: Fetch }
  /**
   * The redirect URI of each provider, as registered there: one of its own for each, on this origin.
   *
   * @defaultValue `/callback/<name>` on this origin
   */
  readonly redirectUri?: (name: Extract<keyof P, string>) => string
  /**
   * The app's own user, as an opaque id: connections are kept apart by it. `null` while nobody is signed in. Leave it
   * out when the app has one user only.
   */
  readonly session?: string | null
  /** Tells two clients of one origin apart: database, locks and channel carry this name. @defaultValue `countersign` */
  readonly namespace?: string
  /** Receives what happens, redacted: for telemetry. */
  readonly onEvent?: (event: CountersignEvent) => void
  /** The browser, replaceable in tests. */
  readonly platform?: Platform
}

/** A client: what {@link createClient} makes. Its functions are stable and may be passed around. */
export interface Client<P extends Providers = Providers> {
  readonly providers: P
  /** What became of the response that this page was opened with. */
  readonly callback: ReadableStore<CallbackState>
  /** All connections of the app's user. */
  readonly connections: ReadableStore<ConnectionsState>
  /** The authorization of a provider with an input: the same object for an equal input. */
  authorization<Name extends Extract<keyof P, string>>(
    name: Name,
    ...input: InputArgument<P[Name]>
  ): Authorization
  /** The tokens of a provider's connection: the same store for the same arguments. */
  tokens<Name extends Extract<keyof P, string>>(
    name: Name,
    options?: { readonly connection?: string | undefined },
  ): ReadableStore<TokensState<DetailsOf<P[Name]>, P[Name]['mode']>>
  /** Says who the app's user is now; `null` when nobody is signed in. Tokens in memory are dropped when it changes. */
  setSession(subject: string | null): void
  /** Ends listening to other tabs and to the page. */
  dispose(): void
}

const none: CallbackState = { status: 'none' }
const pending: CallbackState = { status: 'pending' }

/**
 * Makes a client. Create it once, at module level and before the router: it takes an authorization response out of the
 * address bar synchronously and redeems it at once. On a server it does nothing.
 *
 * @throws {TypeError} for a configuration that cannot work or is not safe: a secret, a missing backend, a redirect URI
 * on another origin or shared by two providers.
 * @example
 * ```ts
 * import { createClient } from 'countersign'
 * import { apiture } from 'countersign/providers'
 *
 * export const bank = createClient({
 *   providers: { apiture: apiture({ clientId: 'my-client', environment: 'cat', scope: 'openid offline_access banking/read' }) },
 * })
 * ```
 */
export function createClient<const P extends Providers>(options: ClientOptions<P>): Client<P> {
  refuseSecrets(options)
  const onServer = typeof window === 'undefined' && !options.platform
  const platform = options.platform ?? browserPlatform(options.namespace ?? 'countersign')
  const { providers } = options
  const names = Object.keys(providers)

  let subject = options.session === undefined ? '' : options.session
  const channels = new Map<string, Promise<Channel>>()
  const authorizations = new Map<string, Authorization>()
  const tokenStores = new Map<string, ReadableStore<TokensState>>()
  const callback = createStore(none)
  let stopWatching: (() => void) | undefined

  const base: Omit<Context, 'connections'> = {
    platform,
    providers,
    backend: onServer ? undefined : resolveBackend(options.backend, platform),
    subject: () => subject,
    redirectUri: (name) =>
      options.redirectUri?.(name as Extract<keyof P, string>) ??
      new URL(`/callback/${name}`, platform.navigation.url()).href,
    tokens: new Map<string, HeldTokens>(),
    restart: (name, input) => authorization(name, input).authorize(),
    emit(type, id, detail) {
      options.onEvent?.({ type, id, at: platform.clock.now(), ...(detail !== undefined && { detail }) })
    },
    channel: async (name) => {
      try {
        return await remember(channels, name, () => loadChannel(context, name))
      } catch (error) {
        channels.delete(name)
        throw error
      }
    },
  }
  const context: Context = { ...base, connections: createConnections(base) }

  const authorization = (name: string, input: CommonInput = {}): Authorization =>
    remember(authorizations, `${name} ${stableKey(input)}`, () => createAuthorization(context, name, input))

  /** Shows where the work stands; what it gives to go on with is shown the same way. */
  async function show(work: () => Promise<CallbackState>): Promise<CallbackState> {
    callback.set(pending)
    let state: CallbackState
    try {
      state = await work()
    } catch (error) {
      if (!(error instanceof CountersignError)) {
        // A mistake in the application's own functions: it surfaces as one, and nobody is left waiting for it.
        callback.set(none)
        throw error
      }
      // The response is in this page's memory still, so nothing is lost.
      state = { status: 'failed', error, returnTo: '/', resume: work }
    }
    if ('resume' in state) {
      const { resume } = state
      state = { ...state, resume: () => show(resume) }
    }
    callback.set(state)
    return state
  }

  function becomes(next: string | null): void {
    subject = next
    context.tokens.clear()
    // Nothing stays on show of what belongs to the one before.
    authorizations.clear()
    if ('connection' in callback.get()) callback.set(none)
    void context.connections.load()
  }

  /** Notes and checks of the session wait for each other: until this page has noted its user, the one before is noted. */
  let turn: Promise<unknown> = Promise.resolve()
  const take = (step: 'noteSession' | 'isOutdated'): Promise<unknown> =>
    (turn = turn
      .then(lazyParts)
      .then((part): Promise<unknown> => part[step](context, subject))
      // Without storage or this part of the app it cannot be told, and what matters fails by itself.
      .catch(() => undefined))

  /** Who this page takes for signed in may have signed out in another tab, perhaps while this one was frozen. */
  async function checkSession(): Promise<void> {
    const owner = subject
    if (owner && (await take('isOutdated')) && owner === subject) becomes(null)
  }

  /** After the page was out of sight: what other tabs announced meanwhile may not have been heard. */
  function lookAgain(): void {
    void checkSession()
    void context.connections.load()
  }

  if (!onServer) {
    checkConfiguration(context, names)
    const capture = captureResponse(platform.navigation, names.map(context.redirectUri))
    platform.tabs.onAnnounced((id) => void (id === 'session' ? checkSession() : context.connections.load()))
    stopWatching = platform.navigation.onShown(lookAgain)
    void context.connections.load()
    if (subject) void take('noteSession')
    if (capture && !platform.navigation.isTopLevel()) {
      const error = new CountersignError(
        'environment_unsupported',
        'The provider answered inside a frame. It was not used: open the page in a window of its own.',
      )
      callback.set({ status: 'failed', error, returnTo: '/' })
    } else if (capture) {
      callback.set(pending)
      platform.navigation.whenActive(
        () => void show(async () => (await lazyParts()).complete(context, capture)),
      )
    }
  }

  return {
    providers,
    callback,
    connections: context.connections,
    authorization,
    tokens: ((name: string, { connection }: { connection?: string | undefined } = {}) =>
      remember(tokenStores, `${name} ${connection ?? ''}`, () =>
        createTokens(context, name, connection),
      )) as Client<P>['tokens'],
    setSession(next) {
      // Also the same user signs in, after the backend has said that nobody is.
      if (next === subject) return void context.connections.load()
      becomes(next)
      void take('noteSession')
    },
    dispose() {
      stopWatching?.()
      platform.tabs.close()
    },
  }
}

/** The value under a key, made on first use. */
function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

/** Equal inputs have equal keys, whatever the order of their members. */
const stableKey = (input: object): string =>
  JSON.stringify(input, (_name, value: unknown) =>
    typeof value === 'object' && value && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )

async function loadChannel(context: Context, name: string): Promise<Channel> {
  const provider = providerOf(context, name)
  const { createChannel } = await loadModule(provider.channel())
  return createChannel(context, name, provider)
}
