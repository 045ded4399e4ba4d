import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  approveAndHold,
  card,
  connect,
  connectButton,
  disconnect,
  followLink,
  goToConsent,
  readDatabase,
  signInAtBank,
  useBench,
  waitForStatus,
} from './support/bench.js'
import { kept, record } from './support/traffic.js'

const bench = useBench({ oneProcess: true })
const bank = () => bench.demo.banks.moneyhub

const exchanges = () => bank().requests.count('/oidc/token', { grant_type: 'authorization_code' })
/** Waits for the accounts of a bank that Moneyhub reads. */
const waitForAccounts = (page: Page, title: string) =>
  card(page, title)
    .getByRole('row', { name: /Everyday Account Ada Lovelace · •••• \d{4}/ })
    .waitFor()

/** What only the backend and Moneyhub may know of each other, by what it is. */
function secrets(): [what: string, value: string][] {
  return bank().requests.all.flatMap(({ path, parameters, headers }): [string, string][] => {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    const { client_assertion: assertion, clientUserId: user, claims = '{}' } = parameters
    const { sub } = (JSON.parse(claims) as { id_token?: { sub?: { value?: string } } }).id_token ?? {}
    return [
      ...(token === undefined ? [] : [[`the access token at ${path}`, token] as [string, string]]),
      ...(assertion === undefined ? [] : [['a client assertion', assertion] as [string, string]]),
      ...(user === undefined ? [] : [['what Moneyhub is told of the user', user] as [string, string]]),
      ...(sub?.value === undefined ? [] : [['the Moneyhub user', sub.value] as [string, string]]),
    ]
  })
}

describe('Moneyhub, ongoing', () => {
  it('connects two banks, and shows the accounts and transactions of both', async () => {
    const page = await bench.open()
    await connect(page, 'Pennyhill Bank')
    await waitForAccounts(page, 'Pennyhill Bank')
    await card(page, 'Pennyhill Bank').getByText('Consent ends').waitFor()
    await connect(page, 'Old Quay Building Society')
    await waitForAccounts(page, 'Old Quay Building Society')
    await waitForAccounts(page, 'Pennyhill Bank')
    const transactions = page.getByRole('table', { name: 'Transactions' })
    for (const name of ['Pennyhill Bank', 'Old Quay Building Society'])
      await transactions.getByText(name).first().waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
    const users = bank()
      .requests.find('/oidc/request')
      .map(({ parameters }) => parameters['claims'])
    expect(new Set(users).size).toBe(1)
  })

  it('is still connected after a reload, without another visit', async () => {
    const page = await bench.open()
    await connect(page, 'Moneyhub')
    await page.reload()
    await waitForAccounts(page, 'Moneyhub')
    expect(exchanges()).toBe(1)
  })

  it('lets Moneyhub ask for the bank', async () => {
    const page = await bench.open()
    await connectButton(page, 'Another UK bank').click()
    await page.getByRole('radio', { name: 'Old Quay Building Society' }).check()
    await signInAtBank(page, 'Moneyhub')
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForAccounts(page, 'Old Quay Building Society')
    await waitForStatus(page, 'Another UK bank', 'Not connected')
  })

  it.each([
    ['Sign in again', 'reauth'],
    ['Agree for longer', 'reconsent'],
    ['Refresh', 'refresh'],
  ])('renews the same connection: %s', async (button, scope) => {
    const page = await bench.open()
    await connect(page, 'Moneyhub')
    const before = Object.keys(await readDatabase(page)).filter((key) => key.startsWith('connection:'))
    await card(page, 'Moneyhub').getByRole('button', { name: button }).click()
    await signInAtBank(page, 'Moneyhub')
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Moneyhub', 'Connected')
    expect(bank().requests.find('/oidc/request').at(-1)?.parameters['scope']).toBe(`openid ${scope}`)
    await expect
      .poll(async () => Object.keys(await readDatabase(page)).filter((key) => key.startsWith('connection:')))
      .toEqual(before)
  })

  it.each(['Deny', 'Cancel'])('ends in Denied when the person presses %s at the bank', async (button) => {
    const page = await bench.open()
    await goToConsent(page, 'Moneyhub')
    await page.getByRole('button', { name: button }).click()
    await waitForStatus(page, 'Moneyhub', 'Denied')
    expect(exchanges()).toBe(0)
  })

  it('ends in Denied when the person cancels at Moneyhub, before the bank', async () => {
    const page = await bench.open()
    await connectButton(page, 'Moneyhub').click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await waitForStatus(page, 'Moneyhub', 'Denied')
  })

  it('sends a request_uri and nothing else through the browser', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Moneyhub')
    const [request] = bank().requests.find('/oidc/auth')
    expect(Object.keys(request?.parameters ?? {})).toEqual(['request_uri'])
  })

  it('connects nothing when the ID Token is about somebody else', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Moneyhub')
    bank().control.next({ idToken: { claims: { sub: 'somebody-else' } } })
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Moneyhub', 'Not connected: something went wrong')
    expect(await kept(page)).not.toContain('somebody-else')
  })

  it('tells a person who comes back in another browser to start again', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Moneyhub')
    const { url } = await approveAndHold(page)
    const elsewhere = await (await bench.newProfile()).newPage()
    await elsewhere.goto(bank().origin)
    await followLink(elsewhere, url)
    await elsewhere.getByText('Code: state_unknown').waitFor()
    expect(new URL(elsewhere.url()).search).toBe('')
    expect(exchanges()).toBe(0)
  })

  it('shows no token, assertion, key or Moneyhub user to the page', async () => {
    const page = await bench.open()
    const traffic = record(page.context(), bench.demo.origin)
    await page.reload()
    await connect(page, 'Moneyhub')
    await waitForAccounts(page, 'Moneyhub')
    await traffic.read()
    const everything = JSON.stringify(traffic) + (await kept(page))
    expect(everything).toContain('mh:con_id')
    const found = secrets()
    expect(found.map(([what]) => what)).toEqual(
      expect.arrayContaining(['the access token at /v3/accounts', 'a client assertion', 'the Moneyhub user']),
    )
    for (const [what, value] of found) expect(everything.includes(value), what).toBe(false)
    expect(/"(?:access_token|refresh_token|id_token|client_assertion|d)":\s*"/.exec(everything)).toBeNull()
  })

  it('deletes the connection at Moneyhub when the person disconnects', async () => {
    const page = await bench.open()
    await connect(page, 'Moneyhub')
    await disconnect(page, 'Moneyhub')
    await card(page, 'Moneyhub').getByText('The bank has confirmed').waitFor()
    expect(
      bank()
        .requests.find(/\/connection\//)
        .map(({ method, status }) => [method, status]),
    ).toEqual([['DELETE', 204]])
  })
})

describe('Moneyhub, one-time', () => {
  it('connects, shows the data once, and makes no user', async () => {
    const page = await bench.open()
    await connect(page, 'Moneyhub one-time')
    const ours = card(page, 'Moneyhub one-time')
    await ours.getByRole('row', { name: /Everyday Account/ }).waitFor()
    await page.getByRole('table', { name: 'Transactions' }).waitFor()
    expect(bank().requests.count('/users', {})).toBe(0)
    await waitForStatus(page, 'Moneyhub', 'Not connected')
  })

  it('keeps the access token away from the page', async () => {
    const page = await bench.open()
    const traffic = record(page.context(), bench.demo.origin)
    await page.reload()
    await connect(page, 'Moneyhub one-time')
    await waitForAccounts(page, 'Moneyhub one-time')
    await traffic.read()
    const everything = JSON.stringify(traffic) + (await kept(page))
    const found = secrets()
    expect(found.map(([what]) => what)).toContain('the access token at /v3/accounts')
    for (const [what, value] of found) expect(everything.includes(value), what).toBe(false)
  })
})
