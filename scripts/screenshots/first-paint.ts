// `npm run bench:paint`: when the demo shows something on a slow network, and when it can be used.
import { chromium, type Browser } from 'playwright-core'
import { startDemo } from '../../demo/demo.js'
import { findChromium } from '../chromium.js'

const rounds = 5
const bytesPerSecond = (400 * 1000) / 8

interface Times {
  /** Milliseconds from the navigation. */
  readonly paint: number
  readonly usable: number
}

async function measure(browser: Browser, origin: string): Promise<Times> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  })
  await page.goto(origin, { waitUntil: 'commit' })
  await page.getByRole('link', { name: 'Connect a demo bank' }).waitFor()
  const times = await page.evaluate(() => ({
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
    usable: performance.now(),
  }))
  await context.close()
  return times
}

const median = (values: readonly number[]): string =>
  String(Math.round([...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN))

const demo = await startDemo()
const browser = await chromium.launch({ executablePath: await findChromium(), args: ['--no-sandbox'] })
try {
  const all: Times[] = []
  for (let round = 0; round < rounds; round++) all.push(await measure(browser, demo.origin))
  console.log(
    `400 kbit/s, 150 ms round trip, no cache, the median of ${String(rounds)} visits: ` +
      `first contentful paint ${median(all.map(({ paint }) => paint))} ms, ` +
      `usable ${median(all.map(({ usable }) => usable))} ms.`,
  )
} finally {
  await browser.close()
  await demo.close()
}
