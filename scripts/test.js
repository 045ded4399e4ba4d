// npm test: the checks that every change must pass, two at a time where they do not disturb one another. All of them
// run, whatever fails; the last line is `N passed, N failed`. A step that has no test cases of its own counts as one.
//
//   npm test -- --only unit        one step, and what it needs built, with its output as it comes
//   npm test -- --only types,lint  several
//
// npm run test:browser, npm run test:engines and npm run test:slow are steps that only run when they are named.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argv, exit, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { root } from './entries.js'

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} command Run by the shell with node_modules/.bin in its path.
 * @property {string} [needs] The step that must have passed before.
 * @property {boolean} [quiet] Its output is shown only when it fails.
 * @property {boolean} [alone] No other step runs beside it: it uses both cores by itself.
 * @property {boolean} [slow] Runs only when named by `--only`.
 * @property {string} [folder] A vitest step: where its tests are. Without the folder there is nothing to run.
 *
 * @typedef {{ passed: number, failed: number, skipped: number, seconds: number, note?: string }} Result
 */

const apiJson = join(tmpdir(), `countersign-api-${process.pid}.json`)

/** @type {Step[]} */
const steps = [
  { name: 'build', command: 'npm run --silent build', quiet: true },
  { name: 'types', command: 'tsc --build' },
  // In two, each with the memory of one: all programs at once need more than Node gives.
  { name: 'lint', command: 'eslint src demo scripts examples *.js *.ts' },
  { name: 'lint-tests', command: 'eslint test' },
  { name: 'format', command: 'prettier --check --log-level warn .' },
  { name: 'publint', command: 'publint --strict', needs: 'build', quiet: true },
  { name: 'attw', command: 'attw --pack . --profile esm-only --no-color', needs: 'build', quiet: true },
  { name: 'imports', command: 'npm run --silent imports', quiet: true },
  { name: 'knip', command: 'knip' },
  { name: 'size', command: 'node scripts/size.js', needs: 'build' },
  {
    name: 'docs',
    // A parameter that is taken apart in the signature has no name there.
    command: `typedoc --json "${apiJson}" && ! grep -q __namedParameters "${apiJson}"`,
    quiet: true,
  },
  {
    name: 'type-tests',
    command: 'vitest run --project types --project types-registered',
    folder: 'test/types',
  },
  { name: 'package', command: 'vitest run --project package', folder: 'test/package', needs: 'build' },
  {
    name: 'unit',
    command: 'vitest run --project node --project jsdom --project jsdom-react18 --project jsdom-compiled',
    folder: 'test',
    alone: true,
  },
  { name: 'simulate', command: 'node scripts/simulate/simulate.js --seeds 300' },
  {
    name: 'providers',
    command: 'vitest run --project browser test/browser/providers.test.ts',
    folder: 'test/browser',
    alone: true,
  },
  {
    name: 'browser',
    command: 'vitest run --project browser',
    folder: 'test/browser',
    alone: true,
    slow: true,
  },
  {
    name: 'engines',
    command: 'vitest run --project engines',
    folder: 'test/engines',
    alone: true,
    slow: true,
  },
  {
    name: 'slow',
    command: 'vitest run --project slow --project long',
    folder: 'test/slow',
    needs: 'build', // what is packed for the README's app
    alone: true,
    slow: true,
  },
]

const { only } = parseArgs({ args: argv.slice(2), options: { only: { type: 'string' } } }).values
const names = only?.split(',')
const unknown = names?.filter((name) => !steps.some((step) => step.name === name)) ?? []
if (unknown.length > 0) {
  console.error(
    `No step is called ${unknown.join(', ')}. There are: ${steps.map(({ name }) => name).join(', ')}.`,
  )
  exit(2)
}
const needed = names?.flatMap((name) => steps.find((step) => step.name === name)?.needs ?? [])
const selected = steps.filter(({ name, slow }) =>
  names ? names.includes(name) || needed?.includes(name) : slow !== true,
)
const live = selected.length === 1

/** @type {Map<string, Result>} */
const results = new Map()
/** @type {Map<string, Promise<void>>} */
const running = new Map()

// Two lanes take steps in order. One that needs another waits for it; one that runs alone waits for all.
for (const step of selected) {
  while (running.size >= 2) await Promise.race(running.values())
  if (step.needs) await running.get(step.needs)
  if (step.alone) await Promise.all(running.values())
  const run = execute(step).then((result) => {
    results.set(step.name, result)
    running.delete(step.name)
  })
  running.set(step.name, run)
  if (step.alone) await run
}
await Promise.all(running.values())
exit(summarize() ? 0 : 1)

/**
 * @param {Step} step
 * @returns {Promise<Result>}
 */
async function execute(step) {
  const needed = step.needs && results.get(step.needs)
  if (needed && needed.failed > 0) {
    return { passed: 0, failed: 1, skipped: 0, seconds: 0, note: `not run: ${step.needs} failed` }
  }
  if (step.folder && !existsSync(join(root, step.folder))) {
    return { passed: 0, failed: 0, skipped: 0, seconds: 0, note: 'no tests' }
  }
  const report = join(tmpdir(), `countersign-${step.name}-${process.pid}.json`)
  const command = step.folder
    ? `${step.command} --reporter=default --reporter=json --outputFile.json="${report}"`
    : step.command

  const begun = performance.now()
  const { code, output } = await shell(command)
  const seconds = (performance.now() - begun) / 1000
  const counts = step.folder ? countTests(report) : { passed: code === 0 ? 1 : 0, failed: 0, skipped: 0 }
  // A file that cannot be loaded, or an unhandled rejection, fails a run in which no test case failed.
  if (code !== 0 && counts.failed === 0) counts.failed = 1

  if (!live) {
    stdout.write(`\n── ${step.name}: ${code === 0 ? 'passed' : 'FAILED'} in ${seconds.toFixed(1)} s\n`)
    if (code !== 0 || !step.quiet) stdout.write(output)
  }
  return { ...counts, seconds }
}

/**
 * @param {string} command
 * @returns {Promise<{ code: number, output: string }>}
 */
function shell(command) {
  return new Promise((resolve) => {
    const bin = join(root, 'node_modules/.bin')
    const delimiter = process.platform === 'win32' ? ';' : ':'
    const child = spawn(command, {
      cwd: root,
      shell: true,
      stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
    })
    let output = ''
    const collect = (/** @type {Buffer} */ chunk) => (output += chunk.toString())
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.on('error', (error) => {
      resolve({ code: 1, output: `${output}${error.message}\n` })
    })
    child.on('close', (code) => {
      resolve({ code: code ?? 1, output })
    })
  })
}

/** @param {string} report The path of what vitest's json reporter wrote. */
function countTests(report) {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0 }
  const json =
    /** @type {Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests', number>} */ (
      JSON.parse(readFileSync(report, 'utf8'))
    )
  rmSync(report)
  return {
    passed: json.numPassedTests,
    failed: json.numFailedTests,
    skipped: json.numPendingTests + json.numTodoTests,
  }
}

/** Prints the table and the closing line. @returns Whether nothing failed. */
function summarize() {
  let passed = 0
  let failed = 0
  console.log()
  for (const { name } of selected) {
    const result = results.get(name)
    if (!result) continue
    passed += result.passed
    failed += result.failed
    const cells = [
      name.padEnd(12),
      `${result.passed} passed`.padStart(12),
      `${result.failed} failed`.padStart(10),
      `${result.seconds.toFixed(1)} s`.padStart(9),
      result.skipped > 0 ? `  ${result.skipped} skipped` : '',
      result.note ? `  ${result.note}` : '',
    ]
    console.log(cells.join(''))
  }
  console.log(`\n${passed} passed, ${failed} failed`)
  return failed === 0
}
