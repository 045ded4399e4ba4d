import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  card,
  changeUser,
  connect,
  connectButton,
  goToConsent,
  shownUser,
  useBench,
  waitForStatus,
} from './support/bench.js'

const bench = useBench()

/** Marks the document: a page that is loaded anew does not have it. */
const mark = (page: Page) => page.evaluate(() => ((window as unknown as { marked: boolean }).marked = true))
const isMarked = (page: Page) =>
  page.evaluate(() => (window as unknown as { marked?: boolean }).marked === true)

/** Clicks `Connect …`; the bank's first page is shown. */
async function leave(page: Page, title: string): Promise<void> {
  await connectButton(page, title).click()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
}

describe('the back button, at the bank', () => {
  it.each(['Apiture', 'Stitch'])('%s: shows the same page, live again', async (title) => {
    const page = await bench.open()
    await mark(page)
    await leave(page, title)
    await page.goBack({ waitUntil: 'commit' })
    await waitForStatus(page, title, 'Not connected')
    expect(await isMarked(page)).toBe(true)
    await connect(page, title)
  })

  it('shows what another tab has done meanwhile', async () => {
    const page = await bench.open()
    await leave(page, 'Stitch')
    const other = await page.context().newPage()
    await other.goto(bench.demo.origin)
    await connect(other, 'Stitch')
    await page.goBack({ waitUntil: 'commit' })
    await waitForStatus(page, 'Stitch', 'Connected')
  })

  it('does not show who was signed in, when another tab has signed them out', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await card(page, 'Stitch').getByRole('table').waitFor()
    await leave(page, 'Apiture')
    const other = await page.context().newPage()
    await other.goto(bench.demo.origin)
    await changeUser(other, 'Signed out')
    await waitForStatus(other, 'Stitch', 'Sign in to this app first')
    await page.goBack({ waitUntil: 'commit' })
    await waitForStatus(page, 'Stitch', 'Sign in to this app first')
    expect(await page.getByRole('table').count()).toBe(0)
  })
})

describe('the back button, at the bank, to a page that was not kept alive', () => {
  it('shows who is signed in by then: the document is the one from before', async () => {
    const page = await bench.open('robin')
    // It keeps a page out of the back/forward cache.
    await page.evaluate(() => {
      addEventListener('unload', () => undefined)
    })
    await mark(page)
    await changeUser(page, 'Sam')
    await leave(page, 'Stitch')
    await page.goBack({ waitUntil: 'commit' })
    await waitForStatus(page, 'Stitch', 'Not connected')
    expect(await isMarked(page)).toBe(false)
    expect(await shownUser(page)).toBe('sam')
  })
})

describe('the back button, in the app', () => {
  it('does not redeem again', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Stitch', 'Connected')
    await page.goBack({ waitUntil: 'commit' })
    await page.goForward({ waitUntil: 'commit' })
    await waitForStatus(page, 'Stitch', 'Connected')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })
})

describe('a page that is prerendered', () => {
  it('redeems nothing until it is shown', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    // What a browser does to a page that it loads ahead of a visit.
    await page.addInitScript(() => {
      let hidden = true
      Object.defineProperty(document, 'prerendering', { get: () => hidden })
      Object.assign(window, {
        activate: () => {
          hidden = false
          document.dispatchEvent(new Event('prerenderingchange'))
        },
      })
    })
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('Finishing your connection…').waitFor()
    await expect.poll(() => new URL(page.url()).search, { timeout: 60_000 }).toBe('')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(0)
    await page.evaluate(() => {
      ;(window as unknown as { activate: () => void }).activate()
    })
    await waitForStatus(page, 'Stitch', 'Connected')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })
})

describe('a frame', () => {
  /** The app in a frame of its own origin, where its policy would not forbid that. */
  async function frame(page: Page, path: string) {
    await page.route(`${bench.demo.origin}/**`, async (route) => {
      if (route.request().resourceType() !== 'document') return route.continue()
      const response = await route.fetch()
      const { 'content-security-policy': _policy, ...headers } = response.headers()
      return route.fulfill({ response, headers })
    })
    await page.goto(bench.demo.origin)
    await page.evaluate((source) => {
      const element = document.createElement('iframe')
      element.src = source
      document.body.append(element)
    }, path)
    return page.frameLocator('iframe')
  }

  it('takes no response, and nobody is sent away from it', async () => {
    const page = await (await bench.newProfile()).newPage()
    const framed = await frame(page, '/callback/apiture?code=c&state=s')
    await framed.getByText('environment_unsupported').first().waitFor()
    await connectButton(framed, 'Apiture').click()
    await card(framed, 'Apiture').getByText('environment_unsupported').waitFor()
    expect(bench.demo.banks.apiture.requests.count('/oidc/token')).toBe(0)
    expect(bench.demo.banks.apiture.requests.count('/oidc/authorize')).toBe(0)
  })
})
