import { createStore, type ReadableStore, type Store } from '../../core/readable-store.js'
import type { Clock } from '../../platform/clock.js'
import { openDatabase } from '../../platform/database.js'
import { openTabs, type Tabs } from '../../platform/tabs.js'
import type { InspectedEvent, Moment, NewEvent } from './event.js'
import { createStorage, inMemory, type LogStorage, type View } from './storage.js'

/** What was seen in all pages of an app, oldest first. It outlives them, in a database of its own. */
export interface Log extends ReadableStore<readonly InspectedEvent[]> {
  readonly add: (event: NewEvent) => void
  /** The present moment, for something that takes time: it is noted when it is over. */
  readonly begin: () => Moment
  /** Resolves when everything that was added so far is stored. */
  readonly saved: () => Promise<unknown>
  readonly clear: () => Promise<void>
  /** How the panel is shown: it stays so over the redirect. */
  readonly view: Store<View>
  readonly close: () => void
}

/** No more events than these are kept, and none that is older than a day. */
const mostEvents = 600
const keptMilliseconds = 24 * 3600 * 1000

/** Of all logs of this document: events of the same time stay in order. */
let count = 0

/** The key that sorts an event by its time. */
const idOf = ({ at, order }: Moment, page: string): string =>
  [String(Math.round(at * 1000)).padStart(19, '0'), String(order).padStart(6, '0'), page].join('-')

/** The events of both lists, each once and in order, without those that are too many. */
function merge(a: readonly InspectedEvent[], b: readonly InspectedEvent[]): readonly InspectedEvent[] {
  const known = new Map([...b, ...a].map((event) => [event.id, event]))
  return [...known.values()].sort((one, other) => (one.id < other.id ? -1 : 1)).slice(-mostEvents)
}

/** Where a log is kept, and where other pages are told of it. */
function openShared(namespace: string, clock: Clock) {
  const name = `${namespace}-devtools`
  const database = openDatabase(name)
  return { storage: createStorage(database), tabs: openTabs(name, clock, database) }
}

/** Nowhere. */
const unshared = {
  storage: inMemory,
  tabs: { announce: () => undefined, onAnnounced: () => () => undefined, close: () => undefined },
} satisfies { readonly storage: LogStorage; readonly tabs: Omit<Tabs, 'lock'> }

/**
 * Opens the log of a namespace. Where IndexedDB cannot be used, it is of this page alone.
 *
 * @param kept `memory` for one that only its holder has: pages of a test share nothing with others.
 */
export function openLog(namespace: string, clock: Clock, kept: 'database' | 'memory' = 'database'): Log {
  const { storage, tabs } = kept === 'memory' ? unshared : openShared(namespace, clock)
  const events = createStore<readonly InspectedEvent[]>([])
  const view = createStore<View>({ isOpen: false, tab: 'timeline' })
  const page = Math.random().toString(36).slice(2, 8)
  const begin = (): Moment => ({ at: clock.now() * 1000, order: count++ })
  let isViewed = false

  async function load(): Promise<void> {
    const stored = await storage.read()
    if (stored?.view && !isViewed) view.set(stored.view)
    isViewed = true
    const oldest = begin().at - keptMilliseconds
    const recent = (stored?.events ?? []).filter(({ at }) => at > oldest)
    events.set(merge(recent, events.get()))
    const kept = new Set(events.get())
    const gone = (stored?.events ?? []).filter((event) => !kept.has(event))
    if (gone.length > 0) await storage.remove(gone)
  }

  void load()
  const stop = tabs.onAnnounced((what) => {
    if (what === 'cleared') events.set([])
    void load()
  })
  return {
    ...events,
    begin,
    add({ begun, ...event }) {
      const now = begin()
      const moment = begun ?? now
      const took = begun && { milliseconds: now.at - begun.at }
      const added: InspectedEvent = { v: 1, ...event, ...took, id: idOf(moment, page), at: moment.at, page }
      events.set(merge(events.get(), [added]))
      void storage.add(added).then(() => tabs.announce('added'))
    },
    // What is asked for last is done last.
    saved: storage.read,
    async clear() {
      events.set([])
      await storage.clear()
      tabs.announce('cleared')
    },
    view: {
      ...view,
      set(next) {
        isViewed = true
        view.set(next)
        void storage.show(next)
      },
    },
    close() {
      stop()
      tabs.close()
    },
  }
}
