// One process of the simulation, as simulate.js starts it.
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { takeOver } from './realm.js'
import { isOfPlatform, run, type Result } from './run.js'
import keptSeeds from './seeds.json'
import { shrink } from './shrink.js'
import { tellStory } from './story.js'

interface Settings {
  readonly from: number
  readonly seeds: number
  /** Real seconds after which no seed is begun; `null` for no limit. */
  readonly seconds: number | null
  readonly trace: boolean
  /** End with the first failure of an invariant whose name begins so: a regular expression. `null`: go on. */
  readonly until: string | null
  readonly json: boolean
  readonly kept: boolean
  /** Only seeds of the platform alone. */
  readonly platform: boolean
}

/** Stories are told of so many failures; the others are one line each. */
const toldFailures = 3

const settings = JSON.parse(process.argv[2] ?? '') as Settings
const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}
const { performance } = globalThis

await takeOver()
const begun = performance.now()
const hash = createHash('sha256')
const ends = new Map<string, number>()
const failed: Result[] = []
let seeds = 0
let steps = 0

async function runSeed(seed: number): Promise<void> {
  const result = await run({ seed, without: [], calm: [] })
  seeds += 1
  steps += result.steps
  hash.update(result.trace.join('\n'))
  for (const end of result.ends) count(ends, end)
  if (settings.trace) say(result.trace.join('\n'))
  if (result.violation) await note(result, result.violation)
}

async function note(result: Result, violation: NonNullable<Result['violation']>): Promise<void> {
  const { seed } = result.plan
  failed.push(result)
  if (settings.json) return
  say(`seed ${seed}: ${violation.invariant}: ${violation.detail}`)
  if (failed.length <= toldFailures) say(`\n${tellStory(await shrink(result))}\n`)
}

/** The failure with which the run ends. */
function wanted(): Result | undefined {
  const { until } = settings
  if (until === null) return undefined
  const pattern = new RegExp(`^(?:${until})`)
  return failed.find(({ violation }) => pattern.test(violation?.invariant ?? ''))
}

function count(map: Map<string, number>, name: string): void {
  map.set(name, (map.get(name) ?? 0) + 1)
}

if (settings.kept) for (const { seed } of keptSeeds) await runSeed(seed)
for (let seed = settings.from; seed < settings.from + settings.seeds; seed++) {
  if (settings.seconds !== null && (performance.now() - begun) / 1000 > settings.seconds) break
  if (settings.platform && !isOfPlatform(seed)) continue
  await runSeed(seed)
  if (wanted()) break
}

const tell = (map: Map<string, number>): string =>
  [...map]
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${times} × ${name}`)
    .join(', ')
const seconds = (performance.now() - begun) / 1000
if (settings.json) {
  const found = wanted()
  const shrunk = found && (await shrink(found))
  say(
    JSON.stringify({
      seeds,
      steps,
      traces: hash.digest('hex'),
      failed: failed.length,
      ...(found && { seed: found.plan.seed, violation: found.violation }),
      ...(shrunk && { story: tellStory(shrunk) }),
    }),
  )
} else {
  say(`transactions: ${tell(ends)}`)
  say(`${seeds} seeds, ${steps} steps in ${seconds.toFixed(1)} s, ${Math.round(steps / seconds)} a second`)
  say(`${seeds - failed.length} passed, ${failed.length} failed`)
}
process.exit(failed.length > 0 ? 1 : 0)
