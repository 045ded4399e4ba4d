import type { Browser, BrowserContext, FrameLocator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, inject } from 'vitest'
import type { Bank } from '../../../demo/banks/bank.js'
import { startDemo, type Demo } from '../../../demo/demo.js'
import { bankNames } from '../../support/bank-names.js'
import { forgetConnections } from '../../support/forget-connections.js'
import { launch } from './launch.js'
import { buildBenchPage, type BuiltPage, type PageOptions } from './page.js'

/** The demo and a browser, for the tests of one file. */
export interface Bench {
  readonly demo: Demo
  /** A new browser profile: own storage, own cookies, and a user who is signed in. Closed after the test. */
  readonly newProfile: (user?: AppUser) => Promise<BrowserContext>
  /** The demo's page in a new profile. */
  readonly open: (user?: AppUser) => Promise<Page>
  /** Disconnects everything at the backend: it happens after each test, too. */
  readonly forget: () => Promise<void>
  /** The demo's page in another tab of a profile. */
  readonly openTab: (profile: BrowserContext) => Promise<Page>
}

/** A user of the app, by id; `null` for nobody. */
export type AppUser = 'robin' | 'sam' | null

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
  const newProfile = async (user: AppUser = 'robin'): Promise<BrowserContext> => {
    if (!browser) throw new Error('The browser has not started.')
    const profile = await browser.newContext()
    // Only a test that fails waits so long; a machine of CI may stand still for a while.
    profile.setDefaultTimeout(60_000)
    // Before the first page: one whose clock is replaced while it is at work reads 1970 for a moment.
    if (clock) await profile.clock.setSystemTime(Date.now())
    profiles.push(profile)
    if (user) await signIn(profile, started().origin, user)
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
    open: async (user) => {
      const page = await (await newProfile(user)).newPage()
      await page.goto(started().origin)
      return page
    },
  }
}

/** Signs a user in at the app's server: its answer sets the cookie that the app really has. */
async function signIn(profile: BrowserContext, origin: string, user: AppUser): Promise<void> {
  const answer = await profile.request.post(`${origin}/session`, { headers: { origin }, data: { user } })
  if (!answer.ok())
    throw new Error(`Signing in as ${String(user)} was answered with ${String(answer.status())}.`)
}

/** Changes who is signed in to the app, by its menu. Resolves when the app's server knows it. */
export async function changeUser(page: Page, name: 'Robin' | 'Sam' | 'Signed out'): Promise<void> {
  await Promise.all([page.waitForResponse('**/session'), page.locator('#user').selectOption({ label: name })])
}

/** Who is signed in to the app, as a page shows it: an id, or '' for nobody. */
export const shownUser = (page: Page): Promise<string> => page.locator('#user').inputValue()

/** How the page names the bank of a provider. */
export const bankName = (title: string): string => bankNames[title] ?? title

/** The card of a provider's bank, or of a bank that is named itself. */
export const card = (page: Page | FrameLocator, title: string) =>
  page.getByRole('article', { name: bankName(title), exact: true })

/** Presses a button of a provider's card. */
export const press = (page: Page, title: string, name: string): Promise<void> =>
  card(page, title).getByRole('button', { name, exact: true }).click()

/** The button that leads to a provider's bank. */
export const connectButton = (page: Page | FrameLocator, title: string) =>
  card(page, title).getByRole('button', { name: `Connect ${bankName(title)}`, exact: true })

/** The one that connects another account there. */
export const connectAgainButton = (page: Page, title: string) =>
  card(page, title).getByRole('button', {
    name: `Connect another account at ${bankName(title)}`,
    exact: true,
  })

/** Presses `Connect …`, and waits for nothing that follows. */
export const pressConnect = (page: Page, title: string): Promise<void> => connectButton(page, title).click()

/** Disconnects what a provider's card shows, and confirms it. */
export async function disconnect(page: Page, title: string): Promise<void> {
  await press(page, title, 'Disconnect')
  await press(page, title, 'Yes, disconnect')
}

/** The status text of a provider's card. */
export const status = (page: Page, title: string) => card(page, title).locator('[data-status]')

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

/** Clicks `Connect …` and signs in at the bank, in a window of its own: the consent page is shown there. */
export async function goToConsentInWindow(page: Page, title: string): Promise<Page> {
  await page.getByLabel('Open banks in a window of their own').check()
  const [popup] = await Promise.all([page.waitForEvent('popup'), pressConnect(page, title)])
  await signInAtBank(popup, title)
  return popup
}

/** Presses a button at the bank, in a window that may close before the click has been reported. */
export const pressInWindow = (popup: Page, name: string): Promise<void> =>
  popup
    .getByRole('button', { name })
    .click()
    .catch(() => undefined)

/** Signs in at the bank that has been opened, as `person` or as whom the form names: the consent page is shown. */
export async function signInAtBank(page: Page, title: string, person?: string): Promise<void> {
  // Moneyhub asks first, and sends the person on to the bank.
  if (/Moneyhub|Pennyhill|Old Quay|UK bank/.test(title))
    await page.getByRole('button', { name: /^Continue to/ }).click()
  if (person !== undefined) await page.locator('input[name="username"]').fill(person)
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
export async function readDatabase(page: Page, name = 'countersign'): Promise<Record<string, unknown>> {
  return page.evaluate(
    (name) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const open = indexedDB.open(name)
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
    name,
  )
}

/** Approves at the bank. Resolves with the callback URL that the bank's redirect leads to, once it is on its way. */
export async function approve(page: Page): Promise<string> {
  const [request] = await Promise.all([
    page.waitForRequest('**/callback/**'),
    page.getByRole('button', { name: 'Approve' }).click(),
  ])
  return request.url()
}

/** The way back from a bank, held up. */
export interface HeldReturn {
  /** Where the bank sends the person: the callback URL. */
  readonly url: string
  /** Lets the redirect go on. */
  readonly letGo: () => Promise<void>
}

/** Approves at the bank, and holds up the redirect that answers: it goes on as the bank's own, when a test lets it. */
export async function approveAndHold(page: Page): Promise<HeldReturn> {
  // Through the protocol itself: playwright's routes do not see what a redirect leads to.
  const session = await page.context().newCDPSession(page)
  const paused = new Promise<{ readonly requestId: string; readonly url: string }>((resolve) => {
    session.once('Fetch.requestPaused', ({ requestId, request: { url } }) => {
      resolve({ requestId, url })
    })
  })
  await session.send('Fetch.enable', { patterns: [{ urlPattern: '*/callback/*' }] })
  // The click waits for the navigation, which is held up.
  await page.getByRole('button', { name: 'Approve' }).click({ noWaitAfter: true })
  const { requestId, url } = await paused
  return {
    url,
    letGo: async () => {
      await session.send('Fetch.continueRequest', { requestId })
      await session.detach()
    },
  }
}

/** Opens what this tab shows in another tab, too. */
export async function duplicate(page: Page): Promise<Page> {
  const tab = await page.context().newPage()
  await tab.goto(page.url())
  return tab
}

/**
 * Opens a URL as a link on the page that is shown does: on a bank's page, the request comes from another site. An address
 * that a test types in (`goto`) comes along with every cookie.
 */
export async function followLink(page: Page, url: string): Promise<void> {
  await page.evaluate((target) => {
    location.assign(target)
  }, url)
}
