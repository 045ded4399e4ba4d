// Once before the tests in real browsers: build the demo's page, find Chromium.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import type { TestProject } from 'vitest/node'
import { findChromium } from '../../scripts/chromium.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the Chromium or Chrome to launch. */
    chromium: string
  }
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

let built: Promise<unknown> | undefined

export default async function setup(project: TestProject): Promise<void> {
  project.provide('chromium', await findChromium())
  if (!existsSync(here('../../demo/app/index.html'))) return
  built ??= build({ configFile: here('../../demo/vite.config.ts'), logLevel: 'warn' })
  await built
}
