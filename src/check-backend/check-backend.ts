import { createClient, type Exchange } from './harness/client.js'
import { outcomeOf, requestOf } from './harness/expectations.js'
import { Mismatch } from './harness/mismatch.js'
import { ScriptedProvider } from './harness/provider/provider.js'
import { runRule } from './harness/run-rule.js'
import { Scene } from './harness/scene.js'
import type { CheckOptions, Role } from './options.js'
import { named, type Rule, type Tier } from './rule.js'
import { answerRules, rateLimitRules } from './rules/answers.js'
import { flowRules } from './rules/flow.js'
import { guardRules } from './rules/guard.js'
import { idTokenRules } from './rules/id-tokens.js'
import { bodyRules, pathRules } from './rules/requests.js'
import { institutionRules } from './rules/institutions.js'
import { refreshRules } from './rules/refresh.js'
import { resourceAnswerRules } from './rules/resource-answers.js'
import { resourcePathRules } from './rules/resource-paths.js'
import { resourceRules } from './rules/resources.js'
import { failureRules, transactionRules } from './rules/transactions.js'
import { checkSetup } from './setup.js'

/** Every rule, in the order in which they run; those about all answers come last. */
export const rules: readonly Rule[] = [
  ...named({ ...flowRules, ...refreshRules, ...transactionRules, ...failureRules }),
  ...named(idTokenRules, 'openid'),
  ...named({ ...guardRules, ...bodyRules, ...pathRules }),
  ...named({ ...resourceRules, ...resourcePathRules, ...resourceAnswerRules, ...institutionRules }, 'bff'),
  ...named({ ...answerRules, ...rateLimitRules }),
]

/** The result of a rule. */
export interface RuleResult {
  readonly name: string
  readonly level: 1 | 2
  readonly tier: Tier
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
 * @throws {SetupError} when no rule could say anything: the backend does not answer, or not to these options.
 * @throws {Error} when the provider's port is taken.
 */
export async function checkBackend(
  options: CheckOptions,
  { onRule, onExchanges }: CheckObserver = {},
): Promise<CheckReport> {
  const provider = await ScriptedProvider.start(options.providerPort)
  const client = createClient(options)
  const scene = new Scene(options, client, provider)
  const wanted = rules.filter((rule) => isWanted(rule, options))
  const results: RuleResult[] = []
  try {
    await checkSetup(scene, rolesOf(wanted))
    const before = await idsOf(scene)
    for (const rule of wanted) {
      // After them nothing more is answered for a while.
      if (rule === wanted.find(isRateLimit)) await cleanUp(scene, before)
      const result = await run(scene, rule, results)
      results.push(result)
      onRule?.(result)
    }
    if (!wanted.some(isRateLimit)) await cleanUp(scene, before)
    onExchanges?.(client.exchanges)
    return { baseUrl: options.baseUrl, contract: '1', level: options.level, results }
  } finally {
    client.close()
    await provider.close()
  }
}

const isRateLimit = ({ name }: Rule): boolean => Object.hasOwn(rateLimitRules, name)

function isWanted(rule: Rule, { only, level, tier, providers, rateLimit }: CheckOptions): boolean {
  if (only) return only.includes(rule.name) || rule.name === 'authorization'
  if (rule.needs === 'openid' && providers.openid === undefined) return false
  if (tier === 'required' && rule.tier === 'hardening') return false
  return rule.level <= level && (rateLimit || !isRateLimit(rule))
}

/** The providers that rules need; every rule needs the mediated one. */
const rolesOf = (wanted: readonly Rule[]): readonly Role[] => [
  'mediated',
  ...new Set(wanted.flatMap(({ needs }) => needs ?? [])),
]

async function run(scene: Scene, rule: Rule, done: readonly RuleResult[]): Promise<RuleResult> {
  const { client, options, provider } = scene
  const { name, level, tier, sent, why, section } = rule
  const about = { name, level, tier, sent, why, section }
  if (rule.needsOther && !options.sessions.other) {
    const problem = 'give the session of a second user with --other-cookie or --other-header'
    return { ...about, result: 'skipped', received: '–', problem, requests: [] }
  }
  const before = client.exchanges.length
  const mismatch = await mismatchOf(runRule(rule, scene))
  provider.reset()
  if (mismatch) scene.renew()
  const exchanges = client.exchanges.slice(before)
  const found = {
    received: summarize(exchanges, client.exchanges.length),
    requests: exchanges.map((exchange) => `${requestOf(exchange)} → ${outcomeOf(exchange)}`),
  }
  if (!mismatch) return { ...about, result: 'pass', ...found }
  // One fault is told once, by the rule that is about it.
  const cause = [mismatch.about, rule.explainedBy].find((other) =>
    done.some((result) => result.name === other && result.result === 'fail'),
  )
  return cause === undefined
    ? { ...about, result: 'fail', ...found, problem: mismatch.message }
    : { ...about, result: 'skipped', ...found, problem: `see ${cause}, which failed` }
}

/** The mismatch that some work ends with, if it does. */
async function mismatchOf(work: Promise<unknown>): Promise<Mismatch | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof Mismatch) return error
    throw error
  }
}

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
async function idsOf(scene: Scene): Promise<ReadonlySet<unknown>> {
  const ids = new Set<unknown>()
  await mismatchOf(
    scene.list().then((list) => {
      for (const { id } of list) ids.add(id)
    }),
  )
  return ids
}

/** Removes the connections that the check has made, and no other. */
async function cleanUp(scene: Scene, before: ReadonlySet<unknown>): Promise<void> {
  for (const id of await idsOf(scene))
    if (!before.has(id)) await mismatchOf(scene.ask(['DELETE', `/connections/${String(id)}`]))
}
