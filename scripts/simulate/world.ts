import {
  createBrowser,
  hasBackend,
  origin,
  transactionIn,
  type Browser,
  type Page,
  type Variant,
} from './browser.js'
import { addCrowd } from './crowd.js'
import { createNetwork, type Network, type Serve } from './network.js'
import { enterRealm, subjectName } from './realm.js'
import type { Popup } from './popups.js'
import { createReplicas, type Replicas } from './replicas.js'
import { createScheduler, streams, type Plan, type Scheduler } from './scheduler.js'
import { createServer, issuer, type Server } from './server.js'
import type { Told } from './webhooks.js'

/** A visit to the bank, from the authorization request on. */
export interface Visit {
  readonly url: URL
  readonly state: string
  /** The app's user who was sent there. */
  readonly subject: string
  /** The page that was sent there, or whose popup was. */
  readonly page: Page
  readonly popup?: Popup
  /** Whether a connection was to be renewed. */
  readonly isRenewal: boolean
  /** The addresses that the bank has sent the browser back to. */
  readonly answers: string[]
}

/** A connection that the app has disconnected: the library says that it is done. */
export interface Disconnected {
  readonly id: string
  readonly step: number
  readonly page: Page
  /** Whether nobody confirmed that the grant has ended there: no answer in time. */
  readonly isUnknown: boolean
}

/** Everything of one run. */
export interface World {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly server: Server
  readonly browser: Browser
  /** Absent where tokens are in the browser. */
  readonly replicas: Replicas | undefined
  readonly visits: Visit[]
  readonly disconnected: Disconnected[]
  /** How often somebody has asked for a disconnection, also on a page that was gone when it was done. */
  disconnects: number
  /** Access tokens that the app was given, with the user who was signed in when it asked. */
  readonly handed: { readonly token: string; readonly subject: string | null; readonly page: Page }[]
  readonly webhooks: Told[]
  /** Number of things that a person or the surroundings have done. */
  acts: number
  /** True when storage lost or refused something: then less is promised. */
  isStorageBroken: boolean
  /** True when a store of the backend failed, or a replica was ended. */
  isBackendBroken: boolean
  /** True when a request or an answer was lost. */
  isNetworkBroken: boolean
  /** True when somebody else has signed in, or nobody is signed in any more. */
  hasSessionChanged: boolean
  /** True when a clock was set. */
  areClocksWrong: boolean
  /** True when time passed without anything running. */
  hasSlept: boolean
  readonly faults: string[]
  /** Whether the browser has Web Locks; otherwise leases stand in, and a page that sleeps counts as gone. */
  readonly locks: Variant['locks']
  /** Whether the app connects in popups, too. */
  readonly hasPopups: boolean
}

const startedAt = 1_900_000_000

/** A lease holds for 15 s, and a page that does not get to renew it meanwhile is as good as frozen. */
const hurriedSeconds = { web: 20, lease: 3 }

/** Seconds by which a replica's clock is ahead in some runs: longer than a lease of the backend. */
const aheadSeconds = 61

export function createWorld(plan: Plan, variant: Variant): World {
  const scheduler = createScheduler(plan, startedAt, hurriedSeconds[variant.locks])
  const faults: string[] = []
  const servers = new Map<string, Serve>()
  const report = (fault: string): void => {
    faults.push(fault)
  }
  // Backends use their surroundings as soon as they are made.
  enterRealm(scheduler, report)
  const network = createNetwork(scheduler, servers, report)
  const server = createServer(scheduler)
  const mode = variant.tokens === 'bff' ? 'bff' : 'mediated'
  const replicas = hasBackend(variant) ? createReplicas(scheduler, () => network, mode) : undefined
  servers.set(issuer, server.serve)
  if (replicas) servers.set(origin, replicas.serve)
  const [first] = replicas?.actors ?? []
  const isAhead = first !== undefined && scheduler.draw(streams.setup, 4) < 0.2
  if (isAhead) first.clock.offset = aheadSeconds
  const browser = createBrowser(scheduler, network, variant)
  addCrowd(scheduler, browser)
  return {
    ...{ scheduler, network, server, replicas, browser },
    ...{ visits: [], disconnected: [], disconnects: 0, handed: [], webhooks: [], acts: 0, faults },
    locks: variant.locks,
    hasPopups: scheduler.draw(streams.setup, 3) < 0.4,
    ...{
      isStorageBroken: false,
      isBackendBroken: false,
      isNetworkBroken: false,
      hasSessionChanged: false,
      areClocksWrong: isAhead,
      hasSlept: false,
    },
  }
}

/** The pages of which something can run. */
export const livePages = ({ browser }: World): Page[] =>
  browser.pages.filter(({ actor }) => actor.alive && !actor.frozen)

/** Turns departures into visits: the browser shows the bank. */
export function arriveAtBank(world: World): void {
  const { departures } = world.browser
  for (const { page, url, popup } of departures.slice(world.visits.length)) {
    const state = url.searchParams.get('state') ?? ''
    const known = world.visits.find((visit) => visit.state === state)
    const { subject = '', input = {} } = recordOf(world, state) ?? {}
    const isRenewal = known?.isRenewal ?? input.connection !== undefined
    const owner =
      known?.subject ?? users.find((user) => subjectName(user) === subject) ?? page.subject() ?? ''
    world.visits.push({
      ...{ url, state, page, subject: owner, isRenewal, answers: [] },
      ...(popup && { popup }),
    })
  }
}

interface Left {
  readonly subject?: string
  readonly input?: { readonly connection?: string }
}

/** Who may sign in to the app. */
export const users = ['ada', 'bob']

const recordOf = ({ browser }: World, state: string): Left | undefined =>
  transactionIn(browser, state) as Left | undefined
