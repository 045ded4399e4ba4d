// Once before the tests in real browsers: build the demo's page, find Chromium.
import type { TestProject } from 'vitest/node'
import { findChromium } from '../../scripts/chromium.js'
import { buildDemoPage, type BuiltPage } from '../browser/support/page.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the Chromium or Chrome to launch. */
    chromium: string
    /** The folder of the demo's built page. */
    demoPage: string
  }
}

let building: Promise<BuiltPage> | undefined

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('chromium', await findChromium())
  building ??= buildDemoPage()
  const { folder, remove } = await building
  project.provide('demoPage', folder)
  return async () => {
    building = undefined
    await remove()
  }
}
