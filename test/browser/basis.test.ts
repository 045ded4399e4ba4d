import { describe, expect, it } from 'vitest'
import { users } from '../../demo/users.js'
import {
  card,
  connect,
  connectButton,
  goToConsent,
  pressConnect,
  readDatabase,
  useBench,
  waitForStatus,
} from './support/bench.js'
import { kept, record } from './support/traffic.js'

const bench = useBench({ oneProcess: true })
const bank = () => bench.demo.banks.basis
const [robin] = users

/** The initialization token with which the person came to Basis. */
const initToken = (): string => bank().requests.find('/oauth').at(-1)?.parameters['init_token'] ?? ''

describe('Basis, in mediated mode', () => {
  it('connects the platform that was chosen, and shows the profile', async () => {
    const page = await bench.open()
    await card(page, 'Basis').getByLabel('Where do you sign in?').selectOption('Larkspur Commercial')
    await connect(page, 'Basis')
    const profile = card(page, 'Basis').getByRole('table', {
      name: 'Basis profile of Lasagna Enterprises, LLC',
    })
    await profile.getByRole('row', { name: 'Larkspur Commercial Larkspur Bank Ada Lovelace' }).waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
    expect(bank().requests.count('/oauth/token', { grant_type: 'authorization_code' })).toBe(1)
  })

  it('is still connected after a reload, without another visit to Basis', async () => {
    const page = await bench.open()
    await connect(page, 'Basis')
    await page.reload()
    await card(page, 'Basis').getByText('Basis profile of').waitFor()
    expect(bank().requests.count('/oauth')).toBe(1)
    expect(bank().requests.count('/oauth/token', { grant_type: 'authorization_code' })).toBe(1)
  })

  it('sends S256 without naming it', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Basis')
    const [request] = bank().requests.find('/oauth')
    expect(Object.keys(request!.parameters).sort()).toEqual([
      'client_id',
      'code_challenge',
      'init_token',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ])
  })

  it.each(['Deny', 'Cancel'])('ends in Denied when the person presses %s', async (button) => {
    const page = await bench.open()
    await goToConsent(page, 'Basis')
    await page.getByRole('button', { name: button }).click()
    await waitForStatus(page, 'Basis', 'Denied')
    expect(bank().requests.count('/oauth/token', { grant_type: 'authorization_code' })).toBe(0)
  })

  it('shows what Basis says of an expired initialization token, and starts again with a new one', async () => {
    const page = await bench.open()
    bank().control.next({ secondsLater: 601 })
    await pressConnect(page, 'Basis')
    await card(page, 'Basis').getByText('“Request included expired Initialization Token.”').waitFor()
    await card(page, 'Basis').getByText('authorization_error: invalid_request').waitFor()
    const link = card(page, 'Basis').getByRole('link', { name: 'What this error means' })
    expect(await link.getAttribute('href')).toMatch(/^https:\/\/www\.ietf\.org\/.*#section-4\.1\.2\.1$/)
    await card(page, 'Basis').getByRole('button', { name: 'Start again' }).click()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Basis', 'Connected')
    const states = bank()
      .requests.find('/oauth')
      .map(({ parameters }) => parameters['state'])
    expect(new Set(states).size).toBe(2)
  })

  it('says that Basis is temporarily unavailable', async () => {
    const page = await bench.open()
    bank().control.next({ error: 'temporarily_unavailable' })
    await pressConnect(page, 'Basis')
    await card(page, 'Basis').getByText('temporarily_unavailable: temporarily_unavailable').waitFor()
  })

  it('reports nothing connected when an unregistered redirect URI keeps the person at Basis', async () => {
    const page = await bench.open()
    bank().control.next({ unregistered: true })
    await pressConnect(page, 'Basis')
    await page.getByRole('heading', { name: 'This link does not work' }).waitFor()
    expect(new URL(page.url()).origin).toBe(bank().origin)
    await page.goto(bench.demo.origin)
    await waitForStatus(page, 'Basis', 'Not connected')
    expect(bank().requests.count('/oauth/token', { grant_type: 'authorization_code' })).toBe(0)
  })

  it('makes the initialization token at the click, not when the pointer comes near', async () => {
    const page = await bench.open()
    const { requests } = record(page.context(), bench.demo.origin)
    const begun = () => requests.filter((request) => request.includes('/connect/basis/authorization')).length
    const button = connectButton(page, 'Basis')
    await button.hover()
    await expect.poll(async () => Object.keys(await readDatabase(page)).length).toBeGreaterThan(0)
    expect(begun()).toBe(0)
    await button.click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(begun()).toBe(1)
  })

  it('keeps the secret and the refresh token away from the page', async () => {
    bank().control.next({ tokenResponse: { refresh_token: 'the-refresh-token' } })
    const page = await bench.open()
    const { requests, answers, console, read } = record(page.context(), bench.demo.origin)
    await page.reload()
    await connect(page, 'Basis')
    await card(page, 'Basis').getByText('Basis profile of').waitFor()
    await read()
    const seen = JSON.stringify([requests, answers, console]) + (await kept(page))
    expect(seen).toContain('profile_id')
    expect(seen).not.toContain('the-refresh-token')
    expect(seen).not.toContain(bank().clientSecret)
    expect(seen).not.toContain(encodeURIComponent(bank().clientSecret))
    expect(seen).not.toContain(btoa(`${bank().clientId}:${bank().clientSecret}`))
  })

  it('keeps the initialization token nowhere, and writes it to no log', async () => {
    const page = await bench.open()
    const { requests, answers, console, read } = record(page.context(), bench.demo.origin)
    await page.reload()
    await goToConsent(page, 'Basis')
    const token = initToken()
    expect(token.split('.')).toHaveLength(3)
    // While the person is away, and again once they are back.
    const beside = await page.context().newPage()
    await beside.goto(bench.demo.origin)
    expect(await kept(beside)).not.toContain(token.slice(0, 40))
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Basis', 'Connected')
    await read()
    expect(await kept(page)).not.toContain(token.slice(0, 40))
    expect(console.join()).not.toContain(token.slice(0, 40))
    expect(requests.join()).not.toContain(token.slice(0, 40))
    // It is told to the page once: in the answer to the click.
    const told = answers.filter(({ text }) => text.includes(token.slice(0, 40))).map(({ url }) => url)
    expect(told.every((url) => url.endsWith('/connect/basis/authorization'))).toBe(true)
    // Not even Basis's own page sends it on.
    for (const { path, headers } of bank().requests.all)
      if (path !== '/oauth') expect(JSON.stringify(headers)).not.toContain(token.slice(0, 40))
  })

  it('tells the page nothing else of what the app knows about the business', async () => {
    const page = await bench.open()
    const { answers, read } = record(page.context(), bench.demo.origin)
    await page.reload()
    await connect(page, 'Basis')
    await read()
    const seen = JSON.stringify(answers) + (await kept(page))
    for (const value of [robin.business.userEmail, robin.business.companyEin, '881231234'])
      expect(seen).not.toContain(value)
  })
})
