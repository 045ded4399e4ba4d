import { describe, expect, test, vi } from 'vitest'
import { transactionKey } from '../../../src/core/records/keys.js'
import { createScene, stateOf, type Setting } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { eventually } from '../../support/until.js'

const network = openNetwork()

/** An app whose start page is the redirect URI of every provider, told apart by the query. */
const atStart: Setting = {
  callbackPages: 'shared',
  redirectUri: (name) => (name === 'bank' ? 'https://app.example/' : `https://app.example/callback/${name}`),
}

describe('a redirect URI that is a page of the app, too', () => {
  test.each([
    '/?state=CA',
    '/?code=PROMO10',
    '/?code=PROMO10&state=CA',
    '/?token=reset',
    '/?response=yes',
    '/#state=open',
    '/#access_token=of-another-library&state=theirs',
    '/?state=csv',
    `/?state=${'x'.repeat(43)}&code=c`,
  ])('keeps %s, which is its own', async (address) => {
    const { open } = createScene(network, atStart)
    const app = open(address)
    expect(app.url).toBe(`https://app.example${address}`)
    expect(app.replacements).toEqual([])
    expect(app.client.callback.get()).toEqual({ status: 'none' })
  })

  test.each(['/?state=CA', '/?code=PROMO10', '/#state=open'])(
    'is a place to return to with parameters of its own: %s',
    async (returnTo) => {
      const { consent, open } = createScene(network, atStart)
      expect(await outcome(open(await consent({ returnTo })))).toMatchObject({ returnTo })
    },
  )

  test('takes the response to a connection that began here, and keeps the rest', async () => {
    const { consent, open } = createScene(network, atStart)
    const app = open(`${await consent({ returnTo: '/#/accounts/7' })}&tab=2#/section`)
    expect(app.url).toBe('https://app.example/?tab=2#/section')
    expect(await outcome(app)).toMatchObject({ status: 'connected', returnTo: '/#/accounts/7' })
  })

  test.each(['/#/accounts/7', '/?tab=2', '/index.html?tab=2', '/'])(
    'is a place to return to: %s',
    async (returnTo) => {
      const { consent, open } = createScene(network, atStart)
      expect(await outcome(open(await consent({ returnTo })))).toMatchObject({ returnTo })
    },
  )

  test('is one, too, where it is the start page and nothing was declared', async () => {
    const { consent, open } = createScene(network, {
      redirectUri: (name) => `https://app.example/?at=${name}`,
    })
    expect(await outcome(open(await consent({ returnTo: '/?tab=2' })))).toMatchObject({ returnTo: '/?tab=2' })
  })

  test.each([`/?code=c&state=cs${'x'.repeat(41)}`, `/#state=cs${'x'.repeat(41)}`, '/?error=access_denied'])(
    'is none with %s, which would begin a second callback',
    async (returnTo) => {
      const { consent, open } = createScene(network, atStart)
      expect(await outcome(open(await consent({ returnTo })))).toMatchObject({ returnTo: '/' })
    },
  )

  test('keeps an error of its own while nothing is under way', async () => {
    const { open } = createScene(network, atStart)
    const app = open('/?error=not-found')
    expect(await outcome(app)).toEqual({ status: 'none' })
    expect(app.url).toBe('https://app.example/?error=not-found')
  })
})

describe('an error without a state', () => {
  test.each<[string, Setting, string]>([
    ['a page of the app', atStart, '/'],
    ['a page for callbacks', {}, '/callback/bank'],
  ])('at %s is shown as untrusted, and ends nothing', async (_name, setting, path) => {
    const { browser, leave, open, server } = createScene(network, setting)
    const url = server.visit(await leave(open('/accounts')))
    const told = open(`${path}?error=server_error&error_description=Call+0900-EVIL`)
    const state = await outcome(told)
    expect(state).toMatchObject({
      status: 'failed',
      provider: 'bank',
      returnTo: '/',
      error: { code: 'authorization_error', error: 'server_error' },
    })
    expect(state).not.toHaveProperty('error.errorDescription')
    expect((await browser.records()).get(transactionKey(stateOf(url)))).toMatchObject({ phase: 'left' })
    expect(await outcome(open(url))).toMatchObject({ status: 'connected' })
  })

  test('is not put down to one of two connections that are under way', async () => {
    const { leave, open } = createScene(network)
    await leave(open())
    await leave(open())
    expect(await outcome(open('/callback/bank?error=server_error'))).toMatchObject({
      error: { code: 'state_missing' },
    })
  })

  test('is not told to another user of the app than began it', async () => {
    const { leave, open } = createScene(network)
    await leave(open('/', { subject: 'anna' }))
    expect(await outcome(open('/callback/bank?error=server_error', { subject: 'berta' }))).toMatchObject({
      error: { code: 'state_missing' },
    })
  })
})

describe('a public id of a transaction, as the beginning of a made-up state', () => {
  test('ends nothing, not even when the page is reloaded', async () => {
    const { browser, leave, open, server } = createScene(network)
    const url = server.visit(await leave(open()))
    const forged = `${stateOf(url).slice(0, 16)}${'x'.repeat(27)}`
    const victim = open(`/callback/bank?state=${forged}&code=c`)
    expect(await outcome(victim)).toMatchObject({ error: { code: 'state_unknown' } })
    expect(await outcome(open(victim.reload()))).toMatchObject({ error: { code: 'redemption_unknown' } })
    expect((await browser.records()).get(transactionKey(stateOf(url)))).toMatchObject({ phase: 'left' })
    expect(await outcome(open(url))).toMatchObject({ status: 'connected' })
  })

  test('tells another user nothing', async () => {
    const { leave, open, server } = createScene(network)
    const url = server.visit(await leave(open('/', { subject: 'anna' })))
    const page = open('/callback/bank', {
      subject: 'berta',
      historyState: { countersign: stateOf(url).slice(0, 16) },
    })
    expect(await outcome(page)).toEqual({ status: 'none' })
  })
})

test('an error without `iss` ends nothing where the metadata promises it', async () => {
  const { browser, leave, open, server } = createScene(network)
  server.hostile.metadata = (metadata) => ({
    ...metadata,
    authorization_response_iss_parameter_supported: true,
  })
  const url = await leave(open())
  const forged = server.visit(url, { error: 'access_denied', parameters: { iss: undefined } })
  expect(await outcome(open(forged))).toMatchObject({ error: { code: 'issuer_mismatch' } })
  expect((await browser.records()).get(transactionKey(stateOf(url)))).toMatchObject({ phase: 'left' })
  expect(await outcome(open(server.visit(url)))).toMatchObject({ status: 'connected' })
})

test('an onEvent that throws is reported, and ends nothing', async () => {
  const reported = vi.fn()
  vi.stubGlobal('reportError', reported)
  const scene = createScene(network)
  const onEvent = (): never => {
    throw new Error('of the app')
  }
  const app = scene.open(await scene.consent(), { onEvent })
  expect(await outcome(app)).toMatchObject({ status: 'connected' })
  await eventually(() => {
    expect(reported).toHaveBeenCalledWith(new Error('of the app'))
  })
})
