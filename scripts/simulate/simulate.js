// npm run simulate: runs the real core in simulated pages, and the real backend in simulated replicas, under one seeded
// scheduler, and checks after every step what must always hold.
//
//   npm run simulate -- --seeds 1000              seeds 0 to 999
//   npm run simulate -- --seed 42 --trace         one seed, step by step
//   npm run simulate -- --minutes 10 --from 5000  as many as there is time for
//   npm run simulate -- --platform --seeds 9000   the second layer alone, which is one seed in nine
//   npm run simulate -- --plant 'a verifier that is kept' --until 8
//
// With `--seeds` and `--minutes` it ends with whichever is first. A seed that fails is shrunk and told as a story. The last line is `N passed, N failed`.
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { argv, execPath, exit } from 'node:process'
import { parseArgs } from 'node:util'
import { bundle } from './build.js'

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    plant: { type: 'string' },
    trace: { type: 'boolean', default: false },
    // Ends with the first failure of an invariant whose name begins so: a regular expression.
    until: { type: 'string' },
    // Only the seeds of the second layer, which is one in nine: the real database and tabs of a page.
    platform: { type: 'boolean', default: false },
    // One line of JSON in place of the report.
    json: { type: 'boolean', default: false },
  },
})
const number = (/** @type {string | undefined} */ text, /** @type {number} */ otherwise) => {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0) return value
  console.error(`"${text}" is no number of seeds, seed or minutes.`)
  exit(2)
}
const minutes = number(values.minutes, Infinity)
const settings = {
  from: number(values.seed ?? values.from, 0),
  seeds: values.seed === undefined ? number(values.seeds, values.minutes === undefined ? 300 : 1e9) : 1,
  seconds: minutes === Infinity ? null : minutes * 60,
  trace: values.trace,
  until: values.until ?? null,
  json: values.json,
  // Kept seeds are run with the others, but not in place of them.
  platform: values.platform,
  kept: values.seed === undefined && values.plant === undefined && !values.json && !values.platform,
}
const file = await bundle(values.plant)
const child = spawn(execPath, [file, JSON.stringify(settings)], { stdio: 'inherit' })
child.on('close', (code) => {
  void rm(file, { force: true }).then(() => exit(code ?? 1))
})
