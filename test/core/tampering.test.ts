import { transactionKey } from '../../src/core/records/keys.js'
import { describe, expect, test } from 'vitest'
import { createScene, stateOf, type Scene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { outcome, refusal } from '../support/outcome.js'
import { until } from '../support/until.js'

// What lies in IndexedDB can be read and written by every script of the origin.
const network = openNetwork()

/** Key of the transaction that a response belongs to. */
const keyOf = (url: string): string => transactionKey(stateOf(url))

/** A page opened with the response to a transaction whose record was changed while the person was away. */
async function openTampered(scene: Scene, changes: Record<string, unknown>, subject?: string) {
  const setting = subject === undefined ? {} : { subject }
  const url = await scene.consent({ returnTo: '/accounts' }, {}, setting)
  const record = (await scene.browser.records()).get(keyOf(url)) as Record<string, unknown>
  await scene.browser.tamper(keyOf(url), { ...record, ...changes })
  return scene.open(url, setting)
}

describe('a transaction whose record was changed', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['another client', { clientId: 'client-2' }, 'transaction_invalid'],
    ['another issuer', { issuer: 'https://evil.example' }, 'transaction_invalid'],
    ['another redirect URI', { redirectUri: 'https://evil.example/callback' }, 'transaction_invalid'],
    [
      'the redirect URI of another provider',
      { redirectUri: 'https://app.example/callback/other' },
      'transaction_invalid',
    ],
    ['another provider', { provider: 'other' }, 'transaction_invalid'],
    ['a provider that is not configured', { provider: 'stranger' }, 'transaction_invalid'],
    ['a provider called __proto__', { provider: '__proto__' }, 'transaction_invalid'],
    ['a provider called constructor', { provider: 'constructor' }, 'transaction_invalid'],
    ['another state inside', { state: 's'.repeat(43) }, 'transaction_invalid'],
    ['another verifier', { codeVerifier: 'v'.repeat(43) }, 'token_error'],
    ['another nonce', { nonce: 'n'.repeat(43) }, 'id_token_invalid'],
    ['no nonce', { nonce: undefined }, 'id_token_invalid'],
    ['an expiry long ago', { expiresAt: 1 }, 'transaction_expired'],
    ['a beginning in the future', { createdAt: 99_999_999_999 }, 'transaction_expired'],
    [
      'a beginning long ago and an expiry in the future',
      { createdAt: 1, expiresAt: 99_999_999_999 },
      'transaction_expired',
    ],
    ['a code of somebody else', { code: 'stolen', iss: 'https://as.example' }, 'token_error'],
    [
      'a code and an issuer of somebody else',
      { code: 'stolen', iss: 'https://evil.example' },
      'issuer_mismatch',
    ],
    ['many sends', { sends: 5 }, 'redemption_unknown'],
    ['another version', { v: 2 }, 'state_unknown'],
    ['no version', { v: undefined }, 'state_unknown'],
    ['an unknown phase', { phase: 'finished' }, 'state_unknown'],
  ])('so that it has %s connects nothing: %j', async (_name, changes, code) => {
    const scene = createScene(network)
    expect(await refusal(await openTampered(scene, changes))).toMatchObject({ code })
    expect(scene.other.requests.token).toEqual([])
    expect(
      [...(await scene.browser.records()).keys()].filter((key) => key.startsWith('connection:')),
    ).toEqual([])
  })

  test('so that it belongs to another user is refused', async () => {
    const scene = createScene(network)
    expect(await outcome(await openTampered(scene, { subject: 'berta' }, 'anna'))).toMatchObject({
      status: 'failed',
      error: { code: 'subject_mismatch' },
    })
  })

  test.each([
    'https://evil.example/',
    '//evil.example',
    'javascript:alert(1)',
    '/callback/bank?code=a&state=b',
    '/callback/other?code=a&state=b',
  ])('so that the app would go on at %s goes on at its start page', async (returnTo) => {
    const scene = createScene(network)
    expect(await outcome(await openTampered(scene, { returnTo }))).toMatchObject({
      status: 'connected',
      returnTo: '/',
    })
  })

  test('so that the app would go on elsewhere after signing in goes on at its start page', async () => {
    const scene = createScene(network)
    const url = await scene.consent({}, {}, { subject: 'anna' })
    const record = (await scene.browser.records()).get(keyOf(url)) as Record<string, unknown>
    await scene.browser.tamper(keyOf(url), { ...record, returnTo: 'https://evil.example/' })
    const { client } = scene.open(url, { subject: null })
    expect(await until(client.callback, 'sign_in_required')).toMatchObject({ returnTo: '/' })
  })

  const fields = [
    ...['phase', 'state', 'codeVerifier', 'codeChallenge', 'provider', 'clientId', 'redirectUri', 'scope'],
    ...['subject', 'input', 'returnTo', 'createdAt', 'expiresAt', 'v', 'nonce'],
  ]
  test.each(fields)('in its %s by values of any type is a refusal, never a crash', async (field) => {
    const scene = createScene(network)
    for (const value of [null, undefined, 7, NaN, true, [], {}, ['bank']]) {
      // Its members count, and an optional one may be absent; an ID Token without a nonce is refused later.
      if (field === 'input' && typeof value === 'object' && value !== null) continue
      const state = await outcome(await openTampered(scene, { [field]: value }))
      expect([value, state.status]).toEqual([value, 'failed'])
    }
  })
})

describe('the tombstone of a transaction that was changed', () => {
  test('cannot make a connection', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    const { provider, subject, input, createdAt, expiresAt } = (await scene.browser.records()).get(
      keyOf(url),
    ) as Record<string, unknown>
    const ended = { v: 1, phase: 'done', provider, subject, input, returnTo: '/', createdAt, expiresAt }
    await scene.browser.tamper(keyOf(url), { ...ended, connectionId: 'invented' })
    expect(await outcome(scene.open(url))).toEqual({
      status: 'none',
    })
  })

  test('of a provider that is not configured any more says nothing', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    const record = (await scene.browser.records()).get(keyOf(url)) as Record<string, unknown>
    await scene.browser.tamper(keyOf(url), {
      ...record,
      phase: 'done',
      provider: 'stranger',
      connectionId: 'x',
    })
    expect(await outcome(scene.open(url))).toEqual({
      status: 'none',
    })
  })
})

describe('a connection whose record was changed', () => {
  test.each<[string, unknown]>([
    ['nothing', null],
    ['text', 'text'],
    ['a connection that is none', { v: 1, subject: '', mode: 'browser', connection: null }],
    ['a connection without an id', { v: 1, subject: '', mode: 'browser', connection: { provider: 'bank' } }],
    [
      'a connection with another id',
      { v: 1, subject: '', mode: 'browser', connection: { id: 'y', provider: 'bank' } },
    ],
    ['another version', { v: 2, subject: '', mode: 'browser', connection: { id: 'x', provider: 'bank' } }],
  ])('to %s is not shown, and the others are', async (_name, value) => {
    const scene = createScene(network)
    const app = scene.open(await scene.consent())
    await until(app.client.callback, 'connected')
    await scene.browser.tamper('connection:x', value)
    const state = await until(scene.open().client.connections, 'ready', 'failed')
    expect(state).toMatchObject({ status: 'ready', connections: [{ provider: 'bank' }] })
  })
})
