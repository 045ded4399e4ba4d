import { openDatabase, type Database } from '../../src/platform/database.js'
import type { Clock } from '../../src/platform/clock.js'
import type { Navigation } from '../../src/platform/navigation.js'
import type { Platform } from '../../src/platform/platform.js'
import { openTabs, type Tabs } from '../../src/platform/tabs.js'

/** A browser in which pages share storage, locks, announcements and the clock. */
export interface FakeBrowser {
  readonly origin: string
  readonly clock: FakeClock
  /** Opens a page; `url` may be relative to the app's origin. */
  open(url?: string, options?: PageOptions): FakePage
  /** Everything in IndexedDB. */
  records(): Promise<ReadonlyMap<string, unknown>>
  /** Changes what is stored, as another script of the origin could. */
  tamper(key: string, value: unknown): Promise<void>
  /** Every message that went between pages. */
  readonly messages: unknown[]
  /** Another script of the origin sends a message. */
  post(message: unknown): void
  /** How many pages wait for the lock of this name. */
  waiting(name: string): number
  /** Takes a lock, as a frozen tab would; the function given back releases it. */
  hold(name: string): () => void
  /** The names of the Web Locks that pages have requested and hold. */
  readonly lockNames: () => readonly string[]
  /** The names of those for which pages wait. */
  readonly awaitedLockNames: () => readonly string[]
}

/** Time that passes when a test says so. */
export interface FakeClock extends Clock {
  /** Lets time pass, backwards as well, and runs what is due. */
  advance(seconds: number): void
  /** Lets time pass to what is due next, if that is within so many seconds; otherwise none passes. */
  advanceToNext(withinSeconds: number): void
}

/** How a page differs from an ordinary one. */
export interface PageOptions {
  readonly historyState?: unknown
  /** Shown inside a frame. */
  readonly framed?: boolean
  /** Loaded, but not shown yet. */
  readonly prerendering?: boolean
  /** What the browser opens as popups, one after the other; by default it refuses. */
  readonly popup?: FakePopup | FakePopup[]
  /** A database in place of the browser's, such as one that fails. */
  readonly database?: Database
  /** The browser knows that it has no network. */
  readonly offline?: boolean
  /** In place of the network. */
  readonly fetch?: typeof fetch
  /** Announcements go over a real BroadcastChannel. */
  readonly tabs?: 'memory' | 'channel'
  /** Web Locks are not there, or are refused. */
  readonly webLocks?: 'absent' | 'refused'
}

/** One document. */
export interface FakePage {
  readonly platform: Platform
  /** What the address bar shows. */
  readonly url: string
  readonly historyState: unknown
  /** How often the history entry was replaced. */
  readonly replacements: readonly string[]
  /** Whether it closed itself. */
  readonly closed: boolean
  /** Where the page was sent. */
  readonly left: readonly string[]
  /** Origins to which a connection was opened ahead of leaving. */
  readonly preconnected: readonly string[]
  /** Resolves with where the page is sent next. */
  leaving(): Promise<string>
  /** The same history entry in a new document: this one is gone. */
  reload(): FakePage
  /** The person stops the navigation that is under way, and the browser tells so. */
  stop(): void
  /** Left or closed, or kept in the back/forward cache. */
  hide(): void
  /** Shown again: out of the back/forward cache, or from behind another tab. */
  show(): void
  /** A prerendered page is shown. */
  activate(): void
}

/** A popup as the page that opened it sees it. */
export interface FakePopup {
  closed: boolean
  /** Where it was sent; reading it throws while another site is shown there. */
  readonly location: { href: string }
  close(): void
  /** What the address bar of the popup shows. */
  readonly shows: string
}

/** A popup that follows where it is sent. */
export function createPopup(): FakePopup {
  let shows = ''
  const popup = {
    closed: false,
    location: {
      get href() {
        if (shows !== '') throw new DOMException('Blocked a frame from another origin.', 'SecurityError')
        return 'about:blank'
      },
      set href(url: string) {
        shows = url
      },
    },
    close() {
      popup.closed = true
    },
    get shows() {
      return shows
    },
  }
  return popup
}

const databaseName = 'countersign'

export function createBrowser(origin = 'https://app.example'): FakeBrowser {
  const clock = createClock()
  const messages: unknown[] = []
  const listeners = new Set<{ readonly page: unknown; readonly hear: (message: unknown) => void }>()
  const locks = createLocks(clock)
  const webLocks = createWebLocks()

  const memoryTabs = (support: PageOptions['webLocks'], gone: Promise<never>): Tabs => {
    const page = {}
    let closed = false
    return {
      lock: locks.lock,
      request: (name, options, work) =>
        support === 'absent'
          ? undefined
          : support === 'refused'
            ? Promise.reject(new DOMException('Locks are refused.', 'SecurityError'))
            : // A document that is gone has no locks, whatever it was doing.
              webLocks.request(name, options, (lock) => Promise.race([work(lock), gone])),
      announce(id) {
        if (closed) return
        const message = { v: 1, id }
        messages.push(message)
        for (const listener of [...listeners]) {
          if (listener.page !== page) queueMicrotask(() => listener.hear(message))
        }
      },
      onAnnounced(listener) {
        const entry = {
          page,
          hear: (data: unknown) => {
            const { v, id } = Object(data ?? {}) as { v?: unknown; id?: unknown }
            if (v === 1 && typeof id === 'string') listener(id)
          },
        }
        listeners.add(entry)
        return () => listeners.delete(entry)
      },
      close() {
        closed = true
        for (const listener of [...listeners]) if (listener.page === page) listeners.delete(listener)
      },
    }
  }

  function open(address = '/', options: PageOptions = {}): FakePage {
    let url = new URL(address, origin)
    let historyState: unknown = structuredClone(options.historyState ?? null)
    let active = !options.prerendering
    let closed = false
    const replacements: string[] = []
    const left: string[] = []
    const preconnected: string[] = []
    const watchers = new Set<() => void>()
    const hiders = new Set<() => void>()
    const activations: (() => void)[] = []
    const departures: ((url: string) => void)[] = []
    let cancel = (): void => undefined
    let leave = (): void => undefined
    const gone = new Promise<never>((resolve) => {
      leave = resolve as () => void
    })

    const navigation: Navigation = {
      url: () => new URL(url),
      isTopLevel: () => !options.framed,
      whenActive(work) {
        if (active) work()
        else activations.push(work)
      },
      historyState: () => structuredClone(historyState),
      replace(next, state) {
        url = new URL(next, origin)
        historyState = structuredClone(state)
        replacements.push(url.href)
      },
      assign(target, onCancelled) {
        left.push(target)
        cancel = onCancelled
        for (const departure of departures.splice(0)) departure(target)
      },
      preconnect(target) {
        preconnected.push(new URL(target).origin)
      },
      openPopup: () =>
        ((Array.isArray(options.popup) ? options.popup.shift() : options.popup) ?? null) as Window | null,
      close() {
        closed = true
      },
      onShown(listener) {
        watchers.add(listener)
        return () => watchers.delete(listener)
      },
      onHidden(listener) {
        hiders.add(listener)
        return () => hiders.delete(listener)
      },
    }
    const hide = (): void => {
      for (const listener of [...hiders]) listener()
    }
    return {
      platform: {
        clock,
        database: options.database ?? openDatabase(databaseName),
        navigation,
        tabs:
          options.tabs === 'channel'
            ? openTabs(databaseName, clock, openDatabase(databaseName))
            : memoryTabs(options.webLocks, gone),
        isOnline: () => !options.offline,
        fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      },
      get url() {
        return url.href
      },
      get historyState() {
        return historyState
      },
      replacements,
      left,
      preconnected,
      get closed() {
        return closed
      },
      leaving: () => new Promise((resolve) => departures.push(resolve)),
      reload() {
        hide()
        leave()
        return open(url.href, { ...options, historyState })
      },
      hide,
      stop() {
        cancel()
      },
      show() {
        for (const listener of [...watchers]) listener()
      },
      activate() {
        active = true
        for (const work of activations.splice(0)) work()
      },
    }
  }

  return {
    origin,
    clock,
    open,
    records: async () => new Map(await openDatabase(databaseName).entries()),
    tamper: (key, value) => openDatabase(databaseName).change([], () => [{ [key]: value }, undefined]),
    messages,
    post(message) {
      for (const { hear } of [...listeners]) hear(message)
    },
    waiting: locks.waiting,
    hold: locks.hold,
    lockNames: webLocks.names,
    awaitedLockNames: webLocks.awaited,
  }
}

function createClock(): FakeClock {
  let time = Math.floor(Date.now() / 1000)
  let timers: { readonly at: number; readonly work: () => void }[] = []
  const advance = (seconds: number): void => {
    time += seconds
    const due = timers.filter(({ at }) => at <= time).sort((a, b) => a.at - b.at)
    timers = timers.filter(({ at }) => at > time)
    for (const { work } of due) work()
  }
  return {
    now: () => time,
    after(seconds, work) {
      const timer = { at: time + seconds, work }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance,
    advanceToNext(withinSeconds) {
      const next = Math.min(...timers.map(({ at }) => at)) - time
      if (next <= withinSeconds) advance(next)
    },
  }
}

/** Exclusive locks as Web Locks are: who waits gets them in turn, and gives up at a time limit. */
function createLocks(clock: Clock) {
  const held = new Set<string>()
  const waiting = new Map<string, (() => void)[]>()
  const release = (name: string): void => {
    const next = waiting.get(name)?.shift()
    if (next) next()
    else held.delete(name)
  }
  const acquire = (name: string, seconds: number): Promise<void> => {
    if (!held.has(name)) {
      held.add(name)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const queue = waiting.get(name) ?? []
      waiting.set(name, queue)
      const cancel = clock.after(seconds, () => {
        queue.splice(queue.indexOf(turn), 1)
        reject(new DOMException('The lock did not come free in time.', 'TimeoutError'))
      })
      const turn = (): void => {
        cancel()
        resolve()
      }
      queue.push(turn)
    })
  }
  return {
    waiting: (name: string) => waiting.get(name)?.length ?? 0,
    hold(name: string) {
      if (held.has(name)) throw new Error(`the lock ${name} is taken`)
      held.add(name)
      return () => {
        release(name)
      }
    },
    async lock<T>(name: string, seconds: number, work: () => Promise<T>): Promise<T> {
      await acquire(name, seconds)
      try {
        return await work()
      } finally {
        release(name)
      }
    },
  }
}

/** Web Locks, exclusive and shared, as pages request them: they are granted in turn, or at once where they are only asked for so. */
function createWebLocks() {
  interface Request {
    readonly mode: LockMode
    readonly grant: () => void
  }
  const held = new Map<string, Request[]>()
  const queues = new Map<string, Request[]>()
  const listOf = (map: Map<string, Request[]>, name: string): Request[] => {
    const list = map.get(name) ?? []
    map.set(name, list)
    return list
  }
  const isFree = (name: string, mode: LockMode): boolean => {
    const holders = listOf(held, name)
    return holders.length === 0 || (mode === 'shared' && holders.every((other) => other.mode === 'shared'))
  }
  const grantNext = (name: string): void => {
    const queue = listOf(queues, name)
    for (let first = queue[0]; first && isFree(name, first.mode); first = queue[0]) {
      listOf(held, name).push(first)
      queue.shift()
      first.grant()
    }
  }
  const used = (map: Map<string, Request[]>): string[] =>
    [...map].filter(([, list]) => list.length > 0).map(([name]) => name)
  return {
    names: () => used(held),
    awaited: () => used(queues),
    async request<T>(
      name: string,
      { mode = 'exclusive', ifAvailable = false }: LockOptions,
      work: (lock: Lock | null) => Promise<T>,
    ): Promise<T> {
      if (ifAvailable && (listOf(queues, name).length > 0 || !isFree(name, mode))) return work(null)
      let request: Request | undefined
      await new Promise<void>((grant) => {
        listOf(queues, name).push((request = { mode, grant }))
        grantNext(name)
      })
      try {
        return await work({ name, mode })
      } finally {
        const holders = listOf(held, name)
        holders.splice(holders.indexOf(request as Request), 1)
        grantNext(name)
      }
    },
  }
}
