import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  bankName,
  card,
  changeUser,
  connect,
  connectButton,
  goToConsent,
  press,
  readDatabase,
  signInAtBank,
  useBench,
  waitForStatus,
} from '../browser/support/bench.js'

const bench = useBench({ clock: true })

const minute = 60
const hour = 60 * minute
const day = 24 * hour

const redemptions = () =>
  bench.demo.banks.apiture.requests.count('/oidc/token') +
  bench.demo.banks.stitch.requests.count('/connect/token')

/** Goes to the bank in a profile of its own and closes the tab there. */
async function leaveForGood(title: string): Promise<BrowserContext> {
  const page = await bench.open()
  await goToConsent(page, title)
  const context = page.context()
  await page.close()
  return context
}

/** Lets time pass for a profile. */
const pass = (context: BrowserContext, seconds: number) =>
  context.clock.setSystemTime(Date.now() + seconds * 1000)

/** Opens the app in a new tab, so much later. */
async function openLater(context: BrowserContext, seconds: number): Promise<Page> {
  await pass(context, seconds)
  return bench.openTab(context)
}

const report = (page: Page, title: string) =>
  card(page, title).getByText(`You left for ${bankName(title)} on`, { exact: false })

/** Waits until the page has read what is stored, and finds that nothing is reported. */
async function expectNoReport(page: Page, title: string, status = 'Not connected'): Promise<void> {
  await waitForStatus(page, title, status)
  expect(await page.getByText('did not come back').count()).toBe(0)
}

const transactions = async (page: Page) =>
  Object.values(await readDatabase(page)).filter((record) => Object.hasOwn(Object(record) as object, 'phase'))

describe('a person who goes to the bank and does not come back', () => {
  it.each(['Apiture', 'Stitch'])('%s: is told so once the time is over, and not before', async (title) => {
    const context = await leaveForGood(title)
    await expectNoReport(await openLater(context, 10 * minute), title)
    const page = await openLater(context, 16 * minute)
    await report(page, title).waitFor()
    await expect
      .poll(async () => JSON.stringify(await readDatabase(page)))
      .not.toMatch(/codeVerifier|codeChallenge|nonce/)
    expect(redemptions()).toBe(0)
  })

  it('is told so in two tabs that open at once, and is in neither once it is forgotten in one', async () => {
    const context = await leaveForGood('Stitch')
    await pass(context, hour)
    const tabs = await Promise.all([bench.openTab(context), bench.openTab(context)])
    await Promise.all(tabs.map((tab) => report(tab, 'Stitch').waitFor()))
    const [first, second] = tabs
    await press(first, 'Stitch', 'Forget it')
    for (const tab of tabs) await report(tab, 'Stitch').waitFor({ state: 'detached' })
    expect(await transactions(second)).toEqual([])
    await second.reload()
    await expectNoReport(second, 'Stitch')
  })

  it('is told so for a week', async () => {
    const context = await leaveForGood('Stitch')
    await report(await openLater(context, hour), 'Stitch').waitFor()
    await report(await openLater(context, 6 * day), 'Stitch').waitFor()
    const page = await openLater(context, 8 * day)
    await expectNoReport(page, 'Stitch')
    expect(await transactions(page)).toEqual([])
  })

  it('begins the same connection again from there, with the same input', async () => {
    const start = await bench.open()
    await card(start, 'FDX')
      .getByLabel('What do you want to share it for?')
      .selectOption({ label: 'A budget, for 30 days' })
    await goToConsent(start, 'FDX')
    const context = start.context()
    await start.close()
    const page = await openLater(context, hour)
    await press(page, 'FDX', 'Try again')
    await signInAtBank(page, 'FDX')
    const pushed = bench.demo.banks.fdx.requests.find(/\/par$/).at(-1)
    expect(JSON.parse(pushed?.parameters['authorization_details'] ?? '')).toMatchObject([
      { consentRequest: { durationPeriod: 30 } },
    ])
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'FDX', 'Connected')
    expect(await page.getByText('did not come back').count()).toBe(0)
  })

  it('renews the same connection from there, if that was begun', async () => {
    const start = await bench.open()
    await connect(start, 'Stitch')
    const ids = async (page: Page) =>
      Object.keys(await readDatabase(page)).filter((key) => key.startsWith('connection:'))
    const before = await ids(start)
    await press(start, 'Stitch', 'Renew')
    await signInAtBank(start, 'Stitch')
    const context = start.context()
    await start.close()
    const page = await openLater(context, hour)
    await report(page, 'Stitch').waitFor()
    await waitForStatus(page, 'Stitch', 'Connected')
    await press(page, 'Stitch', 'Try again')
    await signInAtBank(page, 'Stitch')
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Stitch', 'Connected')
    await expect.poll(redemptions).toBe(2)
    expect(await ids(page)).toEqual(before)
  })

  it('and then does after all, too late: the code is not used, and "Start again" is offered', async () => {
    const start = await bench.open()
    await goToConsent(start, 'Stitch')
    const page = await openLater(start.context(), hour)
    await report(page, 'Stitch').waitFor()
    await start.getByRole('button', { name: 'Approve' }).click()
    await card(start, 'Stitch').getByText('transaction_expired').waitFor()
    expect(redemptions()).toBe(0)
    await press(start, 'Stitch', 'Start again')
    await signInAtBank(start, 'Stitch')
  })

  it('is not told to another user of the app', async () => {
    const context = await leaveForGood('Stitch')
    const page = await openLater(context, hour)
    await report(page, 'Stitch').waitFor()
    await changeUser(page, 'Sam')
    await report(page, 'Stitch').waitFor({ state: 'detached' })
    await expectNoReport(page, 'Stitch')
    await changeUser(page, 'Robin')
    await report(page, 'Stitch').waitFor()
  })
})

describe('nothing is reported of', () => {
  it.each(['Apiture', 'Stitch', 'FDX'])('%s, for which all was ready and nobody left', async (title) => {
    const page = await bench.open()
    await connectButton(page, title).hover()
    await expect.poll(() => transactions(page)).toMatchObject([{ phase: 'prepared' }])
    const later = await openLater(page.context(), hour)
    await expectNoReport(later, title)
    expect(await transactions(later)).toEqual([])
  })

  it.each(['Cancel', 'Deny'])('a person who came back by "%s"', async (button) => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    await page.getByRole('button', { name: button }).click()
    await waitForStatus(page, 'Stitch', button === 'Cancel' ? 'Cancelled' : 'Denied')
    await expectNoReport(await openLater(page.context(), hour), 'Stitch')
  })

  it('a person who came back and connected', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await expectNoReport(await openLater(page.context(), hour), 'Stitch', 'Connected')
  })
})
