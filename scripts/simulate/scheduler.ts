import { AsyncLocalStorage } from 'node:async_hooks'
import { choose, draw } from './random.js'

/** Something that runs code: a page or a replica. The world is everything between them. */
export interface Actor {
  readonly name: string
  readonly kind: 'page' | 'replica' | 'world'
  /** False when it has crashed or was closed: nothing of it runs any more. */
  alive: boolean
  /** True while nothing of it runs, such as in the back/forward cache. */
  frozen: boolean
  /** The clock of its machine. */
  readonly clock: { offset: number }
}

/** What may happen next. */
export interface Operation {
  readonly label: string
  readonly actor: Actor
  readonly run: () => void
  /** What the network may do to it in place of delivering it. */
  readonly faults?: Partial<Record<NetworkFault, () => void>>
}

export type NetworkFault = 'lose' | 'duplicate'

interface Timer {
  readonly at: number
  readonly order: number
  readonly operation: Operation
}

/** What is left out of a seed's schedule, so that a failure has fewer steps: see shrink.ts. */
export interface Plan {
  readonly seed: number
  /** Numbers of the interventions that do not take place. */
  readonly without: readonly number[]
  /** Steps from which on, or between which, the oldest operation is next. */
  readonly calm: readonly (readonly [from: number, to: number])[]
}

const running = new AsyncLocalStorage<Actor>()

/** Runs code as this actor: whatever it waits for is its own. */
export const runAs = <T>(actor: Actor, work: () => T): T => running.run(actor, work)

/** The actor whose code runs; `undefined` for code of the simulation. */
export const currentActor = (): Actor | undefined => running.getStore()

/** Streams of random numbers, apart from one another. */
export const streams = { pick: 1, time: 2, intervene: 3, kind: 4, detail: 5, values: 6, setup: 7 } as const

/**
 * One thread of time for all actors: every database, lock, message, request, answer, timer and Web Crypto call waits here
 * until its turn has come.
 */
export interface Scheduler {
  readonly world: Actor
  /** Epoch seconds. */
  time: number
  steps: number
  /** True when everything gets its turn before time passes. */
  isFair: boolean
  readonly trace: string[]
  /** A random number of this stream; the same for the same step. */
  readonly draw: (stream: number, ...more: readonly number[]) => number
  /** Waits for its turn, and does this then. */
  readonly turn: <T>(label: string, actor: Actor, work: () => T) => Promise<T>
  readonly add: (operation: Operation) => void
  /** Runs something after so many seconds; the function given back cancels it. */
  readonly after: (seconds: number, operation: Operation) => () => void
  /** Operations whose actor can run. */
  readonly eligible: () => readonly Operation[]
  readonly take: (operation: Operation) => void
  /** Takes the next step. False where nothing is left to do within so many seconds. */
  readonly step: (withinSeconds: number) => boolean
  /** Lets time pass: what falls due runs in turn. */
  readonly pass: (seconds: number) => void
  /** Forgets what an actor was waiting for. */
  readonly drop: (actor: Actor) => void
  /** Writes a line that is no operation. */
  readonly note: (line: string) => void
}

/** One step in so many lets time pass although something else could happen. */
const hurriedSteps = 40

/** @param hurriedSeconds Seconds that may pass although something else could happen. */
export function createScheduler(plan: Plan, startedAt: number, hurriedSeconds: number): Scheduler {
  const operations = new Set<Operation>()
  let timers: Timer[] = []
  let order = 0
  const canRun = ({ actor }: Operation): boolean => actor.alive && !actor.frozen
  const isCalm = (step: number): boolean => plan.calm.some(([from, to]) => step >= from && step < to)

  const perform = (operation: Operation): void => {
    scheduler.steps += 1
    scheduler.trace.push(operation.label)
    if (operation.actor.kind === 'world') operation.run()
    else runAs(operation.actor, operation.run)
  }

  function fireNext(withinSeconds: number): boolean {
    let next: Timer | undefined
    for (const timer of timers) {
      if (!canRun(timer.operation)) continue
      if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer
    }
    if (!next || next.at > scheduler.time + withinSeconds) return false
    timers.splice(timers.indexOf(next), 1)
    scheduler.time = Math.max(scheduler.time, next.at)
    perform(next.operation)
    return true
  }

  const scheduler: Scheduler = {
    world: { name: 'network', kind: 'world', alive: true, frozen: false, clock: { offset: 0 } },
    time: startedAt,
    steps: 0,
    isFair: false,
    trace: [],
    draw: (stream, ...more) => draw(plan.seed, stream, ...more),
    turn: (label, actor, work) =>
      new Promise((resolve, reject) => {
        const run = (): void => {
          try {
            resolve(work())
          } catch (error) {
            reject(error as Error)
          }
        }
        operations.add({ label, actor, run })
      }),
    add: (operation) => operations.add(operation),
    after(seconds, operation) {
      const timer = { at: scheduler.time + Math.max(0, seconds), order: (order += 1), operation }
      timers.push(timer)
      return () => {
        const index = timers.indexOf(timer)
        if (index >= 0) timers.splice(index, 1)
      }
    },
    eligible: () => [...operations].filter(canRun),
    take: (operation) => operations.delete(operation),
    step(withinSeconds) {
      const { steps } = scheduler
      const calm = isCalm(steps)
      const ready = scheduler.eligible()
      const hurries = !calm && !scheduler.isFair && scheduler.draw(streams.time, steps) < 1 / hurriedSteps
      if (ready.length === 0 || hurries) {
        const limit = ready.length === 0 ? withinSeconds : Math.min(withinSeconds, hurriedSeconds)
        if (fireNext(limit)) return true
        if (ready.length === 0) return false
      }
      const operation = choose(ready, calm ? 0 : scheduler.draw(streams.pick, steps))
      operations.delete(operation)
      perform(operation)
      return true
    },
    pass(seconds) {
      scheduler.time += seconds
    },
    drop(actor) {
      for (const operation of operations) if (operation.actor === actor) operations.delete(operation)
      timers = timers.filter(({ operation }) => operation.actor !== actor)
    },
    note: (line) => scheduler.trace.push(line),
  }
  return scheduler
}
