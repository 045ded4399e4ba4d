import type { AuthorizationState, CallbackState } from '../core/index.js'
import type { Departure, Tab } from './browser/tab.js'
import type { AuthorizationRequest, Ending } from './servers/authorization.js'
import { PageError } from './servers/authorization.js'
import type { Server } from './servers/server.js'
import { turn, waitFor } from './turns.js'
import type { World } from './world.js'

/** Somebody at a provider, who has been shown what the app asks for. */
interface Visit extends Departure {
  readonly server: Server
  readonly request: AuthorizationRequest
}

/** The visits of people to the providers. */
export interface Visits {
  /** Somebody has left. */
  readonly arrive: (departure: Departure) => void
  /** Ends the latest visit to a provider, and resolves with what the app is shown then. */
  readonly end: (provider: string, ending: Ending) => Promise<CallbackState | AuthorizationState>
  /** Somebody closes the popup, or goes back in the tab, without an answer. */
  readonly leave: (provider: string) => Promise<void>
}

/** Turns to wait for somebody who is not on the way yet, such as an app that asks its own server before it calls `authorize`. */
const patience = 150

/** Follows who is at which provider. @param open Opens the page that a popup comes back with. */
export function createVisits(
  world: World,
  tabs: () => readonly Tab[],
  openPopupPage: (address: string, popup: NonNullable<Departure['popup']>) => void,
  navigate: (path: string) => void,
): Visits {
  const departures: Departure[] = []
  const visits: Visit[] = []
  let problem: unknown

  /** Has the provider read what those who have left ask for. */
  async function openAll(): Promise<void> {
    const { all } = await world.servers()
    for (const departure of departures.splice(0)) {
      const url = new URL(departure.url)
      const server = all.find((one) => one.endpointOf(url) === 'authorization')
      try {
        if (!server)
          throw new PageError(
            `no configured provider has an authorization endpoint at ${url.origin}${url.pathname}`,
          )
        const request = server.open(url)
        const headers = new Headers()
        const shown = new URL(`${url.origin}${url.pathname}?${String(request.parameters)}`)
        const { name } = request.registration
        world.network.noteVisit(name, { method: 'GET', url: shown, headers, body: '', certificate: false })
        // Who leaves once more from the same window is no longer where they were.
        const before = visits.findIndex(
          ({ tab, popup }) => tab === departure.tab && popup === departure.popup,
        )
        if (before >= 0) visits.splice(before, 1)
        visits.push({ ...departure, server, request })
      } catch (error) {
        problem = error
      }
    }
  }

  const find = (provider: string): Visit | undefined =>
    visits.filter(({ request }) => request.registration.name === provider).at(-1)

  async function take(provider: string): Promise<Visit> {
    checkName(tabs, provider)
    await waitFor(
      () => departures.length > 0 || find(provider) !== undefined,
      () => world.network.inFlight() === 0 && !tabs().some((tab) => isLeaving(tab, provider)),
      patience,
    )
    await openAll()
    const visit = find(provider)
    if (!visit) throw noVisit(provider, tabs(), visits, problem)
    problem = undefined
    visits.splice(visits.indexOf(visit), 1)
    return visit
  }

  return {
    arrive: (departure) => void departures.push(departure),
    async end(provider, ending) {
      const { server, request, tab, popup } = await take(provider)
      if (ending.kind === 'cancel' && server.keepsCancelled) return comeBack(world, provider, tab, popup)
      const address = await server.end(request, ending)
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
        () => world.network.inFlight() === 0,
        patience,
      )
      return callback.get()
    },
    async leave(provider) {
      const { tab, popup } = await take(provider)
      await comeBack(world, provider, tab, popup)
    },
  }
}

/** Comes back without an answer: the popup is closed, or the page is shown again. */
async function comeBack(
  world: World,
  provider: string,
  tab: Tab,
  popup: Departure['popup'],
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
  const before = statesOf(tab, provider)
  const running = before.findIndex(({ status }) => underWay.includes(status))
  const now = (): AuthorizationState => statesOf(tab, provider)[Math.max(0, running)] ?? { status: 'idle' }
  await waitFor(
    () => !underWay.includes(now().status),
    () => world.network.inFlight() === 0,
    patience,
  )
  return now()
}

function checkName(tabs: () => readonly Tab[], provider: string): void {
  const names = Object.keys(tabs()[0]?.client.providers ?? {})
  if (names.includes(provider)) return
  throw new TypeError(
    `fakeBank: there is no provider "${provider}". The options have ${names.map((name) => `"${name}"`).join(', ')}.`,
  )
}

/** Says why nobody is there, and what to do. */
function noVisit(provider: string, tabs: readonly Tab[], visits: readonly Visit[], problem: unknown): Error {
  if (problem instanceof PageError)
    return new Error(
      `fakeBank: the provider shows an error page and sends nobody back, because ${problem.message}.`,
    )
  const failed = tabs.flatMap((tab) => statesOf(tab, provider)).find((state) => state.status === 'failed')
  if (failed?.status === 'failed')
    return new Error(
      `fakeBank: nobody is at "${provider}": authorize() failed with ${failed.error.code}. ${failed.error.message}`,
      { cause: failed.error },
    )
  const elsewhere = visits.map(({ request }) => `"${request.registration.name}"`)
  return new Error(
    `fakeBank: nobody is at "${provider}". Begin first, as a person would: press the button that calls authorize(), then say how the visit ends.${
      elsewhere.length > 0 ? ` Somebody is at ${elsewhere.join(', ')}.` : ''
    }`,
  )
}
