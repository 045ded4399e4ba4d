// The page's paths, from the first click to the next visit, of every subject under every profile.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { click } from './click.js'
import { connect } from './connect.js'

/** Subjects, each with the page that it is. */
export const subjects = [
  { name: 'floor', page: 'floor' },
  { name: 'floor with discovery', page: 'floor-discovers' },
  { name: 'floor with React and IndexedDB', page: 'floor-react' },
  { name: 'oidc-client-ts', page: 'oidc-client' },
  { name: 'countersign', page: 'countersign' },
] as const

/** Latency of the authorization server, or a phone: then everything is slow. */
export interface Profile {
  readonly name: string
  /** Added to every request to the authorization server: milliseconds. */
  readonly latency: number
  readonly isPhone?: boolean
}

export const profiles: readonly Profile[] = [
  { name: '0 ms', latency: 0 },
  { name: '50 ms', latency: 50 },
  { name: '200 ms', latency: 200 },
  { name: 'phone', latency: 0, isPhone: true },
]

/** A phone of the middle class on 4G, after Chrome's own presets: a processor a quarter as fast, and its "Fast 4G". */
const phone = {
  processor: 4,
  network: { latency: 165, downloadThroughput: (9 * 2 ** 20) / 8, uploadThroughput: (1.5 * 2 ** 20) / 8 },
} as const

export type Measure = 'first click' | 'callback' | 'second visit' | 'prepared click' | 'heap'

export interface Sample {
  readonly profile: string
  readonly subject: string
  readonly measure: Measure
  /** Milliseconds; of the heap kilobytes. */
  readonly value: number
}

/** Makes a tab as slow as a phone. */
async function throttle(context: BrowserContext, tab: Page): Promise<void> {
  const session = await context.newCDPSession(tab)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', { offline: false, ...phone.network })
  await session.send('Emulation.setCPUThrottlingRate', { rate: phone.processor })
}

/** What JavaScript holds in a tab when nothing is left to collect: kB. */
async function heapOf(context: BrowserContext, tab: Page): Promise<number> {
  const session = await context.newCDPSession(tab)
  await session.send('HeapProfiler.enable')
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return usedSize / 1000
}

/** One subject in a new profile: the first click, the callback, and clicks after the page was loaded again. */
async function run(
  browser: Browser,
  app: string,
  issuer: string,
  page: string,
  { isPhone = false }: Profile,
): Promise<[Measure, number][]> {
  const context = await browser.newContext()
  try {
    const tab = await context.newPage()
    if (isPhone) await throttle(context, tab)
    const home = `${app}/${page}/?issuer=${encodeURIComponent(issuer)}`
    const open = async (): Promise<void> => {
      await tab.goto(home)
      await tab.getByText('ready').waitFor()
      await tab.waitForTimeout(100)
    }
    await open()
    const first = await click(tab)
    const callback = await connect(tab, first)
    const heap = await heapOf(context, tab)
    await open()
    const second = await click(tab)
    const samples: [Measure, number][] = [
      ['first click', first.after],
      ['callback', callback],
      ['second visit', second.after],
      ['heap', heap],
    ]
    await open()
    const canPrepare = await tab.evaluate(async () => {
      await window.prepare?.()
      return window.prepare !== undefined
    })
    return canPrepare ? [...samples, ['prepared click', (await click(tab)).after]] : samples
  } finally {
    await context.close()
  }
}

/** Interleaved runs of all subjects under all profiles. */
export async function measurePaths(
  browser: Browser,
  app: string,
  issuer: string,
  latency: { milliseconds: number },
  rounds: number,
): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const profile of profiles) {
    latency.milliseconds = profile.latency
    // The first round warms up. Who comes first changes, so that nobody has the better place.
    for (let round = 0; round <= rounds; round += 1) {
      const order = round % 2 === 0 ? subjects : [...subjects].reverse()
      for (const { name, page } of order) {
        const found = await run(browser, app, issuer, page, profile)
        if (round === 0) continue
        for (const [measure, value] of found)
          samples.push({ profile: profile.name, subject: name, measure, value })
      }
    }
  }
  latency.milliseconds = 0
  return samples
}
