// The scenarios of the page "What can go wrong": each is run as a person would, and its verdict is what it says.
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { approve, signInAtBank, useBench } from './support/bench.js'

const bench = useBench()

const scenario = (page: Page, title: string) => page.getByRole('article', { name: title, exact: true })
const run = (page: Page, title: string) =>
  scenario(page, title).getByRole('button', { name: `Run: ${title}` })
const waitForVerdict = (page: Page, title: string) =>
  scenario(page, title).getByText('As expected', { exact: true }).waitFor()
const seen = (page: Page, title: string, text: string) => scenario(page, title).getByText(text).waitFor()

async function openLab(): Promise<Page> {
  const page = await bench.open()
  await page.getByRole('link', { name: 'What can go wrong' }).click()
  return page
}

/** Connects the bank that a scenario is about. */
async function connectFirst(page: Page, title: string, bank: string): Promise<void> {
  await scenario(page, title)
    .getByRole('button', { name: `Connect ${bank} first` })
    .click()
  await signInAtBank(page, bank)
  await approve(page)
  await run(page, title).waitFor()
}

describe('a scenario', () => {
  it('"Lose the token response" ends with one redemption and the account connected', async () => {
    const title = 'Lose the token response'
    const page = await openLab()
    await run(page, title).click()
    await scenario(page, title).getByText('network_error').waitFor()
    await scenario(page, title).getByRole('button', { name: 'Try again' }).click()
    await waitForVerdict(page, title)
    await seen(page, title, 'The bank saw 1 redemption; 0 codes lost.')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })

  it('"Ten tabs, one refresh" counts the tabs that are open, and one refresh', async () => {
    const title = 'Ten tabs, one refresh'
    const page = await openLab()
    await connectFirst(page, title, 'Juniper Savings')
    for (let others = 0; others < 9; others++) {
      const tab = await page.context().newPage()
      await tab.goto(`${bench.demo.origin}/lab`)
      await run(tab, title).waitFor()
    }
    await scenario(page, title).getByText('10 tabs are open').waitFor()
    await run(page, title).click()
    await waitForVerdict(page, title)
    await seen(page, title, '100 callers in 10 tabs: 100 answered, 0 not.')
    await seen(page, title, 'The bank saw 1 refresh.')
    const [, closed] = page.context().pages()
    await closed?.close()
    await scenario(page, title).getByText('9 tabs are open').waitFor()
  })

  it('"Forged state" sends nothing to the bank and leaves nothing in the address bar', async () => {
    const title = 'Forged state'
    const page = await openLab()
    await run(page, title).click()
    await waitForVerdict(page, title)
    await seen(page, title, 'The bank saw 0 redemptions.')
    // As it was judged: where the answer led, not where the page is shown now.
    await seen(page, title, 'In the address bar: /callback/openid')
    expect(new URL(page.url()).search).toBe('')
  })

  it('"Stolen DPoP token" is refused where the page itself is served', async () => {
    const title = 'Stolen DPoP token'
    const page = await openLab()
    await connectFirst(page, title, 'Juniper Savings')
    await run(page, title).click()
    await waitForVerdict(page, title)
    await seen(page, title, 'The thief: 401.')
    await seen(page, title, 'This page: 200.')
  })

  it('"Wrong person renews" leaves the connection as it was', async () => {
    const title = 'Wrong person renews'
    const page = await openLab()
    await connectFirst(page, title, 'Fynbos Bank')
    await run(page, title).click()
    await waitForVerdict(page, title)
    await seen(page, title, 'Refused: other_person.')
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByText('Current Account').waitFor()
    expect(await page.getByText('Cheque Account').count()).toBe(0)
  })

  it('"Cookie gone on the way back" goes on with the same code after signing in', async () => {
    const title = 'Cookie gone on the way back'
    const page = await openLab()
    await run(page, title).click()
    await scenario(page, title).getByRole('button', { name: 'Sign in as Robin' }).click()
    await waitForVerdict(page, title)
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })

  it('is judged by its own answer, after another one has failed, and both verdicts stay', async () => {
    const [first, second] = ['Forged state', 'Wrong person renews'] as const
    const page = await openLab()
    await connectFirst(page, second, 'Fynbos Bank')
    await run(page, first).click()
    await waitForVerdict(page, first)
    await run(page, second).click()
    await waitForVerdict(page, second)
    await seen(page, second, 'Refused: other_person.')
    await waitForVerdict(page, first)
    expect(new URL(page.url()).pathname).toBe('/lab')
    await scenario(page, first).getByRole('button', { name: 'Clear' }).click()
    await scenario(page, first).getByText('Not run yet.').waitFor()
    await waitForVerdict(page, second)
  })
})
