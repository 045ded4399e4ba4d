// The demo as its users have it: finding a bank, seeing the money, living with a connection, trying a bad day.
import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  approve,
  card,
  connect,
  connectAgainButton,
  connectButton,
  disconnect,
  goToConsent,
  goToConsentInWindow,
  pressConnect,
  pressInWindow,
  signInAtBank,
  useBench,
  waitForStatus,
} from './support/bench.js'

const bench = useBench({ oneProcess: true })

const tiles = (page: Page) => page.getByRole('article')

/** Notes from the beginning of each document what moves without the person having done anything. */
async function noteShifts(profile: BrowserContext): Promise<void> {
  await profile.addInitScript(() => {
    const noted: number[] = []
    Object.assign(globalThis, { noted })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        readonly value: number
        readonly hadRecentInput: boolean
      })[])
        if (!entry.hadRecentInput) noted.push(entry.value)
    }).observe({ type: 'layout-shift', buffered: true })
  })
}

/** How much has moved since the document was opened, once what is there has been drawn: 0.1 and less is good, by the Core Web Vitals. */
const readShift = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            const { noted } = globalThis as unknown as { readonly noted: readonly number[] }
            resolve(noted.reduce((sum, value) => sum + value, 0))
          }),
        )
      }),
  )

describe('on a phone', () => {
  it('stays where it is when a person arrives, and when they come back from each bank', async () => {
    const profile = await bench.newProfile()
    await noteShifts(profile)
    const page = await profile.newPage()
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto(bench.demo.origin)
    await card(page, 'Basis').waitFor()
    expect(await readShift(page)).toBeLessThan(0.1)
    for (const title of ['Stitch', 'FDX', 'Basis', 'Moneyhub']) {
      await connect(page, title)
      await page.waitForURL(`${bench.demo.origin}/`)
      await card(page, title).getByRole('table').first().waitFor()
      await page.getByRole('heading', { name: 'Transactions' }).waitFor()
      expect(await readShift(page), title).toBeLessThan(0.1)
    }
    await goToConsent(page, 'OpenID')
    await page.getByRole('button', { name: 'Deny' }).click()
    await waitForStatus(page, 'OpenID', 'Denied')
    expect(await readShift(page)).toBeLessThan(0.1)
  })
})

describe('a bank in a window of its own', () => {
  it('is brought to the person once it is connected', async () => {
    const page = await bench.open()
    await connect(page, 'FDX')
    const popup = await goToConsentInWindow(page, 'Stitch')
    await pressInWindow(popup, 'Approve')
    await waitForStatus(page, 'Stitch', 'Connected')
    const heading = card(page, 'Stitch').getByRole('heading')
    const isInSight = () =>
      heading.evaluate((element) => {
        const { top, bottom } = element.getBoundingClientRect()
        return top >= 0 && bottom <= innerHeight
      })
    await expect.poll(isInSight).toBe(true)
    expect(await card(page, 'Stitch').evaluate((element) => element === document.activeElement)).toBe(true)
  })
})

describe('the picker', () => {
  it('comes once it is known what is connected: no bank moves away from under a pointer', async () => {
    const page = await (await bench.newProfile()).newPage()
    let answer = (): void => undefined
    const held = new Promise<void>((resolve) => {
      answer = resolve
    })
    await page.route('**/session', async (route) => {
      await held
      await route.continue()
    })
    await page.goto(bench.demo.origin)
    await page.getByRole('link', { name: 'Skip to the content' }).waitFor({ state: 'attached' })
    expect(await tiles(page).count()).toBe(0)
    answer()
    await card(page, 'Stitch').waitFor()
  })

  it('finds banks by name, country and platform, and says when there is none', async () => {
    const page = await bench.open()
    await card(page, 'Basis').waitFor()
    const search = page.getByRole('searchbox', { name: 'Search banks' })
    const asked = page.waitForRequest(/\/connect\/moneyhub\/institutions\?query=quay$/)
    await search.fill('quay')
    await asked
    await expect.poll(() => tiles(page).count()).toBe(1)
    await card(page, 'Old Quay Building Society').waitFor()
    await search.fill('united states fdx')
    await expect.poll(() => tiles(page).count()).toBe(1)
    await card(page, 'FDX').waitFor()
    await search.fill('no such bank')
    await page.getByText('No bank here is called “no such bank”').waitFor()
  })

  it('remembers how the person goes to banks', async () => {
    const page = await bench.open()
    const choice = page.getByLabel('Open banks in a window of their own')
    await choice.check()
    await page.reload()
    await expect.poll(() => choice.isChecked()).toBe(true)
  })
})

describe('the bank', () => {
  it.each([
    ['Old Quay Building Society', 'Old Quay Building Society'],
    ['Moneyhub', 'Pennyhill Bank'],
    ['Basis', 'Larkspur Bank'],
  ])('that a person meets is the one they chose, whatever connects it: %s', async (title, name) => {
    const page = await bench.open()
    await goToConsent(page, title)
    expect(await page.locator('.bank').textContent()).toBe(name)
    const href = await page.locator('link[rel=stylesheet]').getAttribute('href')
    expect(href).not.toMatch(/moneyhub|basis/)
    expect(await page.locator('main').textContent()).not.toMatch(/READ_|ACCOUNT_|offline_access|openid/)
  })

  it('that keeps a person who cancels shows them the way back', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Apiture')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('link', { name: 'Back to the app' }).click()
    await page.waitForURL(`${bench.demo.origin}/`)
    await waitForStatus(page, 'Apiture', 'Not connected')
  })

  it('shows the way back, too, when the back button leads to a page that is over', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    const consent = page.url()
    await approve(page)
    await waitForStatus(page, 'Stitch', 'Connected')
    await page.goto(consent)
    await page.getByRole('heading', { name: 'This page has expired' }).waitFor()
    await page.getByRole('link', { name: 'Back to the app' }).click()
    await waitForStatus(page, 'Stitch', 'Connected')
  })
})

describe('the overview', () => {
  it('shows a total, a chart that the keyboard reads, and more than thirty transactions by the day', async () => {
    const page = await bench.open()
    for (const title of ['Stitch', 'Moneyhub']) await connect(page, title)
    const transactions = page.getByRole('table', { name: 'Transactions' })
    await transactions.getByText('Pennyhill Bank').first().waitFor()
    // Each transaction tells its bank and the last digits of its account.
    const rows = transactions.getByRole('row', { name: /•••• \d{4}/ })
    expect(await rows.count()).toBe(30)
    await page.getByRole('button', { name: /^Show \d+ more$/ }).click()
    expect(await rows.count()).toBeGreaterThan(30)
    await transactions
      .getByText(/^(?:Today|Yesterday|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)$/)
      .first()
      .waitFor()
    await page.getByRole('radio', { name: /GBP/ }).check()
    await page.locator('.figure').filter({ hasText: '£14,915.18' }).waitFor()
    const chart = page.getByRole('slider', { name: 'Balance in GBP over 60 days' })
    expect(await chart.getAttribute('aria-valuetext')).toContain('£14,915.18')
    await chart.press('ArrowLeft')
    expect(await chart.getAttribute('aria-valuenow')).toBe('58')
  })

  it('writes money and days as the reader does', async () => {
    const { origin } = bench.demo
    const browser = (await bench.newProfile()).browser()
    const context = await browser!.newContext({ locale: 'en-ZA' })
    await context.request.post(`${origin}/session`, { headers: { origin }, data: { user: 'robin' } })
    const page = await context.newPage()
    await page.goto(origin)
    await connect(page, 'Stitch')
    const cell = card(page, 'Stitch').getByRole('row', { name: 'Current Account' }).getByRole('cell')
    expect((await cell.textContent())?.replace(/\s/g, ' ')).toMatch(/^R ?12 874,35$/)
    await context.close()
  })

  it('says what an attempt came to, and nothing against a connection that works', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await card(page, 'Stitch').getByRole('table').waitFor()
    await connectAgainButton(page, 'Stitch').click()
    await signInAtBank(page, 'Stitch')
    await page.getByRole('button', { name: 'Deny' }).click()
    await card(page, 'Stitch').getByText('Access was declined at your bank.').waitFor()
    await waitForStatus(page, 'Stitch', 'Connected')
    await card(page, 'Stitch').getByRole('table').waitFor()
  })

  it('asks before it disconnects, says what happens, and keeps the connection when the person does', async () => {
    const page = await bench.open()
    await connect(page, 'OpenID')
    await card(page, 'OpenID').getByRole('table').waitFor()
    await card(page, 'OpenID').getByRole('button', { name: 'Disconnect' }).click()
    const question = page.getByRole('dialog', { name: 'Disconnect Juniper Savings?' })
    await question.getByText('2 accounts leave this overview at once.').waitFor()
    await question.getByRole('button', { name: 'Keep it' }).click()
    await waitForStatus(page, 'OpenID', 'Connected')
    expect(bench.demo.banks.openid.requests.count('/revoke')).toBe(0)
    await disconnect(page, 'OpenID')
    await card(page, 'OpenID').getByText('The bank has confirmed that this access has ended.').waitFor()
  })

  it('says in the tab where the person is', async () => {
    const page = await bench.open()
    await expect.poll(() => page.title()).toBe('Cash overview · Lasagna Enterprises')
    await page.getByRole('link', { name: 'The code' }).click()
    await expect.poll(() => page.title()).toBe('The code · Lasagna Enterprises')
    await page.getByRole('link', { name: 'Overview' }).click()
    await goToConsent(page, 'Stitch')
    await page.getByRole('button', { name: 'Deny' }).click()
    await expect.poll(() => page.title()).toBe('Not connected · Lasagna Enterprises')
  })
})

describe('a bad day', () => {
  const arm = async (page: Page, title: string, label: string) => {
    await card(page, title).getByText('Under the hood').click()
    await card(page, title).getByLabel('Bad day').selectOption(label)
    await card(page, title).getByText('Armed for the next time you go there').waitFor()
  }

  it('waits for the next visit: neither a pointer nor a reload uses it up', async () => {
    const page = await bench.open()
    await arm(page, 'FDX', 'Refuse the pushed request')
    await connectButton(page, 'FDX').hover()
    await page.reload()
    await card(page, 'FDX').getByText('Armed for the next time you go there').waitFor()
    expect(bench.demo.banks.fdx.control.state.next).toEqual({})
    await pressConnect(page, 'FDX')
    await card(page, 'FDX').getByRole('alert').waitFor()
  })

  it('says when it has happened, and is over then', async () => {
    const page = await bench.open()
    await arm(page, 'Stitch', 'Refuse, whatever is pressed')
    await goToConsent(page, 'Stitch')
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Stitch', 'Denied')
    await card(page, 'Stitch').getByText('It has happened').waitFor()
    await card(page, 'Stitch').getByRole('button', { name: 'Done' }).click()
    await connect(page, 'Stitch')
  })

  it('can be taken back, from the bank, too', async () => {
    const page = await bench.open()
    await arm(page, 'Stitch', 'Issue a token that expires at once')
    await pressConnect(page, 'Stitch')
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
    expect(bench.demo.banks.stitch.control.state.next).toEqual({ accessTokenSeconds: 1 })
    await page.goto(bench.demo.origin)
    await card(page, 'Stitch').getByRole('button', { name: 'Reset' }).click()
    await expect.poll(() => bench.demo.banks.stitch.control.state.next).toEqual({})
  })
})

describe('the code', () => {
  it('of the bank that was connected last is shown, and copied as it is', async () => {
    const page = await bench.open()
    await page
      .context()
      .grantPermissions(['clipboard-read', 'clipboard-write'], { origin: bench.demo.origin })
    await connect(page, 'FDX')
    await page.getByRole('link', { name: 'The code' }).click()
    await expect.poll(() => page.getByRole('radio', { name: 'FDX' }).isChecked()).toBe(true)
    await page.getByRole('button', { name: 'Copy: The backend' }).click()
    await page.getByText('Copied').first().waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('mtlsFetch({')
  })
})

it('an address that does not exist says so, to people and by its status', async () => {
  const page = await bench.open()
  for (const path of ['/nowhere', '/favicon.ico', '/assets/none.js'])
    expect((await page.request.get(bench.demo.origin + path)).status(), path).toBe(404)
})
