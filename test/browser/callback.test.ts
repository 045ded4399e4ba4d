import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  approve,
  approveAndHold,
  card,
  connect,
  duplicate,
  followLink,
  goToConsent,
  readDatabase,
  setClock,
  useBench,
  waitForStatus,
} from './support/bench.js'

const bench = useBench({ clock: true })

const tokenRequests = () =>
  bench.demo.banks.apiture.requests.count('/oidc/token') +
  bench.demo.banks.stitch.requests.count('/connect/token')

/** The text of the problem that belongs to no provider. */
const problem = (page: Page) => page.getByRole('region', { name: 'Problem' })

const providers = ['Apiture', 'Stitch'] as const

describe.each(providers)('%s: the callback page', (title) => {
  /** Tokens in memory are where the code was redeemed, and end with the page. */
  const settled = title === 'Stitch' ? 'Connected' : '(Connected|Connect again to go on)'

  it('redeems the code once when the bank’s page sends there again, and when it is reloaded', async () => {
    const page = await bench.open()
    await goToConsent(page, title)
    const url = await approve(page)
    await waitForStatus(page, title, 'Connected')
    await page.goBack({ waitUntil: 'commit' })
    await followLink(page, url)
    await page.waitForURL(`${bench.demo.origin}/**`)
    await page.reload()
    await waitForStatus(page, title, settled)
    expect(tokenRequests()).toBe(1)
  })

  it('redeems the code once when two tabs open it at the same time', async () => {
    const page = await bench.open()
    await goToConsent(page, title)
    const other = await duplicate(page)
    const { url, letGo } = await approveAndHold(page)
    await Promise.all([letGo(), followLink(other, url)])
    await Promise.all([waitForStatus(page, title, settled), waitForStatus(other, title, settled)])
    expect(tokenRequests()).toBe(1)
  })

  it.each([
    ['forged', (url: URL) => url.searchParams.set('state', 'A'.repeat(43)), 'state_unknown'],
    ['missing', (url: URL) => url.searchParams.delete('state'), 'state_missing'],
    [
      'doubled',
      (url: URL) => url.searchParams.append('state', url.searchParams.get('state') ?? ''),
      'response_malformed',
    ],
  ])('sends nothing for a %s state, and the real response still counts', async (_which, change, code) => {
    const page = await bench.open()
    await goToConsent(page, title)
    // Another site's page, from where the forged response comes.
    const other = await duplicate(page)
    const { url, letGo } = await approveAndHold(page)
    const forged = new URL(url)
    change(forged)
    await followLink(other, forged.href)
    await problem(other).getByText(code).waitFor()
    expect(tokenRequests()).toBe(0)
    await letGo()
    await waitForStatus(page, title, 'Connected')
    expect(tokenRequests()).toBe(1)
  })

  it('leaves neither code nor state in the address bar, the history or any storage', async () => {
    const page = await bench.open()
    await goToConsent(page, title)
    const url = await approve(page)
    await waitForStatus(page, title, 'Connected')
    const left = await page.evaluate(() => [
      location.href,
      JSON.stringify(history.state),
      window.name,
      document.cookie,
      JSON.stringify(Object.entries(localStorage)),
      JSON.stringify(Object.entries(sessionStorage)),
      document.documentElement.outerHTML,
    ])
    const database = await readDatabase(page)
    for (const name of ['code', 'state']) {
      const value = new URL(url).searchParams.get(name) ?? 'missing'
      expect(left.join()).not.toContain(value)
      expect(JSON.stringify(Object.values(database))).not.toContain(value)
    }
  })
})

describe('access tokens', () => {
  it('are refreshed once for ten callers at the same time', async () => {
    const page = await bench.open()
    bench.demo.banks.apiture.control.next({ accessTokenSeconds: 60 })
    await connect(page, 'Apiture')
    await page.getByText('Everyday Checking').waitFor()
    await setClock(page, 120)
    await card(page, 'Apiture').getByText('Under the hood').click()
    await card(page, 'Apiture')
      .getByRole('button', { name: /ten times/ })
      .click()
    await page.getByText('10 callers got a token, 1 different.').waitFor()
    const refreshes = bench.demo.banks.apiture.requests.count('/oidc/token', { grant_type: 'refresh_token' })
    expect(refreshes).toBe(1)
  })

  it('cost Stitch no refresh for ten tabs and five reloads', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    const tabs = await Promise.all(Array.from({ length: 9 }, () => page.context().newPage()))
    for (const tab of tabs) {
      await tab.goto(bench.demo.origin)
      await tab.getByText('Current Account').waitFor()
    }
    for (let reload = 0; reload < 5; reload++) {
      await page.reload()
      await page.getByText('Current Account').waitFor()
    }
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })
})

describe('Stitch', () => {
  it('never shows a refresh token or an assertion to the page', async () => {
    const page = await bench.open()
    const seen: Promise<string>[] = []
    page.on('request', (request) => seen.push(Promise.resolve(request.url() + (request.postData() ?? ''))))
    page.on('response', (response) => {
      // The library's own code knows the word.
      if (response.request().resourceType() !== 'script') seen.push(response.text().catch(() => ''))
    })
    // So short that showing the accounts needs a refresh, by which the bank's log knows the refresh token.
    bench.demo.banks.stitch.control.next({ accessTokenSeconds: 1 })
    await connect(page, 'Stitch')
    await page.getByText('Current Account').waitFor()
    const requests = bench.demo.banks.stitch.requests.find('/connect/token')
    expect(requests.map(({ grantType }) => grantType)).toEqual(['authorization_code', 'refresh_token'])
    const secrets = requests.flatMap(({ parameters }) => [
      parameters['client_assertion'],
      parameters['refresh_token'],
    ])
    const everything =
      (await Promise.all(seen)).join() + JSON.stringify(await readDatabase(page)) + (await page.content())
    const known = secrets.filter((secret) => secret !== undefined)
    expect(known).toHaveLength(3)
    for (const secret of known) expect(everything).not.toContain(secret)
    expect(everything).not.toContain('refresh_token')
  })
})
