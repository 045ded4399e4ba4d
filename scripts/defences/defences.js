// npm run test:defences: takes the defences out, one at a time, and expects the test that is named for each to fail by its
// own expectation. A text that is not in the source any more fails, as does a test that fails for another reason (a timeout, a
// crash), that passes, or that fails with nothing removed. The last line is `N passed, N failed`.
//
//   npm run test:defences -- --only issuer    those whose name, file or test contains a word; several with | between
//   npm run test:defences -- --attack 12      those of one attack of docs/security.md
//   npm run test:defences -- --texts          only whether each text is in the source still: a second
//   npm run test:defences:browser             those that only a browser shows, with the same options
//   npm run test:defences -- --suggest        for those without a title: the tests of the file that notice
import { argv, exit } from 'node:process'
import { parseArgs } from 'node:util'
import { editsOf } from './edits.js'
import { openInstance } from './instance.js'
import { inBrowser, removals } from './list.js'

/** @typedef {import('./edits.js').Removal} Removal */

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    only: { type: 'string' },
    attack: { type: 'string' },
    // Two, for two cores.
    workers: { type: 'string', default: '2' },
    texts: { type: 'boolean', default: false },
    suggest: { type: 'boolean', default: false },
    browser: { type: 'boolean', default: false },
  },
})
const selected = (values.browser ? inBrowser : removals).filter(
  ({ name, edits, test, attacks }) =>
    (values.only === undefined ||
      values.only
        .split('|')
        .some((word) =>
          [name, test, ...edits.map(({ file }) => file)].some((text) => text.includes(word)),
        )) &&
    (values.attack === undefined || attacks.includes(Number(values.attack))),
)

const begun = performance.now()
/** @type {Map<Removal, string | undefined>} What is wrong with a removal; `undefined` where the test has noticed it. */
const faults = new Map()
const files = [...new Set(selected.map(({ test }) => test))].map((test) =>
  selected.filter((removal) => removal.test === test),
)
// The longest lists first, so that no worker is left alone with one at the end.
files.sort((a, b) => b.length - a.length)
if (values.texts) {
  for (const removal of selected) {
    const missing = await editsOf(removal).then(
      () => undefined,
      (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error)),
    )
    faults.set(removal, missing)
    if (missing !== undefined) print(removal)
  }
  exit(summarize() ? 0 : 1)
}
await Promise.all(Array.from({ length: Math.max(1, Number(values.workers)) }, work))
exit(summarize() ? 0 : 1)

async function work() {
  const instance = await openInstance()
  try {
    for (let list = files.shift(); list; list = files.shift()) {
      if (values.suggest)
        for (const removal of list.filter(({ title }) => title === '')) await suggest(instance, removal)
      if (values.suggest) continue
      const file = list[0]?.test ?? ''
      const intact = await instance.run(file, [...new Set(list.map(({ title }) => title))])
      for (const removal of list) {
        const untouched = intact.get(removal.title)
        faults.set(
          removal,
          untouched === undefined
            ? 'there is no such test'
            : untouched.passed
              ? await judge(instance, removal)
              : `the test fails with nothing removed: ${untouched.failures[0]?.message ?? ''}`,
        )
        print(removal)
      }
    }
  } finally {
    await instance.close()
  }
}

/**
 * @param {import('./instance.js').Instance} instance
 * @param {Removal} removal
 */
async function judge(instance, removal) {
  try {
    const outcome = (await instance.run(removal.test, [removal.title], removal)).get(removal.title)
    if (!outcome) return 'the test did not run'
    if (outcome.passed) return 'the test does not notice it'
    const own = outcome.failures.some(({ name }) => name === 'AssertionError')
    const [first] = outcome.failures
    return own ? undefined : `not by its expectation: ${first?.name ?? ''}: ${first?.message ?? ''}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * @param {import('./instance.js').Instance} instance
 * @param {Removal} removal
 */
async function suggest(instance, removal) {
  const lines = [`${removal.name} (test/${removal.test})`]
  try {
    for (const [title, { failures }] of await instance.run(removal.test, [], removal))
      for (const { name, message } of failures)
        lines.push(`  ${name}  ${title}`, `      ${message.slice(0, 100)}`)
  } catch (error) {
    lines.push(`  ${String(error)}`)
  }
  console.log(lines.join('\n'))
}

/** @param {Removal} removal */
function print(removal) {
  const fault = faults.get(removal)
  const attacks = removal.attacks.join(', ')
  console.log(`${fault === undefined ? 'seen  ' : 'UNSEEN'} ${attacks.padEnd(12)} ${removal.name}`)
  if (fault === undefined) return
  console.log(`       ${removal.edits.map(({ file }) => file).join(', ')}: ${fault}`)
  console.log(`       test/${removal.test} "${removal.title}"`)
}

function summarize() {
  const unseen = selected.filter((removal) => faults.get(removal) !== undefined)
  if (unseen.length > 0) {
    console.log('\nNot noticed:')
    unseen.forEach(print)
  }
  console.log(`\nin ${((performance.now() - begun) / 60_000).toFixed(1)} min`)
  console.log(`${String(selected.length - unseen.length)} passed, ${String(unseen.length)} failed`)
  return unseen.length === 0 && selected.length > 0
}
