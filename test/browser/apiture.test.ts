import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  card,
  connect,
  connectButton,
  goToConsent,
  readDatabase,
  setClock,
  useBench,
  waitForStatus,
} from './support/bench.js'

const bench = useBench({ oneProcess: true, clock: true })

const bank = () => bench.demo.banks.apiture
// A page that got no answer looks, by GET, whether the server is there.
const tokenRequests = () =>
  bank()
    .requests.find('/oidc/token')
    .filter(({ method }) => method === 'POST')
const refreshes = () => bank().requests.find('/oidc/token', { grant_type: 'refresh_token' })
const apiture = (page: Page) => card(page, 'Apiture')

/** Asks for an access token, as an app does before a request. */
async function askForToken(page: Page): Promise<void> {
  await apiture(page).getByText('Under the hood').click()
  await apiture(page)
    .getByRole('button', { name: /ten times/ })
    .click()
}

describe('Apiture, in browser mode', () => {
  it('apiture 5, 25, 27: connects by discovery, and shows the accounts', async () => {
    const page = await bench.open()
    await connect(page, 'Apiture')
    await apiture(page).getByText('Everyday Checking').waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
    expect(bank().requests.count('/oidc/.well-known/openid-configuration')).toBeGreaterThan(0)
    expect(tokenRequests()).toHaveLength(1)
  })

  it('ends in Denied, with no request, when the person denies', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Apiture')
    await page.getByRole('button', { name: 'Deny' }).click()
    await waitForStatus(page, 'Apiture', 'Denied')
    expect(tokenRequests()).toEqual([])
  })

  it('keeps the verifier under its state until the connection is stored, and nowhere after', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Apiture')
    const [request] = bank().requests.find('/oidc/authorize')
    const state = request?.parameters.state ?? ''
    const beside = await page.context().newPage()
    await beside.goto(`${bench.demo.origin}/icon.svg`)
    const before = await readDatabase(beside)
    expect(before[`transaction:${state}`]).toMatchObject({
      phase: 'left',
      codeVerifier: expect.stringMatching(/^[\w-]{43}$/) as string,
    })
    const { codeVerifier } = before[`transaction:${state}`] as { codeVerifier: string }
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Apiture', 'Connected')
    expect(JSON.stringify(await readDatabase(beside))).not.toContain(codeVerifier)
  })

  it('apiture 30: connects when the answer holds the four documented properties alone', async () => {
    const page = await bench.open()
    bank().control.next({ fourProperties: true })
    await connect(page, 'Apiture')
    await apiture(page).getByText('Everyday Checking').waitFor()
  })
})

describe('a person whom Apiture does not send back', () => {
  it('apiture 24, 26: sees the bank’s error page, and can connect after going back', async () => {
    const page = await bench.open()
    bank().control.next({ refuseRequest: true })
    await connectButton(page, 'Apiture').click()
    await page.getByText('400 Bad Request').waitFor()
    await page.goBack({ waitUntil: 'commit' })
    await waitForStatus(page, 'Apiture', 'Not connected')
    await connect(page, 'Apiture')
  })

  it('apiture 24: is told so later, and can try again', async () => {
    const page = await bench.open()
    bank().control.next({ refuseRequest: true })
    await connectButton(page, 'Apiture').click()
    await page.getByText('400 Bad Request').waitFor()
    await setClock(page, 2 * 3600)
    await page.goto(bench.demo.origin)
    await apiture(page)
      .getByText(/did not come back/)
      .waitFor()
    await apiture(page).getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(tokenRequests()).toEqual([])
  })

  it('can have the attempt forgotten', async () => {
    const page = await bench.open()
    bank().control.next({ refuseRequest: true })
    await connectButton(page, 'Apiture').click()
    await page.getByText('400 Bad Request').waitFor()
    await setClock(page, 2 * 3600)
    await page.goto(bench.demo.origin)
    await apiture(page).getByRole('button', { name: 'Forget it' }).click()
    await apiture(page)
      .getByText(/did not come back/)
      .waitFor({ state: 'detached' })
    await page.reload()
    await waitForStatus(page, 'Apiture', 'Not connected')
    expect(
      await apiture(page)
        .getByText(/did not come back/)
        .count(),
    ).toBe(0)
  })
})

describe('refreshing', () => {
  it.each([
    ['the new one where Apiture replaces it', true],
    ['the same one where Apiture does not', false],
  ])('apiture 33, 34: uses %s', async (_which, rotate) => {
    const page = await bench.open()
    bank().control.always({ accessTokenSeconds: 60, rotate })
    await connect(page, 'Apiture')
    await page.getByText('Everyday Checking').waitFor()
    await setClock(page, 120)
    await askForToken(page)
    await apiture(page).getByText('10 callers got a token, 1 different.').waitFor()
    await setClock(page, 240)
    await apiture(page)
      .getByRole('button', { name: /ten times/ })
      .click()
    await expect.poll(() => refreshes().length).toBe(2)
    await apiture(page).getByText('10 callers got a token, 1 different.').waitFor()
    const used = refreshes().map(({ parameters }) => parameters['refresh_token'])
    expect(new Set(used).size).toBe(rotate ? 2 : 1)
  })

  it('asks the person again when the refresh token is no longer good', async () => {
    const page = await bench.open()
    bank().control.next({ accessTokenSeconds: 60 })
    await connect(page, 'Apiture')
    // Nothing is under way any more that would ask for a token.
    await page.getByText('Everyday Checking').waitFor()
    bank().control.next({ refresh: { error: 'invalid_grant' } })
    await setClock(page, 120)
    await askForToken(page)
    await waitForStatus(page, 'Apiture', 'Connect again to go on')
    await connect(page, 'Apiture')
    await page.getByText('Everyday Checking').waitFor()
    const connections = Object.keys(await readDatabase(page)).filter((key) => key.startsWith('connection:'))
    expect(connections).toHaveLength(1)
  })

  it('replaces a token that the API refuses, once', async () => {
    const page = await bench.open()
    bank().control.next({ api: { status: 401, error: 'invalid_token' } })
    await connect(page, 'Apiture')
    await page.getByText('Everyday Checking').waitFor()
    await expect.poll(() => refreshes().length).toBe(1)
    const refused = bank()
      .requests.find('/banking/accounts')
      .filter(({ status }) => status === 401)
    expect(refused).toHaveLength(1)
  })
})

describe('a token endpoint that no page may read', () => {
  it('apiture 28: is named as the reason, and says who could', async () => {
    const page = await bench.open()
    bank().control.always({ withoutCors: true })
    await goToConsent(page, 'Apiture')
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Apiture', 'Not connected: something went wrong')
    await apiture(page)
      .getByText(/no answer of its token endpoint could be read.*\(CORS\)/)
      .waitFor()
    await apiture(page).getByText('network_error').waitFor()
    await apiture(page).getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => tokenRequests().length).toBe(2)
    await apiture(page).getByText('network_error').waitFor()
    await apiture(page).getByRole('button', { name: 'Try again' }).click()
    await apiture(page).getByText('redemption_unknown').waitFor()
    await apiture(page).getByRole('button', { name: 'Start again' }).waitFor()
    expect(tokenRequests()).toHaveLength(2)
  })
})

describe('Apiture’s tokens', () => {
  it('apiture 35: are in no storage, no page and no history, and end with the page', async () => {
    const page = await bench.open()
    bank().control.next({ accessTokenSeconds: 60 })
    await connect(page, 'Apiture')
    await page.getByText('Everyday Checking').waitFor()
    await setClock(page, 120)
    await askForToken(page)
    await apiture(page).getByText('10 callers got a token').waitFor()
    const secrets = [
      ...bank()
        .requests.find('/banking/accounts')
        .map(({ headers }) => headers.authorization?.slice('Bearer '.length) ?? ''),
      ...refreshes().map(({ parameters }) => parameters['refresh_token'] ?? ''),
    ]
    expect(secrets.length).toBeGreaterThan(1)
    const kept = await page.evaluate(() => [
      location.href,
      JSON.stringify(history.state),
      document.cookie,
      JSON.stringify(Object.entries(localStorage)),
      JSON.stringify(Object.entries(sessionStorage)),
      document.documentElement.outerHTML,
    ])
    const everything = kept.join() + JSON.stringify(await readDatabase(page))
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/)
      expect(everything).not.toContain(secret)
    }
    await page.reload()
    await waitForStatus(page, 'Apiture', 'Connect again to go on')
  })

  it('go to the bank and nowhere else', async () => {
    const page = await bench.open()
    const others: string[] = []
    page.on('request', (request) => {
      const { authorization = '' } = request.headers()
      const { origin } = new URL(request.url())
      if (origin !== bank().origin && (authorization || (request.postData() ?? '').includes('token=')))
        others.push(request.url())
    })
    await connect(page, 'Apiture')
    await page.getByText('Everyday Checking').waitFor()
    expect(others).toEqual([])
  })
})
