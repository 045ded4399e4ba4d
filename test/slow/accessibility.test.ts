// Whether everybody can use the demo: on a small screen, by the keyboard alone, with a screen reader.
import axe, { type AxeResults } from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  bankName,
  card,
  connectAgainButton,
  connectButton,
  goToConsent,
  pressConnect,
  signInAtBank,
  useBench,
  waitForStatus,
} from '../browser/support/bench.js'

const bench = useBench({ oneProcess: true })

/** Widths of a small phone's screen, and one of a person who magnifies a page four times. */
const narrow = { width: 375, height: 812 }
const narrower = { width: 320, height: 640 }

interface AxeWindow {
  readonly axe: typeof axe
}

/** What axe finds against WCAG 2.2 at levels A and AA: the rule and the elements. The policy does not see what a debugger runs. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const results: AxeResults = await page.evaluate(() =>
    (window as unknown as AxeWindow).axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  )
  expect(results.passes.length).toBeGreaterThan(5)
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** How far the page is wider than the window. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** Checks the page that is shown, light and dark, on both narrow screens. */
async function check(page: Page): Promise<void> {
  for (const size of [narrower, narrow]) {
    await page.setViewportSize(size)
    expect(await overflow(page)).toBe(0)
  }
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await violations(page)).toEqual([])
  }
}

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, element: Locator): Promise<void> {
  for (let presses = 0; presses < 100; presses++) {
    await page.keyboard.press('Tab')
    if (await element.evaluate((one) => one === document.activeElement)) {
      expect(await element.evaluate((one) => getComputedStyle(one).outlineStyle)).toBe('solid')
      return
    }
  }
  throw new Error('Tab did not get there.')
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const announcement = (page: Page) => page.getByRole('status', { name: 'Announcements' })
const focused = (element: Locator) =>
  expect.poll(() => element.evaluate((one) => one === document.activeElement)).toBe(true)
const said = (page: Page, text: string | RegExp) => announcement(page).filter({ hasText: text }).waitFor()

describe('the page', () => {
  it('fits a narrow screen and breaks no rule, before anything is connected', async () => {
    const page = await bench.open()
    await waitForStatus(page, 'Moneyhub', 'Not connected')
    await connectButton(page, 'Moneyhub').and(page.locator(':enabled')).waitFor()
    for (const summary of await page.getByText('Under the hood').all()) await summary.click()
    await check(page)
  })

  it('fits and breaks none while nobody is signed in, before leaving and after coming back', async () => {
    const page = await bench.open(null)
    await pressConnect(page, 'Stitch')
    await card(page, 'Stitch').getByRole('alert').waitFor()
    await check(page)
    await card(page, 'Stitch').getByRole('button', { name: 'Sign in as Sam' }).click()
    await signInAtBank(page, 'Stitch')
    await page.context().clearCookies({ name: 'demo-user' })
    await button(page, 'Approve').click()
    await card(page, 'Stitch').getByRole('button', { name: 'Sign in as Sam' }).waitFor()
    await check(page)
  })

  it('fits and breaks none with accounts, with several connections and when one has ended', async () => {
    const page = await bench.open()
    const visits = ['Basis', 'FDX', 'Moneyhub', 'OpenID', 'Stitch', 'Apiture'].map((title) => [title])
    // Another person's connection takes no other's place.
    for (const [title = '', person] of [...visits, ['Apiture', 'grace']]) {
      const again = await connectAgainButton(page, title).count()
      await (again > 0 ? connectAgainButton(page, title) : connectButton(page, title)).click()
      await signInAtBank(page, title, person)
      await button(page, 'Approve').click()
      await waitForStatus(page, title, 'Connected')
      await card(page, title).getByRole('table').first().waitFor()
    }
    await card(page, 'Apiture').getByText('must be renewed').waitFor()
    await check(page)
  })

  it.each([
    ['Deny', 'Denied', {}],
    ['Cancel', 'Cancelled', {}],
    ['Approve', 'Not connected: something went wrong', { token: 'broken-reply' as const }],
  ])('fits and breaks none after %s, when the status is "%s"', async (press, status, behaviour) => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    bench.demo.banks.stitch.control.next(behaviour)
    await button(page, press).click()
    await waitForStatus(page, 'Stitch', status)
    await check(page)
  })

  it('fits and breaks none while it waits for a window, and when that could not be opened', async () => {
    const page = await bench.open()
    await page.getByLabel('Open banks in a window of their own').check()
    await Promise.all([page.waitForEvent('popup'), pressConnect(page, 'Apiture')])
    await page.evaluate(() => {
      window.open = () => null
    })
    await pressConnect(page, 'Stitch')
    await card(page, 'Stitch').getByText('popup_blocked').waitFor()
    await card(page, 'Apiture').getByRole('button', { name: 'Cancel' }).waitFor()
    await check(page)
  })
})

describe('the other pages', () => {
  it.each(['What can go wrong', 'The code'])('"%s" fits and breaks none', async (name) => {
    const page = await bench.open()
    await page.getByRole('link', { name }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    if (name === 'The code') await page.getByLabel('Code: The backend').waitFor()
    await check(page)
  })

  it('fits and breaks none with a verdict', async () => {
    const page = await bench.open()
    await page.getByRole('link', { name: 'What can go wrong' }).click()
    await button(page, 'Run: Forged state').click()
    await page.getByText('As expected', { exact: true }).waitFor()
    await check(page)
  })

  it('says that an address does not exist, and that fits and breaks none', async () => {
    const page = await bench.open()
    const answer = await page.goto(`${bench.demo.origin}/nowhere`)
    expect(answer?.status()).toBe(404)
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    await check(page)
  })

  it('breaks none while it asks whether to disconnect', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    await button(page, 'Approve').click()
    await card(page, 'Stitch').getByRole('table').waitFor()
    await card(page, 'Stitch').getByRole('button', { name: 'Disconnect' }).click()
    await button(page, 'Yes, disconnect').waitFor()
    await check(page)
  })

  it('can be skipped to: the first Tab reaches a link that leads past the header', async () => {
    const page = await bench.open()
    const skip = page.getByRole('link', { name: 'Skip to the content' })
    await skip.waitFor({ state: 'attached' })
    await page.keyboard.press('Tab')
    await focused(skip)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#content')
  })
})

describe('every bank', () => {
  it.each(['Apiture', 'Basis', 'FDX', 'Moneyhub', 'OpenID', 'Stitch'])(
    '%s: its pages fit a narrow screen and break no rule',
    async (title) => {
      const page = await bench.open()
      await pressConnect(page, title)
      if (title === 'Moneyhub') {
        await page.getByRole('button', { name: /^Continue to/ }).waitFor()
        await check(page)
        await page.getByRole('button', { name: /^Continue to/ }).click()
      }
      await page.getByLabel('User name').fill('nobody')
      await button(page, 'Sign in').click()
      await page.getByRole('alert').waitFor()
      await check(page)
      await page.getByLabel('User name').fill('ada')
      await button(page, 'Sign in').click()
      await button(page, 'Approve').waitFor()
      await check(page)
    },
  )
})

describe('by the keyboard alone', () => {
  it('a person connects, comes back to where they were, and disconnects', async () => {
    const page = await bench.open()
    await tabTo(page, connectButton(page, 'Stitch'))
    await page.keyboard.press('Enter')
    await button(page, 'Sign in').waitFor()
    await tabTo(page, page.getByLabel('User name'))
    await page.keyboard.press('Enter')
    await button(page, 'Approve').waitFor()
    await tabTo(page, page.getByLabel(/see your balances/))
    await page.keyboard.press('Space')
    await tabTo(page, button(page, 'Approve'))
    await page.keyboard.press('Enter')

    await said(page, `${bankName('Stitch')}: Connected`)
    await focused(card(page, 'Stitch'))
    const isInSight = () =>
      card(page, 'Stitch').evaluate((element) => {
        const { top } = element.getBoundingClientRect()
        return top >= 0 && top < innerHeight / 2
      })
    await expect.poll(isInSight).toBe(true)
    await card(page, 'Stitch').getByText('Not shared: balances').waitFor()

    await tabTo(page, card(page, 'Stitch').getByRole('button', { name: 'Disconnect' }))
    await page.keyboard.press('Enter')
    // The dialog has the focus, and keeps it.
    await focused(button(page, 'Yes, disconnect'))
    await page.keyboard.press('Enter')
    await said(page, /^Fynbos Bank: Disconnected/)
    await focused(card(page, 'Stitch'))
    await tabTo(page, connectButton(page, 'Stitch'))
  })

  it('a person who uses a window stays at the bank, and hears how it went', async () => {
    const page = await bench.open()
    await tabTo(page, page.getByLabel('Open banks in a window of their own'))
    await page.keyboard.press('Space')
    await tabTo(page, connectButton(page, 'Apiture'))
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')])
    await said(page, `${bankName('Apiture')}: Connecting…`)
    await focused(connectButton(page, 'Apiture'))
    await popup.getByLabel('User name').press('Enter')
    await popup.getByRole('button', { name: 'Approve' }).press('Enter')
    await said(page, `${bankName('Apiture')}: Connected`)
    // Its card has moved to the banks that are connected, and the focus with it.
    await focused(card(page, 'Apiture'))
  })

  it('a person who cancels the window from the page stays in the card', async () => {
    const page = await bench.open()
    await page.getByLabel('Open banks in a window of their own').check()
    await tabTo(page, connectButton(page, 'Apiture'))
    await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')])
    await card(page, 'Apiture').getByRole('button', { name: 'Cancel' }).press('Enter')
    await said(page, `${bankName('Apiture')}: Not connected`)
    await focused(card(page, 'Apiture'))
  })

  it('a person who was denied is at the card, and leaves it at that', async () => {
    const page = await bench.open()
    await goToConsent(page, 'OpenID')
    await button(page, 'Deny').press('Enter')
    await said(page, `${bankName('OpenID')}: Denied`)
    await focused(card(page, 'OpenID'))
    await tabTo(page, card(page, 'OpenID').getByRole('button', { name: 'Try again' }))
    await tabTo(page, card(page, 'OpenID').getByRole('button', { name: 'Not now' }))
    await page.keyboard.press('Enter')
    await said(page, `${bankName('OpenID')}: Not connected`)
    await focused(card(page, 'OpenID'))
  })
})
