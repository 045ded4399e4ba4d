import type { Page, Response } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  card,
  connect,
  connectButton,
  disconnect,
  goToConsent,
  readDatabase,
  useBench,
  waitForStatus,
} from './support/bench.js'

const bench = useBench({ oneProcess: true })
const parPath = '/foxglove/fdx/par'
const tokenPath = '/foxglove/fdx/oauth2/token'

const purpose = (page: Page) => card(page, 'FDX').getByLabel('What do you want to share it for?')

/** Everything that the page has sent and received, read when it is asked for. */
function recordTraffic(page: Page) {
  const responses: Response[] = []
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.url().startsWith(bench.demo.origin))
      sent.push(request.url(), request.postData() ?? '', JSON.stringify(request.headers()))
  })
  page.on('response', (response) => {
    const { origin, pathname } = new URL(response.url())
    const built = /\.(?:js|css|svg)$/.test(pathname) // the same for everybody
    if (origin === bench.demo.origin && !built) responses.push(response)
  })
  return async () => {
    const bodies = responses.map(async (response) => {
      const text = await response.text().catch(() => '')
      return JSON.stringify(await response.allHeaders()) + text
    })
    return [...sent, ...(await Promise.all(bodies))].join('\n')
  }
}

/** Whatever a page can keep or show. */
async function readPage(page: Page): Promise<string> {
  const state = await page.evaluate(() => [
    document.documentElement.outerHTML,
    JSON.stringify(history.state),
    location.href,
    JSON.stringify(localStorage),
    JSON.stringify(sessionStorage),
    document.cookie,
  ])
  return [...state, JSON.stringify(await readDatabase(page))].join('\n')
}

describe('FDX, in bff mode', () => {
  it('connects and shows the consent: what is shared, until when, in which state', async () => {
    const page = await bench.open()
    await connect(page, 'FDX')
    const fdx = card(page, 'FDX')
    await fdx.getByRole('row', { name: 'Status Active' }).waitFor()
    await fdx
      .getByRole('row', { name: /Analytical Checking.*name and number, balances and terms, transactions/ })
      .waitFor()
    // The accounts, with their balances.
    await fdx.getByRole('row', { name: /Analytical Checking.*\$[\d,]+\.\d\d/ }).waitFor()
    const inAYear = new Date(Date.now() + 365 * 86_400_000)
    const until = new Intl.DateTimeFormat('en-US', { dateStyle: 'long' }).format(inAYear)
    await fdx.getByRole('row', { name: `Until ${until}` }).waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
  })

  it('shows what was asked for and not granted', async () => {
    const page = await bench.open()
    await purpose(page).selectOption({ label: 'A loan offer, once' })
    await goToConsent(page, 'FDX')
    await page.getByLabel('name and how to reach you').uncheck()
    await page.getByLabel(/Note G Savings/).uncheck()
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'FDX', 'Connected')
    const fdx = card(page, 'FDX')
    await fdx.getByRole('row', { name: 'Not shared name and contact' }).waitFor()
    await fdx
      .getByRole('row', { name: /Analytical Checking/ })
      .first()
      .waitFor()
    expect(await fdx.getByRole('row', { name: /Note G/ }).count()).toBe(0)
  })

  it('asks for less where the person wants less', async () => {
    const page = await bench.open()
    await purpose(page).selectOption({ label: 'A budget, for 30 days' })
    await goToConsent(page, 'FDX')
    await page.getByText('The consent ends by itself after 30 days.').waitFor()
    const [pushed] = bench.demo.banks.fdx.requests.find(parPath)
    expect(JSON.parse(pushed?.parameters['authorization_details'] ?? '')).toMatchObject([
      { consentRequest: { durationPeriod: 30, lookbackPeriod: 30 } },
    ])
  })

  it('pushes the request with the backend’s certificate, and sends the browser there with nothing but its URI', async () => {
    const page = await bench.open()
    await goToConsent(page, 'FDX')
    const { requests } = bench.demo.banks.fdx
    const [pushed] = requests.find(parPath)
    expect(pushed?.certificate).toMatch(/^[\w-]{43}$/)
    expect(pushed?.parameters).toMatchObject({ response_type: 'code', code_challenge_method: 'S256' })
    const [authorization] = requests.find('/foxglove/fdx/oauth2/authorize')
    expect(Object.keys(authorization?.parameters ?? {}).sort()).toEqual(['client_id', 'request_uri'])
    expect(authorization?.certificate).toBeUndefined()
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'FDX', 'Connected')
    await card(page, 'FDX').getByRole('row', { name: 'Status Active' }).waitFor()
    for (const path of [tokenPath, /\/consents\//, /\/accounts$/])
      expect(requests.find(path)[0]?.certificate).toBe(pushed?.certificate)
  })

  it('keeps certificate, key and tokens out of the page: requests, answers, storage, history and DOM', async () => {
    const page = await bench.open()
    const readTraffic = recordTraffic(page)
    await connect(page, 'FDX')
    await card(page, 'FDX').getByRole('row', { name: 'Status Active' }).waitFor()
    const bank = bench.demo.banks.fdx
    const tokens = bank.requests
      .find(/\/consents\//)
      .map(({ headers }) => headers.authorization?.split(' ')[1] ?? '')
    expect(tokens[0]).toMatch(/^[\w-]{20,}$/)
    const seen = (await readTraffic()) + (await readPage(page))
    expect(tokens.filter((token) => seen.includes(token))).toEqual([])
    expect(seen.match(/access_token|refresh_token|BEGIN [A-Z ]*(?:KEY|CERTIFICATE)|x5c/g)).toBeNull()
    const [redemption] = bank.requests.find(tokenPath)
    const afterwards = await readPage(page)
    const spent = [redemption?.parameters['code'], redemption?.parameters['code_verifier']]
    expect(spent.filter((value) => afterwards.includes(value ?? ''))).toEqual([])
  })

  it('keeps the refresh token out of the page, too', async () => {
    const page = await bench.open()
    const readTraffic = recordTraffic(page)
    bench.demo.banks.fdx.control.next({ accessTokenSeconds: 1 })
    await connect(page, 'FDX')
    await card(page, 'FDX').getByRole('row', { name: 'Status Active' }).waitFor()
    const [refresh] = bench.demo.banks.fdx.requests.find(tokenPath, { grant_type: 'refresh_token' })
    const refreshToken = refresh?.parameters['refresh_token']
    expect(refreshToken).toMatch(/^[\w-]{20,}$/)
    const seen = (await readTraffic()) + (await readPage(page))
    expect(seen.includes(refreshToken ?? '')).toBe(false)
  })

  it('ends the consent at the data provider on disconnect, and says so', async () => {
    const page = await bench.open()
    await connect(page, 'FDX')
    await card(page, 'FDX').getByRole('row', { name: 'Status Active' }).waitFor()
    await disconnect(page, 'FDX')
    await waitForStatus(page, 'FDX', 'Not connected')
    await card(page, 'FDX').getByText('The bank has confirmed that this access has ended.').waitFor()
    const [revocation] = bench.demo.banks.fdx.requests.find(/\/revocation$/)
    expect(revocation).toMatchObject({
      method: 'PUT',
      parameters: { reason: 'USER_ACTION', initiator: 'INDIVIDUAL' },
      status: 204,
    })
  })

  it('says so when the data provider does not confirm the end', async () => {
    const page = await bench.open()
    await connect(page, 'FDX')
    await card(page, 'FDX').getByRole('row', { name: 'Status Active' }).waitFor()
    bench.demo.banks.fdx.control.next({ api: { status: 500 } })
    await disconnect(page, 'FDX')
    await card(page, 'FDX').getByText('The bank did not confirm it').waitFor()
  })

  it.each([
    ['access_denied', false],
    ['rejected', true],
  ])(
    'ends in Denied, with no request, when the person denies and comes back with %s',
    async (_error, rejected) => {
      const page = await bench.open()
      await goToConsent(page, 'FDX')
      bench.demo.banks.fdx.control.next({ rejected })
      await page.getByRole('button', { name: 'Deny' }).click()
      await waitForStatus(page, 'FDX', 'Denied')
      expect(bench.demo.banks.fdx.requests.count(tokenPath)).toBe(0)
      expect(new URL(page.url()).search).toBe('')
    },
  )

  it('tells the person and stays when the request is refused', async () => {
    const page = await bench.open()
    // Once for the preparation when the pointer arrives, and once for the click.
    bench.demo.banks.fdx.control.always({ par: { error: 'invalid_authorization_details' } })
    await connectButton(page, 'FDX').click()
    await card(page, 'FDX').getByRole('alert').waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
  })
})
