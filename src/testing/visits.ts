import type { AuthorizationState, CallbackState } from '../core/index.js'
import { createArrivals, type Arrivals, type Visit } from './arrivals.js'
import { checkProvider, quoted } from './check-provider.js'
import type { Popup } from './browser/page.js'
import type { Departure, Tab } from './browser/tab.js'
import type { Ending } from './servers/authorization-request.js'
import { turn, waitFor } from './turns.js'
import type { World } from './world.js'

/** The visits of people to the providers. */
export interface Visits {
  /** Somebody has left. */
  readonly arrive: (departure: Departure) => void
  /** Nobody is at a provider in this tab any more. */
  readonly forget: (tab: Tab) => void
  /** True while somebody has set off and is not there yet. */
  readonly areOnTheWay: () => boolean
  /**
   * Resolves when somebody is at the provider.
   *
   * @param provider Anywhere, where it is left out.
   * @throws {Error} that says why nobody comes
   */
  readonly expect: (provider?: string) => Promise<Visit>
  /** Ends the latest visit to a provider, and resolves with what the app is shown then. */
  readonly end: (provider: string | undefined, ending: Ending) => Promise<CallbackState | AuthorizationState>
  /** Somebody closes the popup, or goes back in the tab, without an answer. */
  readonly leave: (provider: string) => Promise<void>
}

/** Turns to wait for somebody who is not on the way yet, such as an app that asks its own server before it calls `authorize`. */
const patience = 150

/** Turns to wait for an outcome while nothing seems to be under way, such as when a part of the app is loaded for the first time. */
const longPatience = 3000

/** Follows who is at which provider. @param openPopupPage Opens the page that a popup comes back with. */
export function createVisits(
  world: World,
  tabs: () => readonly Tab[],
  openPopupPage: (address: string, popup: Popup) => void,
  navigate: (path: string) => void,
): Visits {
  const arrivals = createArrivals(world)
  const ended = new Set<string>()

  const expect = (provider?: string): Promise<Visit> =>
    expectVisit(provider, { world, tabs, arrivals, ended })
  const take = async (provider: string | undefined): Promise<Visit> => {
    const visit = await expect(provider)
    arrivals.remove(visit)
    return visit
  }

  return {
    arrive: arrivals.add,
    forget: arrivals.forget,
    areOnTheWay: () =>
      tabs().some((tab) => {
        const names = Object.keys(tab.client.providers)
        return !arrivals.has(tab) && names.some((name) => statesOf(tab, name).some(isLeavingState))
      }),
    expect,
    async end(named, ending) {
      const { server, request, tab, popup } = await take(named)
      const provider = request.registration.name
      ended.add(provider)
      if (ending.kind === 'cancel' && server.keepsCancelled) return comeBack(world, provider, tab, popup)
      const address = server.end(request, ending)
      if (popup) {
        openPopupPage(address, popup)
        return outcomeOfPopup(world, provider, tab)
      }
      tab.load(address)
      const { pathname, search } = tab.page().url()
      navigate(pathname + search)
      const { callback } = tab.client
      await waitFor(
        () => callback.get().status !== 'pending',
        () => isIdle(world),
        longPatience,
      )
      return callback.get()
    },
    async leave(provider) {
      const { tab, popup } = await take(provider)
      await comeBack(world, provider, tab, popup)
    },
  }
}

/** What it takes to wait for somebody. */
interface Waiting extends Pick<NoVisit, 'arrivals' | 'ended'> {
  readonly world: World
  readonly tabs: () => readonly Tab[]
}

/** Waits for somebody at a provider. @throws {Error} that says why nobody comes. */
async function expectVisit(
  provider: string | undefined,
  { world, tabs, arrivals, ended }: Waiting,
): Promise<Visit> {
  const names = provider === undefined ? namesOf(tabs) : [checkProvider(namesOf(tabs), provider)]
  const find = (): readonly Visit[] => names.flatMap((name) => arrivals.find(name) ?? [])
  await waitFor(
    () => find().length > 0,
    () => isIdle(world) && !tabs().some((tab) => names.some((name) => isLeaving(tab, name))),
    patience,
  )
  const [visit, other] = find()
  if (!visit) throw noVisit({ names, tabs: tabs(), arrivals, ended })
  if (other)
    throw new TypeError(
      `fakeBank: somebody is at ${quoted(arrivals.providers())}. Name the provider that you mean.`,
    )
  return visit
}

const isIdle = ({ network }: World): boolean => network.inFlight() === 0

/** Comes back without an answer: the popup is closed, or the page is shown again. */
async function comeBack(
  world: World,
  provider: string,
  tab: Tab,
  popup: Popup | undefined,
): Promise<AuthorizationState> {
  if (!popup) tab.page().show()
  else {
    // The client has seen the provider's page there before it believes that the popup is closed, and then waits a while.
    await pass(world, 1)
    popup.closed = true
    await pass(world, 3)
  }
  await waitFor(
    () => !isLeaving(tab, provider),
    () => true,
    patience,
  )
  return tab.client.authorization(provider).get()
}

/** Lets seconds pass, with a turn for everybody at each quarter. */
async function pass({ clock }: World, seconds: number): Promise<void> {
  for (let quarter = 0; quarter < seconds * 4; quarter++) {
    clock.advance(0.25)
    await turn()
  }
}

const isLeavingState = ({ status }: AuthorizationState): boolean => status === 'leaving'

const underWay: readonly string[] = ['leaving', 'waiting']

/** States of a provider's authorizations: of a new connection, and of those that there are. */
function statesOf(tab: Tab, provider: string): readonly AuthorizationState[] {
  const all = tab.current().connections.get()
  const ids = all.status === 'ready' ? all.connections.map(({ id }) => id) : []
  return [undefined, ...ids].map((connection) =>
    tab
      .current()
      .authorization(provider, connection === undefined ? {} : { connection })
      .get(),
  )
}

const isLeaving = (tab: Tab, provider: string): boolean =>
  statesOf(tab, provider).some(({ status }) => underWay.includes(status))

async function outcomeOfPopup(world: World, provider: string, tab: Tab): Promise<AuthorizationState> {
  const running = statesOf(tab, provider).findIndex(({ status }) => underWay.includes(status))
  const now = (): AuthorizationState => statesOf(tab, provider)[Math.max(0, running)] ?? { status: 'idle' }
  await waitFor(
    () => !underWay.includes(now().status),
    () => isIdle(world),
    longPatience,
  )
  return now()
}

const namesOf = (tabs: () => readonly Tab[]): readonly string[] =>
  Object.keys(tabs()[0]?.client.providers ?? {})

/** Where somebody was expected. */
interface NoVisit {
  readonly names: readonly string[]
  readonly tabs: readonly Tab[]
  readonly arrivals: Arrivals
  /** Providers at which a visit has ended. */
  readonly ended: ReadonlySet<string>
}

/** Says why nobody is there, and what to do. */
function noVisit({ names, tabs, arrivals, ended }: NoVisit): Error {
  const place = names.length === 1 ? quoted(names) : 'any provider'
  const refusal = arrivals.takeRefusal()
  if (refusal)
    return new Error(
      `fakeBank: the provider shows an error page and sends nobody back, because ${refusal.message}.`,
    )
  const failed = tabs
    .flatMap((tab) => names.flatMap((name) => statesOf(tab, name)))
    .find((state) => state.status === 'failed')
  if (failed?.status === 'failed')
    return new Error(
      `fakeBank: nobody is at ${place}: authorize() failed with ${failed.error.code}. ${failed.error.message}`,
      { cause: failed.error },
    )
  const elsewhere = arrivals.providers()
  if (names.some((name) => ended.has(name)) && elsewhere.length === 0)
    return new Error(
      `fakeBank: nobody is at ${place} any more: the visit has ended. One call ends one visit; for another, call authorize() again.`,
    )
  return new Error(
    `fakeBank: nobody is at ${place}. Begin first, as a person would: press the button that calls authorize(), then say how the visit ends.${
      elsewhere.length > 0 ? ` Somebody is at ${quoted(elsewhere)}.` : ''
    }`,
  )
}
