// The second layer: the real database and the real tabs of src/platform over fake-indexeddb. The first one has a platform of its
// own, which hides what IndexedDB, Web Locks and BroadcastChannel do by themselves.
import { IDBKeyRange } from 'fake-indexeddb'
import type { Violation } from '../invariants.js'
import { pick, type Intervention } from '../interventions.js'
import { choose } from '../random.js'
import { enterRealm, quiet } from '../realm.js'
import type { Result } from '../run.js'
import {
  createScheduler,
  currentActor,
  streams,
  type Actor,
  type Plan,
  type Scheduler,
} from '../scheduler.js'
import { createIndexedDb, type IndexedDb } from './indexed-db.js'
import { createPages, type Pages } from './pages.js'
import { createChannels, createNavigator, type LockSupport } from './surroundings.js'

const startedAt = 1_900_000_000

/** Steps in which something may go wrong, and of how many one begins with an act. */
const unfairSteps = 400
const actEvery = 8
/** Steps within which everything must have come to rest afterwards. */
const fairSteps = 60_000

/** Seconds after which everything has settled that was begun: a lock that is waited for, and its work. */
const settleSeconds = 120

/** Seconds that a task of IndexedDB takes once nothing goes wrong: those that wait for another by looking again let time pass. */
const taskSeconds = 0.01

const taskLabel = 'IndexedDB goes on'

/** A run of one seed. */
interface Layer {
  readonly scheduler: Scheduler
  readonly indexedDb: IndexedDb
  readonly pages: Pages
  /** Ends what is in the way of the pages: a page of a careless version that keeps its connection. */
  readonly ends: (() => void)[]
  readonly isDenied: boolean
  /** The name of the pages' database. */
  readonly name: string
  readonly report: (fault: string) => void
}

export async function runPlatform(plan: Plan): Promise<Result> {
  const scheduler = createScheduler(plan, startedAt, 20)
  const faults: string[] = []
  enterRealm(scheduler, (fault) => faults.push(fault), createTaskSource(scheduler))
  const layer = await createLayer(scheduler, (fault) => faults.push(fault))
  const { pages } = layer
  let violation: Violation | undefined
  const holds = async (): Promise<boolean> => {
    await quiet()
    const [fault] = faults
    violation ??=
      fault === undefined ? pages.check() : { invariant: 'platform: nothing is thrown about', detail: fault }
    return violation === undefined
  }
  const acts = createActs(layer, plan)
  while ((await holds()) && scheduler.steps < unfairSteps) {
    if (acts.isDue()) acts.take()
    else if (!scheduler.step(30)) acts.take()
  }
  if (!violation) await settle(layer, holds)
  return {
    ...{ plan, about: 'the platform alone', steps: scheduler.steps, trace: scheduler.trace },
    interventions: acts.count(),
    violation: violation && { ...violation, step: scheduler.steps },
    ends: [],
  }
}

/** The tasks of IndexedDB: those of one page run in turn, as in an event loop, and those of several in any order. */
function createTaskSource(scheduler: Scheduler): (work: () => void) => void {
  const queues = new Map<Actor, (() => void)[]>()
  const schedule = (actor: Actor, queue: (() => void)[]): void => {
    const run = (): void => {
      const work = queue.shift()
      if (queue.length > 0) schedule(actor, queue)
      work?.()
    }
    const operation = { label: `${actor.name}: ${taskLabel}`, actor, run }
    if (scheduler.isFair) scheduler.after(taskSeconds, operation)
    else scheduler.add(operation)
  }
  return (work) => {
    const actor = currentActor() ?? scheduler.world
    const queue = queues.get(actor) ?? []
    queues.set(actor, queue)
    if (queue.push(work) === 1) schedule(actor, queue)
  }
}

async function createLayer(scheduler: Scheduler, report: (fault: string) => void): Promise<Layer> {
  const setup = (number: number): number => scheduler.draw(streams.setup, number)
  const indexedDb = createIndexedDb(scheduler)
  const locks = choose<LockSupport>(['web', 'web', 'none', 'forbidden', 'refused'], setup(1))
  const isDenied = setup(2) < 0.1
  const isForeign = setup(3) < 0.25
  const isMuted = setup(4) < 0.25
  const channel = createChannels(scheduler, isMuted)
  const factory = isDenied ? deniedFactory : indexedDb.factory
  for (const [name, value] of Object.entries({
    ...{ indexedDB: factory, IDBKeyRange, BroadcastChannel: channel },
    navigator: createNavigator(scheduler, locks),
  }))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  const about = [
    `locks: ${locks}`,
    isDenied && 'storage is denied',
    isForeign && "a database of our name is another's",
    isMuted && 'BroadcastChannel is forbidden',
  ]
  scheduler.note(`• ${about.filter(Boolean).join(', ')}`)
  if (isForeign) await makeForeign(scheduler, indexedDb, setup(5) < 0.5)
  const pages = createPages(scheduler, 3, { isDenied, hasLocks: locks === 'web' })
  return { scheduler, indexedDb, pages, isDenied, ends: [], report, name: isForeign ? 'app-records' : 'app' }
}

const deniedFactory = {
  open(): never {
    throw new DOMException('The operation is insecure.', 'SecurityError')
  },
}

/** Somebody else's database has our name: without a store, or with one of its own. */
async function makeForeign(scheduler: Scheduler, { real }: IndexedDb, isEmpty: boolean): Promise<void> {
  const request = real.open('app', 3)
  request.addEventListener('upgradeneeded', () => {
    if (!isEmpty) request.result.createObjectStore('theirs')
  })
  let isOpen = false
  request.addEventListener('success', () => {
    isOpen = true
    request.result.close()
  })
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- the listener sets it
  for (; !isOpen; scheduler.step(1)) await quiet()
}

function createActs(layer: Layer, plan: Plan) {
  const { scheduler } = layer
  let count = 0
  let lastAt = -1
  return {
    count: () => count,
    isDue: () =>
      lastAt < scheduler.steps && scheduler.draw(streams.intervene, scheduler.steps) < 1 / actEvery,
    take(): void {
      lastAt = scheduler.steps
      const number = count++
      if (plan.without.includes(number)) {
        scheduler.pass(1)
        return
      }
      const draw = (detail: number): number => scheduler.draw(streams.detail, number, detail)
      const chosen = pick(
        [...acts(layer, draw), ...faultsOf(layer, draw)],
        scheduler.draw(streams.kind, number),
      )
      if (!chosen) return
      if (chosen.label !== '') scheduler.note(`• ${chosen.label} [${number}]`)
      // Where nothing else happens, these count as steps.
      scheduler.steps += 1
      chosen.run()
    },
  }
}

type Draw = (detail: number) => number

/** What pages do. They say themselves what it is. */
function acts({ pages }: Layer, draw: Draw): Intervention[] {
  const page = choose(pages.all, draw(1))
  return [
    { weight: 6, label: '', run: () => pages.write(page) },
    { weight: 3, label: '', run: () => pages.read(page) },
    { weight: 3, label: '', run: () => pages.readOne(page) },
    { weight: 2, label: '', run: () => pages.lock(page) },
    { weight: 1, label: '', run: () => pages.announce(page) },
  ]
}

/** What a browser does to IndexedDB. */
function faultsOf({ scheduler, indexedDb, pages, ends, isDenied, name }: Layer, draw: Draw): Intervention[] {
  if (isDenied) return []
  const { connections, faults } = indexedDb
  const list: Intervention[] = [
    { weight: 0.7, label: 'a database that is opened never answers', run: () => faults.push('never') },
    { weight: 0.5, label: 'a database that is opened answers too late', run: () => faults.push('late') },
    { weight: 0.3, label: 'a database is refused', run: () => faults.push('refused') },
    { weight: 0.7, label: 'the next value is too much', run: () => faults.push('full') },
    { weight: 0.7, label: 'time passes', run: () => scheduler.pass(choose([1, 4, 14, 16], draw(2))) },
    { weight: 0.3, label: 'site data is deleted', run: () => indexedDb.clear(name, pages.forget) },
    {
      weight: 0.3,
      label: 'a newer version changes the database',
      run: () => change(indexedDb, name),
    },
    {
      weight: 0.3,
      label: 'a page that closes no connection opens the database',
      run: () => holdOpen(indexedDb, name, ends),
    },
  ]
  if (connections.length > 0) {
    const connection = choose(connections, draw(4))
    const page = connection.owner.name
    list.push(
      {
        weight: 0.7,
        label: `the browser closes ${page}'s database`,
        run: () => indexedDb.close(connection, true),
      },
      {
        weight: 0.7,
        label: `${page}'s database is closed without a word`,
        run: () => indexedDb.close(connection, false),
      },
    )
  }
  const tasks = scheduler.eligible().filter(({ label }) => label.endsWith(taskLabel))
  if (tasks.length > 0) {
    const task = choose(tasks, draw(5))
    list.push({
      weight: 0.7,
      label: `${task.actor.name}'s database is slow`,
      run() {
        scheduler.take(task)
        scheduler.after(choose([2, 8, 14, 16, 28], draw(6)), task)
      },
    })
  }
  return list
}

/** Opens the database with a higher version, where it is there: every connection must be closed for it. */
function change({ real }: IndexedDb, name: string): void {
  const request = real.open(name)
  let isThere = true
  request.addEventListener('upgradeneeded', () => {
    isThere = false
    request.transaction?.abort()
  })
  request.addEventListener('success', () => {
    const { version } = request.result
    request.result.close()
    if (!isThere) return
    const next = real.open(name, version + 1)
    // It may have been deleted meanwhile.
    next.addEventListener('upgradeneeded', ({ oldVersion }) => {
      if (oldVersion === 0) next.transaction?.abort()
    })
    next.addEventListener('success', () => next.result.close())
  })
}

/** Keeps a connection whatever anybody else wants, until nothing goes wrong any more. */
function holdOpen({ real }: IndexedDb, name: string, ends: (() => void)[]): void {
  const request = real.open(name)
  let isOver = false
  request.addEventListener('upgradeneeded', () => request.transaction?.abort())
  request.addEventListener('success', () => {
    if (isOver) request.result.close()
  })
  ends.push(() => {
    isOver = true
    // It may have failed.
    if (request.readyState === 'done') (request.result as IDBDatabase | undefined)?.close()
  })
}

/** Nothing goes wrong any more: everything settles, and then every page reads and writes. */
async function settle(
  { scheduler, indexedDb, pages, ends, report }: Layer,
  holds: () => Promise<boolean>,
): Promise<void> {
  scheduler.note('• from here on nothing goes wrong')
  scheduler.isFair = true
  indexedDb.faults.length = 0
  for (const end of ends) end()
  const last = scheduler.steps + fairSteps
  const drain = async (seconds: number): Promise<boolean> => {
    const until = scheduler.time + seconds
    while (await holds()) {
      if (scheduler.steps > last) {
        report('it never comes to rest')
        return holds()
      }
      if (scheduler.step(until - scheduler.time)) continue
      scheduler.time = until
      return holds()
    }
    return false
  }
  // What was begun before may still fail.
  if (!(await drain(settleSeconds))) return
  pages.mustWork = true
  for (const page of pages.all) {
    pages.read(page)
    pages.write(page)
    pages.lock(page)
    pages.announce(page)
  }
  if (!(await drain(settleSeconds))) return
  for (const page of pages.all) {
    pages.count(page)
    pages.read(page)
  }
  await drain(settleSeconds)
}
