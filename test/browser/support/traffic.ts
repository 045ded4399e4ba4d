import type { BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { readDatabase } from './bench.js'

/** What the pages of a profile sent, heard and wrote, as text. */
export interface Traffic {
  /** Requests to the app's origin: address, headers and body. */
  readonly requests: readonly string[]
  /** Requests to anywhere else. */
  readonly elsewhere: readonly string[]
  /** Answers of the app's origin. */
  readonly answers: readonly { readonly url: string; readonly text: string }[]
  /** What was written to the console. */
  readonly console: readonly string[]
  /** Waits for the answers that are being read. */
  readonly read: () => Promise<unknown>
}

/** Records the traffic of a profile from now on. */
export function record(context: BrowserContext, origin: string): Traffic {
  const requests: string[] = []
  const elsewhere: string[] = []
  const answers: { url: string; text: string }[] = []
  const console: string[] = []
  const reading: Promise<void>[] = []
  context.on('console', (message) => console.push(message.text()))
  context.on('request', (request) => {
    const text = [request.url(), JSON.stringify(request.headers()), request.postData() ?? ''].join(' ')
    const list = request.url().startsWith(origin) ? requests : elsewhere
    list.push(text)
  })
  context.on('response', (response) => {
    if (!response.url().startsWith(origin) || response.status() >= 300) return
    const read = response.text().then(
      (text) => void answers.push({ url: response.url(), text }),
      () => undefined, // the page was left before its last answer was read
    )
    reading.push(read)
  })
  return { requests, elsewhere, answers, console, read: () => Promise.all(reading) }
}

/** What a page keeps, in every place where it could. It has one database. */
export async function kept(page: Page): Promise<string> {
  const stored = await page.evaluate(() =>
    JSON.stringify([
      Object.entries(localStorage),
      Object.entries(sessionStorage),
      document.cookie,
      history.state,
      location.href,
      document.referrer,
      document.documentElement.outerHTML,
      performance.getEntries().map(({ name }) => name),
    ]),
  )
  const databases = await page.evaluate(() =>
    indexedDB.databases().then((all) => all.map(({ name }) => name)),
  )
  // The log of the demo's devtools is the second.
  expect(databases.sort()).toEqual(['countersign', 'countersign-devtools'])
  const records = await Promise.all(databases.map((name) => readDatabase(page, name)))
  return stored + JSON.stringify(records)
}
