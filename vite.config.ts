// The library: one ES module per source file, so that consumers' bundlers drop what they do not use and
// 'use client' stays on exactly the files that have it.
import { defineConfig } from 'vite'
import { entries } from './scripts/entries.js'
import { joinLazyParts } from './scripts/join-lazy-parts.js'
import { onLog } from './scripts/vite-options.js'

export default defineConfig({
  publicDir: false,
  plugins: [
    joinLazyParts({
      entries: ['index.js', 'core/index.js', 'providers/index.js', 'messages/index.js'],
      always: ['index.js', 'core/index.js'],
      first: 'core/lazy-parts.js',
    }),
  ],
  build: {
    target: 'es2022',
    minify: false,
    lib: {
      entry: {
        ...Object.fromEntries(entries.map(({ name, source }) => [name, source])),
        'check-backend/index': 'src/check-backend/index.ts',
        'testing/jest/environment': 'src/testing/jest/environment.ts',
      },
      formats: ['es'],
    },
    rolldownOptions: {
      external: [
        /^node:/,
        /^(?:react|react-dom|oauth4webapi|idb-keyval|undici|redis|msw|jest-environment-jsdom)(?:\/|$)/,
      ],
      onLog,
      output: { preserveModules: true, preserveModulesRoot: 'src', entryFileNames: '[name].js' },
    },
  },
})
