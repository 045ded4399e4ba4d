import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  card,
  connectButton,
  goToConsentInWindow as goToConsent,
  pressInWindow as press,
  readDatabase,
  useBench,
  waitForStatus,
} from './support/bench.js'

const bench = useBench({ clock: true })
const tokenRequests = () => bench.demo.banks.apiture.requests.count('/oidc/token')

/** The demo's page, where banks are to open in windows of their own. */
async function open(): Promise<Page> {
  const page = await bench.open()
  await page.getByLabel('Open banks in a window of their own').check()
  return page
}

const click = (page: Page, title: string) => connectButton(page, title).click()

/** Lets time pass for the page, in which it looks at the popup a few times. */
const lookAtPopup = (page: Page) => page.clock.runFor(2000)

const closed = (popup: Page) => expect.poll(() => popup.isClosed()).toBe(true)

describe.each(['Apiture', 'Stitch'])('%s in a window of its own', (title) => {
  it('connects the page that opened it, and closes', async () => {
    const page = await open()
    const popup = await goToConsent(page, title)
    await waitForStatus(page, title, 'Connecting…')
    await press(popup, 'Approve')
    await waitForStatus(page, title, 'Connected')
    await closed(popup)
    await card(page, title).getByRole('table').waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
  })

  it('says that access was denied, and closes', async () => {
    const page = await open()
    const popup = await goToConsent(page, title)
    await press(popup, 'Deny')
    await waitForStatus(page, title, 'Denied')
    await closed(popup)
  })
})

describe('a window', () => {
  it('that the person closes is no longer waited for', async () => {
    const page = await open()
    const popup = await goToConsent(page, 'Apiture')
    await lookAtPopup(page)
    await popup.close()
    await card(page, 'Apiture').getByText('The bank’s window was closed').waitFor()
    await waitForStatus(page, 'Apiture', 'Not connected')
  })

  it('that is slow to come back, and cut off from the page by its own COOP, connects when it has', async () => {
    const page = await open()
    const popup = await goToConsent(page, 'Apiture')
    let load = (): void => undefined
    const loading = new Promise<void>((resolve) => {
      load = resolve
    })
    await popup.route('**/*.js', async (route) => {
      await loading
      await route.continue()
    })
    await lookAtPopup(page)
    await press(popup, 'Approve')
    await card(page, 'Apiture').getByText('The bank’s window was closed').waitFor()
    load()
    await waitForStatus(page, 'Apiture', 'Connected')
    await closed(popup)
    expect(tokenRequests()).toBe(1)
  })

  it('connects nothing after "Cancel" on the page, and keeps nothing', async () => {
    const page = await open()
    const popup = await goToConsent(page, 'Apiture')
    // By the keyboard: a pointer that comes to lie above `Connect …` would prepare the next visit.
    await page.mouse.move(0, 0)
    await card(page, 'Apiture').getByRole('button', { name: 'Cancel' }).press('Enter')
    await card(page, 'Apiture').getByText('The bank’s window was closed').waitFor()
    expect(JSON.stringify(await readDatabase(page))).not.toContain('codeVerifier')
    // The browser may have left the window open at the bank; it closes on its way back.
    await press(popup, 'Approve')
    await closed(popup)
    await waitForStatus(page, 'Apiture', 'Not connected')
  })

  it('that comes back with nothing but the state was cancelled', async () => {
    const page = await open()
    const popup = await goToConsent(page, 'Stitch')
    await press(popup, 'Cancel')
    await waitForStatus(page, 'Stitch', 'Cancelled')
    await closed(popup)
  })

  it('that the browser blocks is reported, and this page can go instead', async () => {
    const page = await open()
    await page.evaluate(() => {
      window.open = () => null
    })
    await click(page, 'Apiture')
    await card(page, 'Apiture').getByText('popup_blocked').waitFor()
    await card(page, 'Apiture').getByRole('button', { name: 'Open it on this page' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })

  it('does not disturb another one', async () => {
    const page = await open()
    const apiture = await goToConsent(page, 'Apiture')
    const stitch = await goToConsent(page, 'Stitch')
    await press(apiture, 'Approve')
    await waitForStatus(page, 'Apiture', 'Connected')
    await waitForStatus(page, 'Stitch', 'Connecting…')
    await press(stitch, 'Approve')
    await waitForStatus(page, 'Stitch', 'Connected')
    await waitForStatus(page, 'Apiture', 'Connected')
  })

  it('completes by itself when the page that opened it is gone', async () => {
    const page = await open()
    const popup = await goToConsent(page, 'Stitch')
    await page.close()
    await press(popup, 'Approve')
    await waitForStatus(popup, 'Stitch', 'Connected')
  })

  it('cannot send the page that opened it anywhere', async () => {
    const page = await open()
    const popup = await goToConsent(page, 'Apiture')
    expect(await popup.evaluate(() => window.opener as unknown)).toBeNull()
  })
})

describe('a bank that cuts its window off (Cross-Origin-Opener-Policy)', () => {
  const openIsolated = async (title: string) => {
    for (const name of ['apiture', 'stitch'] as const)
      bench.demo.banks[name].control.always({ isolated: true })
    const page = await open()
    return { page, popup: await goToConsent(page, title) }
  }

  it.each(['Apiture', 'Stitch'])('connects %s all the same', async (title) => {
    const { page, popup } = await openIsolated(title)
    await waitForStatus(page, title, 'Connecting…')
    await press(popup, 'Approve')
    await waitForStatus(page, title, 'Connected')
    expect(tokenRequests()).toBeLessThanOrEqual(1)
    await closed(popup)
  })

  it('leaves the page waiting, for it seems closed when it is not, and "Cancel" ends that', async () => {
    bench.demo.banks.apiture.control.always({ isolated: true })
    const page = await open()
    // No look at the window falls into the moment before the browser cuts it off.
    await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1000)
    await goToConsent(page, 'Apiture')
    // Longer than a window that is closed may turn out to have come back.
    await page.clock.runFor(10_000)
    await waitForStatus(page, 'Apiture', 'Connecting…')
    await card(page, 'Apiture').getByRole('button', { name: 'Cancel' }).click()
    await waitForStatus(page, 'Apiture', 'Not connected')
  })

  it('passes on that access was denied', async () => {
    const { page, popup } = await openIsolated('Apiture')
    await press(popup, 'Deny')
    await waitForStatus(page, 'Apiture', 'Denied')
  })
})
