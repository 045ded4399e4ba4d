import { createClient } from '../../src/core/index.js'
import type { CallbackState, CountersignEvent, Outcome } from '../../src/core/index.js'
import { withLease } from '../../src/platform/fallback-lease.js'
import type { Database } from '../../src/platform/database.js'
import type { Platform } from '../../src/platform/platform.js'
import { StorageError } from '../../src/protocol/errors.js'
import { oidc } from '../../src/providers/index.js'
import { createLocks, type Locks } from './locks.js'
import type { Network } from './network.js'
import { closePopup, openPopup, type Popup } from './popups.js'
import { runAs, type Actor, type Scheduler } from './scheduler.js'
import { clientId, issuer } from './server.js'

export const origin = 'https://app.example'

/** What a run is a run of. */
export interface Variant {
  /** Where tokens are: in a page's memory, in the browser's storage, or at the backend, which gives pages access tokens or none. */
  readonly tokens: 'memory' | 'stored' | 'dpop' | 'backend' | 'bff'
  /** Whether the browser has Web Locks; otherwise leases stand in. */
  readonly locks: 'web' | 'lease'
}

/** Whether a backend has the tokens. */
export const hasBackend = ({ tokens }: Pick<Variant, 'tokens'>): boolean =>
  tokens === 'backend' || tokens === 'bff'

/** The browser of one person. */
export interface Browser {
  readonly variant: Variant
  readonly records: Map<string, unknown>
  readonly pages: Page[]
  readonly clock: { offset: number }
  /** Who is signed in to the app, by its cookie. */
  session: string | null
  /** Number of storage operations that are going to fail. */
  denied: number
  /** Number of times that the records changed. */
  changes: number
  /** Number of changes of connections whose page has not come to tell the others, and may never do. */
  untold: number
  /** Leases that were renewed after their work had ended. */
  readonly lateRenewals: string[]
  /** Whether it opens popups. */
  allowsPopups: boolean
  readonly popups: Popup[]
  /** Where pages and popups have been sent, in order. */
  readonly departures: { readonly page: Page; readonly url: URL; readonly popup?: Popup }[]
  /** Opens a page; in a popup where one is given. */
  readonly open: (url: string, historyState?: unknown, popup?: Popup) => Page
  /** Ends a page: nothing of it runs any more. */
  readonly end: (page: Page) => void
  readonly freeze: (page: Page) => void
  readonly show: (page: Page) => void
}

/** Something that a page has been told about a transaction. */
export interface Told {
  readonly page: Page
  /** The transaction's id; `undefined` for an outcome whose connection alone is known. */
  readonly id: string | undefined
  readonly state: CallbackState
}

export interface Page {
  readonly actor: Actor
  readonly subject: () => string | null
  readonly client: ReturnType<typeof makeClient>
  readonly url: () => URL
  readonly historyState: () => unknown
  /** The id of the transaction whose response it was opened with. */
  readonly asksAbout: string | undefined
  /** Whether the history entry alone tells that id: the response itself went with the page before. */
  readonly hasIdOnly: boolean
  readonly told: Told[]
  readonly outcomes: Outcome[]
  readonly events: CountersignEvent[]
  /** The popup that it is shown in. */
  readonly popup: Popup | undefined
  /** The id of the transaction for which it has sent a popup to the bank last. */
  popupTransaction: string | undefined
  /** Where it has been sent and has not gone yet. */
  leaving: URL | undefined
  /** Whether it is kept in the history of a tab that shows the bank. */
  isBehindBank: boolean
  readonly signIn: (subject: string | null) => void
  readonly parts: Parts
}

interface Parts {
  readonly shown: Set<() => void>
  readonly hidden: Set<() => void>
}

interface Listener {
  readonly actor: Actor
  readonly hear: (id: string) => void
}

export function createBrowser(scheduler: Scheduler, network: Network, variant: Variant): Browser {
  const locks = createLocks(scheduler)
  const listeners = new Set<Listener>()
  const browser: Browser = {
    ...{ variant, records: new Map<string, unknown>(), pages: [], clock: { offset: 0 } },
    ...{
      session: 'ada',
      denied: 0,
      changes: 0,
      untold: 0,
      departures: [],
      popups: [],
      lateRenewals: [],
      allowsPopups: true,
    },
    open(url, historyState = null, popup) {
      const surroundings = { scheduler, network, browser, locks, listeners }
      const page = openPage(surroundings, { address: url, historyState, popup })
      browser.pages.push(page)
      return page
    },
    end(page) {
      page.actor.alive = false
      scheduler.drop(page.actor)
      const run = (): void => locks.free(page.actor)
      // The document of a page that is gone keeps its locks for a moment.
      scheduler.add({ label: `browser: frees the locks of ${page.actor.name}`, actor: scheduler.world, run })
    },
    freeze(page) {
      runAs(page.actor, () => {
        for (const listener of page.parts.hidden) listener()
      })
      page.actor.frozen = true
    },
    show(page) {
      page.actor.frozen = page.isBehindBank = false
      runAs(page.actor, () => {
        for (const listener of [...page.parts.shown]) listener()
      })
    },
  }
  return browser
}

interface Surroundings {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly browser: Browser
  readonly locks: Locks
  readonly listeners: Set<Listener>
}

/** What a page is opened with. */
interface Opened {
  readonly address: string
  readonly historyState: unknown
  readonly popup: Popup | undefined
}

function openPage(surroundings: Surroundings, { address, historyState: state, popup }: Opened): Page {
  const { browser } = surroundings
  const name = `page ${browser.pages.length + 1}`
  const actor: Actor = { name, kind: 'page', alive: true, frozen: false, clock: browser.clock }
  const parts: Parts = { shown: new Set(), hidden: new Set() }
  const bar = { url: new URL(address, origin), state: structuredClone(state) }
  const { countersign } = Object(state) as { readonly countersign?: string }
  const returned = bar.url.searchParams.get('state')
  const asksAbout = returned?.slice(0, 16) ?? countersign
  let subject = browser.session
  const own = {
    ...{
      actor,
      parts,
      told: [],
      outcomes: [],
      events: [],
      leaving: undefined,
      asksAbout,
      hasIdOnly: returned === null,
    },
    ...{ popup, popupTransaction: undefined, isBehindBank: false },
    ...{ subject: () => subject, url: () => bar.url, historyState: () => bar.state },
    signIn(next: string | null) {
      subject = next
      runAs(actor, () => page.client.setSubject(next))
    },
  }
  const page = own as unknown as Page
  if (popup) popup.page = page
  const platform = platformOf(surroundings, page, bar)
  const client = runAs(actor, () => makeClient(browser.variant, platform, page))
  Object.assign(page, { client })
  const note = (): void => {
    page.told.push({ page, id: asksAbout, state: client.callback.get() })
  }
  client.callback.subscribe(note)
  note()
  // The outcome of a popup, which the page that opened it shows.
  const authorization = client.authorization('bank')
  authorization.subscribe(() => {
    const outcome = authorization.get()
    if (['idle', 'leaving', 'waiting', 'closed'].includes(outcome.status)) return
    page.told.push({ page, id: page.popupTransaction, state: outcome as CallbackState })
  })
  return page
}

function makeClient({ tokens }: Pick<Variant, 'tokens'>, platform: Platform, page: Page) {
  const common = { issuer, clientId, scope: 'openid offline_access', api: `${issuer}/api` }
  const bank =
    tokens === 'backend'
      ? oidc({ ...common, mode: 'mediated', authorizationEndpoint: `${issuer}/authorize` })
      : tokens === 'bff'
        ? oidc({ ...common, mode: 'bff', authorizationEndpoint: `${issuer}/authorize` })
        : oidc({ ...common, dpop: tokens === 'dpop', persistTokens: tokens === 'stored' })
  return createClient({
    providers: { bank },
    platform,
    ...(hasBackend({ tokens }) && { backend: '/connect' }),
    subject: page.subject(),
    onOutcome: (outcome) => {
      page.outcomes.push(outcome)
    },
    onEvent: (event) => {
      page.events.push(event)
    },
  })
}

function platformOf(surroundings: Surroundings, page: Page, bar: { url: URL; state: unknown }): Platform {
  const { scheduler, network, browser, locks, listeners } = surroundings
  const { actor, parts } = page
  const database = databaseOf(scheduler, browser, actor)
  const clock: Platform['clock'] = {
    now: () => scheduler.time + browser.clock.offset,
    after: (seconds, run) => scheduler.after(seconds, { label: `${actor.name}: a timer ends`, actor, run }),
  }
  const own: Listener[] = []
  const session = () => (browser.session === null ? {} : { 'x-session': browser.session })
  return {
    ...{ clock, database, isOnline: () => true },
    fetch: network.fetchOf(actor, () => ({ origin, 'sec-fetch-site': 'same-origin', ...session() })),
    navigation: {
      url: () => new URL(bar.url),
      isTopLevel: () => true,
      whenActive: (work) => work(),
      historyState: () => structuredClone(bar.state),
      replace(url, next) {
        bar.url = new URL(url, bar.url)
        bar.state = structuredClone(next)
      },
      assign(url) {
        page.leaving = new URL(url)
        const run = (): void => {
          if (page.leaving?.href !== url) return
          page.leaving = undefined
          browser.departures.push({ page, url: new URL(url) })
          browser.freeze(page)
          page.isBehindBank = true
          const isBusy = network.exchanges.some(
            ({ client, settled }) => client === actor && settled === undefined,
          )
          if (isBusy || locks.isUsedBy(actor)) browser.end(page)
        }
        scheduler.add({ label: `${actor.name}: leaves for the bank`, actor, run })
      },
      preconnect: () => undefined,
      openPopup: () => (browser.allowsPopups ? openPopup(scheduler, browser, page) : null),
      close() {
        const { popup } = page
        const run = (): void => {
          if (popup?.page === page) closePopup(browser, popup)
        }
        if (popup) scheduler.add({ label: `${actor.name} closes its window`, actor: scheduler.world, run })
      },
      onShown: (listener) => (parts.shown.add(listener), () => parts.shown.delete(listener)),
      onHidden: (listener) => (parts.hidden.add(listener), () => parts.hidden.delete(listener)),
    },
    tabs: {
      ...(browser.variant.locks === 'web'
        ? locks.tabsOf(actor)
        : { lock: (name, seconds, work) => leased(browser, { clock, database }, name, seconds, work) }),
      announce(id) {
        for (const { actor: other, hear } of listeners)
          if (other !== actor && other.alive)
            scheduler.add({ label: `${other.name}: hears ${actor.name}`, actor: other, run: () => hear(id) })
      },
      onAnnounced(hear) {
        const listener = { actor, hear }
        own.push(listener)
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      close() {
        for (const listener of own) listeners.delete(listener)
      },
    },
  }
}

/** A lease whose every step is watched: once its work has ended, nothing is to be done about it any more. */
async function leased<T>(
  browser: Browser,
  { clock, database }: Pick<Platform, 'clock' | 'database'>,
  name: string,
  seconds: number,
  work: () => Promise<T>,
): Promise<T> {
  let isOver = false
  const watched: Database = {
    ...database,
    change(keys, change) {
      if (isOver) browser.lateRenewals.push(name)
      return database.change(keys, change)
    },
  }
  try {
    return await withLease({ clock, database: watched }, name, seconds, work)
  } finally {
    isOver = true
  }
}

/** The database as one page has it: a change is committed in one step, and the page learns of it in another. */
function databaseOf(scheduler: Scheduler, browser: Browser, actor: Actor): Database {
  const { records } = browser
  const use = <T>(label: string, work: () => T): Promise<T> =>
    scheduler.turn(`${actor.name}: ${label}`, actor, () => {
      if (browser.denied > 0) {
        browser.denied -= 1
        throw new StorageError()
      }
      return work()
    })
  return {
    get: (key) => use(`reads ${kindOf(key)}`, () => structuredClone(records.get(key))),
    entries: (few) =>
      use(`reads ${few ? 'a part' : 'everything'}`, () => {
        const all = [...records].sort(byKey)
        const { from, count } = few ?? { from: '', count: Infinity }
        const part = [
          ...all.filter(([key]) => key < from),
          ...all.filter(([key]) => key >= from).slice(0, count),
        ]
        return part.map(([key, value]) => [key, structuredClone(value)])
      }),
    async change(keys, change) {
      let written: string[] = []
      const result = await use('commits', () => {
        const [writes, changed] = change(keys.map((key) => structuredClone(records.get(key))))
        for (const [key, value] of Object.entries(writes)) {
          if (value === undefined) records.delete(key)
          else records.set(key, structuredClone(value))
        }
        browser.changes += 1
        written = [...new Set(Object.keys(writes).map(kindOf))]
        scheduler.note(`  written: ${written.join(', ') || 'nothing'}`)
        return changed
      })
      const news = written.includes('connection') ? 1 : 0
      browser.untold += news
      await scheduler.turn(
        `${actor.name}: learns that ${written.join(', ') || 'nothing'} is committed`,
        actor,
        () => (browser.untold -= news),
      )
      return result
    },
  }
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1)

const kindOf = (key: string): string => key.split(':')[0] ?? ''

/** The record of a transaction. Version 0.1 kept it under its bare state. */
export const transactionIn = ({ records }: Pick<Browser, 'records'>, state: string): unknown =>
  records.get(`transaction:${state}`) ?? records.get(state)
