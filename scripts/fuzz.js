// npm run fuzz: changed inputs at every place where something comes in from outside; see test/fuzz. Prints what came of them, and
// `N passed, N failed` as the last line.
//
//   npm run fuzz                       5,000 for each target
//   npm run fuzz -- --runs 100000      as many
//   npm run fuzz -- --seed 42          the inputs of one seed; a failure prints its own
//   npm run test:fuzz                  5,000 of a fixed seed, for CI: what fails there is the change's doing
//   npm run fuzz -- --target metadata  the targets whose name contains a word
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argv, env, execPath, exit } from 'node:process'
import { parseArgs } from 'node:util'
import { root } from './entries.js'

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    runs: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    target: { type: 'string', default: '' },
  },
})
for (const [name, value] of [
  ['runs', values.runs],
  ['seed', values.seed],
])
  if (!/^\d{1,10}$/.test(value ?? '')) {
    console.error(`--${String(name)} is a whole number.`)
    exit(2)
  }

console.log(`seed ${values.seed}, ${values.runs} inputs for each target`)
const folder = mkdtempSync(join(tmpdir(), 'countersign-fuzz-'))
const report = join(folder, 'report.json')
const child = spawn(
  execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--project', 'node', 'test/fuzz/fuzz.test.ts', '--reporter=default', '--reporter=json'],
    ...[`--outputFile.json=${report}`, '--disable-console-intercept'],
    ...(values.target === '' ? [] : ['-t', values.target]),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...env,
      COUNTERSIGN_FUZZ_RUNS: values.runs,
      COUNTERSIGN_FUZZ_SEED: values.seed,
      COUNTERSIGN_FUZZ_PRINT: '1',
    },
  },
)
child.on('close', (code) => {
  let passed = 0
  let failed = 1
  try {
    const json = /** @type {{ numPassedTests: number, numFailedTests: number }} */ (
      JSON.parse(readFileSync(report, 'utf8'))
    )
    passed = json.numPassedTests
    failed = Math.max(json.numFailedTests, code === 0 ? 0 : 1)
  } catch {
    // Vitest has said why it did not run.
  }
  rmSync(folder, { recursive: true })
  console.log(`${String(passed)} passed, ${String(failed)} failed`)
  exit(failed === 0 ? 0 : 1)
})
