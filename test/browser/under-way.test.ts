// What takes its time says so: while a person leaves for a bank, and while a connection is renewed or ended.
import type { Page, Route } from 'playwright-core'
import { expect, it } from 'vitest'
import { card, connect, connectButton, disconnect, useBench, waitForStatus } from './support/bench.js'

const bench = useBench({ oneProcess: true })

/** Holds up the requests of a method to an address. `held` resolves with the first one, once it is on its way. */
async function hold(page: Page, url: RegExp, method: string): Promise<{ readonly held: Promise<Route> }> {
  let found: (route: Route) => void
  const held = new Promise<Route>((resolve) => {
    found = resolve
  })
  await page.route(url, async (route) => {
    if (route.request().method() === method) found(route)
    else await route.continue()
  })
  return { held }
}

const underWay = (page: Page) => page.getByRole('status', { name: 'Under way' })

/** Waits until a text is there to be seen, and not only in the document. */
async function waitForText(page: Page, text: string): Promise<void> {
  const shown = underWay(page).getByText(text)
  await shown.waitFor()
  await expect.poll(() => shown.evaluate((element) => getComputedStyle(element).opacity)).toBe('1')
}

it('a connection that ends says so until the bank has answered', async () => {
  const page = await bench.open()
  await connect(page, 'Stitch')
  const { held } = await hold(page, /\/connect\/connections\/[^/]+$/, 'DELETE')
  await disconnect(page, 'Stitch')
  const request = await held
  await waitForText(page, 'Ending the access at Fynbos Bank…')
  await request.continue()
  await waitForStatus(page, 'Stitch', 'Not connected')
  await expect.poll(() => underWay(page).textContent()).toBe('')
})

it('the way to a bank says so, for a new connection and for a renewal', async () => {
  const page = await bench.open()
  const first = await hold(page, /\/connect\/stitch\/authorization$/, 'POST')
  await connectButton(page, 'Stitch').focus()
  await page.keyboard.press('Enter')
  const request = await first.held
  await waitForText(page, 'Going to Fynbos Bank…')
  await request.continue()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Approve' }).click()
  await waitForStatus(page, 'Stitch', 'Connected')
  await page.unrouteAll()
  const again = await hold(page, /\/connect\/stitch\/authorization$/, 'POST')
  await card(page, 'Stitch').getByRole('button', { name: 'Renew' }).click()
  const renewal = await again.held
  await waitForText(page, 'Going to Fynbos Bank…')
  await renewal.continue()
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
})
