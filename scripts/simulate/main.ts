import { writeSync } from 'node:fs'
import { takeOver } from './realm.js'
import { run, type Result } from './run.js'

/** Settings of one process, as simulate.js gives them. */
interface Settings {
  readonly from: number
  readonly seeds: number
  readonly trace: boolean
}

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings
const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}

await takeOver()
const ends = new Map<string, number>()
const known = new Map<string, number>()
let steps = 0
let failures = 0
const begun = performance.now()
for (let seed = settings.from; seed < settings.from + settings.seeds; seed++) {
  const result: Result = await run({ seed, without: [], calm: [] })
  steps += result.steps
  for (const end of result.ends) ends.set(end, (ends.get(end) ?? 0) + 1)
  if (settings.trace) say(result.trace.join('\n'))
  if (!result.violation) continue
  if (result.known !== undefined) {
    known.set(result.known, (known.get(result.known) ?? 0) + 1)
    continue
  }
  failures += 1
  say(
    `seed ${seed} (${result.variant.tokens}, ${result.variant.locks}): ${result.violation.invariant}: ${result.violation.detail}`,
  )
}
const seconds = (performance.now() - begun) / 1000
say(
  [...ends]
    .sort(([, a], [, b]) => b - a)
    .map(([end, count]) => `${count} ${end}`)
    .join(', '),
)
for (const [name, count] of known) say(`${count} known: ${name}`)
say(`${settings.seeds} seeds, ${steps} steps, ${Math.round(steps / seconds)} a second, ${failures} failed`)
process.exit(failures > 0 ? 1 : 0)
