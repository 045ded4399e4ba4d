import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getuid } from 'node:process'
import puppeteer, { type Browser, type ElementHandle, type LaunchOptions, type Page } from 'puppeteer-core'
import { appears } from './appears.js'
import { findControl, placeOf, type Engine, type Profile, type ProfileSettings, type Tab } from './engine.js'

/** Chromium, by its own protocol. */
export const chromium = (executablePath: string): Engine => ({
  name: 'Chromium',
  open: (settings) =>
    open({ browser: 'chrome', executablePath, ...chromiumOptions }, chromiumProfile(settings)),
})

/** Firefox, by WebDriver BiDi, which it speaks without a driver. */
export const firefox = (executablePath: string): Engine => ({
  name: 'Firefox',
  open: (settings) =>
    open({ browser: 'firefox', executablePath, extraPrefsFirefox: firefoxPreferences(settings) }),
})

const chromiumOptions: LaunchOptions = {
  // Every popup would open whether or not the person asked for it, and there would be no back/forward cache.
  ignoreDefaultArgs: ['--disable-popup-blocking', '--disable-back-forward-cache'],
  args: [
    ...(getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-gpu',
    '--disable-quic',
  ],
}

/** Chromium takes such settings from the profile's preferences: 2 is "block". */
const chromiumProfile = ({ blocksCookies = false }: ProfileSettings = {}) =>
  blocksCookies ? { profile: { default_content_setting_values: { cookies: 2 } } } : undefined

/** The same of Firefox. */
const firefoxPreferences = ({ blocksCookies = false }: ProfileSettings = {}): Record<string, unknown> =>
  blocksCookies ? { 'network.cookie.cookieBehavior': 2 } : {}

/** Launches the browser, for one profile. */
async function open(options: LaunchOptions, preferences?: object): Promise<Profile> {
  const userDataDir = await mkdtemp(join(tmpdir(), 'countersign-profile-'))
  if (preferences) {
    await mkdir(join(userDataDir, 'Default'))
    await writeFile(join(userDataDir, 'Default/Preferences'), JSON.stringify(preferences))
  }
  const browser = await puppeteer.launch({ headless: true, userDataDir, ...options })
  return {
    version: await browser.version(),
    newTab: async () => toTab(await browser.newPage()),
    opened: async (action) => {
      const before = new Set(await browser.pages())
      await action()
      return toTab(await appears(async () => (await browser.pages()).find((page) => !before.has(page))))
    },
    count: async () => (await pagesOf(browser)).length,
    close: async () => {
      await browser.close()
      await rm(userDataDir, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

/** The browser's pages without the empty one that it opens itself. */
const pagesOf = async (browser: Browser): Promise<Page[]> =>
  (await browser.pages()).filter((page) => !/^about:(?:blank|home|newtab)$/.test(page.url()))

const toTab = (page: Page): Tab => ({
  goto: async (url) => {
    await page.goto(url, { waitUntil: 'domcontentloaded' })
  },
  url: () => Promise.resolve(page.url()),
  reload: async () => {
    await page.reload({ waitUntil: 'domcontentloaded' })
  },
  back: async () => {
    // goBack waits for an event that a page from the back/forward cache does not fire.
    await page
      .evaluate(() => {
        history.back()
      })
      // The page has gone before it could answer.
      .catch(() => undefined)
  },
  close: () => page.close(),
  run: async (script, ...given) =>
    (await page.evaluate(script as unknown as (...given: unknown[]) => unknown, ...given)) as Awaited<
      ReturnType<typeof script>
    >,
  place: async (control) => {
    const element = await page.evaluateHandle(findControl, control)
    return page.evaluate(placeOf, element)
  },
  click: async (control) => {
    const handle = await page.evaluateHandle(findControl, control)
    const element = handle.asElement() as ElementHandle | null
    // A tab behind another one draws nothing, and a click waits for that.
    if (element) await page.bringToFront()
    await element?.click()
    return element !== null
  },
})
