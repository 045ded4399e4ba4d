import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'

// A Chromium that is there already, such as that of a distribution. Without it: `npx playwright install chromium`.
const executablePath = process.env['CHROMIUM_PATH']

export default defineConfig({
  // Found before the first test, so that Vite loads no page again in the middle of one.
  optimizeDeps: {
    include: [
      '@testing-library/react',
      '@testing-library/user-event',
      'countersign',
      'countersign/providers',
      'countersign/testing',
      'react',
      'react/jsx-dev-runtime',
    ],
  },
  test: {
    globals: true,
    setupFiles: './setup.ts',
    testTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      connectTimeout: 300_000,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { ...(executablePath && { executablePath }) } }),
      instances: [{ browser: 'chromium' }],
    },
  },
})
