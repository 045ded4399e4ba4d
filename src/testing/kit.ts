import {
  createClient,
  singleUser,
  type Client,
  type ClientOptions,
  type SubjectOption,
} from '../core/index.js'
import type { Popup } from './browser/page.js'
import type { Platform } from './browser/platform.js'
import { openTab, type Tab, type TabOptions } from './browser/tab.js'
import type { FakeBankOptions } from './bank.js'
import { seededRandomness, systemRandomness, type Randomness } from './random.js'
import { startConnections } from './start-connections.js'
import { createVisits, type Visits } from './visits.js'
import { createWorld, type World } from './world.js'

/** The parts of one bank. */
export interface Kit {
  readonly world: World
  /** The open tabs, the first of which is the test's own. */
  readonly tabs: readonly [Tab, ...Tab[]]
  readonly visits: Visits
  readonly openTab: (address: string) => Tab
  /** Resolves when what the test begins with is there. @throws {Error} when it cannot be made */
  readonly started: Promise<void>
  readonly isStarted: () => boolean
}

/** Who is signed in to an app that has no users, as far as its backend is concerned. */
const anyone = 'the-only-user'

/** Opens a bank: a world with one tab, in which the connections that the test begins with are made first. */
export function openKit(options: FakeBankOptions): Kit {
  const { connected = {}, api = {}, navigate = () => undefined, url = '/', seed, ...app } = options
  const { subject = singleUser } = app
  const beginning = createBeginning(Object.keys(connected).length === 0)
  const { isReady } = beginning
  const session = typeof subject === 'string' ? subject : subject === null ? null : anyone
  const world = createWorld({
    client: app,
    origin: originOf(),
    session,
    api,
    random: randomnessOf(seed),
    isReady,
  })
  followSubject(world, subject)
  const hidden = new Set<unknown>()
  const tabs: Tab[] = []
  const common: TabOptions = {
    browser: world.browser,
    createClient: clientMaker({ ...app, subject }, isReady),
    onDeparture: (departure) => {
      visits.arrive(departure)
    },
    onLoad: (tab) => {
      visits.forget(tab)
    },
    ready: beginning.ready,
    isReady,
    hidden,
    hasUsers: subject !== singleUser,
    setSubject(next) {
      world.session = next
    },
  }
  const open = (address: string): Tab => {
    const tab = openTab(common, address)
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
  const started = isReady()
    ? Promise.resolve()
    : startConnections({ world, tab: first, visits, connected, hidden }).finally(() => {
        beginning.end()
        first.reveal()
      })
  started.catch((problem: unknown) => {
    // eslint-disable-next-line no-console -- a test that awaits nothing of the bank would not learn why it fails
    console.error(problem)
  })
  return { world, tabs: tabs as [Tab, ...Tab[]], visits, openTab: open, started, isStarted: isReady }
}

/** Randomness for each part of a bank. With a seed it is the same every time. */
const randomnessOf =
  (seed: FakeBankOptions['seed']) =>
  (part: string): Randomness =>
    seed === undefined ? systemRandomness : seededRandomness(`${String(seed)}/${part}`)

/** The time until what the test begins with is there. */
function createBeginning(isOver: boolean) {
  let over = isOver
  let resolve = (): void => undefined
  const ready = new Promise<void>((done) => {
    resolve = done
  })
  if (isOver) resolve()
  return {
    ready,
    isReady: (): boolean => over,
    end(): void {
      over = true
      resolve()
    },
  }
}

/** Makes the app's client for each page. What happens before the test begins is not told to the app. */
function clientMaker(
  { backend, onOutcome, onEvent, ...options }: ClientOptions,
  isReady: () => boolean,
): (platform: Platform) => Client {
  const telling =
    <Event>(listener: (event: Event) => void) =>
    (event: Event): void => {
      if (isReady()) listener(event)
    }
  return (platform) =>
    createClient({
      ...options,
      platform,
      // A `fetch` of the app's own is for the network that there is.
      ...(backend !== undefined && { backend: typeof backend === 'string' ? backend : backend.url }),
      ...(onOutcome && { onOutcome: telling(onOutcome) }),
      ...(onEvent && { onEvent: telling(onEvent) }),
    })
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

/** Origin of the app's pages: that of the test's document, where an app could have it, too. */
function originOf(): string {
  const { location } = globalThis as { readonly location?: { readonly origin: string } }
  const origin = location?.origin ?? ''
  return /^https:|^http:\/\/(?:localhost|127\.0\.0\.1)(?::|$)/.test(origin) ? origin : 'https://app.example'
}
