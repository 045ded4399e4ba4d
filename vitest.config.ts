import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { reactCompiler } from './scripts/react-compiler.js'
import { aliases, reactAliases } from './scripts/vite-options.js'

const typeTests = (name: string, folder: string, exclude: string[] = []) => ({
  extends: true as const,
  test: {
    name,
    include: [],
    typecheck: {
      enabled: true,
      only: true,
      ignoreSourceErrors: true, // the types step reports those
      include: [`${folder}/**/*.test-d.{ts,tsx}`],
      exclude,
      tsconfig: `${folder}/tsconfig.json`,
    },
  },
})

/** Component tests, those of the example among them: it has the runner's functions as globals, in Vitest and in Jest. */
const componentTests = [
  'test/react/**/*.test.{ts,tsx}',
  'test/testing/**/*.test.tsx',
  'test/devtools/**/*.test.tsx',
  'examples/component-tests/*.test.tsx',
]

/** Unit tests that take a while: they start many processes, or plant many faults. `npm run test:slow` runs them. */
const long = [
  'test/simulation/**/*.test.ts',
  'test/store-commands/check-store.test.ts',
  'test/backend/runtimes.test.ts',
  'test/backend/storage/postgres.test.ts',
]

const jsdom = {
  globals: true,
  environment: 'jsdom',
  environmentOptions: { jsdom: { url: 'http://localhost:3000/' } },
}

export default defineConfig({
  resolve: { alias: aliases('source') },
  test: {
    // vitest leaves one core to itself, which of two is half.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Limits for a busy machine. No test waits for one: each waits for what it expects.
    testTimeout: 180_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    restoreMocks: true,
    unstubGlobals: true,
    unstubEnvs: true,
    // Not the defaults: faking setImmediate and queueMicrotask would freeze fake-indexeddb.
    fakeTimers: { toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] },
    coverage: { include: ['src/**'], reporter: ['text', 'html'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{react,browser,engines,package,slow}/**', ...long],
          setupFiles: 'test/setup/node.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'jsdom',
          ...jsdom,
          include: componentTests,
          setupFiles: 'test/setup/jsdom.ts',
          provide: { react: 19 },
        },
      },
      {
        // The peer dependency is react >=18: the same tests on the oldest. See test/setup/react-18.ts.
        extends: true,
        resolve: { alias: reactAliases('react-18') },
        test: {
          name: 'jsdom-react18',
          ...jsdom,
          include: componentTests,
          setupFiles: 'test/setup/react-18.ts',
          provide: { react: 18 },
        },
      },
      {
        // The same tests on hooks that the React Compiler has compiled.
        extends: true,
        plugins: [reactCompiler(/\/src\/react\/[\w-]+\.tsx?$/)],
        test: {
          name: 'jsdom-compiled',
          ...jsdom,
          include: componentTests,
          setupFiles: 'test/setup/jsdom.ts',
          provide: { react: 19 },
        },
      },
      {
        // Node drives a real Chromium through playwright-core; see test/browser/support/launch.ts.
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: 'test/setup/browser.ts',
          // Two files at a time: each has servers, a browser and profiles of its own, and mostly waits for them.
          maxWorkers: 2,
          // What a file starts it closes; the demo's modules are loaded once.
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        // What `npm run build` left in dist/.
        extends: true,
        test: { name: 'package', include: ['test/package/**/*.test.ts'] },
      },
      {
        // npm run test:slow
        extends: true,
        test: {
          name: 'slow',
          include: ['test/slow/**/*.test.ts'],
          globalSetup: 'test/setup/browser.ts',
          // Two files at a time: each has servers, folders and profiles of its own.
          maxWorkers: 2,
          testTimeout: 1_800_000,
          hookTimeout: 180_000,
        },
      },
      {
        // Also npm run test:slow
        extends: true,
        test: { name: 'long', include: long, setupFiles: 'test/setup/node.ts' },
      },
      {
        // npm run test:engines: Chromium, Firefox and WebKit, a browser for each test.
        extends: true,
        test: {
          name: 'engines',
          include: ['test/engines/**/*.test.ts'],
          globalSetup: 'test/setup/engines.ts',
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      typeTests('types', 'test/types', ['test/types/registered/**']),
      typeTests('types-registered', 'test/types/registered'),
    ],
  },
})
