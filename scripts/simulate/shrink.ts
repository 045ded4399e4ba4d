import { run, type Result } from './run.js'
import type { Plan } from './scheduler.js'

const end = 1_000_000
/** Real milliseconds that shrinking may take. */
const patience = 10_000
const { performance } = globalThis

/**
 * Leaves out of a failing schedule what its failure does not need: interventions one after the other, and then chance, from the
 * end and from the beginning on.
 *
 * @returns the result of the smallest schedule that breaks the same invariant.
 */
export async function shrink(failing: Result): Promise<Result> {
  const { invariant } = failing.violation ?? {}
  let best = failing
  const begun = performance.now()
  const attempt = async (plan: Plan): Promise<boolean> => {
    if (performance.now() - begun > patience) return false
    const result = await run(plan)
    const isSame = result.violation?.invariant === invariant
    if (isSame) best = result
    return isSame
  }
  for (let round = 0, before = -1; before !== best.plan.without.length && round < 3; round++) {
    before = best.plan.without.length
    for (let number = failing.interventions - 1; number >= 0; number--)
      if (!best.plan.without.includes(number))
        await attempt({ ...best.plan, without: [...best.plan.without, number] })
  }
  // As late as possible everything goes in turn, then as early as possible.
  const { steps } = best
  for (let width = Math.ceil(steps / 2); width >= 4; width = Math.ceil(width / 2))
    for (let from = 0; from < steps; from += width)
      await attempt({
        ...best.plan,
        calm: [...best.plan.calm, [from, from + width >= steps ? end : from + width]],
      })
  return best
}
