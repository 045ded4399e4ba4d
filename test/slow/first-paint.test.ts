// What people see who wait for a slow network, or need large letters.
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { bankName, card, connect, signInAtBank, useBench, waitForStatus } from '../browser/support/bench.js'

const bench = useBench()

/** 400 kbit a second, a round trip of 150 ms. */
async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: (400 * 1000) / 8,
    uploadThroughput: (400 * 1000) / 8,
  })
}

/** What the document shows while no script has come. */
async function withoutScripts(page: Page): Promise<void> {
  await page.route('**/*.js', () => undefined)
}

describe('a document whose scripts have not come', () => {
  it('shows where the person is', async () => {
    const page = await (await bench.newProfile()).newPage()
    await withoutScripts(page)
    await page.goto(bench.demo.origin, { waitUntil: 'commit' })
    await page.getByRole('heading', { name: 'Cash overview' }).waitFor()
    expect(await page.getByText('Finishing your connection…').isVisible()).toBe(false)
  })

  it('says on the way back from a bank that the connection is being finished', async () => {
    const page = await (await bench.newProfile()).newPage()
    await withoutScripts(page)
    await page.goto(`${bench.demo.origin}/callback/stitch?code=c&state=s`, { waitUntil: 'commit' })
    await page.getByText('Finishing your connection…').waitFor()
    expect(await page.getByRole('heading', { name: 'Cash overview' }).isVisible()).toBe(false)
  })
})

it('asks for the stylesheet first, and for few scripts, which would take from it on a slow network', async () => {
  const page = await (await bench.newProfile()).newPage()
  const answer = await page.request.get(bench.demo.origin)
  const head = (await answer.text()).split('</head>')[0] ?? ''
  const scripts = [...head.matchAll(/<script type="module"|<link rel="modulepreload"/g)]
  expect(scripts.length).toBeGreaterThan(0)
  expect(scripts.length).toBeLessThan(4)
  expect(head.indexOf('<link rel="stylesheet"')).toBeGreaterThan(0)
  expect(head.indexOf('<link rel="stylesheet"')).toBeLessThan(scripts[0]?.index ?? 0)
})

it('what the first paint needs is a document and a stylesheet, less than 1.5 s of 400 kbit a second', async () => {
  const page = await (await bench.newProfile()).newPage()
  await slowDown(page)
  await page.goto(bench.demo.origin)
  const { blocking, bytes } = await page.evaluate(() => {
    const [document] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
    const resources = performance.getEntriesByType('resource') as (PerformanceResourceTiming & {
      renderBlockingStatus?: string
    })[]
    const blocks = resources.filter(({ renderBlockingStatus }) => renderBlockingStatus === 'blocking')
    return {
      blocking: blocks.map(({ name }) => name.split('.').at(-1)),
      bytes: [document, ...blocks].reduce((sum, one) => sum + (one?.transferSize ?? 0), 0),
    }
  })
  expect(blocking).toEqual(['css'])
  // 50 kB a second; two round trips and a connection are gone before the first byte.
  expect(bytes).toBeLessThan(30_000)
  const painted = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  )
  console.log(
    `First contentful paint at 400 kbit/s: ${String(Math.round(painted ?? 0))} ms, ${String(bytes)} bytes before it.`,
  )
})

describe('letters of twice the size, on a phone of 360 px', () => {
  const overflow = (page: Page): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  const enlarge = (page: Page) =>
    page.evaluate(() => {
      document.documentElement.style.fontSize = '200%'
    })

  it('fit: the way in, every bank that is connected, and names that are long', async () => {
    const page = await bench.open()
    await page.setViewportSize({ width: 360, height: 780 })
    await waitForStatus(page, 'Moneyhub', 'Not connected')
    await enlarge(page)
    expect(await overflow(page)).toBe(0)
    for (const title of ['Stitch', 'FDX', 'Old Quay Building Society', 'Apiture']) await connect(page, title)
    await card(page, 'Apiture').getByRole('table').waitFor()
    await page.evaluate(() => {
      for (const name of document.querySelectorAll('h3, .accounts tbody th, .booking > span'))
        name.prepend('Raiffeisenlandesbank-Niederösterreich-Wien-Aktiengesellschaft ')
    })
    await enlarge(page)
    expect(await overflow(page)).toBe(0)
  })

  it.each(['Apiture', 'Basis', 'FDX', 'Moneyhub', 'OpenID', 'Stitch'])(
    'fit at the bank: %s',
    async (title) => {
      const page = await bench.open()
      await page.setViewportSize({ width: 360, height: 780 })
      await page.getByRole('button', { name: `Connect ${bankName(title)}`, exact: true }).click()
      await signInAtBank(page, title)
      await enlarge(page)
      expect(await overflow(page)).toBe(0)
    },
  )
})
