// Tokens that outlive the page: how soon the next page has one, and what ten pages ask for when it has expired.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { click } from './click.js'
import { connect } from './connect.js'
import type { AuthorizationServer } from './servers.js'

/** Subjects, each with the page that it is. */
export const keepers = [
  { name: 'floor', page: 'kept-floor' },
  { name: 'oidc-client-ts', page: 'kept-oidc-client' },
  { name: 'countersign', page: 'kept-countersign' },
] as const

const measures = [
  { name: 'same tab', title: 'page loaded again, to the stored token, ms' },
  { name: 'new tab', title: 'new tab, to the stored token, ms' },
  { name: 'storm', title: '10 tabs × 20 callers at expiry, until all are served, ms' },
  { name: 'requests', title: 'the same: requests for a refresh' },
  { name: 'failed', title: 'the same: callers without a token' },
  { name: 'renders', title: 'the same: renders of 200 components in a tab' },
] as const

export type KeptMeasure = (typeof measures)[number]['name']

export interface KeptSample {
  readonly subject: string
  readonly measure: KeptMeasure
  readonly value: number
}

const tabs = 10
/** Longer than a token lives: seconds. */
const hour = 3600
const mark = 'kept after '

/** The time that a page tells when it has its stored token. */
async function timeOf(tab: Page, home: string): Promise<number> {
  const told = tab.waitForEvent('console', (message) => message.text().startsWith(mark))
  await tab.goto(home)
  return Number((await told).text().slice(mark.length))
}

/** Opens tabs whose token has expired, and has all of them ask for one at once. */
async function storm(
  context: BrowserContext,
  home: string,
  server: AuthorizationServer,
): Promise<[KeptMeasure, number][]> {
  const opened: Page[] = []
  while (opened.length < tabs) {
    const tab = await context.newPage()
    await tab.goto(`${home}&idle`)
    await tab.getByText('ready').waitFor()
    await tab.waitForFunction(() => window.kept?.getToken)
    opened.push(tab)
  }
  const [first] = opened
  if (!first) throw new Error('There is no tab.')
  const renders = (): Promise<number> => first.evaluate(() => window.kept?.renders ?? NaN)
  const before = { renders: await renders(), refreshes: server.refreshes() }
  server.aheadSeconds = hour
  // By a channel of its own, which the page itself hears, too.
  const { after, failed } = await first.evaluate(
    ({ count, go }) =>
      new Promise<{ after: number; failed: number }>((resolve) => {
        const channel = new BroadcastChannel('bench')
        let [done, failed] = [0, 0]
        const beganAt = performance.now()
        channel.onmessage = ({ data }: MessageEvent<{ readonly failed?: number }>) => {
          if (data.failed === undefined) return
          done += 1
          failed += data.failed
          if (done === count) resolve({ after: performance.now() - beganAt, failed })
        }
        channel.postMessage({ go })
      }),
    { count: tabs, go: hour },
  )
  server.aheadSeconds = 0
  return [
    ['storm', after],
    ['failed', failed],
    ['requests', server.refreshes() - before.refreshes],
    ['renders', (await renders()) - before.renders],
  ]
}

/** One subject in a new profile. */
async function run(
  browser: Browser,
  app: string,
  server: AuthorizationServer,
  page: string,
): Promise<[KeptMeasure, number][]> {
  const context = await browser.newContext()
  try {
    const home = `${app}/${page}/?issuer=${encodeURIComponent(server.origin)}`
    const tab = await context.newPage()
    const open = async (): Promise<void> => {
      await tab.goto(`${home}&idle`)
      await tab.getByText('ready').waitFor()
    }
    await open()
    await connect(tab, await click(tab))
    const sameTab = await timeOf(tab, home)
    const newTab = await timeOf(await context.newPage(), home)
    const loads: [KeptMeasure, number][] = [
      ['same tab', sameTab],
      ['new tab', newTab],
    ]
    if (page === 'kept-floor') return loads
    await tab.goto('about:blank')
    return [...loads, ...(await storm(context, home, server))]
  } finally {
    await context.close()
  }
}

/** Interleaved runs of all subjects. The first round warms up. */
export async function measureKept(
  browser: Browser,
  app: string,
  server: AuthorizationServer,
  rounds: number,
): Promise<KeptSample[]> {
  const samples: KeptSample[] = []
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, page } of round % 2 === 0 ? keepers : [...keepers].reverse()) {
      const found = await run(browser, app, server, page)
      if (round > 0) samples.push(...found.map(([measure, value]) => ({ subject: name, measure, value })))
    }
  }
  return samples
}

/** A row for each measure, a cell for each subject. */
export const keptRows = (
  medianOf: (subject: string, measure: KeptMeasure) => number,
  figure: (value: number) => string,
): string[][] =>
  measures.map(({ name, title }) => [
    title,
    ...keepers.map((subject) => figure(medianOf(subject.name, name))),
  ])
