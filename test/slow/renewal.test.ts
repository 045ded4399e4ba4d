import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  card,
  connect,
  connectAgainButton,
  disconnect,
  press,
  pressConnect,
  readDatabase,
  signInAtBank,
  useBench,
  waitForStatus,
} from '../browser/support/bench.js'
import { askForToken } from '../browser/support/client.js'

// Tokens that outlive the page, so that several connections are good at once in browser mode, too.
const bench = useBench({ page: {}, dpop: true })

/** The stored records of one kind, by their keys. */
async function readRecords(page: Page, kind: 'connection' | 'tokens') {
  const records = Object.entries(await readDatabase(page)).filter(([key]) => key.startsWith(`${kind}:`))
  return Object.fromEntries(records)
}

/** When each connection was made, by the key of its record. */
async function readTimes(page: Page): Promise<Record<string, number>> {
  const records = Object.entries(await readRecords(page, 'connection'))
  return Object.fromEntries(
    records.map(([key, record]) => [
      key,
      (record as { connection: { connectedAt: number } }).connection.connectedAt,
    ]),
  )
}

/** Signs in at the bank that has been opened as this person, and approves. */
async function approveAs(page: Page, title: string, person: string): Promise<void> {
  await page.getByLabel('User name').fill(person)
  await signInAtBank(page, title)
  await page.getByRole('button', { name: 'Approve' }).click()
  await waitForStatus(page, title, 'Connected')
}

const choices = (page: Page, title: string) =>
  card(page, title)
    .getByRole('group', { name: /connections$/ })
    .getByRole('radio')

/** An account of each person at each bank. */
const accounts = {
  Apiture: { ada: 'Everyday Checking', grace: 'Harbor Checking' },
  Stitch: { ada: 'Current Account', grace: 'Cheque Account' },
} as const
type Title = keyof typeof accounts
const names = { Apiture: 'apiture', Stitch: 'stitch' } as const

const waitForAccount = (page: Page, title: Title, person: 'ada' | 'grace') =>
  card(page, title).getByRole('row', { name: accounts[title][person] }).waitFor()

/** Two connections at one bank: Ada's, then Grace's, in another second: another tab knows their order by that. */
async function connectTwo(page: Page, title: Title): Promise<void> {
  await connect(page, title)
  const times = Object.values(await readTimes(page))
  await expect.poll(() => Date.now() / 1000).toBeGreaterThan(Math.max(...times) + 1)
  await connectAgainButton(page, title).click()
  await approveAs(page, title, 'grace')
  await card(page, title).getByText('2 connections').waitFor()
}

describe.each(['Apiture', 'Stitch'] as const)('two connections at %s', (title) => {
  it('are both known; the new one is shown, and the other when the person chooses it', async () => {
    const page = await bench.open()
    await connectTwo(page, title)
    await expect.poll(() => choices(page, title).last().isChecked()).toBe(true)
    await waitForAccount(page, title, 'grace')
    await choices(page, title).first().check()
    await waitForAccount(page, title, 'ada')
    expect(await card(page, title).getByText(accounts[title].grace).count()).toBe(0)
    await choices(page, title).last().check()
    await waitForAccount(page, title, 'grace')
  })

  it('end one by one: the other one stays, and is shown', async () => {
    const page = await bench.open()
    await connectTwo(page, title)
    const [older] = Object.entries(await readTimes(page)).sort(([, a], [, b]) => a - b)
    await disconnect(page, title)
    await waitForAccount(page, title, 'ada')
    await waitForStatus(page, title, 'Connected')
    expect(Object.keys(await readTimes(page))).toEqual([older?.[0]])
  })

  it('are renewed in place, one by one: it keeps its id, and the other is not touched', async () => {
    const page = await bench.open()
    await connectTwo(page, title)
    const before = await readDatabase(page)
    const times = Object.entries(await readTimes(page)).sort(([, a], [, b]) => a - b)
    const [[renewed], [untouched]] = times as [[string, number], [string, number]]
    await choices(page, title).first().check()
    await press(page, title, 'Renew')
    await approveAs(page, title, 'ada')
    await waitForAccount(page, title, 'ada')

    const after = await readDatabase(page)
    const ids = (records: object) => Object.keys(records).filter((key) => key.startsWith('connection:'))
    expect(ids(after).sort()).toEqual([renewed, untouched].sort())
    expect((await readTimes(page))[renewed]).toBeGreaterThan(times[1]?.[1] ?? Infinity)
    expect(after[untouched]).toEqual(before[untouched])
    const tokens = untouched.replace('connection:', 'tokens:')
    expect(after[tokens]).toEqual(before[tokens])
    await choices(page, title).first().check()
    await waitForAccount(page, title, 'grace')
  })
})

/** What a card says of the times of its connection. */
const facts = (page: Page, title: string) => card(page, title).locator('.lifetime > div')

describe('when a connection ends', () => {
  const day = (seconds: number) =>
    new Intl.DateTimeFormat('en-US', { dateStyle: 'long' }).format(Date.now() + seconds * 1000)

  it.each([
    ['Moneyhub', 'a consent of 90 days', 'Consent ends', 90],
    ['Moneyhub one-time', 'a consent of a day', 'Consent ends', 1],
    ['FDX', 'a consent of a year', 'Consent ends', 365],
    ['Stitch', 'what is not used for 60 days', 'Ends unless used by', 60],
  ] as const)('%s: %s is shown', async (title, _what, words, days) => {
    const earliest = day(days * 86_400)
    const page = await bench.open()
    await connect(page, title)
    const latest = day(days * 86_400)
    await facts(page, title)
      .filter({ hasText: new RegExp(`${words}(?:${earliest}|${latest})`) })
      .waitFor()
  })

  it('is not made up where the bank does not say', async () => {
    const page = await bench.open()
    await connect(page, 'Apiture')
    await facts(page, 'Apiture')
      .filter({ hasText: /^Connected/ })
      .waitFor()
    expect(await facts(page, 'Apiture').count()).toBe(1)
  })
})

describe('disconnecting', () => {
  const confirmed = 'Disconnected. The bank has confirmed that this access has ended.'
  const unconfirmed =
    'Disconnected here. The bank did not confirm it: end the access in your online banking, too.'

  it.each([
    ['confirms', {}, confirmed],
    ['refuses', { revocation: { status: 400, error: 'unsupported_token_type' } }, unconfirmed],
    ['is out of order', { revocation: { status: 503 } }, unconfirmed],
    ['does not answer', { revocation: 'dropped' }, unconfirmed],
  ] as const)(
    'tells when the bank %s, and forgets everything in any case',
    async (_how, behaviour, words) => {
      const page = await bench.open()
      await connect(page, 'Apiture')
      const bank = bench.demo.banks.apiture
      bank.control.always(behaviour)
      await disconnect(page, 'Apiture')
      await card(page, 'Apiture').getByText(words).waitFor()
      await waitForStatus(page, 'Apiture', 'Not connected')
      expect(bank.requests.count('/oidc/revoke')).toBeGreaterThan(0)
      expect({ ...(await readRecords(page, 'connection')), ...(await readRecords(page, 'tokens')) }).toEqual(
        {},
      )
    },
  )

  it('tells when the backend cannot be reached, and forgets the connection here', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await page.route('**/connect/connections/*', (route) => route.abort())
    await disconnect(page, 'Stitch')
    await card(page, 'Stitch').getByText(unconfirmed).waitFor()
    await waitForStatus(page, 'Stitch', 'Not connected')
    expect(await readRecords(page, 'connection')).toEqual({})
  })
})

describe('a second tab', () => {
  it.each(['Apiture', 'Stitch'] as const)(
    '%s: learns that a connection was renewed, and uses the new tokens',
    async (title) => {
      const page = await bench.open()
      await connect(page, title)
      const other = await bench.openTab(page.context())
      await waitForAccount(other, title, 'ada')
      const name = names[title]
      const old = await askForToken(other, name)
      await press(page, title, 'Renew')
      await approveAs(page, title, 'ada')
      const renewed = await askForToken(page, name)
      expect(renewed.tokens).not.toEqual(old.tokens)
      await expect.poll(() => askForToken(other, name)).toEqual(renewed)
      expect(bench.demo.banks[name].requests.count(/\/token$/, { grant_type: 'refresh_token' })).toBe(0)
    },
  )

  it.each(['Apiture', 'Stitch'] as const)(
    '%s: learns that a connection must be renewed, and that it was',
    async (title) => {
      const page = await bench.open()
      const bank = bench.demo.banks[names[title]]
      await connect(page, title)
      await waitForAccount(page, title, 'ada')
      const other = await bench.openTab(page.context())
      await waitForAccount(other, title, 'ada')
      const [key] = Object.keys(await readTimes(page))

      await bank.control.act('expireAccessTokens')
      bank.control.always({ refresh: { error: 'invalid_grant' } })
      await page.reload()
      for (const tab of [page, other]) await waitForStatus(tab, title, 'Connect again to go on')
      await pressConnect(page, title)
      await approveAs(page, title, 'ada')
      await waitForStatus(other, title, 'Connected')
      await waitForAccount(other, title, 'ada')
      expect(Object.keys(await readTimes(other))).toEqual([key])
    },
  )

  it('shows the connection that is left when the one on show is ended elsewhere, and keeps its own choice', async () => {
    const page = await bench.open()
    await connectTwo(page, 'Stitch')
    const other = await bench.openTab(page.context())
    await waitForAccount(other, 'Stitch', 'grace')
    await choices(page, 'Stitch').first().check()
    await waitForAccount(page, 'Stitch', 'ada')
    await disconnect(other, 'Stitch')
    await waitForAccount(other, 'Stitch', 'ada')
    await card(page, 'Stitch').getByText('2 connections').waitFor({ state: 'detached' })
    await waitForAccount(page, 'Stitch', 'ada')
  })
})

describe('a reload', () => {
  it('shows a mediated connection without ever showing "Not connected", and asks for a token once', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await waitForAccount(page, 'Stitch', 'ada')
    await page.addInitScript(() => {
      const seen: string[] = []
      Object.assign(window, { seen })
      new MutationObserver(() => {
        const cards = [...document.querySelectorAll('article')]
        const stitch = cards.find((one) => one.querySelector('h3')?.textContent === 'Fynbos Bank')
        if (stitch) seen.push(stitch.querySelector('[data-status]')?.textContent ?? '')
      }).observe(document, { childList: true, subtree: true, characterData: true })
    })
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.reload()
    await waitForAccount(page, 'Stitch', 'ada')
    const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen)
    expect(new Set(seen.filter((status) => status !== 'Looking…'))).toEqual(new Set(['Connected']))
    expect(asked.filter((path) => path.endsWith('/access-token'))).toHaveLength(1)
    expect(asked).not.toContain('/connect/connections')
  })
})
