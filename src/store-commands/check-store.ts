import type { Store } from '../backend/storage/store.js'
import { StoreFault, storeRules, type StoreRule, type StoreUnderCheck } from './rules.js'

/** The result of a rule. */
export interface StoreRuleResult {
  readonly title: string
  readonly result: 'pass' | 'fail' | 'skipped'
  /** For `fail` and `skipped`. */
  readonly problem?: string
  readonly why: string
  /** Milliseconds that it took. */
  readonly milliseconds: number
}

/**
 * Holds a store to every rule, under keys of its own, which it deletes at the end: what else lies in the store stays.
 *
 * @param check `key` is made here.
 * @param onRule Called when a rule is done.
 */
export async function checkStore(
  check: Omit<StoreUnderCheck, 'key'>,
  onRule?: (result: StoreRuleResult) => void,
): Promise<readonly StoreRuleResult[]> {
  const results: StoreRuleResult[] = []
  for (const rule of storeRules) {
    const result = await runStoreRule(rule, check)
    results.push(result)
    onRule?.(result)
  }
  return results
}

/** Runs one rule. What the store throws is its failure, too. */
async function runStoreRule(rule: StoreRule, check: Omit<StoreUnderCheck, 'key'>): Promise<StoreRuleResult> {
  const { title, why, optional } = rule
  if (optional && typeof check.store[optional] !== 'function')
    return { title, why, result: 'skipped', problem: `the store has no \`${optional}\``, milliseconds: 0 }
  const keys = new Set<string>()
  const run = crypto.randomUUID()
  const begun = performance.now()
  const done = (result: 'pass' | 'fail', problem?: string): StoreRuleResult => ({
    title,
    why,
    result,
    ...(problem !== undefined && { problem }),
    milliseconds: Math.round(performance.now() - begun),
  })
  try {
    await rule.run({ ...check, key: (ending = 'key') => remembered(keys, `check:${run}:${ending}`) })
    return done('pass')
  } catch (error) {
    const { message } = Object(error) as { message?: unknown }
    return done('fail', error instanceof StoreFault ? error.message : `the store threw: ${String(message)}`)
  } finally {
    await cleanUp(check.store, keys)
  }
}

function remembered(keys: Set<string>, key: string): string {
  keys.add(key)
  return key
}

/** What stays behind expires within two years. */
async function cleanUp(store: Store, keys: ReadonlySet<string>): Promise<void> {
  await Promise.allSettled([...keys].map((key) => store.delete(key)))
}
