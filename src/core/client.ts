import { browserPlatform } from '../platform/platform.js'
import { createAuthorization, type Authorization } from './authorize/authorization.js'
import { createAuthorizationRuns, type AuthorizationRuns } from './authorize/authorization-runs.js'
import type { Interaction } from './authorize/interact.js'
import type { ClickArgument, OnlyKnownInput } from './authorize/authorization-input.js'
import type { CallbackState } from './callback/callback.js'
import { createCallbackStore, type CallbackStore } from './callback/callback-store.js'
import { captureResponse, type Capture } from './callback/capture.js'
import { checkClientOptions, checkConfiguration, type ClientOptions } from './configuration.js'
import { createConnections } from './connections/connections.js'
import type { Connections, ConnectionsStore } from './connections/connections-state.js'
import type { SignedOut } from './connections/sign-out.js'
import type { Ready, ReadyOptions } from './connections/ready.js'
import { createTokens } from './connections/tokens.js'
import type { TokensState, TokensStateOf } from './connections/tokens-state.js'
import type { Context } from './context.js'
import { createContext } from './create-context.js'
import type { CommonInput } from './input.js'
import { createInstitutions } from './institutions/institutions.js'
import type { InstitutionsOptions, InstitutionsState } from './institutions/institutions-state.js'
import { makeInspectable } from './inspect.js'
import { dropAnswers } from './drop-answers.js'
import { lazyParts, lazyPartsFor } from './lazy.js'
import type { ConnectionOf, InputOf, InstitutionInputOf, ProviderName, Providers } from './provider.js'
import type { ReadableStore } from './readable-store.js'
import { hideSubjects } from './records/hidden-subjects.js'
import { sessionKey } from './records/keys.js'
import { remember } from './remember.js'
import { takeNamespace } from './namespace.js'
import { createSubject, type Subject } from './subject.js'

/** A client: what {@link createClient} makes. Its functions are stable and may be passed around. */
export interface Client<P extends Providers = Providers> {
  readonly providers: P
  /** Outcome of the response that this page was opened with. */
  readonly callback: ReadableStore<CallbackState<ConnectionOf<P>>>
  /** All connections of the app's user. */
  readonly connections: ConnectionsStore<ConnectionOf<P>>
  /**
   * The authorization of a provider, with what is known of the input before the click. The state is one per provider and
   * `connection` of this input.
   */
  authorization<
    Name extends ProviderName<P>,
    const Known extends OnlyKnownInput<InputOf<P[Name]>, Known> = never,
  >(
    name: Name,
    input?: Known,
  ): Authorization<ConnectionOf<P, Name>, ClickArgument<InputOf<P[Name]>, Known>>
  /** The tokens of a provider's connection: the same store for the same arguments. */
  tokens<Name extends ProviderName<P>>(
    name: Name,
    options?: { readonly connection?: string | undefined },
  ): ReadableStore<TokensStateOf<P, Name>>
  /**
   * The institutions that a person may choose at a provider, as far as a query finds them: the same store for the same arguments.
   * Somebody who watches it has it loaded, 0.2 seconds after the query last changed.
   *
   * @throws {TypeError} when the client has no such provider, and when the provider has no list: Stitch, Apiture, FDX and oidc have none.
   */
  institutions<Name extends ProviderName<P>>(
    name: Name,
    options?: InstitutionsOptions,
  ): ReadableStore<InstitutionsState<InstitutionInputOf<P[Name]>>>
  /**
   * Sends the person to a page of the provider's that its API asks for, for a connection that stays as it is: Stitch's user
   * interactions, which `readStitchInteraction` finds. They come back to the redirect URI, where the callback's state is
   * `interaction_finished` with this `returnTo`. Call it from a click.
   *
   * @throws {TypeError} for a page that is not the provider's, and when the client has no such provider.
   * @throws {CountersignError} `sign_in_required`. @throws {StorageError} when it cannot be noted.
   */
  interact(name: ProviderName<P>, interaction: Interaction): Promise<void>
  /**
   * The connection of a provider, for route loaders and for queries that begin before anything renders. Resolves as soon as
   * it is known: never with `restoring`, and not while the response that the page was opened with is being redeemed.
   *
   * @throws {CountersignError} what the state `failed` holds, so that a router's error boundary or a query's `error` gets it.
   * `environment_unsupported` on a server, where nothing ever becomes known.
   * @throws the signal's reason when it is aborted.
   * @throws {TypeError} when the client has no such provider.
   */
  ready<Name extends ProviderName<P>>(
    name: Name,
    options?: ReadyOptions,
  ): Promise<Ready<TokensStateOf<P, Name>>>
  /**
   * Says who the app's user is now: an id, or `null` when nobody is signed in. It wins over a promise that `createClient`
   * still waits for. When the user changes or signs out, everything of the previous user is hidden and their tokens in
   * memory are dropped; nothing that is stored is deleted, and it is there again when they are.
   *
   * @throws {TypeError} for `undefined`, an empty string and anything else that names nobody.
   */
  setSubject(subject: string | null): void
  /**
   * Signs the app's user out of this browser: removes everything that is stored of theirs, has the tokens of `browser` mode
   * revoked, and does what `setSubject(null)` does, in every tab. Connections that a backend keeps stay there; those of
   * `browser` mode have to be made again. With `singleUser` the same user goes on, with nothing.
   *
   * Wait for it before you leave the page. Where `createClient` still waits for a promise of the user, this waits, too. A user whom
   * `setSubject` names meanwhile stays signed in.
   *
   * @returns Whether all providers have confirmed the revocation.
   * @throws {StorageError} when not everything was removed. @throws {NetworkError} when the code for it does not arrive.
   * @throws {CountersignError} `subject_unknown` when that promise was rejected. Everything is hidden in any case.
   */
  signOut(): Promise<SignedOut>
  /** Ends listening to other tabs and to the page, drops the tokens in memory, and revokes those that wait to be checked. */
  dispose(): void
}

/**
 * Any client, whatever its providers: what the hooks take. A `Client` of some providers is not a `Client` of others, as its
 * states tell them apart.
 */
export interface AnyClient {
  readonly providers: Providers
  readonly callback: ReadableStore<unknown>
  readonly connections: ReadableStore<unknown> & Pick<ConnectionsStore, 'refresh' | 'refreshAsync'>
  readonly authorization: (...input: never) => ReadableStore<unknown>
  readonly tokens: (...input: never) => ReadableStore<unknown>
  readonly institutions: (...input: never) => ReadableStore<unknown>
}

/**
 * Makes a client. Create it once, at module level and before the router: it takes an authorization response out of the
 * address bar synchronously and redeems it at once. On a server it does nothing.
 *
 * @throws {TypeError} for a configuration that cannot work or is not safe: a secret, a missing backend, a redirect URI
 * on another origin or shared by two providers, a `subject` that names nobody.
 * @example
 * ```ts
 * import { createClient, singleUser } from 'countersign'
 * import { apiture } from 'countersign/providers'
 *
 * export const bank = createClient({
 *   subject: singleUser,
 *   providers: { apiture: apiture({ clientId: 'my-client', environment: 'cat', scope: 'openid offline_access banking/read' }) },
 * })
 * ```
 */
export function createClient<const P extends Providers>(options: ClientOptions<P>): Client<P> {
  checkClientOptions(options)
  const onServer = typeof window === 'undefined' && !options.platform
  const { namespace = 'countersign', providers } = options
  const given = options.platform ?? browserPlatform(namespace)
  const { platform, revealSubject } = hideSubjects(given, () => subject.current())
  const runs = new Map<string, AuthorizationRuns>()
  const stores = new Map<string, ReadableStore<TokensState>>()
  const callback = createCallbackStore()
  const subject: Subject = createSubject(platform, options.subject)

  const authorization = (name: string, input: CommonInput = {}): Authorization =>
    createAuthorization(
      remember(runs, `${name} ${input.connection ?? ''}`, () => createAuthorizationRuns(context, name)),
      input,
    )
  const context = createContext(options as ClientOptions, {
    ...{ platform, subject, revealSubject },
    restart: (name, input) => authorization(name, input).authorizeAsync(),
    requireSignIn: () => {
      connections.requireSignIn()
    },
    follow: (id) => (id === sessionKey ? subject.check() : connections.follow(id)),
  })
  const connections = createConnections(context)
  const stop = onServer ? undefined : start(context, subject, connections, callback)
  const dispose = (): void => {
    stop?.()
    context.tokens.forget()
    dropAnswers(context)
    platform.tabs.close()
    release?.()
  }
  const release = options.platform || onServer ? undefined : takeNamespace(namespace, dispose)

  const tokens = (name: string, { connection }: TokensOptions = {}): ReadableStore<TokensState> =>
    remember(stores, `${name} ${connection ?? ''}`, () =>
      createTokens(context, connections, name, connection, callback),
    )
  const client = {
    ...{
      signOut: () => signOutOf(context, subject, connections, callback),
      providers,
      callback,
      connections,
      authorization,
      tokens,
      institutions: createInstitutions(context),
      interact: interactBy(context),
      ready: readyBy(onServer ? undefined : callback, tokens),
      dispose,
    },
    setSubject(next: string | null) {
      void subject.set(next)
    },
  }
  makeInspectable(client, { context, namespace })
  return client as unknown as Client<P>
}

const interactBy =
  (context: Context): Client['interact'] =>
  async (name, interaction) =>
    (await lazyParts()).interact(context, name, interaction)

const readyBy =
  (
    callback: CallbackStore | undefined,
    tokens: (name: string, options?: TokensOptions) => ReadableStore<TokensState>,
  ) =>
  async (name: string, settings?: ReadyOptions): Promise<unknown> =>
    (await lazyParts()).ready(callback, tokens(name, settings), settings)

interface TokensOptions {
  readonly connection?: string | undefined
}

/** Takes the response that the page was opened with, and follows what happens in other tabs. The function given back ends that. */
function start(
  context: Context,
  subject: Subject,
  connections: Connections,
  callback: CallbackStore,
): () => void {
  const { navigation, tabs } = context.platform
  const names = Object.keys(context.providers)
  checkConfiguration(context, names)
  const capture = captureResponse(navigation, names, context.redirectUri, context.hasSharedPages)
  tabs.onAnnounced((id) => void context.follow(id))
  // What other tabs announced while the page was out of sight may not have been heard.
  const stopWatching = navigation.onShown(() => {
    void subject.check()
    void connections.load()
  })
  void connections.load()
  subject.start({
    changed() {
      callback.proceed()
      void connections.load()
    },
    failed(error) {
      callback.wait(error)
      connections.fail(error)
    },
  })
  complete(context, callback, capture)
  return () => {
    stopWatching()
    subject.stop()
  }
}

/** Completes the response that was captured; once more when the app's user has changed. */
function complete(context: Context, callback: CallbackStore, capture: Capture | undefined): void {
  const show = (part: 'complete' | 'completeAgain'): void => {
    if (!capture) return
    context.platform.navigation.whenActive(() => {
      const provider = context.providers[capture.provider]
      void callback.show(async () => (await lazyPartsFor(provider))[part](context, capture))
    })
  }
  context.onReset(() => {
    // Nothing stays on show of what belongs to the one before.
    context.tokens.forget()
    dropAnswers(context)
    callback.clear()
    if (context.subject() !== null) show('completeAgain')
  })
  if (capture) callback.begin()
  show('complete')
}

/** Signs the user out who is signed in when it is called. Whatever fails, everything of theirs is hidden. */
async function signOutOf(
  context: Context,
  subject: Subject,
  connections: Connections,
  callback: CallbackStore,
): Promise<SignedOut> {
  if (subject.current() === undefined)
    await subject.require().catch((error: unknown) => {
      void subject.set(null)
      throw error
    })
  // With singleUser the app's user stays the same: nothing else would hide it.
  dropAnswers(context)
  callback.clear()
  const owner = subject.current()
  if (owner == null) return { revoked: true }
  const state = connections.get()
  const known = state.status === 'ready' ? state.connections : []
  const held = new Map(context.tokens.ids().map((id) => [id, context.tokens.get(id)]))
  let noted: Promise<unknown> | undefined
  const hide = (): void => {
    // Without users of its own there is nobody else to wait for. Whoever was set meanwhile stays.
    if (owner !== '' && subject.current() === owner) noted = subject.set(null)
  }
  try {
    const parts = await lazyParts().catch((error: unknown) => {
      hide()
      throw error
    })
    return await parts.signOut(context, owner, { held, known, hide })
  } finally {
    await Promise.all([noted, connections.load()])
  }
}
