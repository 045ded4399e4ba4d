import { createBench, type Bench } from './harness/bench.js'
import { createClient, type Exchange } from './harness/client.js'
import { outcomeOf, requestOf } from './harness/expectations.js'
import { Mismatch } from './harness/mismatch.js'
import type { CheckOptions } from './options.js'
import { startProvider, type ScriptedProvider } from './harness/provider/provider.js'
import { expectRefusals } from './harness/refusals.js'
import { named, type Rule } from './rule.js'
import { answerRules, rateLimitRules } from './rules/answers.js'
import { flowRules, refreshRules } from './rules/flow.js'
import { guardRules } from './rules/guard.js'
import { bodyRules, pathRules } from './rules/requests.js'
import { resourceRules } from './rules/resources.js'
import { failureRules, transactionRules } from './rules/transactions.js'

/** Every rule, in the order in which they run; those about all answers come last. */
export const rules: readonly Rule[] = [
  flowRules,
  refreshRules,
  transactionRules,
  failureRules,
  guardRules,
  bodyRules,
  pathRules,
  resourceRules,
  answerRules,
  rateLimitRules,
].flatMap(named)

/** The result of a rule. */
export interface RuleResult {
  readonly name: string
  readonly level: 1 | 2
  readonly result: 'pass' | 'fail' | 'skipped'
  /** The requests in words. */
  readonly sent: string
  /** The outcomes in short, such as `403 forbidden_origin ×7`. */
  readonly received: string
  readonly why: string
  readonly section: string
  /** The reason for `fail` and `skipped`. */
  readonly problem?: string
  /** The requests of this rule, without bodies and headers. */
  readonly requests: readonly string[]
}

/** The whole table. */
export interface CheckReport {
  readonly baseUrl: string
  readonly contract: '1'
  readonly level: 1 | 2
  readonly results: readonly RuleResult[]
}

/** Looks on while the check runs. */
export interface CheckObserver {
  /** Called when a rule is done. */
  readonly onRule?: (result: RuleResult) => void
  /** Called with every exchange, at the end. */
  readonly onExchanges?: (exchanges: readonly Exchange[]) => void
}

/**
 * Runs the contract against a live backend, with a scripted provider of its own on loopback.
 *
 * Makes connections for the users of `options.sessions` and removes them at the end: give it users of a test.
 *
 * @throws {Error} when the provider's port is taken.
 */
export async function checkBackend(
  options: CheckOptions,
  { onRule, onExchanges }: CheckObserver = {},
): Promise<CheckReport> {
  const provider = await startProvider(options.providerPort)
  const client = createClient(options)
  const bench = createBench(options, client, provider)
  const results: RuleResult[] = []
  try {
    const before = await idsOf(bench)
    const wanted = rules.filter((candidate) => isWanted(candidate, options))
    for (const rule of wanted) {
      // After them nothing more is answered for a while.
      if (rule === wanted.find(isRateLimit)) await cleanUp(bench, before)
      // Nothing else can be tried where people are sent elsewhere.
      const lost = results.find(({ name, result }) => name === 'authorization' && result === 'fail')
      const result = lost
        ? skipped(rule, 'a person cannot be sent to the scripted provider')
        : await run(bench, rule)
      results.push(result)
      onRule?.(result)
    }
    if (!wanted.some(isRateLimit)) await cleanUp(bench, before)
    onExchanges?.(client.exchanges)
    return { baseUrl: options.baseUrl, contract: '1', level: options.level, results }
  } finally {
    client.close()
    await provider.close()
  }
}

const isRateLimit = ({ name }: Rule): boolean => Object.hasOwn(rateLimitRules, name)

function isWanted(rule: Rule, { only, level: wanted, rateLimit }: CheckOptions): boolean {
  if (only) return only.includes(rule.name) || rule.name === 'authorization'
  return rule.level <= wanted && (rateLimit || !isRateLimit(rule))
}

async function run(bench: Bench, rule: Rule): Promise<RuleResult> {
  const { client, options, provider } = bench
  if (rule.needsOther && !options.sessions.other)
    return skipped(rule, 'needs the session of a second user: --other-cookie or --other-header')
  const before = client.exchanges.length
  const problem = await problemOf(rule, bench, provider)
  if (problem !== undefined) bench.renew()
  const exchanges = client.exchanges.slice(before)
  return {
    ...describe(rule),
    result: problem === undefined ? 'pass' : 'fail',
    received: summarize(exchanges, client.exchanges.length),
    ...(problem !== undefined && { problem }),
    requests: exchanges.map((exchange) => `${requestOf(exchange)} → ${outcomeOf(exchange)}`),
  }
}

async function problemOf(rule: Rule, bench: Bench, provider: ScriptedProvider): Promise<string | undefined> {
  try {
    await ('run' in rule ? rule.run(bench) : expectRefusals(bench, rule))
    return undefined
  } catch (error) {
    if (error instanceof Mismatch) return error.message
    throw error
  } finally {
    provider.reset()
  }
}

const describe = ({
  name,
  level,
  sent,
  why,
  section,
}: Rule): Omit<RuleResult, 'result' | 'received' | 'requests'> => ({
  name,
  level,
  sent,
  why,
  section,
})

const skipped = (rule: Rule, problem: string): RuleResult => ({
  ...describe(rule),
  result: 'skipped',
  received: '–',
  problem,
  requests: [],
})

/** Outcomes with how often they came, the most frequent first. */
function summarize(exchanges: readonly Exchange[], all: number): string {
  if (exchanges.length === 0) return `${String(all)} answers`
  const counts = new Map<string, number>()
  for (const exchange of exchanges) {
    const outcome = outcomeOf(exchange)
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => (count === 1 ? outcome : `${outcome} ×${String(count)}`))
    .join(', ')
}

/** The ids of the user's connections, or of none where they cannot be had. */
async function idsOf(bench: Bench): Promise<ReadonlySet<unknown>> {
  try {
    return new Set((await bench.list()).map(({ id }) => id))
  } catch (error) {
    if (error instanceof Mismatch) return new Set()
    throw error
  }
}

/** Removes the connections that the check has made, and no other. */
async function cleanUp({ list, client }: Bench, before: ReadonlySet<unknown>): Promise<void> {
  try {
    for (const { id } of await list())
      if (!before.has(id)) await client.send('DELETE', `/connections/${String(id)}`)
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error
  }
}
