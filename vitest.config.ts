import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { aliases } from './scripts/vite-options.js'

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

export default defineConfig({
  resolve: { alias: aliases('source') },
  test: {
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
          exclude: ['test/{react,devtools,browser,package,slow}/**'],
          setupFiles: 'test/setup/node.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'jsdom',
          environment: 'jsdom',
          environmentOptions: { jsdom: { url: 'http://localhost:3000/' } },
          include: ['test/{react,devtools}/**/*.test.{ts,tsx}'],
          setupFiles: 'test/setup/jsdom.ts',
        },
      },
      {
        // Node drives a real Chromium through playwright-core; see test/browser/support/launch.ts.
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: 'test/setup/browser.ts',
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
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
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 60_000,
        },
      },
      typeTests('types', 'test/types', ['test/types/registered/**']),
      ...(existsSync('test/types/registered')
        ? [typeTests('types-registered', 'test/types/registered')]
        : []),
    ],
  },
})
