// Two apps of one origin that both go without a `namespace` share one database.
import { createClient } from 'countersign/core'
import { describe, expect, test } from 'vitest'
import type { ConnectionRecord } from '../../src/core/records/connection.js'
import {
  connectionKey,
  disconnectedKey,
  leaseKey,
  tokensKey,
  transactionKey,
} from '../../src/core/records/keys.js'
import { createScene, providers, stateOf, type Setting } from '../support/app.js'
import { createBackend } from '../support/backend.js'
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

describe('another app of the origin, whose backend is another', () => {
  const elsewhere = 'https://app.example/second/connect'

  async function connected() {
    const scene = createScene(network, { subject: 'anna' })
    const { backend, browser, leave, open } = scene
    const first = await until(
      open(backend.visit(await leave(open(), 'mediated'))).client.callback,
      'connected',
    )
    const other = createBackend({ url: elsewhere, now: () => browser.clock.now() })
    network.use(...other.handlers)
    const { platform } = browser.open('/second')
    const openOther = () =>
      createClient({ subject: 'anna', providers, backend: '/second/connect', basePath: '/second', platform })
    return { ...scene, connection: first.connection, key: connectionKey(first.connection.id), openOther }
  }

  test('does not end the connections that its own backend has not made', async () => {
    const { browser, key, openOther } = await connected()
    const record = (await browser.records()).get(key)
    browser.clock.advance(3601)
    const client = openOther()
    await client.connections.refreshAsync()
    expect((await browser.records()).get(key)).toEqual(record)
  })

  test('nor where its backend says that it does not know them', async () => {
    const { browser, connection, key, openOther } = await connected()
    browser.clock.advance(3601)
    const record = (await browser.records()).get(key)
    const client = openOther()
    const tokens = await until(client.tokens('mediated', { connection: connection.id }), 'connected')
    await expect(tokens.getAccessToken()).rejects.toMatchObject({ code: 'unknown_connection' })
    expect((await browser.records()).get(key)).toEqual(record)
  })

  test('and the backend that made one can end it, also one that an older version stored', async () => {
    const { backend, browser, connection, key, open } = await connected()
    const { backend: _, ...older } = (await browser.records()).get(key) as { backend: string }
    await browser.tamper(key, older)
    browser.clock.advance(3601)
    backend.connections.delete(connection.id)
    await open().client.connections.refreshAsync()
    expect((await browser.records()).has(key)).toBe(false)
  })
})

describe('a backend that has moved', () => {
  /** Two connections of which one ends at the backend, and another app's; then the backend is somewhere else. */
  async function moved() {
    const scene = createScene(network, { subject: 'anna' })
    const { backend, browser, leave, open } = scene
    const connect = async () =>
      (await until(open(backend.visit(await leave(open(), 'mediated'))).client.callback, 'connected'))
        .connection
    const [gone, kept] = [await connect(), await connect()]
    const record = (await browser.records()).get(connectionKey(gone.id)) as ConnectionRecord
    const others = {
      ...record,
      backend: 'https://app.example/second/connect',
      redirectUri: 'https://app.example/second/callback/mediated',
      connection: { ...record.connection, id: 'of-the-other-app' },
    }
    await browser.tamper(connectionKey('of-the-other-app'), others)
    backend.connections.delete(gone.id)
    const next = createBackend({ url: 'https://api.example/connect', now: () => browser.clock.now() })
    for (const [id, connection] of backend.connections) next.connections.set(id, connection)
    network.use(...next.handlers)
    browser.clock.advance(3601)
    const { platform } = browser.open('/')
    const { connections } = createClient({
      ...{ subject: 'anna', providers, platform },
      backend: 'https://api.example/connect',
    })
    const ids = async () =>
      [...(await browser.records()).keys()].filter((key) => key.startsWith(connectionKey(''))).sort()
    return { browser, connections, record, gone, kept, ids }
  }

  test('ends what it ended before, and nothing of another app', async () => {
    const { connections, kept, ids } = await moved()
    await connections.refreshAsync()
    expect(await ids()).toEqual([connectionKey(kept.id), connectionKey('of-the-other-app')].sort())
  })

  test('ends nothing of which an older version did not store whose it is', async () => {
    const { browser, connections, record, gone, kept, ids } = await moved()
    const { redirectUri: _, ...older } = record
    await browser.tamper(connectionKey(gone.id), older)
    await connections.refreshAsync()
    const all = [gone.id, kept.id, 'of-the-other-app']
    expect(await ids()).toEqual(all.map(connectionKey).sort())
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
