// What the pages of a run do with the real database and the real tabs, and what must come of it.
import { openDatabase, type Database } from '../../../src/platform/database.js'
import { openTabs, type Tabs } from '../../../src/platform/tabs.js'
import { runAs, streams, type Actor, type Scheduler } from '../scheduler.js'
import type { Violation } from '../invariants.js'

export interface StoragePage {
  readonly actor: Actor
  readonly database: Database
  readonly tabs: Tabs
}

/** Seconds within which an operation of the database must settle. */
const limitSeconds = 15

/** Seconds for which a lock is waited for, and that the work takes which holds it. */
const lockSeconds = 30
const workSeconds = 2

/** A lease is taken and given back by operations of the database, of which one may be under way when the time is over. */
const lockLimitSeconds = lockSeconds + workSeconds + 3 * limitSeconds

/** Seconds by which a promise may be late while the scheduler lets time pass although something could happen. */
const unfairSeconds = 60

interface Promised {
  readonly what: string
  readonly until: number
}

export interface Pages {
  readonly all: readonly StoragePage[]
  readonly read: (page: StoragePage) => void
  readonly readOne: (page: StoragePage) => void
  readonly write: (page: StoragePage) => void
  readonly lock: (page: StoragePage) => void
  readonly announce: (page: StoragePage) => void
  /** Compares how many changes were stored with how many have succeeded, when nothing is under way. */
  readonly count: (page: StoragePage) => void
  /** True once nothing goes wrong any more: whatever is begun then succeeds. */
  mustWork: boolean
  /** The databases have been deleted: nothing of before need be there. */
  readonly forget: () => void
  /** @returns what is not as it must be. */
  readonly check: () => Violation | undefined
  /** How operations ended, for the report. */
  readonly ends: readonly string[]
}

/** What a browser does to its pages for a whole run. */
export interface Browsing {
  /** Whether it keeps them from any storage. */
  readonly isDenied: boolean
  /** Whether it has Web Locks: a lease does not exclude where the database fails. */
  readonly hasLocks: boolean
}

/** Opens so many pages. */
export function createPages(scheduler: Scheduler, count: number, { isDenied, hasLocks }: Browsing): Pages {
  const promised = new Set<Promised>()
  const faults: Violation[] = []
  const ends: string[] = []
  /** Keys that a change has said to be stored, or not to be. */
  const kept = new Set<string>()
  const refused = new Set<string>()
  const known: string[] = []
  const holders = new Set<Actor>()
  let made = 0
  let clearings = 0

  const fault = (invariant: string, detail: string): void => {
    faults.push({ invariant, detail })
  }

  function open(number: number): StoragePage {
    const actor: Actor = {
      name: `page ${number}`,
      kind: 'page',
      alive: true,
      frozen: false,
      clock: { offset: 0 },
    }
    const clock = {
      now: () => scheduler.time,
      after: (seconds: number, run: () => void) =>
        scheduler.after(seconds, { label: `${actor.name}: a timer ends`, actor, run }),
    }
    const page = runAs(actor, () => {
      const database = openDatabase('app', clock)
      return { actor, database, tabs: openTabs('app', clock, database) }
    })
    attempt(page, 'to listen to other tabs', () => page.tabs.onAnnounced(() => undefined))
    return page
  }

  /** Does what never throws. */
  function attempt(page: StoragePage, what: string, work: () => unknown): void {
    try {
      runAs(page.actor, work)
    } catch (error) {
      fault('platform: nothing is thrown about', `${page.actor.name} fails ${what}: ${String(error)}`)
    }
  }

  /** Does what settles in time, and fails only by what has a name. */
  function expect<T>(
    { actor }: StoragePage,
    what: string,
    seconds: number,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    const one = { what: `${actor.name} ${what}`, until: scheduler.time + seconds + slack() }
    promised.add(one)
    scheduler.note(`• ${one.what}`)
    return runAs(actor, work).then(
      (value) => {
        promised.delete(one)
        ends.push(`${what}: done`)
        return value
      },
      (error: unknown) => {
        promised.delete(one)
        const { name = '', code } = Object(error) as { name?: string; code?: unknown }
        ends.push(`${what}: ${name}`)
        const isTyped = code === 'storage_unavailable' || name === 'TimeoutError'
        if (!isTyped) fault('platform: nothing is thrown about', `${one.what}: ${String(error)}`)
        if (pages.mustWork && !isDenied)
          fault('platform: it works again', `${one.what}, and fails: ${String(error)}`)
        return undefined
      },
    )
  }
  const slack = (): number => (scheduler.isFair ? 1 : unfairSeconds)

  function compare(page: StoragePage, before: ReadonlySet<string>, found: ReadonlySet<string>): void {
    for (const key of before)
      if (kept.has(key) && !found.has(key))
        fault(
          'platform: what is committed is there',
          `${page.actor.name} does not find ${key}, which was stored`,
        )
    for (const key of found)
      if (refused.has(key))
        fault(
          'platform: what is committed is there',
          `${page.actor.name} finds ${key}, which was not to be stored`,
        )
  }

  const all: StoragePage[] = []
  const pages: Pages = {
    ...{ all, ends, mustWork: false },
    read(page) {
      const before = new Set(kept)
      void expect(page, 'reads everything', limitSeconds, () => page.database.entries()).then((entries) => {
        if (entries) compare(page, before, new Set(entries.map(([key]) => key)))
      })
    },
    readOne(page) {
      const key = known[Math.floor(scheduler.draw(streams.detail, scheduler.steps, 1) * known.length)]
      if (key === undefined) return
      const before = new Set(kept.has(key) ? [key] : [])
      void expect(page, `reads ${key}`, limitSeconds, async () => [await page.database.get(key)]).then(
        (value) => {
          if (value) compare(page, before, new Set(value[0] === undefined ? [] : [key]))
        },
      )
    },
    write(page) {
      const key = `note:${(made += 1)}`
      known.push(key)
      const change = (): Promise<number> =>
        page.database.change(['sum'], ([sum = 0]) => [
          { sum: Number(sum) + 1, [key]: { by: page.actor.name } },
          Number(sum) + 1,
        ])
      const before = clearings
      void expect(page, `stores ${key}`, limitSeconds, change).then((sum) => {
        if (sum === undefined) refused.add(key)
        // What is stored while the database is deleted may go with it.
        else if (before === clearings) kept.add(key)
      })
    },
    lock(page) {
      const { actor, tabs } = page
      const work = async (): Promise<void> => {
        if (hasLocks && holders.size > 0)
          fault('platform: one at a time', `${actor.name} gets a lock that another page holds`)
        holders.add(actor)
        await new Promise<void>((resolve) => {
          scheduler.after(workSeconds, { label: `${actor.name}: its work ends`, actor, run: resolve })
        })
        holders.delete(actor)
      }
      void expect(page, 'works under a lock', lockLimitSeconds, () => tabs.lock('work', lockSeconds, work))
    },
    announce(page) {
      attempt(page, 'to tell other tabs', () => page.tabs.announce('news'))
    },
    forget() {
      clearings += 1
      kept.clear()
    },
    count(page) {
      const { size } = kept
      void expect(page, 'counts what was stored', limitSeconds, () => page.database.get('sum')).then(
        (sum = 0) => {
          if (clearings === 0 && !isDenied && sum !== size)
            fault(
              'platform: what is committed is there',
              `${String(sum)} changes are stored, and ${size} have succeeded`,
            )
        },
      )
    },
    check() {
      for (const { what, until } of promised)
        if (scheduler.time > until)
          fault('platform: every promise settles', `${what}, and it does not settle`)
      return faults[0]
    },
  }
  for (let number = 1; number <= count; number++) all.push(open(number))
  return pages
}
