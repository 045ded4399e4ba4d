import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, inject } from 'vitest'
import type { Bank } from '../../../demo/banks/bank.js'
import { startDemo, type Demo } from '../../../demo/demo.js'
import { users } from '../../../demo/users.js'
import { launch } from './launch.js'
import { buildBenchPage, type BuiltPage, type PageOptions } from './page.js'

/** The demo and a browser, for the tests of one file. */
export interface Bench {
  readonly demo: Demo
  /** A new browser profile: own storage, own cookies. Closed after the test. */
  readonly newProfile: () => Promise<BrowserContext>
  /** The demo's page in a new profile. */
  readonly open: () => Promise<Page>
  /** Disconnects everything at the backend: it happens after each test, too. */
  readonly forget: () => Promise<void>
  /** The demo's page in another tab of a profile. */
  readonly openTab: (profile: BrowserContext) => Promise<Page>
}

/** What {@link useBench} can do otherwise. */
export interface BenchOptions {
  /** The page of `demo/bench`, whose client is within reach as `window.bank`, instead of the demo's own. */
  readonly page?: PageOptions
  /** Time can be made to pass, by {@link setClock}. @defaultValue false */
  readonly clock?: boolean
  /**
   * Pages of the same site share a process, which starts faster: for files whose tests are not about several tabs.
   * @defaultValue false
   */
  readonly oneProcess?: boolean
  /** Apiture's tokens are bound to a key of the browser, and shared by its tabs. @defaultValue false */
  readonly dpop?: boolean
}

/**
 * Starts the demo and a browser once for a file; every test gets banks that do nothing special, and a backend that knows
 * no connection.
 */
export function useBench({
  page,
  clock = false,
  oneProcess = false,
  dpop = false,
}: BenchOptions = {}): Bench {
  let demo: Demo | undefined
  let browser: Browser | undefined
  let built: BuiltPage | undefined
  let profiles: BrowserContext[] = []

  beforeAll(async () => {
    built = page && (await buildBenchPage(page))
    ;[demo, browser] = await Promise.all([
      startDemo({ dpop, page: built?.folder ?? inject('demoPage') }),
      launch({ oneProcess }),
    ])
  })
  afterEach(async () => {
    await Promise.all(profiles.map((profile) => profile.close()))
    profiles = []
    await forgetConnections(started().origin)
    for (const bank of Object.values<Bank>({ ...started().banks })) {
      bank.control.reset()
      bank.requests.clear()
    }
  })
  afterAll(async () => {
    await browser?.close()
    await demo?.close()
    await built?.remove()
  })

  const started = (): Demo => {
    if (!demo) throw new Error('The demo has not started.')
    return demo
  }
  const newProfile = async (): Promise<BrowserContext> => {
    if (!browser) throw new Error('The browser has not started.')
    const profile = await browser.newContext()
    // Only a test that fails waits so long; a machine of CI may stand still for a while.
    profile.setDefaultTimeout(30_000)
    // Before the first page: one whose clock is replaced while it is at work reads 1970 for a moment.
    if (clock) await profile.clock.setSystemTime(Date.now())
    profiles.push(profile)
    return profile
  }
  return {
    get demo() {
      return started()
    },
    openTab: async (profile) => {
      const page = await profile.newPage()
      await page.goto(started().origin)
      return page
    },
    newProfile,
    forget: () => forgetConnections(started().origin),
    open: async () => {
      const page = await (await newProfile()).newPage()
      await page.goto(started().origin)
      return page
    },
  }
}

/** Disconnects at the backend what a test has left there: the next one's page would show it as connected. */
async function forgetConnections(origin: string): Promise<void> {
  for (const { id: user } of users) {
    const headers = { origin, countersign: '1', cookie: `demo-user=${user}` }
    const listed = await fetch(`${origin}/connect/connections`, { headers })
    const { connections } = (await listed.json()) as { connections: readonly { id: string }[] }
    await Promise.all(
      connections.map(({ id }) =>
        fetch(`${origin}/connect/connections/${id}`, { method: 'DELETE', headers }),
      ),
    )
  }
}

/** The card of a provider. */
export const card = (page: Page, title: string) => page.getByRole('article', { name: title, exact: true })

/** Presses a button of a provider's card. */
export const press = (page: Page, title: string, name: string): Promise<void> =>
  card(page, title).getByRole('button', { name, exact: true }).click()

/** Presses `Connect …`, and waits for nothing that follows. */
export const pressConnect = (page: Page, title: string): Promise<void> =>
  press(page, title, `Connect ${title}`)

/** The status text of a provider's card. */
export const status = (page: Page, title: string) => card(page, title).getByRole('status')

/** Waits until a card's status reads so. */
export async function waitForStatus(page: Page, title: string, text: string): Promise<void> {
  await status(page, title)
    .filter({ hasText: new RegExp(`^${text}$`) })
    .waitFor()
}

/** Clicks `Connect …` and signs in at the bank: the consent page is shown. */
export async function goToConsent(page: Page, title: string): Promise<void> {
  await pressConnect(page, title)
  await signInAtBank(page, title)
}

/** Signs in at the bank that has been opened: the consent page is shown. */
export async function signInAtBank(page: Page, title: string): Promise<void> {
  // Moneyhub asks first, and sends the person on to the bank.
  if (title.startsWith('Moneyhub')) await page.getByRole('button', { name: /^Continue to/ }).click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Approve' }).waitFor()
}

/** Connects a provider from click to `Connected`. */
export async function connect(page: Page, title: string): Promise<void> {
  await goToConsent(page, title)
  await page.getByRole('button', { name: 'Approve' }).click()
  await waitForStatus(page, title, 'Connected')
}

/** Sets the clock of a page, and of all pages of its profile, so many seconds ahead of the true time. It goes on from there. */
export const setClock = (page: Page, aheadSeconds: number): Promise<void> =>
  page.clock.setSystemTime(Date.now() + aheadSeconds * 1000)

/** Everything that lies in the library's database, by key. */
export async function readDatabase(page: Page): Promise<Record<string, unknown>> {
  return page.evaluate(
    () =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const open = indexedDB.open('countersign')
        open.onerror = () => {
          reject(new Error('no database'))
        }
        open.onsuccess = () => {
          const found: Record<string, unknown> = {}
          const cursor = open.result.transaction('records').objectStore('records').openCursor()
          cursor.onsuccess = () => {
            if (cursor.result) {
              found[cursor.result.key as string] = cursor.result.value
              cursor.result.continue()
            } else {
              open.result.close()
              resolve(found)
            }
          }
        }
      }),
  )
}

/** Approves at the bank, but keeps the answer: gives the callback URL instead of letting the page open it. */
export async function approveAndKeepUrl(page: Page): Promise<string> {
  // Through the protocol itself: playwright's routes do not see what a redirect leads to.
  const session = await page.context().newCDPSession(page)
  const url = new Promise<string>((resolve) => {
    session.once('Fetch.requestPaused', ({ requestId, request }) => {
      resolve(request.url)
      void session.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' })
    })
  })
  await session.send('Fetch.enable', { patterns: [{ urlPattern: '*/callback/*' }] })
  await page.getByRole('button', { name: 'Approve' }).click()
  const callbackUrl = await url
  await session.detach()
  return callbackUrl
}
