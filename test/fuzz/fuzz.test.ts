// npm run fuzz: valid inputs with none to three changes, at every place where something comes in from outside. `npm test` runs a few
// hundred for each. A failure prints its seed: `npm run fuzz -- --seed <seed>` runs it again.
import { env } from 'node:process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mutations } from './mutate.js'
import { answerTargets } from './targets/answers.js'
import { contractTargets } from './targets/contract.js'
import { pageTargets } from './targets/page.js'
import { serverTargets } from './targets/server.js'

const runs = Number(env['COUNTERSIGN_FUZZ_RUNS'] ?? 300)
const seed = Number(env['COUNTERSIGN_FUZZ_SEED'] ?? 20_261_130)
const targets = [...pageTargets, ...answerTargets, ...serverTargets, ...contractTargets]

test.each(targets)(
  '$name: only what is valid is accepted, and nothing else happens',
  async ({ name, run, outcomes, rare = [] }) => {
    const counts = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(mutations, fc.nat(), async (changes, pick) => {
        const outcome = await run(changes, pick)
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
      }),
      { numRuns: runs, seed },
    )
    const histogram = [...counts].sort(([, a], [, b]) => b - a)
    if (env['COUNTERSIGN_FUZZ_PRINT'])
      console.log(
        [`${name}:`, ...histogram.map(([outcome, count]) => `${String(count).padStart(7)}  ${outcome}`)].join(
          '\n',
        ),
      )
    // Otherwise nothing but the first check was tried.
    expect(counts.get('accepted') ?? 0).toBeGreaterThanOrEqual(runs / 5)
    const expected = runs < 5000 ? outcomes : [...outcomes, ...rare]
    expect(expected.filter((outcome) => !counts.has(outcome))).toEqual([])
  },
  // A limit of its own for each run: 100,000 of one target take minutes here, and hours on a machine that does much else.
  Math.max(3_600_000, runs * 250),
)
