import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  card,
  changeUser,
  connect,
  goToConsent,
  readDatabase,
  setClock,
  useBench,
  waitForStatus,
} from './support/bench.js'
import { askForToken } from './support/client.js'

const bench = useBench({ page: {}, clock: true })

const titles = ['Apiture', 'Stitch'] as const

describe('another user of the app', () => {
  it('sees nothing of the first one, who finds everything again', async () => {
    const page = await bench.open()
    for (const title of titles) await connect(page, title)
    await changeUser(page, 'Sam')
    for (const title of titles) await waitForStatus(page, title, 'Not connected')
    expect(await page.getByRole('table').count()).toBe(0)
    const seen = await page.evaluate(() => {
      const { bank } = window as unknown as { bank: Record<'callback' | 'connections', { get(): unknown }> }
      return JSON.stringify([bank.callback.get(), bank.connections.get()])
    })
    const [connection] = Object.keys(await readDatabase(page)).filter((key) => key.startsWith('connection:'))
    expect(seen).not.toContain(connection?.slice('connection:'.length))
    await changeUser(page, 'Robin')
    await waitForStatus(page, 'Stitch', 'Connected')
    // Its tokens were in memory, and memory is cleared when the user changes.
    await waitForStatus(page, 'Apiture', 'Connect again to go on')
  })

  it('is not offered what the first one was denied', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Apiture')
    await page.getByRole('button', { name: 'Deny' }).click()
    const denied = card(page, 'Apiture').getByText('Access was declined at your bank.')
    await denied.waitFor()
    await changeUser(page, 'Sam')
    await waitForStatus(page, 'Apiture', 'Not connected')
    expect(await denied.count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0)
  })

  it('does not complete what the first one began', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Apiture')
    await changeUser(await bench.openTab(page.context()), 'Sam')
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('subject_mismatch').waitFor()
    expect(bench.demo.banks.apiture.requests.count('/oidc/token')).toBe(0)
  })
})

describe('signing out', () => {
  it('clears every tab, and signing in again brings back what is not in memory', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    const other = await bench.openTab(page.context())
    await waitForStatus(other, 'Stitch', 'Connected')
    await changeUser(page, 'Signed out')
    for (const tab of [page, other]) {
      await waitForStatus(tab, 'Stitch', 'Sign in to this app first')
      expect(await tab.getByRole('table').count()).toBe(0)
    }
    await other.getByRole('button', { name: 'Sign in as Robin' }).click()
    await waitForStatus(other, 'Stitch', 'Connected')
  })
})

describe("the app's session, run out", () => {
  const runOut = (page: Page) => page.context().clearCookies({ name: 'demo-user' })

  it.each(titles)('at the bank: %s goes on after signing in, with the same code', async (title) => {
    const page = await bench.open()
    await goToConsent(page, title)
    await runOut(page)
    await page.getByRole('button', { name: 'Approve' }).click()
    await card(page, title).getByRole('button', { name: 'Sign in as Robin' }).click()
    await waitForStatus(page, title, 'Connected')
    const { apiture, stitch } = bench.demo.banks
    expect(apiture.requests.count('/oidc/token') + stitch.requests.count('/connect/token')).toBe(1)
  })

  it('on an open page: the next token says so, and the same user signing in brings it back', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await card(page, 'Stitch').getByRole('table').waitFor()
    await runOut(page)
    await setClock(page, 2 * 3600)
    expect(await askForToken(page, 'stitch')).toMatchObject({ errors: ['sign_in_required'] })
    await waitForStatus(page, 'Stitch', 'Sign in to this app first')
    await setClock(page, 0)
    await page.getByRole('button', { name: 'Sign in as Robin' }).click()
    await waitForStatus(page, 'Stitch', 'Connected')
  })
})
