// A Vitest of its own that runs one test file at a time, each with one removal in the sources that it loads. Files on disk stay
// as they are, so that any number of these may run beside each other and beside whoever edits.
import { join } from 'node:path'
import { createVitest } from 'vitest/node'
import { root } from '../entries.js'
import { aliases } from '../vite-options.js'
import { editsOf } from './edits.js'

/**
 * @typedef {import('./edits.js').Removal} Removal
 * @typedef {{ passed: boolean, failures: { name: string, message: string }[] }} Outcome
 * @typedef {{ run: (file: string, titles: readonly string[], removal?: Removal) => Promise<Map<string, Outcome>>, close: () => Promise<void> }} Instance
 */

/** Milliseconds after which a test is given up. That is no proof, so nothing is won by waiting longer. */
const testTimeout = 40_000

/** @returns {Promise<Instance>} */
export async function openInstance() {
  /** @type {Map<string, string>} Changed sources, by path. */
  let changed = new Map()
  const plugin = {
    name: 'countersign:defences',
    enforce: /** @type {const} */ ('pre'),
    load: (/** @type {string} */ id) => changed.get(id.replace(/[?#].*$/, '')),
  }
  const shared = {
    root,
    resolve: { alias: aliases('source') },
    plugins: [plugin],
  }
  const settings = {
    testTimeout,
    hookTimeout: testTimeout,
    // What waits for something that a removal prevents must give up as a failed expectation, before the test's own limit.
    expect: { poll: { timeout: 8_000 } },
    restoreMocks: true,
    unstubGlobals: true,
    unstubEnvs: true,
    fakeTimers: {
      toFake: /** @type {('Date' | 'setTimeout' | 'clearTimeout' | 'setInterval' | 'clearInterval')[]} */ ([
        'Date',
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'clearInterval',
      ]),
    },
    // Its checks are removed, too.
    server: { deps: { inline: [/node_modules\/oauth4webapi\//] } },
  }
  const vitest = await createVitest(
    'test',
    {
      config: false,
      root,
      watch: false,
      reporters: [{ onUserConsoleLog: () => undefined }],
      maxWorkers: 1,
      projects: [
        {
          ...shared,
          test: {
            ...settings,
            name: 'node',
            include: ['test/**/*.test.ts'],
            setupFiles: 'test/setup/node.ts',
          },
        },
        {
          ...shared,
          test: {
            ...settings,
            name: 'jsdom',
            globals: true,
            environment: 'jsdom',
            environmentOptions: { jsdom: { url: 'http://localhost:3000/' } },
            include: ['test/**/*.test.tsx'],
            setupFiles: 'test/setup/jsdom.ts',
            provide: { react: 19 },
          },
        },
        {
          ...shared,
          test: {
            ...settings,
            name: 'browser',
            include: ['test/browser/**/*.test.ts'],
            globalSetup: 'test/setup/browser.ts',
            // A browser starts first.
            testTimeout: 180_000,
            hookTimeout: 180_000,
          },
        },
      ],
    },
    { root },
  )

  return {
    async run(file, titles, removal) {
      const kind = file.startsWith('browser/') ? 'browser' : file.endsWith('.tsx') ? 'jsdom' : 'node'
      const project = vitest.projects.find(({ name }) => name === kind)
      if (!project) throw new Error('no project')
      changed = removal ? await editsOf(removal) : new Map()
      for (const source of changed.keys()) vitest.invalidateFile(source)
      const path = join(root, 'test', file)
      const specification = project.createSpecification(path, {
        ...(titles.length > 0 && {
          testNamePattern: new RegExp(
            `(?:${titles.map((title) => escape(title.replaceAll(' > ', ' '))).join('|')})$`,
          ),
        }),
      })
      const { testModules } = await vitest.runTestSpecifications([specification])
      const restored = [...changed.keys()]
      changed = new Map()
      for (const source of restored) vitest.invalidateFile(source)
      // Those of earlier runs are among them.
      return outcomesOf(
        testModules.filter(({ moduleId }) => moduleId === path),
        titles,
      )
    },
    close: () => vitest.close(),
  }
}

const escape = (/** @type {string} */ text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/**
 * What became of the tests with these titles, or of all; of several with one title, the failures of all.
 *
 * @param {readonly import('vitest/node').TestModule[]} modules
 * @param {readonly string[]} titles
 */
function outcomesOf(modules, titles) {
  /** @type {Map<string, Outcome>} */
  const outcomes = new Map()
  for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
    const title =
      titles.find((one) => `> ${test.fullName}`.endsWith(`> ${one}`)) ??
      (titles.length === 0 ? test.name : undefined)
    if (title === undefined) continue
    const { state, errors = [] } = test.result()
    if (state === 'skipped' || state === 'pending') continue
    const before = outcomes.get(title)?.failures ?? []
    const failures = [...before, ...errors.map(toFailure)]
    outcomes.set(title, { passed: failures.length === 0, failures })
  }
  if (outcomes.size === 0) {
    const [broken] = modules.flatMap((module) => [...module.errors()])
    if (broken)
      for (const title of titles) outcomes.set(title, { passed: false, failures: [toFailure(broken)] })
  }
  return outcomes
}

/** A property that fails has the expectation that it met as its cause. */
const toFailure = (/** @type {{ name?: string, message: string, cause?: unknown }} */ error) => {
  const cause = /** @type {{ name?: string, message?: string } | undefined} */ (error.cause)
  const own = error.message.startsWith('Property failed') && cause ? cause : error
  return { name: own.name ?? 'Error', message: (own.message ?? '').split('\n')[0] ?? '' }
}
