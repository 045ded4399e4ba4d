import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { Bank } from '../../../demo/banks/bank.js'
import {
  card,
  changeUser,
  connect,
  connectButton,
  goToConsent,
  goToConsentInWindow,
  pressInWindow,
  signInAtBank,
  shownUser,
  waitForStatus,
  type Bench,
} from './bench.js'

/** How tests name the demo's banks, with what runs behind them. */
const banks = {
  Apiture: 'apiture',
  Basis: 'basis',
  FDX: 'fdx',
  Moneyhub: 'moneyhub',
  'Moneyhub one-time': 'moneyhub',
  OpenID: 'openid',
  Stitch: 'stitch',
} as const

/** What a test calls a bank. */
export type Title = keyof typeof banks

/**
 * What happens to the app's users on the way back from banks: by a redirect or in a window of its own, at the bank's own
 * word. It is a navigation from another site, on which not every cookie comes along.
 */
export function testUsers(bench: Bench, some: readonly Title[]): void {
  const codesSent = (title: Title): number => {
    const bank: Bank = bench.demo.banks[banks[title]]
    return bank.requests.count(/\/token$/, { grant_type: 'authorization_code' })
  }

  /** Somebody changes who is signed in, in another tab of the app. */
  const changeElsewhere = async (page: Page, name: 'Sam' | 'Signed out'): Promise<Page> => {
    const other = await page.context().newPage()
    await other.goto(bench.demo.origin)
    await changeUser(other, name)
    return other
  }
  const press = (page: Page, title: Title) => connectButton(page, title).click()
  const approve = (page: Page) => page.getByRole('button', { name: 'Approve' }).click()
  const signInAs = (page: Page, title: Title, name: string) =>
    card(page, title)
      .getByRole('button', { name: `Sign in as ${name}` })
      .click()
  const waitForRefusal = (page: Page) =>
    page.getByRole('region', { name: 'Problem' }).getByText('subject_mismatch').waitFor()

  describe.each(some)('%s, by a redirect', (title) => {
    it('connects the second user, who is still the one who is signed in', async () => {
      const page = await bench.open('sam')
      await connect(page, title)
      expect(await shownUser(page)).toBe('sam')
      await changeUser(page, 'Robin')
      await waitForStatus(page, title, 'Not connected')
    })

    it('asks who is not signed in to do so, and then goes to the bank', async () => {
      const page = await bench.open(null)
      await press(page, title)
      await signInAs(page, title, 'Sam')
      await signInAtBank(page, title)
      await approve(page)
      await waitForStatus(page, title, 'Connected')
      expect(await shownUser(page)).toBe('sam')
    })

    it('asks who has signed out meanwhile to sign in, connects nobody before, and then goes on', async () => {
      const page = await bench.open()
      await goToConsent(page, title)
      await changeElsewhere(page, 'Signed out')
      await approve(page)
      await waitForStatus(page, title, 'Sign in to this app first')
      expect(await shownUser(page)).toBe('')
      expect(codesSent(title)).toBe(0)
      await signInAs(page, title, 'Robin')
      await waitForStatus(page, title, 'Connected')
      expect(codesSent(title)).toBe(1)
    })

    it('connects nothing for somebody else who signs in then', async () => {
      const page = await bench.open()
      await goToConsent(page, title)
      await changeElsewhere(page, 'Signed out')
      await approve(page)
      // What came back is the first one's: the second is told nothing of it.
      await signInAs(page, title, 'Sam')
      await waitForStatus(page, title, 'Not connected')
      expect(codesSent(title)).toBe(0)
    })

    it('connects nothing for somebody else who has signed in meanwhile, in another tab', async () => {
      const page = await bench.open()
      await goToConsent(page, title)
      const other = await changeElsewhere(page, 'Sam')
      await approve(page)
      await waitForRefusal(page)
      expect(await shownUser(page)).toBe('sam')
      for (const tab of [page, other]) await waitForStatus(tab, title, 'Not connected')
      expect(codesSent(title)).toBe(0)
    })
  })

  describe.each(some)('%s, in a window of its own', (title) => {
    it('connects the second user in the page that opened it, and closes', async () => {
      const page = await bench.open('sam')
      const popup = await goToConsentInWindow(page, title)
      await pressInWindow(popup, 'Approve')
      await waitForStatus(page, title, 'Connected')
      expect(await shownUser(page)).toBe('sam')
      await expect.poll(() => popup.isClosed()).toBe(true)
    })

    it('asks who is not signed in to do so, and then goes to the bank and waits', async () => {
      const page = await bench.open(null)
      await page.getByLabel('Open banks in a window of their own').check()
      await press(page, title)
      await card(page, title).getByRole('alert').waitFor()
      const [popup] = await Promise.all([page.waitForEvent('popup'), signInAs(page, title, 'Sam')])
      await signInAtBank(popup, title)
      await waitForStatus(page, title, 'Connecting…')
      await pressInWindow(popup, 'Approve')
      await waitForStatus(page, title, 'Connected')
      expect(await shownUser(page)).toBe('sam')
    })

    it('asks to sign in there when the session has ended, then connects the page that opened it, and closes', async () => {
      const page = await bench.open()
      const popup = await goToConsentInWindow(page, title)
      await page.context().clearCookies({ name: 'demo-user' })
      await approve(popup)
      await waitForStatus(popup, title, 'Sign in to this app first')
      // The bank's COOP may have made the window look closed by now: that depends on how soon its page came, and changes nothing.
      expect(codesSent(title)).toBe(0)
      await pressInWindow(popup, 'Sign in as Robin')
      await waitForStatus(page, title, 'Connected')
      await expect.poll(() => popup.isClosed()).toBe(true)
      expect(codesSent(title)).toBe(1)
    })

    it('connects itself, after sign-in, where the page that opened it is signed out', async () => {
      const page = await bench.open()
      const popup = await goToConsentInWindow(page, title)
      await changeUser(page, 'Signed out')
      await approve(popup)
      await waitForStatus(popup, title, 'Sign in to this app first')
      expect(codesSent(title)).toBe(0)
      await signInAs(popup, title, 'Robin')
      await waitForStatus(popup, title, 'Connected')
      expect(codesSent(title)).toBe(1)
      expect(await shownUser(page)).toBe('')
    })

    it('connects nothing for somebody else who has signed in meanwhile, in another tab', async () => {
      const page = await bench.open()
      const popup = await goToConsentInWindow(page, title)
      await changeElsewhere(page, 'Sam')
      await waitForStatus(page, title, 'Sign in to this app first')
      await approve(popup)
      await waitForRefusal(popup)
      expect(await shownUser(popup)).toBe('sam')
      expect(codesSent(title)).toBe(0)
      // Whoever looks at the first page again sees who is signed in now.
      await page.evaluate(() => dispatchEvent(new Event('focus')))
      await waitForStatus(page, title, 'Not connected')
      expect(await shownUser(page)).toBe('sam')
    })
  })
}
