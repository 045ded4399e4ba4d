import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { connect, connectButton, pressConnect, useBench, waitForStatus } from './support/bench.js'

const bench = useBench({ clock: true, oneProcess: true })

/** Where the banks ask for consent. One answers the page itself, the other one by way of the backend. */
const endpoints = { Apiture: '**/oidc/authorize?*', Stitch: '**/connect/authorize?*' } as const
const titles = ['Apiture', 'Stitch'] as const
type Title = (typeof titles)[number]

/** The app, marked: a document that is loaded anew does not have the mark. */
async function open(): Promise<Page> {
  const page = await bench.open()
  await page.evaluate(() => Object.assign(window, { marked: true }))
  return page
}

/** Whether it is still the same document, whose button connects. */
async function expectLive(page: Page, title: Title): Promise<void> {
  expect(await page.evaluate(() => 'marked' in window)).toBe(true)
  await connect(page, title)
}

/** Lets time pass for a page, with its timers. */
const pass = (page: Page, seconds: number) => page.clock.fastForward(seconds * 1000)

describe.each(titles)('%s: a bank that answers with', (title) => {
  async function answered(answer: { status: number; headers?: Record<string, string>; body?: string }) {
    const page = await open()
    await page.route(endpoints[title], (route) => route.fulfill(answer), { times: 1 })
    const response = page.waitForResponse(endpoints[title])
    await pressConnect(page, title)
    await response
    await waitForStatus(page, title, 'Connecting…')
    return page
  }

  const download = {
    status: 200,
    headers: { 'content-type': 'text/plain', 'content-disposition': 'attachment; filename="terms.txt"' },
    body: 'terms',
  }

  it.each([
    ['nothing (204)', { status: 204 }],
    ['a download', download],
  ])('%s leaves the button alive', async (_name, answer) => {
    const page = await answered(answer)
    await expectLive(page, title)
  })

  it.each([
    ['nothing (204)', { status: 204 }],
    ['a download', download],
  ])('%s is no longer waited for after a while', async (_name, answer) => {
    const page = await answered(answer)
    await pass(page, 10)
    await waitForStatus(page, title, 'Not connected')
  })
})

describe('a person who stays', () => {
  /** The app, where no time passes: what happens is because the browser tells. */
  async function openTimeless(): Promise<Page> {
    const page = await open()
    for (const title of titles) await waitForStatus(page, title, 'Not connected')
    // Ahead, for it cannot be paused in the past; and by less than what the page waits for at most.
    await page.clock.pauseAt(Date.now() + 8000)
    return page
  }

  it.each(titles)('%s: by Stop, sees it at once, and can go all the same', async (title) => {
    const page = await openTimeless()
    await page.route(endpoints[title], () => undefined, { times: 1 })
    const request = page.waitForRequest(endpoints[title])
    // The click would wait for the navigation, which does not happen.
    await connectButton(page, title).click({ noWaitAfter: true })
    await request
    const session = await page.context().newCDPSession(page)
    await session.send('Page.stopLoading')
    await waitForStatus(page, title, 'Not connected')
    await page.clock.resume()
    await expectLive(page, title)
  })

  it.each(titles)(
    "%s: for the app's own question, sees it at once, and can go all the same",
    async (title) => {
      const page = await openTimeless()
      await page.evaluate(() => {
        addEventListener('beforeunload', (event) => {
          event.preventDefault()
        })
      })
      await Promise.all([
        page.waitForEvent('dialog').then((dialog) => dialog.dismiss()),
        pressConnect(page, title),
      ])
      await waitForStatus(page, title, 'Not connected')
      await page.clock.resume()
      page.once('dialog', (dialog) => void dialog.accept())
      await expectLive(page, title)
    },
  )
})
