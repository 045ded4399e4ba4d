import {
  createClient,
  singleUser,
  type AuthorizationState,
  type CallbackState,
  type Client,
  type ClientOptions,
  type ConnectionOf,
  type DetailsOf,
  type InputOf,
  type ProviderName,
  type Providers,
  type SubjectOption,
} from '../core/index.js'
import type { Approval } from './approval.js'
import type { Popup } from './browser/page.js'
import type { Platform } from './browser/platform.js'
import { openTab, type Tab } from './browser/tab.js'
import type { Endpoint, FaultTarget, Refusal } from './network/faults.js'
import type { BankRequest } from './network/requests.js'
import type { ApiHandler } from './open-servers.js'
import { outsideAct } from './react.js'
import { joinRealms } from './realm.js'
import type { Ending } from './servers/authorization.js'
import type { TamperTarget } from './servers/tamper.js'
import { startConnections } from './start-connections.js'
import { turn, waitFor } from './turns.js'
import { createVisits } from './visits.js'
import { createWorld, type World } from './world.js'

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
  /** The address at which the app is opened: a path of it. @defaultValue `/` */
  readonly url?: string
}

/** How a visit ended, as the app is shown it: in its callback, or for a popup in its authorization. */
export type VisitOutcome<P extends Providers, Name extends ProviderName<P>> =
  CallbackState<ConnectionOf<P, Name>> | AuthorizationState<ConnectionOf<P, Name>>

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
  /** The person signs in at the provider and approves. Resolves with what the app is shown, when React has rendered it. */
  approve<Name extends ProviderName<P>>(
    provider: Name,
    approval?: Approval<DetailsOf<P[Name]>>,
  ): Promise<VisitOutcome<P, Name>>
  /** The person changes their mind at the provider. Not every provider tells that from a refusal. */
  cancel<Name extends ProviderName<P>>(provider: Name): Promise<VisitOutcome<P, Name>>
  /** The person refuses. */
  deny<Name extends ProviderName<P>>(provider: Name): Promise<VisitOutcome<P, Name>>
  /** The provider sends the person back with an error, such as `temporarily_unavailable`. */
  fail<Name extends ProviderName<P>>(provider: Name, error: string): Promise<VisitOutcome<P, Name>>
  /** The person closes the popup, or comes back to the page by the Back button. */
  leave(provider: ProviderName<P>): Promise<void>
  /** Basis's initialization token expires before the person arrives: they come back with that error. */
  expireInitToken<Name extends ProviderName<P>>(provider: Name): Promise<VisitOutcome<P, Name>>

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
  /** Answers a request that is for this bank; `undefined` for any other. `countersign/testing/msw` is made of it. */
  handle(request: Request): Promise<Response | undefined>
  /** Ends all pages and timers. Nothing keeps a process alive without it either. */
  close(): void
}

/**
 * Stands in for every bank of an app, so that a component test can connect one: the app's real client on a browser in memory,
 * the real reference backend, and an authorization server for every configured provider, with real signatures, PKCE and client
 * authentication. There are no ports, and no global is replaced by a fake.
 *
 * @throws {TypeError} as `createClient`, and for `platform`.
 * @example
 * ```ts
 * import { singleUser } from 'countersign'
 * import { stitch } from 'countersign/providers'
 * import { fakeBank } from 'countersign/testing'
 *
 * const bank = fakeBank({
 *   subject: singleUser,
 *   backend: '/connect',
 *   providers: { stitch: stitch({ clientId: 'test-18fbd892', scope: 'openid accounts' }) },
 * })
 * bank.client.authorization('stitch').authorize()
 * const outcome = await bank.approve('stitch')
 * ```
 */
export function fakeBank<const P extends Providers>(options: FakeBankOptions<P>): FakeBank<P> {
  if ('platform' in options)
    throw new TypeError('fakeBank: it brings a `platform` of its own. Leave it out of the options.')
  joinRealms()
  const kit = openKit(options)
  return toBank(kit, options.subject ?? singleUser) as unknown as FakeBank<P>
}

/** The parts of one bank. */
interface Kit {
  readonly world: World
  readonly tabs: Tab[]
  readonly visits: ReturnType<typeof createVisits>
  readonly open: (address: string) => Tab
}

const anyone = 'the-only-user'

function openKit(options: FakeBankOptions): Kit {
  const {
    connected = {},
    api = {},
    navigate = () => undefined,
    url = '/',
    subject = singleUser,
    ...app
  } = options
  const world = createWorld({
    client: app,
    origin: originOf(),
    session: typeof subject === 'string' ? subject : subject === null ? null : anyone,
    api,
  })
  followSubject(world, subject)
  const tabs: Tab[] = []
  const hidden = new Set<unknown>()
  let isReady = Object.keys(connected).length === 0
  const telling = <Args extends readonly unknown[]>(listener: ((...args: Args) => void) | undefined) =>
    listener &&
    ((...args: Args): void => {
      if (isReady) listener(...args)
    })
  const { backend, onOutcome, onEvent, ...rest } = app
  const make = (platform: Platform): Client =>
    createClient({
      ...rest,
      subject,
      platform,
      // Its own `fetch` is for the network that there is.
      ...(backend !== undefined && { backend: typeof backend === 'string' ? backend : backend.url }),
      ...(onOutcome && { onOutcome: telling(onOutcome) as typeof onOutcome }),
      ...(onEvent && { onEvent: telling(onEvent) as typeof onEvent }),
    })

  let begin = (): void => undefined
  const ready = new Promise<void>((resolve) => {
    begin = resolve
  })
  const open = (address: string): Tab => {
    const tab = openTab(
      {
        browser: world.browser,
        createClient: make,
        onDeparture: (departure) => {
          visits.arrive(departure)
        },
        ready,
        isReady: () => isReady,
        hidden,
        setSubject(next) {
          world.session = next
        },
      },
      address,
    )
    tabs.push(tab)
    return tab
  }
  const openPopupPage = (address: string, popup: Popup): void => {
    const tab = open(address)
    popup.onClosed = () => {
      tab.close()
      tabs.splice(tabs.indexOf(tab), 1)
    }
  }
  const visits = createVisits(world, () => tabs, openPopupPage, navigate)
  const first = open(url)
  if (isReady) begin()
  else {
    void startConnections({ world, tab: first, visits, connected, hidden }).then((problem) => {
      isReady = true
      begin()
      first.reveal()
      // eslint-disable-next-line no-console -- nobody awaits it, and the test will fail for another reason
      if (problem) console.error(problem)
    })
  }
  return { world, tabs, visits, open }
}

/** The session that the app's backend has once it is known who the app's user is. */
function followSubject(world: World, subject: SubjectOption): void {
  if (typeof subject !== 'object' || subject === null) return
  subject.then(
    (found) => {
      world.session = found
    },
    () => undefined,
  )
}

/** Origin of the app's pages: that of the test's document, where the backend could have it, too. */
function originOf(): string {
  const { location } = globalThis as { readonly location?: { readonly origin: string } }
  const origin = location?.origin ?? ''
  return /^https:|^http:\/\/(?:localhost|127\.0\.0\.1)(?::|$)/.test(origin) ? origin : 'https://app.example'
}

function toAppTab(tab: Tab, settled: () => Promise<void>): AppTab {
  return {
    client: tab.client,
    get url() {
      return tab.page().url().href
    },
    reload: () =>
      outsideAct(async () => {
        const page = tab.page()
        tab.load(page.url().href, page.historyState())
        await settled()
      }),
  }
}

// eslint-disable-next-line max-lines-per-function -- one short member for each thing that a test can say
function toBank({ world, tabs, visits, open }: Kit, subject: SubjectOption): FakeBank {
  const { clock, faults, network } = world
  const first = tabs[0] as Tab
  let signedIn = typeof subject === 'string' ? subject : anyone

  // What waits for time to pass waits for the test.
  const isIdle = (): boolean => network.inFlight() === network.delayed()
  const settled = async (): Promise<void> => {
    await waitFor(
      () => false,
      () => true,
      3,
    )
    for (let quiet = 0; quiet < 5; quiet = isIdle() ? quiet + 1 : 0) await turn()
  }
  const end = (provider: string, ending: Ending): Promise<never> =>
    outsideAct(() => visits.end(provider, ending)) as Promise<never>
  const forServers = async (work: (isMeant: (name: string) => boolean) => void, provider?: string) => {
    await world.servers()
    work((name) => provider === undefined || provider === name)
  }

  return Object.defineProperties(
    {
      approve: (provider: string, approval: Approval = {}) => end(provider, { kind: 'approve', approval }),
      cancel: (provider: string) => end(provider, { kind: 'cancel' }),
      deny: (provider: string) => end(provider, { kind: 'deny' }),
      fail: (provider: string, error: string) => end(provider, { kind: 'error', error }),
      leave: (provider: string) => outsideAct(() => visits.leave(provider)),
      expireInitToken: (provider: string) =>
        end(provider, {
          kind: 'error',
          error: 'invalid_request',
          description: 'Request included expired Initialization Token.',
        }),
      loseReply(endpoint: Endpoint, target: FaultTarget = {}) {
        faults.add(endpoint, { kind: 'lost' }, target)
      },
      refuse(endpoint: Endpoint, refusal: Refusal, target: FaultTarget = {}) {
        faults.add(endpoint, { kind: 'refused', refusal }, target)
      },
      tamper(what: TamperTarget, provider?: string) {
        faults.tamper(what, provider)
      },
      delay(milliseconds: number) {
        faults.delayMilliseconds = milliseconds
      },
      offline(isOffline = true) {
        faults.offline = isOffline
      },
      async expireAccessTokens(provider?: string) {
        const { all } = await world.servers()
        await forServers((isMeant) => {
          for (const { grants } of all)
            grants.expireAccessTokens(({ registration }) => isMeant(registration.name))
        }, provider)
      },
      async revoke(provider?: string) {
        const { all } = await world.servers()
        await forServers((isMeant) => {
          for (const { grants } of all) grants.revoke(({ registration }) => isMeant(registration.name))
        }, provider)
      },
      signOut() {
        signedIn = world.session ?? signedIn
        world.session = null
      },
      signIn(next: string = signedIn) {
        world.session = signedIn = next
      },
      otherTab: () => toAppTab(open('/'), settled),
      advance: (seconds: number) =>
        outsideAct(async () => {
          clock.advance(seconds)
          await settled()
        }),
      settled: () => outsideAct(settled),
      requestsTo: (provider: string, endpoint?: string) =>
        network.requests.filter(
          (request) =>
            request.to === 'provider' &&
            request.provider === provider &&
            (endpoint === undefined || request.endpoint === endpoint),
        ),
      handle: network.handle,
      close() {
        for (const tab of tabs) tab.close()
        clock.stop()
      },
    },
    {
      ...Object.getOwnPropertyDescriptors(toAppTab(first, settled)),
      requests: { enumerable: true, get: () => [...network.requests] },
    },
  ) as unknown as FakeBank
}
