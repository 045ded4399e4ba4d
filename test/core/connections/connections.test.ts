import { HttpResponse } from 'msw'
import { describe, expect, test, vi } from 'vitest'
import type { ConnectionsState } from '../../../src/core/connections/connections-state.js'
import type { Connection, ConnectionRecord } from '../../../src/core/records/connection.js'
import { openDatabase } from '../../../src/platform/database.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { createClient, singleUser } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { connectionKey, syncedKey, transactionKey } from '../../../src/core/records/keys.js'
import type { Transaction } from '../../../src/core/records/transaction.js'
import { subjectName } from '../../support/subject-name.js'
import { createScene, providers, type Scene } from '../../support/app.js'
import { holdAnswers, refusal } from '../../support/backend.js'
import { openNetwork } from '../../support/network.js'
import { eventually, settled, until, untilState } from '../../support/until.js'

const network = openNetwork()

async function connect(scene: Scene, subject?: string) {
  const setting = subject === undefined ? {} : { subject }
  const app = scene.open(await scene.consent({}, {}, setting), setting)
  return { app, connection: (await until(app.client.callback, 'connected')).connection }
}

/** As another script of the app could have stored it, without telling anybody. */
const storedSilently = {
  id: 'silent',
  provider: 'bank',
  status: 'connected',
  grantedScope: [],
  missingScope: [],
  connectedAt: 1,
  details: {},
}

/** Writes a connection whose tokens are stored, as another page does. */
const putConnection = (number: number, change: Partial<Connection> = {}, persistent = true) => {
  const connection = { ...storedSilently, id: String(number), connectedAt: number + 1, ...change }
  const record = { v: 1, subject: '', mode: 'browser', ...(persistent && { persistent }), connection }
  return openDatabase('countersign').change([], () => [{ [connectionKey(connection.id)]: record }, undefined])
}

const putConnections = async (length: number) => {
  for (let number = 0; number < length; number++) await putConnection(number)
}

const listCalls = ({ backend }: Scene) => backend.calls.filter(({ path }) => path === '/connections')

describe('connections', () => {
  test('are known in another tab without a reload', async () => {
    const scene = createScene(network)
    const neighbour = scene.open()
    expect(await until(neighbour.client.connections, 'ready')).toMatchObject({ connections: [] })
    const { connection } = await connect(scene)
    const state = await untilState(
      neighbour.client.connections,
      (state): state is Extract<typeof state, { status: 'ready' }> =>
        state.status === 'ready' && state.connections.length > 0,
    )
    expect(state.connections).toEqual([{ ...connection, status: 'reauthorization_required' }])
  })

  test('are known in another tab over a real BroadcastChannel', async () => {
    const scene = createScene(network, { tabs: 'channel' })
    const neighbour = scene.open()
    await until(neighbour.client.connections, 'ready')
    const { app } = await connect(scene)
    await until(neighbour.client.tokens('bank'), 'reauthorization_required')
    app.client.dispose()
    neighbour.client.dispose()
  })

  test('are oldest first, and the newest is the one that is used', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    scene.browser.clock.advance(10)
    const second = await connect(scene)
    const { client } = second.app
    const state = await until(client.connections, 'ready')
    expect(state.connections.map(({ id }) => id)).toEqual([first.connection.id, second.connection.id])
    expect(await until(client.tokens('bank'), 'connected')).toMatchObject({
      connection: { id: second.connection.id },
    })
    expect(
      (await until(client.tokens('bank', { connection: first.connection.id }), 'reauthorization_required'))
        .connection.id,
    ).toBe(first.connection.id)
    expect(client.tokens('bank', { connection: 'unknown' }).get()).toEqual({ status: 'disconnected' })
  })

  test('that a component watches stay the same when a newer one comes', async () => {
    const scene = createScene(network)
    const { app, connection } = await connect(scene)
    const tokens = app.client.tokens('bank')
    const stop = tokens.subscribe(() => undefined)
    await until(tokens, 'connected')
    scene.browser.clock.advance(10)
    const second = await connect(scene)
    await untilState(
      app.client.connections,
      (state): state is Extract<typeof state, { status: 'ready' }> =>
        state.status === 'ready' && state.connections.length === 2,
    )
    expect(tokens.get()).toMatchObject({ connection: { id: connection.id } })
    stop()
    scene.browser.post({ v: 1, id: second.connection.id })
    await settled()
    expect(app.client.tokens('bank', { connection: second.connection.id }).get().status).toBe(
      'reauthorization_required',
    )
  })

  test('that did not change are the same objects, and nobody is told', async () => {
    const scene = createScene(network)
    const { app } = await connect(scene)
    const { connections, tokens } = app.client
    const before = [connections.get(), tokens('bank').get()]
    let changes = 0
    connections.subscribe(() => changes++)
    for (let i = 0; i < 3; i++) {
      scene.browser.post({ v: 1, id: 'anything' })
      app.show()
    }
    await settled()
    expect(changes).toBe(0)
    expect([connections.get(), tokens('bank').get()]).toEqual(before)
    expect(connections.get()).toBe(before[0])
    expect(tokens('bank').get()).toBe(before[1])
  })

  test('are shown although announcements come faster than they can be read', async () => {
    const scene = createScene(network)
    const { connection } = await connect(scene)
    const real = openDatabase('countersign')
    let reads = 0
    const { client } = scene.open('/', {
      database: {
        ...real,
        async entries() {
          const found = await real.entries()
          if (++reads < 100) scene.browser.post({ v: 1, id: 'of-another-tab' })
          return found
        },
      },
    })
    expect(await until(client.connections, 'ready')).toMatchObject({ connections: [{ id: connection.id }] })
    expect(reads).toBeLessThan(100)
  })

  test('stay as they were read last when an earlier reading ends later', async () => {
    const scene = createScene(network)
    const real = openDatabase('countersign')
    const held: (() => void)[] = []
    let hold = false
    const { client } = scene.open('/', {
      database: {
        ...real,
        async entries() {
          const found = await real.entries()
          if (hold) await new Promise<void>((resolve) => held.push(resolve))
          return found
        },
      },
    })
    await until(client.connections, 'ready')
    hold = true
    scene.browser.post({ v: 1, id: 'of-another-tab' })
    while (held.length === 0) await settled()
    hold = false
    const { connection } = await connect(scene)
    await until(client.tokens('bank'), 'reauthorization_required')
    for (const release of held) release()
    await settled()
    expect(client.connections.get()).toMatchObject({ connections: [{ id: connection.id }] })
  })

  test('are read again when a page comes out of the back/forward cache', async () => {
    const scene = createScene(network)
    const { app } = await connect(scene)
    app.platform.tabs.close() // a page in the cache hears nothing
    const elsewhere = scene.open()
    const tokens = await until(elsewhere.client.tokens('bank'), 'reauthorization_required')
    await tokens.disconnect()
    expect(app.client.tokens('bank').get().status).toBe('connected')
    app.show()
    await until(app.client.tokens('bank'), 'disconnected')
  })

  test('that another tab ended give no token any more', async () => {
    const scene = createScene(network)
    const { app } = await connect(scene)
    const held = await until(app.client.tokens('bank'), 'connected')
    const elsewhere = await until(scene.open().client.tokens('bank'), 'reauthorization_required')
    await elsewhere.disconnect()
    await until(app.client.tokens('bank'), 'disconnected')
    expect(held.expiresAt).toBeUndefined()
  })

  test('are shown before more transactions are swept than anybody can have begun, and who never came back is told of then', async () => {
    const scene = createScene(network)
    const now = scene.browser.clock.now()
    const left: Omit<Transaction, 'state'> = {
      ...{ v: 1, phase: 'left', codeVerifier: 'v'.repeat(43), codeChallenge: 'c'.repeat(43) },
      ...{ provider: 'bank', clientId: 'client-1', redirectUri: 'https://app.example/callback/bank' },
      ...{ scope: 'accounts', subject: '', input: {}, returnTo: '/' },
      ...{ createdAt: now - 2000, expiresAt: now - 1000 },
    }
    await openDatabase('countersign').change([], () => [
      Object.fromEntries(
        Array.from({ length: 99 }, (_, index) => {
          const state = `cs${String(index).padStart(41, '0')}`
          return [transactionKey(state), { ...left, state }]
        }),
      ),
      undefined,
    ])
    await putConnections(1)
    const { client } = scene.open()
    const first = await until(client.connections, 'ready')
    expect(first).toMatchObject({ connections: [{ id: '0' }], abandoned: [] })
    const isTold = (state: ConnectionsState): state is typeof first =>
      state.status === 'ready' && state.abandoned.length > 0
    expect((await untilState(client.connections, isTold)).abandoned).toHaveLength(16)
    const kept = [...(await scene.browser.records()).keys()].filter((one) =>
      one.startsWith(transactionKey('')),
    )
    expect(kept).toHaveLength(16)
  })

  test('without storage are a failure that says so, and nothing is thrown about', async () => {
    const failing = async (): Promise<never> => {
      throw new StorageError()
    }
    const scene = createScene(network, {
      subject: 'anna',
      database: { get: failing, entries: failing, change: failing },
    })
    const app = scene.open()
    expect(await until(app.client.connections, 'failed')).toMatchObject({
      error: { code: 'storage_unavailable' },
    })
    expect(app.client.tokens('bank').get()).toMatchObject({ status: 'failed' })
    scene.browser.post({ v: 1, id: 'session' })
    app.show()
    app.client.setSubject('berta')
    await settled()
  })
})

describe('a long list', () => {
  /** A page that shows so many, and how often it has read everything since. */
  async function long(length: number) {
    const scene = createScene(network)
    await putConnections(length)
    const real = openDatabase('countersign')
    let reads = 0
    const database = {
      ...real,
      entries: (...few: Parameters<typeof real.entries>) => (reads++, real.entries(...few)),
    }
    const bank = oidc({
      issuer: 'https://as.example',
      clientId: 'client-1',
      scope: 'openid accounts',
      persistTokens: true,
    })
    const { platform } = scene.browser.open('/', { database })
    const client = createClient({ subject: singleUser, providers: { bank }, platform })
    const first = await until(client.connections, 'ready')
    expect(first.connections).toHaveLength(length)
    await settled()
    const before = reads
    const shows = (accept: (list: readonly Connection[]) => boolean) =>
      untilState(
        client.connections,
        (state): state is typeof first => state.status === 'ready' && accept(state.connections),
      )
    return { scene, first, shows, reads: () => reads - before }
  }

  test('is not read again for one that has changed: only that is another object', async () => {
    const { scene, first, shows, reads } = await long(60)
    await putConnection(7, { status: 'failed' })
    scene.browser.post({ v: 1, id: '7' })
    const { connections } = await shows((list) => list[7]?.status === 'failed')
    expect(reads()).toBe(0)
    expect(connections.flatMap((one, index) => (one === first.connections[index] ? [] : [index]))).toEqual([
      7,
    ])
  })

  test('is not read again for one that is new or gone', async () => {
    const { scene, shows, reads } = await long(60)
    await putConnection(60)
    scene.browser.post({ v: 1, id: '60' })
    await shows((list) => list[60]?.id === '60')
    await openDatabase('countersign').change([], () => [{ [connectionKey('3')]: undefined }, undefined])
    scene.browser.post({ v: 1, id: '3' })
    await shows((list) => list.length === 60 && list[3]?.id === '4')
    expect(reads()).toBe(0)
  })

  test('is read again for one that may have taken the place of others', async () => {
    const { scene, shows } = await long(60)
    await putConnection(3, { connectedAt: 99 }, false)
    await openDatabase('countersign').change([], () => [{ [connectionKey('4')]: undefined }, undefined])
    scene.browser.post({ v: 1, id: '3' })
    const { connections } = await shows((list) => list.length === 59)
    expect(connections[58]).toMatchObject({ id: '3', connectedAt: 99 })
  })

  test('shows every one of many that change at once', async () => {
    const { scene, shows } = await long(60)
    const changed = [5, 6, 7, 8, 9]
    for (const number of changed) {
      await putConnection(number, { status: 'failed' })
      scene.browser.post({ v: 1, id: String(number) })
    }
    await shows((list) => changed.every((number) => list[number]?.status === 'failed'))
  })
})

describe('a list of the backend that brings news', () => {
  /** Two tabs that show as many connections of the backend. */
  async function tabs(length: number) {
    const scene = createScene(network, { subject: 'anna' })
    const item = {
      provider: 'mediated',
      status: 'connected',
      scope: '',
      missing_scope: '',
      details: {},
    } as const
    for (let number = 0; number < length; number++)
      scene.backend.connections.set(`c${number}`, { ...item, id: `c${number}`, created_at: number + 1 })
    const first = scene.open().client
    expect((await until(first.connections, 'ready')).connections).toHaveLength(length)
    const second = scene.open().client
    expect((await until(second.connections, 'ready')).connections).toHaveLength(length)
    await settled()
    scene.browser.messages.splice(0)
    return { scene, first, second }
  }

  test('is shown by the other tabs, too, also where they show a long one', async () => {
    const { scene, first, second } = await tabs(60)
    for (const id of ['c3', 'c58']) scene.backend.connections.delete(id)
    await first.connections.refreshAsync()
    await untilState(
      second.connections,
      (state): state is Extract<typeof state, { status: 'ready' }> =>
        state.status === 'ready' && state.connections.length === 58,
    )
    await settled()
    expect(scene.browser.messages).toEqual([{ v: 1, id: 'connections' }])
    expect(listCalls(scene)).toHaveLength(2)
  })

  test('tells nobody where there are none', async () => {
    const { scene, first } = await tabs(2)
    await first.connections.refreshAsync()
    await settled()
    expect(scene.browser.messages).toEqual([])
  })
})

describe('messages between tabs', () => {
  test('hold ids and nothing else', async () => {
    const scene = createScene(network)
    scene.open('/', { subject: 'anna' })
    const { app, connection } = await connect(scene, 'anna')
    const tokens = await until(app.client.tokens('bank'), 'connected')
    await tokens.disconnect()
    app.client.setSubject(null)
    await eventually(() => expect(scene.browser.messages).toContainEqual({ v: 1, id: 'session' }))
    expect(scene.browser.messages.length).toBeGreaterThan(2)
    for (const message of scene.browser.messages) {
      expect(Object.keys(message as object)).toEqual(['v', 'id'])
      expect((message as { id: string }).id).toMatch(new RegExp(`^(?:session|${connection.id}|[\\w-]{16})$`))
    }
  })

  test.each([
    undefined,
    null,
    'complete',
    7,
    [],
    { id: 'x' },
    { v: 2, id: 'x' },
    { v: 1, id: 7 },
    { v: 1, id: 'unknown', code: 'stolen', state: 's', type: 'connected', connection: { id: 'x' } },
  ])('that are forged make nothing true: %j', async (message) => {
    const scene = createScene(network)
    const { app } = await connect(scene)
    const before = [app.client.connections.get(), app.client.callback.get()]
    for (let i = 0; i < 50; i++) scene.browser.post(message)
    await settled()
    expect([app.client.connections.get(), app.client.callback.get()]).toEqual(before)
    expect(scene.server.requests.token).toHaveLength(1)
  })
})

describe('the app’s user', () => {
  test('sees own connections only', async () => {
    const scene = createScene(network)
    const { app } = await connect(scene, 'anna')
    expect(await until(app.client.connections, 'ready')).toMatchObject({
      connections: [{ provider: 'bank' }],
    })
    app.client.setSubject('berta')
    await until(app.client.tokens('bank'), 'disconnected')
    app.client.setSubject(null)
    expect(app.client.connections.get()).toEqual({ status: 'sign_in_required' })
    expect(app.client.tokens('bank').get()).toEqual({ status: 'sign_in_required' })
    app.client.setSubject('anna')
    await until(app.client.tokens('bank'), 'reauthorization_required')
  })

  test('who signs out in one tab is signed out in the others', async () => {
    const scene = createScene(network)
    const { app } = await connect(scene, 'anna')
    const neighbour = scene.open('/', { subject: 'anna' })
    await until(neighbour.client.connections, 'ready')
    await settled()
    neighbour.client.setSubject(null)
    await until(app.client.connections, 'sign_in_required')
    expect(app.client.tokens('bank').get()).toEqual({ status: 'sign_in_required' })
  })

  test('who is another one in a newer tab is no longer taken for the old one', async () => {
    const scene = createScene(network)
    const { app } = await connect(scene, 'anna')
    scene.open('/', { subject: 'berta' })
    await until(app.client.connections, 'sign_in_required')
  })

  test('who has just signed in again is not taken for the one before, who is still noted', async () => {
    const scene = createScene(network)
    const before = scene.open('/', { subject: 'berta' })
    await eventually(async () => expect((await scene.browser.records()).has('session')).toBe(true))
    before.client.dispose()
    const app = scene.open('/', { subject: 'anna' })
    app.show()
    scene.browser.post({ v: 1, id: 'session' })
    await until(app.client.connections, 'ready')
    await settled()
    expect(app.client.connections.get().status).toBe('ready')
    // Now that this one is noted, who signs in elsewhere is heard of.
    scene.open('/', { subject: 'berta' })
    await until(app.client.connections, 'sign_in_required')
  })

  test('who signs in while it is looked whether the one before has signed out stays', async () => {
    const scene = createScene(network)
    const app = scene.open('/', { subject: 'anna' })
    await eventually(async () => expect((await scene.browser.records()).has('session')).toBe(true))
    scene.open('/', { subject: 'berta' }).client.dispose()
    await settled()
    app.show()
    app.client.setSubject('berta')
    await until(app.client.connections, 'ready')
    await settled()
    expect(app.client.connections.get().status).toBe('ready')
  })

  test('is nowhere in storage by name but where records are kept apart', async () => {
    const scene = createScene(network)
    await connect(scene, 'anna@example.com')
    const records = [...(await scene.browser.records())]
    for (const [key, value] of records) {
      if (typeof value === 'object' && value && 'subject' in value) continue
      if (key.startsWith('synced:')) continue
      expect(JSON.stringify([key, value])).not.toContain('anna')
    }
  })
})

describe('the backend’s connections', () => {
  const listed = {
    id: 'from-elsewhere',
    provider: 'mediated',
    status: 'connected',
    scope: 'openid',
    missing_scope: 'accounts',
    created_at: 1,
    consent_expires_at: 2,
    renew_by: 3,
    details: { a: 'b' },
  } as const

  test('are asked for once in a browser', async () => {
    const scene = createScene(network)
    scene.backend.connections.set(listed.id, listed)
    const { client } = scene.open()
    const { connections } = await until(client.connections, 'ready')
    expect(connections).toEqual([
      {
        id: 'from-elsewhere',
        provider: 'mediated',
        status: 'connected',
        grantedScope: ['openid'],
        missingScope: ['accounts'],
        connectedAt: 1,
        consentExpiresAt: 2,
        renewBy: 3,
        details: { a: 'b' },
      },
    ])
    await until(scene.open().client.connections, 'ready')
    expect(listCalls(scene)).toHaveLength(1)
  })

  test('are shown when they are known, although the page has read what is stored meanwhile', async () => {
    const scene = createScene(network)
    scene.backend.connections.set(listed.id, listed)
    const answer = holdAnswers(scene.backend, '/connections')
    const { client } = scene.open()
    while (listCalls(scene).length === 0) await settled()
    scene.browser.post({ v: 1, id: 'of-another-tab' })
    expect(await until(client.connections, 'ready')).toMatchObject({ connections: [] })
    answer()
    await until(client.tokens('mediated'), 'connected')
  })

  describe('are asked for again after an hour, while what is known is shown', () => {
    async function anHourLater() {
      const scene = createScene(network, { subject: 'anna' })
      scene.backend.connections.set(listed.id, listed)
      const { app } = await connect(scene)
      await until(app.client.connections, 'ready')
      app.client.dispose()
      await scene.settled()
      // How often those pages asked depends on who of them was first.
      scene.backend.calls.splice(0)
      scene.browser.clock.advance(3601)
      return scene
    }
    const ids = (state: ConnectionsState) =>
      state.status === 'ready' ? state.connections.map(({ id, status }) => [id, status]) : state.status

    test('and one that ended on another device goes, but for those of this page alone', async () => {
      const scene = await anHourLater()
      scene.backend.connections.delete(listed.id)
      const { client } = scene.open()
      expect((await until(client.connections, 'ready')).connections).toHaveLength(2)
      await eventually(() => {
        expect(ids(client.connections.get())).toEqual([[expect.any(String), 'reauthorization_required']])
      })
      expect(listCalls(scene)).toHaveLength(1)
    })

    test('and one that was made or has failed elsewhere shows', async () => {
      const scene = await anHourLater()
      scene.backend.connections.set(listed.id, { ...listed, status: 'reauthorization_required' })
      scene.backend.connections.set('new', { ...listed, id: 'new', created_at: scene.browser.clock.now() })
      const { client } = scene.open()
      await eventually(() => {
        expect(ids(client.connections.get())).toEqual([
          [listed.id, 'reauthorization_required'],
          [expect.any(String), 'reauthorization_required'],
          ['new', 'connected'],
        ])
      })
    })

    test('and one that was renewed here meanwhile stays as it is, as does that of another user', async () => {
      const scene = await anHourLater()
      const key = `connection:${listed.id}`
      const record = (await scene.browser.records()).get(key) as ConnectionRecord
      const renewed = {
        ...record,
        connection: { ...record.connection, connectedAt: scene.browser.clock.now() },
      }
      const others = { ...record, subject: 'bert', connection: { ...record.connection, id: 'berts' } }
      await openDatabase('countersign').change([], () => [
        { [key]: renewed, 'connection:berts': others },
        undefined,
      ])
      scene.backend.connections.set('berts', {
        ...listed,
        id: 'berts',
        created_at: scene.browser.clock.now(),
      })
      scene.open()
      await eventually(async () => {
        const key = syncedKey(await subjectName(scene.browser, 'anna'))
        expect((await scene.browser.records()).get(key)).toBe(scene.browser.clock.now())
      })
      const records = await scene.browser.records()
      expect(records.get(key)).toEqual(renewed)
      expect(records.get('connection:berts')).toEqual({
        ...others,
        subject: await subjectName(scene.browser, 'bert'),
      })
    })

    test.each([['text'], [{ v: 1 }], [{ v: 1, subject: 'anna', connection: null }]])(
      'and a damaged record (%j) does not stand in the way',
      async (damaged) => {
        const scene = await anHourLater()
        await scene.browser.tamper('connection:damaged', damaged)
        scene.backend.connections.set('new', { ...listed, id: 'new', created_at: scene.browser.clock.now() })
        const { client } = scene.open()
        await eventually(() => {
          expect(ids(client.connections.get())).toContainEqual(['new', 'connected'])
        })
      },
    )

    test.each([
      ['without an answer', () => HttpResponse.error()],
      ['where the backend cannot read its list', () => refusal('backend_unavailable', 503)],
    ])('and %s everything stays', async (_name, answer) => {
      const scene = await anHourLater()
      scene.backend.hostile.answer = () => answer()
      const kept = async () =>
        [...(await scene.browser.records())].filter(([key]) => /^(?:connection|synced):/.test(key))
      const before = await kept()
      const { client } = scene.open()
      await until(client.connections, 'ready')
      await eventually(() => {
        expect(listCalls(scene)).toHaveLength(1)
      })
      await settled()
      expect(await kept()).toEqual(before)
    })
  })

  test('are all shown, however many there are', async () => {
    const scene = createScene(network)
    const details = { name: 'x'.repeat(2000) }
    for (let count = 1; count <= 240; count += 1)
      scene.backend.connections.set(`c${String(count)}`, { ...listed, id: `c${String(count)}`, details })
    const { connections } = await until(scene.open().client.connections, 'ready')
    expect(connections).toHaveLength(240)
  })

  test('at providers that this page does not have are passed over', async () => {
    const scene = createScene(network)
    for (const provider of ['stranger', '__proto__', 'constructor', 'mediated'])
      scene.backend.connections.set(provider, { ...listed, id: `at-${provider}`, provider })
    const { connections } = await until(scene.open().client.connections, 'ready')
    expect(connections.map(({ provider }) => provider)).toEqual(['mediated'])
  })

  test.each<[string, () => Response]>([
    ['no answer', () => HttpResponse.error()],
    ['an error', () => refusal('provider_error', 502)],
    ['a page', () => HttpResponse.html('<html></html>')],
    ['no list', () => HttpResponse.json({ connections: 7 })],
    ['null in the list', () => HttpResponse.json({ connections: [null] })],
    [
      'a connection that is none',
      () => HttpResponse.json({ connections: [{ provider: 'mediated', id: 7 }] }),
    ],
    ['a scope that is none', () => HttpResponse.json({ connections: [{ ...listed, scope: 7 }] })],
  ])('are asked for again by the next page after %s', async (_name, answer) => {
    const scene = createScene(network)
    scene.backend.hostile.answer = () => answer()
    const { client } = scene.open()
    expect(await until(client.connections, 'ready')).toMatchObject({ connections: [] })
    delete scene.backend.hostile.answer
    scene.backend.connections.set(listed.id, listed)
    expect(await until(scene.open().client.connections, 'ready')).toMatchObject({
      connections: [{ id: 'from-elsewhere' }],
    })
  })

  test('are not said to be none where the backend says that nobody is signed in', async () => {
    const scene = createScene(network)
    scene.backend.connections.set(listed.id, listed)
    scene.backend.session = null
    const { client } = scene.open(undefined, { subject: 'anyone' })
    await until(client.connections, 'sign_in_required')
    await until(client.tokens('mediated'), 'sign_in_required')
    // Once somebody has signed in, this page asks again; it need not be loaded anew.
    scene.backend.session = 'anyone'
    client.setSubject('anyone')
    expect(await until(client.connections, 'ready')).toMatchObject({
      connections: [{ id: 'from-elsewhere' }],
    })
  })

  test('are hidden where the backend says so of a list that was known', async () => {
    const scene = createScene(network)
    scene.backend.connections.set(listed.id, listed)
    const first = scene.open()
    await until(first.client.connections, 'ready')
    first.client.dispose()
    scene.browser.clock.advance(3601)
    scene.backend.session = null
    await until(scene.open().client.connections, 'sign_in_required')
  })

  describe('are asked for again at the app’s wish', () => {
    async function opened() {
      const scene = createScene(network, { subject: 'anna' })
      const { client } = scene.open()
      await until(client.connections, 'ready')
      return { scene, connections: client.connections }
    }

    test('and one that was made on another device shows, within the hour', async () => {
      const { scene, connections } = await opened()
      scene.backend.connections.set(listed.id, listed)
      await connections.refreshAsync()
      expect(connections.get()).toMatchObject({ status: 'ready', connections: [{ id: listed.id }] })
      expect(listCalls(scene)).toHaveLength(2)
    })

    test('and one that is disconnected while the answer is on its way does not come back by it', async () => {
      const { scene, connections } = await opened()
      scene.backend.connections.set(listed.id, listed)
      await connections.refreshAsync()
      const { client } = scene.open(undefined, { subject: 'anna' })
      const tokens = await until(client.tokens('mediated'), 'connected')
      let answer = (): void => undefined
      const released = new Promise<void>((resolve) => (answer = resolve))
      scene.backend.hostile.answer = async ({ method }) => {
        if (method !== 'GET') return undefined
        const before = [...scene.backend.connections.values()]
        await released
        return HttpResponse.json({ connections: before }, { headers: { countersign: '1' } })
      }
      const refreshed = connections.refreshAsync()
      while (listCalls(scene).length < 3) await settled()
      expect(await tokens.disconnect()).toEqual({ revoked: true })
      answer()
      await refreshed
      expect(connections.get()).toMatchObject({ status: 'ready', connections: [] })
      expect((await scene.browser.records()).has(connectionKey(listed.id))).toBe(false)
    })

    test('and one whose disconnection the backend has not heard of comes back', async () => {
      const { scene, connections } = await opened()
      scene.backend.connections.set(listed.id, listed)
      await connections.refreshAsync()
      const { client } = scene.open(undefined, { subject: 'anna' })
      const tokens = await until(client.tokens('mediated'), 'connected')
      scene.backend.hostile.answer = ({ method }) => (method === 'DELETE' ? HttpResponse.error() : undefined)
      expect(await tokens.disconnect()).toMatchObject({ revoked: false })
      scene.browser.clock.advance(1)
      await connections.refreshAsync()
      expect(connections.get()).toMatchObject({ connections: [{ id: listed.id }] })
    })

    test('and without an answer the list stays as it is', async () => {
      const { scene, connections } = await opened()
      const before = connections.get()
      scene.backend.hostile.answer = () => HttpResponse.error()
      await expect(connections.refreshAsync()).rejects.toMatchObject({ code: 'network_error' })
      const reported = vi.fn()
      vi.stubGlobal('reportError', reported)
      connections.refresh()
      while (listCalls(scene).length < 3) await settled()
      await settled()
      expect(connections.get()).toBe(before)
      expect(reported).not.toHaveBeenCalled()
    })

    test('and where nobody is signed in any more, the list says so', async () => {
      const { scene, connections } = await opened()
      scene.backend.session = null
      connections.refresh()
      await until(connections, 'sign_in_required')
    })
  })

  test('that nobody asks for: without a backend a refresh reads what is stored', async () => {
    const page = createScene(network).browser.open()
    const { connections } = createClient({
      subject: singleUser,
      providers: { bank: providers.bank },
      platform: page.platform,
    })
    await until(connections, 'ready')
    await openDatabase('countersign').change([], () => [
      {
        'connection:silent': {
          v: 1,
          subject: '',
          mode: 'browser',
          persistent: true,
          connection: storedSilently,
        },
      },
      undefined,
    ])
    await connections.refreshAsync()
    expect(connections.get()).toMatchObject({ connections: [{ id: 'silent' }] })
  })

  test.each<[string, Record<string, unknown>]>([
    ['no connection', {}],
    ['no id', { connection: { ...listed, id: undefined } }],
    ['a number for an id', { connection: { ...listed, id: 7 } }],
    ['a long id', { connection: { ...listed, id: 'x'.repeat(201) } }],
    ['no date', { connection: { ...listed, created_at: 'yesterday' } }],
    ['a scope that is none', { connection: { ...listed, scope: 7 } }],
    ['a missing scope that is none', { connection: { ...listed, missing_scope: ['x'] } }],
  ])('are refused at redemption with %s', async (_name, changes) => {
    const scene = createScene(network)
    scene.backend.hostile.body = (body, { path }) => (path.endsWith('/token') ? changes : body)
    const app = scene.open(scene.backend.visit(await scene.leave(scene.open(), 'mediated')))
    expect(await until(app.client.callback, 'failed')).toMatchObject({
      error: { code: 'backend_response_invalid', parameter: 'connection' },
    })
  })
})
