// Two apps of one origin that both go without a `namespace` share one database.
import { describe, expect, test } from 'vitest'
import {
  connectionKey,
  disconnectedKey,
  leaseKey,
  tokensKey,
  transactionKey,
} from '../../src/core/records/keys.js'
import { createScene, stateOf, type Setting } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { outcome } from '../support/outcome.js'
import { eventually, settled, until } from '../support/until.js'

const network = openNetwork()

/** The other app: the same names of providers, at redirect URIs of its own. */
const second: Setting = { redirectUri: (name) => `https://app.example/second/callback/${name}` }

describe('another app of the origin', () => {
  test('that begins any number of connections leaves room to the first', async () => {
    const { browser, consent, leave, open } = createScene(network)
    const callback = await consent()
    const key = transactionKey(stateOf(callback))
    const before = (await browser.records()).get(key)
    for (let count = 0; count < 18; count += 1) await leave(open('/second', second))
    expect((await browser.records()).get(key)).toEqual(before)
    expect(await outcome(open(callback))).toMatchObject({ status: 'connected' })
  })

  test('does not send the code that came back to a page of the first, which does', async () => {
    const { browser, consent, open, server } = createScene(network)
    const callback = await consent()
    const key = transactionKey(stateOf(callback))
    const left = (await browser.records()).get(key) as object
    const code = new URL(callback).searchParams.get('code')
    await browser.tamper(key, {
      ...left,
      phase: 'returned',
      code,
      iss: 'https://as.example',
      returnedAt: browser.clock.now() - 30,
    })
    const other = open('/second', second)
    await until(other.client.connections, 'ready')
    await settled()
    expect(server.requests.token).toEqual([])
    expect((await browser.records()).get(key)).toMatchObject({ phase: 'returned', code })
    const { connections } = open('/').client
    await eventually(() =>
      expect(connections.get()).toMatchObject({ connections: [{ provider: 'bank', status: 'connected' }] }),
    )
  })

  test('does not show the attempts that the first one’s people gave up, nor end them before their time', async () => {
    const { browser, consent, open } = createScene(network)
    await consent()
    browser.clock.advance(901)
    const other = open('/second', second)
    await until(other.client.connections, 'ready')
    await settled()
    expect(other.client.connections.get()).toMatchObject({ abandoned: [] })
    const first = open('/')
    await eventually(() =>
      expect(first.client.connections.get()).toMatchObject({ abandoned: [{ provider: 'bank' }] }),
    )
  })
})

describe('what nobody can use any more', () => {
  test('is removed when somebody connects, and what a newer version wrote is not', async () => {
    const { browser, leave, open } = createScene(network)
    const now = browser.clock.now()
    const litter: [string, unknown][] = [
      [transactionKey('a'.repeat(43)), { v: 1, phase: 'left' }],
      [transactionKey('b'.repeat(43)), 'damaged'],
      [transactionKey('c'.repeat(43)), null],
      [leaseKey('tx:1'), { owner: 'x', until: now - 90_000 }],
      [leaseKey('tx:2'), 'damaged'],
      [connectionKey('damaged'), { v: 1, connection: { id: 'another' } }],
      [tokensKey('damaged'), 7],
      [disconnectedKey('old'), { v: 1, phase: 'disconnected', expiresAt: now - 1 }],
    ]
    const kept: [string, unknown][] = [
      [transactionKey('d'.repeat(43)), { v: 2, phase: 'unheard of' }],
      [leaseKey('tx:3'), { owner: 'x', until: now + 5 }],
      [leaseKey('tx:4'), { v: 2, rows: [] }],
      [connectionKey('newer'), { v: 2 }],
      [tokensKey('newer'), { v: 2 }],
      [disconnectedKey('new'), { v: 1, phase: 'disconnected', expiresAt: now + 60 }],
      ['of another kind', { anything: true }],
    ]
    for (const [key, value] of [...litter, ...kept]) await browser.tamper(key, value)
    const url = await leave(open('/'))
    await eventually(async () => {
      const records = await browser.records()
      expect(litter.map(([key]) => key).filter((key) => records.has(key))).toEqual([])
    })
    const records = await browser.records()
    expect(kept.map(([key]) => records.get(key))).toEqual(kept.map(([, value]) => value))
    expect(records.get(transactionKey(stateOf(url)))).toMatchObject({ phase: 'left' })
  })
})
