import { transactionIn, type Variant } from './browser.js'
import { interventionsIn, pick } from './interventions.js'
import { createInvariants, type Violation } from './invariants.js'
import { checkEnd } from './ending.js'
import { runPlatform } from './platform/run.js'
import { quiet } from './realm.js'
import { runAs, streams, type Plan } from './scheduler.js'
import { arriveAtBank, createWorld, livePages, type World } from './world.js'

/** What came of one seed. */
export interface Result {
  readonly plan: Plan
  /** What it was a run of. */
  readonly about: string
  readonly steps: number
  readonly trace: readonly string[]
  /** The number of interventions that were due, those left out included. */
  readonly interventions: number
  readonly violation: (Violation & { readonly step: number }) | undefined
  /** How what was asked for ended, for the report. */
  readonly ends: readonly string[]
}

/** Steps in which something may go wrong; afterwards everything is delivered, and nothing is. */
const unfairSteps = 700
/** Steps within which everything must have come to its end. */
const fairSteps = 30_000
/** Of so many steps one begins with an intervention. */
const interventionEvery = 9

const variants: readonly Variant[] = [
  { tokens: 'memory', locks: 'web' },
  { tokens: 'stored', locks: 'web' },
  { tokens: 'backend', locks: 'web' },
  { tokens: 'dpop', locks: 'web' },
  { tokens: 'memory', locks: 'lease' },
  { tokens: 'stored', locks: 'lease' },
  { tokens: 'backend', locks: 'lease' },
  { tokens: 'bff', locks: 'web' },
]

/** Whether a seed is one of the platform alone: it comes after one of each variant. */
export const isOfPlatform = (seed: number): boolean => seed % (variants.length + 1) === variants.length

/** Runs one seed: the same plan gives the same trace. */
export async function run(plan: Plan): Promise<Result> {
  const variant = variants[plan.seed % (variants.length + 1)]
  return variant ? runVariant(plan, variant) : runPlatform(plan)
}

async function runVariant(plan: Plan, variant: Variant): Promise<Result> {
  const world = createWorld(plan, variant)
  const { scheduler } = world
  const check = createInvariants(world)
  const interventions = createInterventions(world, plan)
  let violation: Violation | undefined

  /** False when the run is over, since something is wrong. */
  const holds = async (): Promise<boolean> => {
    await quiet()
    arriveAtBank(world)
    violation ??= check()
    return violation === undefined
  }

  world.browser.open('/')
  while ((await holds()) && scheduler.steps < unfairSteps) {
    if (interventions.isDue() && interventions.take()) continue
    if (!scheduler.step(30) && !interventions.take()) break
  }
  if (!violation) {
    await settleDown(world, holds)
    violation ??= check() ?? checkEnd(world)
  }
  return {
    ...{
      plan,
      about: `tokens in ${places[variant.tokens]}, ${variant.locks === 'web' ? 'Web Locks' : 'leases'}`,
      steps: scheduler.steps,
      trace: scheduler.trace,
      interventions: interventions.count(),
    },
    violation: violation && { ...violation, step: scheduler.steps },
    ends: endsOf(world),
  }
}

function createInterventions(world: World, plan: Plan) {
  const { scheduler } = world
  const random = (stream: number, at: number): number => scheduler.draw(stream, at)
  const limit = 4 + Math.floor(random(streams.setup, 1) * 14)
  // Some runs are without any fault: then nothing but the order of things is at work.
  const hasFaults = random(streams.setup, 2) > 0.15
  let count = 0
  let lastAt = -1
  return {
    count: () => count,
    isDue: () =>
      lastAt < scheduler.steps && random(streams.intervene, scheduler.steps) < 1 / interventionEvery,
    /** Does the next one. False when there have been enough. */
    take(): boolean {
      if (count >= limit) return false
      lastAt = scheduler.steps
      const number = count++
      if (plan.without.includes(number)) return true
      const draw = (detail: number): number => scheduler.draw(streams.detail, number, detail)
      const chosen = pick(interventionsIn(world, draw, hasFaults), random(streams.kind, number))
      if (!chosen) return true
      scheduler.note(`• ${chosen.label} [${number}]`)
      world.acts += 1
      chosen.run()
      return true
    },
  }
}

/** Nothing goes wrong any more, everything is delivered, and the person looks at the app again. */
async function settleDown(world: World, holds: () => Promise<boolean>): Promise<void> {
  const { browser, scheduler, server, replicas } = world
  scheduler.note('• from here on nothing goes wrong')
  scheduler.isFair = true
  browser.denied = 0
  server.failures.length = 0
  if (replicas) replicas.failures.length = 0
  for (const page of browser.pages) {
    if (page.actor.alive && page.actor.frozen && !page.isBehindBank) browser.show(page)
  }
  const last = scheduler.steps + fairSteps
  const drain = async (seconds: number): Promise<boolean> => {
    const until = scheduler.time + seconds
    while (await holds()) {
      if (scheduler.steps > last) {
        world.faults.push('it never comes to rest')
        return false
      }
      if (scheduler.step(until - scheduler.time)) continue
      scheduler.time = Math.max(scheduler.time, until)
      return true
    }
    return false
  }
  if (!(await drain(12))) return
  for (let visit = 0; visit < 3; visit++) {
    if (visit > 0 && checkEnd(world) === undefined) return
    scheduler.note('• the person opens the app again, and tries again what can be')
    browser.open('/')
    for (const { client, actor } of livePages(world)) {
      for (const state of [client.callback.get(), client.authorization('bank').get()])
        if ('resume' in state && state.status !== 'sign_in_required') runAs(actor, () => state.resume?.())
    }
    if (!(await drain(visit === 0 ? 40 : 300))) return
  }
}

function endsOf({ browser, visits }: World): string[] {
  return visits.map(({ state, answers }) => {
    const record = transactionIn(browser, state) as
      | { readonly phase: string; readonly outcome?: string; readonly error?: { readonly code: string } }
      | undefined
    if (answers.length === 0) return 'unanswered'
    return record ? [record.phase, record.error?.code ?? record.outcome].filter(Boolean).join(' ') : 'swept'
  })
}

const places = {
  memory: "the page's memory",
  stored: 'IndexedDB',
  dpop: 'IndexedDB, bound to a key',
  backend: 'the backend',
  bff: 'the backend alone',
}
