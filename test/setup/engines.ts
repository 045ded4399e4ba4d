// Once before the tests in three engines: build the page, find the browsers.
import type { TestProject } from 'vitest/node'
import { findChromium } from '../../scripts/chromium.js'
import { findEngines } from '../../scripts/engines.js'
import { buildBenchPage } from '../browser/support/page.js'
import type { WebKitPaths } from '../engines/support/webkit.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the Firefox to launch. */
    firefox: string
    webkit: WebKitPaths
    /** The folder of the built page that has its client within reach. */
    enginesPage: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { firefox, webkit } = await findEngines()
  project.provide('chromium', await findChromium())
  project.provide('firefox', firefox)
  project.provide('webkit', webkit)
  const { folder, remove } = await buildBenchPage()
  project.provide('enginesPage', folder)
  return remove
}
