import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { environment: 'jsdom', globals: true, setupFiles: './setup.ts', testTimeout: 60_000 },
})
