import { createClient, singleUser, type Provider } from 'countersign/core'
import { apiture, oidc } from 'countersign/providers'
import { describe, expect, test, vi } from 'vitest'
import { connectionKey, disconnectedKey } from '../../../src/core/records/keys.js'
import type { Connection, ConnectionRecord } from '../../../src/core/records/connection.js'
import { openDatabase, type Database } from '../../../src/platform/database.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { createPopup } from '../../support/browser.js'
import { createScene, providers, type App, type Scene, type Setting } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { eventually, settled, until } from '../../support/until.js'

const network = openNetwork()

/** Connects in a page of its own, which stays open. Time passes. */
async function connect(
  scene: Scene,
  {
    input = {},
    visit = {},
    setting = {},
  }: Partial<Record<'input' | 'visit', object>> & { setting?: Setting } = {},
): Promise<App & { readonly connection: Connection; isAway: boolean }> {
  scene.browser.clock.advance(10)
  const app = scene.open(await scene.consent(input, visit, setting), setting)
  const { connection } = await until(app.client.callback, 'connected')
  await settled()
  return Object.assign(app, { connection, isAway: true })
}

/** The stored connections, oldest first. */
async function stored({ browser }: Scene): Promise<Connection[]> {
  const records = [...(await browser.records())].filter(([key]) => key.startsWith(connectionKey('')))
  return records
    .map(([, record]) => (record as ConnectionRecord).connection)
    .sort((a, b) => a.connectedAt - b.connectedAt)
}

const ids = async (scene: Scene): Promise<string[]> => (await stored(scene)).map(({ id }) => id)

/** The hints of the tokens that the server was asked to revoke. */
const revoked = ({ server }: Scene) =>
  server.requests.revocation.map(({ form }) => form.get('token_type_hint'))

/** A page of a client with one provider, whose callback is at the same place as that of `bank`. */
async function connectWith(scene: Scene, bank: Provider, page = scene.browser.open()) {
  const open = (platform = page.platform) =>
    createClient({ subject: singleUser, providers: { bank }, platform })
  scene.browser.clock.advance(10)
  const leaving = page.leaving()
  const begun = open()
  void begun.authorization('bank').authorizeAsync()
  const url = scene.server.visit(await leaving)
  begun.dispose()
  const client = open(scene.browser.open(url).platform)
  const { connection } = await until(client.callback, 'connected')
  await settled()
  return { client, connection }
}

const { scope } = providers.bank
const options = {
  issuer: 'https://as.example',
  clientId: 'client-1',
  scope,
  api: 'https://as.example/api/v1',
}

describe('connecting again after the page is gone', () => {
  test('leaves one connection, however often: it keeps its id, and has the tokens of the last time', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    let last = first
    for (let time = 0; time < 3; time++) {
      last.hide()
      last = await connect(scene)
    }
    expect(await stored(scene)).toEqual([last.connection])
    expect(last.connection).toEqual({ ...first.connection, connectedAt: last.connection.connectedAt })
    expect(last.connection.connectedAt).toBe(first.connection.connectedAt + 30)
    const tokens = await until(last.client.tokens('bank', { connection: first.connection.id }), 'connected')
    expect(await (await tokens.fetch('/accounts')).json()).toEqual({ ok: true })
    expect(revoked(scene)).toEqual([])
  })

  test('tells what was granted before', async () => {
    const scene = createScene(network)
    const first = await connect(scene, { input: { scope: 'openid' }, visit: { scope: 'openid' } })
    first.hide()
    const { client, connection } = await connect(scene)
    expect(connection.id).toBe(first.connection.id)
    expect(client.callback.get()).toMatchObject({ previous: { grantedScope: ['openid'], details: {} } })
  })

  test('shows every other page that the connection was renewed elsewhere', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    const reloaded = scene.open(first.reload())
    await until(reloaded.client.tokens('bank'), 'reauthorization_required')
    const { connection } = await connect(scene)
    await eventually(() => {
      expect(reloaded.client.connections.get()).toMatchObject({
        connections: [{ ...connection, status: 'reauthorization_required' }],
      })
    })
  })

  test('takes the place of all that have piled up; the newest of their ids stays', async () => {
    const scene = createScene(network)
    const pages = [await connect(scene), await connect(scene), await connect(scene)]
    expect(await ids(scene)).toEqual(pages.map(({ connection }) => connection.id))
    for (const page of pages) page.hide()
    const { connection } = await connect(scene)
    expect(connection.id).toBe(pages[2]?.connection.id)
    expect(await stored(scene)).toEqual([connection])
  })

  test('takes the place of a connection with less scope', async () => {
    const scene = createScene(network)
    const first = await connect(scene, { visit: { scope: 'openid accounts' } })
    first.hide()
    const { connection } = await connect(scene)
    expect(await stored(scene)).toEqual([connection])
    expect(connection.id).toBe(first.connection.id)
  })

  test('does so by a window of its own, too', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    const popup = createPopup()
    first.hide()
    const app = scene.open('/', { popup })
    const { authorizeAsync: authorize } = app.client.authorization('bank', { display: 'popup' })
    const told = authorize()
    while (popup.shows === '') await settled()
    scene.open(scene.server.visit(popup.shows))
    expect(await told).toMatchObject({ status: 'connected', connection: { id: first.connection.id } })
    expect(await ids(scene)).toEqual([first.connection.id])
  })

  test('tells the app of it as of any other, once', async () => {
    const told: unknown[] = []
    const scene = createScene(network, { onOutcome: (outcome) => told.push(outcome) })
    const first = await connect(scene)
    first.hide()
    const { connection, events } = await connect(scene)
    expect(told).toMatchObject([{ connection: first.connection }, { connection }])
    expect(events.map(({ type }) => type)).not.toContain('disconnected')
  })

  test('and reloading the callback page tells the same connection', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const second = await connect(scene)
    for (const page of [second.reload(), first.reload()])
      expect(await outcome(scene.open(page))).toMatchObject({
        status: 'connected',
        connection: { id: first.connection.id, connectedAt: second.connection.connectedAt },
      })
  })
})

describe('a connection stays beside the new one', () => {
  /** Two connections, of which the first one's page is gone unless the test says otherwise. */
  async function expectBoth(scene: Scene, first: Connection, second: Connection) {
    expect(first.id).not.toBe(second.id)
    expect(await ids(scene)).toEqual([first.id, second.id])
  }

  test('while a page has its tokens, and that page goes on to use them', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    const second = await connect(scene)
    await expectBoth(scene, first.connection, second.connection)
    const tokens = await until(first.client.tokens('bank', { connection: first.connection.id }), 'connected')
    expect((await tokens.fetch('/accounts')).status).toBe(200)
  })

  test.each(['absent', 'refused'] as const)('where Web Locks are %s', async (webLocks) => {
    const scene = createScene(network, { webLocks })
    const first = await connect(scene)
    first.hide()
    const second = await connect(scene)
    await expectBoth(scene, first.connection, second.connection)
  })

  test('of another person', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    scene.server.subject = 'user-2'
    await expectBoth(scene, first.connection, (await connect(scene)).connection)
  })

  test('of another user of the app', async () => {
    const scene = createScene(network)
    const first = await connect(scene, { setting: { subject: 'anna' } })
    first.hide()
    const second = await connect(scene, { setting: { subject: 'berta' } })
    await expectBoth(scene, first.connection, second.connection)
  })

  test('with scope that the new one does not have', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const second = await connect(scene, { visit: { scope: 'openid accounts' } })
    await expectBoth(scene, first.connection, second.connection)
  })

  test('with another API', async () => {
    const scene = createScene(network)
    const first = await connectWith(scene, oidc({ ...options, api: 'https://other.example/api' }))
    first.client.dispose()
    const second = await connectWith(scene, oidc(options))
    await expectBoth(scene, first.connection, second.connection)
  })

  test.each([
    ['issuer', 'https://as.example', 'https://as2.example'],
    ['client id', 'client-1', 'client-2'],
  ])('with another %s', async (_which, now, before) => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const key = connectionKey(first.connection.id)
    const record = (await scene.browser.records()).get(key) as ConnectionRecord
    const binding = record.binding?.replace(`"${now}"`, `"${before}"`)
    expect(binding).not.toBe(record.binding)
    await scene.browser.tamper(key, { ...record, binding })
    await expectBoth(scene, first.connection, (await connect(scene)).connection)
  })

  test('at the same server under another name', async () => {
    const scene = createScene(network)
    const bank = oidc(options)
    const page = scene.browser.open()
    const setting = { subject: singleUser, providers: { bank, second: bank } } as const
    const leaving = page.leaving()
    const begun = createClient({ ...setting, platform: page.platform })
    void begun.authorization('second').authorizeAsync()
    const back = scene.browser.open(scene.server.visit(await leaving))
    const { connection } = await until(
      createClient({ ...setting, platform: back.platform }).callback,
      'connected',
    )
    back.hide()
    await expectBoth(scene, connection, (await connect(scene)).connection)
  })

  test('where no ID Token said whose it is', async () => {
    const scene = createScene(network)
    const bank = apiture({ ...options, scope: 'openid accounts' })
    scene.server.hostile.tokens = ({ id_token: _, ...body }) => body
    const first = await connectWith(scene, bank)
    first.client.dispose()
    const second = await connectWith(scene, bank)
    await expectBoth(scene, first.connection, second.connection)
  })

  test('where tokens outlive the page', async () => {
    const scene = createScene(network)
    const bank = oidc({ ...options, persistTokens: true })
    const first = await connectWith(scene, bank)
    first.client.dispose()
    const second = await connectWith(scene, bank)
    await expectBoth(scene, first.connection, second.connection)
    await until(second.client.tokens('bank', { connection: first.connection.id }), 'connected')
  })

  test('where another one is renewed', async () => {
    const scene = createScene(network)
    const [first, second] = [await connect(scene), await connect(scene)]
    first.hide()
    second.hide()
    const { connection } = await connect(scene, { input: { connection: first.connection.id } })
    await expectBoth(scene, second.connection, connection)
    expect(connection.id).toBe(first.connection.id)
  })

  test.each<[string, Partial<Record<keyof ConnectionRecord, unknown>>]>([
    ['without what it is bound to, as an older version stored it', { binding: undefined }],
    ['without the person', { idTokenSubject: undefined }],
    [
      'with a damaged scope',
      { connection: { id: 'damaged', provider: 'bank', grantedScope: null, connectedAt: 1 } },
    ],
  ])('whose record is %s', async (_what, changes) => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const records = await scene.browser.records()
    const record = {
      ...(records.get(connectionKey(first.connection.id)) as object),
      ...changes,
    } as ConnectionRecord
    await scene.browser.tamper(connectionKey(first.connection.id), undefined)
    await scene.browser.tamper(connectionKey(record.connection.id), record)
    const second = await connect(scene)
    await expectBoth(scene, record.connection, second.connection)
  })
})

/** A real database whose reading and writing a test comes between. */
function watched(hooks: { entries?: () => Promise<unknown>; change?: () => Promise<unknown> }): Database {
  const real = openDatabase('countersign')
  return {
    ...real,
    async entries() {
      const found = await real.entries()
      await hooks.entries?.()
      return found
    },
    async change(keys, change) {
      // The one that stores the connection.
      if (keys.length > 1 && keys.some((key) => key.startsWith(connectionKey('')))) await hooks.change?.()
      return real.change(keys, change)
    },
  }
}

describe('between the look for connections without a page and the write', () => {
  test('a page that comes back from the back/forward cache keeps its connection', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const url = await scene.consent()
    scene.browser.clock.advance(10)
    const entries = vi.fn(async () => {
      // It has the code's answer by now: this is the reading that looks for them.
      if (scene.server.requests.token.length === 2 && first.isAway) {
        first.isAway = false
        first.show()
        await settled()
      }
    })
    const second = scene.open(url, { database: watched({ entries }) })
    const { connection } = await until(second.client.callback, 'connected')
    expect(first.isAway).toBe(false)
    expect(await ids(scene)).toEqual([first.connection.id, connection.id])
    expect(connection.id).not.toBe(first.connection.id)
  })

  test('a page that would take the lock waits, and finds the connection renewed', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const url = await scene.consent()
    const change = vi.fn(async () => {
      first.show()
      await settled()
      expect(scene.browser.lockNames()).toContain(`held:${first.connection.id}`)
    })
    const second = scene.open(url, { database: watched({ change }) })
    const { connection } = await until(second.client.callback, 'connected')
    expect(change).toHaveBeenCalledOnce()
    expect(await ids(scene)).toEqual([first.connection.id])
    expect(connection.id).toBe(first.connection.id)
    const tokens = await until(first.client.tokens('bank'), 'connected')
    expect((await tokens.fetch('/accounts')).status).toBe(200)
  })

  test('a connection that is disconnected is not brought back', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    const elsewhere = scene.open(first.reload())
    const { disconnect } = await until(elsewhere.client.tokens('bank'), 'reauthorization_required')
    const url = await scene.consent()
    const second = scene.open(url, { database: watched({ change: disconnect }) })
    const { connection } = await until(second.client.callback, 'connected')
    expect(connection.id).not.toBe(first.connection.id)
    expect(await ids(scene)).toEqual([connection.id])
  })

  test('a connection that is made at the same time stays: of two, one gets the place', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const urls = [await scene.consent(), await scene.consent()]
    const pages = urls.map((url) => scene.open(url))
    const made = await Promise.all(pages.map(({ client }) => until(client.callback, 'connected')))
    const [one, two] = made.map(({ connection }) => connection.id)
    expect(one).not.toBe(two)
    expect([one, two]).toContain(first.connection.id)
    expect((await ids(scene)).sort()).toEqual([one, two].sort())
    for (const [index, { client }] of pages.entries())
      await until(client.tokens('bank', { connection: [one, two][index] }), 'connected')
  })
})

describe('the write', () => {
  test('is one: where it fails the old connection is there, and resume() takes its place', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const before = await stored(scene)
    let isFull = true
    const change = async () => {
      if (isFull) throw new StorageError()
    }
    const app = scene.open(await scene.consent(), { database: watched({ change }) })
    const failed = await until(app.client.callback, 'failed')
    expect(await stored(scene)).toEqual(before)
    // That of the answer alone: it waits in this page.
    expect(scene.browser.lockNames()).toEqual([expect.stringMatching(/^answer:/)])
    isFull = false
    if (!('resumeAsync' in failed)) throw new Error('It cannot be resumed.')
    const twice = [failed.resumeAsync(), failed.resumeAsync()]
    for (const told of await Promise.all(twice))
      expect(told).toMatchObject({ status: 'connected', connection: { id: first.connection.id } })
    expect(await ids(scene)).toEqual([first.connection.id])
    await until(app.client.tokens('bank'), 'connected')
    expect(scene.browser.lockNames()).toEqual([`held:${first.connection.id}`])
  })

  test('leaves the connections of providers with a backend alone', async () => {
    const scene = createScene(network)
    const app = scene.open(scene.backend.visit(await scene.leave(scene.open(), 'mediated')))
    const { connection } = await until(app.client.callback, 'connected')
    app.hide()
    const second = await connect(scene)
    expect((await ids(scene)).sort()).toEqual([connection.id, second.connection.id].sort())
    expect(scene.browser.lockNames()).toEqual([`held:${second.connection.id}`])
  })
})

describe('the lock of a connection', () => {
  const lockOf = ({ id }: Connection) => `held:${id}`

  test('is held while the page is there, and given back when it is left', async () => {
    const scene = createScene(network)
    const app = await connect(scene)
    expect(scene.browser.lockNames()).toEqual([lockOf(app.connection)])
    app.hide()
    await settled()
    expect(scene.browser.lockNames()).toEqual([])
  })

  test('is taken again by a page that comes back, which goes on with its tokens', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    first.show()
    await settled()
    expect(scene.browser.lockNames()).toEqual([lockOf(first.connection)])
    const second = await connect(scene)
    expect(await ids(scene)).toEqual([first.connection.id, second.connection.id])
  })

  test('is not taken by a page that is left again at once', async () => {
    const scene = createScene(network)
    const app = await connect(scene)
    for (const step of ['hide', 'show', 'hide'] as const) app[step]()
    await settled()
    expect(scene.browser.lockNames()).toEqual([])
  })

  test('is not taken again for a connection that is gone', async () => {
    const scene = createScene(network)
    const app = await connect(scene)
    app.hide()
    await scene.browser.tamper(connectionKey(app.connection.id), undefined)
    app.show()
    await settled()
    expect(scene.browser.lockNames()).toEqual([])
  })

  test('is held by a page whose connection was renewed while it was in the back/forward cache', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const second = await connect(scene)
    expect(second.connection.id).toBe(first.connection.id)
    first.show()
    second.hide()
    await settled()
    const tokens = await until(first.client.tokens('bank'), 'connected')
    expect((await tokens.fetch('/accounts')).status).toBe(200)
    const third = await connect(scene)
    expect(third.connection.id).not.toBe(first.connection.id)
  })

  test('is waited for by a page that renews the connection while another takes the place: both go on', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const { id } = first.connection
    const urls = [await scene.consent(), await scene.consent({ connection: id })]
    let renewal: App | undefined
    const change = async () => {
      renewal = scene.open(urls[1])
      // It has its tokens then, and does not write before this page has.
      while (!scene.browser.awaitedLockNames().includes(`held:${id}`)) await settled()
      for (let turn = 0; turn < 20; turn++) await settled()
      expect(renewal.client.callback.get()).toEqual({ status: 'pending' })
    }
    const other = scene.open(urls[0], { database: watched({ change }) })
    await until(other.client.callback, 'connected')
    for (const app of [other, renewal as unknown as App]) {
      expect((await until(app.client.callback, 'connected')).connection.id).toBe(id)
      expect((await (await until(app.client.tokens('bank'), 'connected')).fetch('/accounts')).status).toBe(
        200,
      )
    }
    expect(await ids(scene)).toEqual([id])
  })

  test('is one, however often the page renews the connection', async () => {
    const scene = createScene(network)
    const popups = [createPopup(), createPopup()]
    const app = scene.open('/', { popup: [...popups] })
    let connection: string | undefined
    for (const popup of popups) {
      const { authorizeAsync: authorize } = app.client.authorization('bank', { display: 'popup', connection })
      const told = authorize()
      while (popup.shows === '') await settled()
      scene.open(scene.server.visit(popup.shows))
      const state = await told
      if (state.status !== 'connected') throw new Error(state.status)
      connection ??= state.connection.id
      expect(state.connection.id).toBe(connection)
    }
    expect(scene.browser.lockNames()).toEqual([`held:${String(connection)}`])
    const { disconnect } = await until(app.client.tokens('bank'), 'connected')
    await disconnect()
    await settled()
    expect(scene.browser.lockNames()).toEqual([])
  })

  test.each<[string, (app: App) => unknown]>([
    ['is disconnected', async ({ client }) => (await until(client.tokens('bank'), 'connected')).disconnect()],
    ['is of a user who has signed out', ({ client }) => client.setSubject(null)],
    ['is of a client that was disposed', ({ client }) => client.dispose()],
  ])('is given back when the connection %s', async (_what, end) => {
    const scene = createScene(network, { subject: 'anna' })
    const app = await connect(scene)
    // From behind another tab, where it kept the lock.
    app.show()
    await settled()
    await end(app)
    await settled()
    expect(scene.browser.lockNames()).toEqual([])
    // Nothing is left that would take it again.
    app.hide()
    app.show()
    await settled()
    expect(scene.browser.lockNames()).toEqual([])
  })

  test('is given back when the server accepts the tokens no more, and the next connection takes the place', async () => {
    const scene = createScene(network)
    const app = await connect(scene, { visit: { scope: 'openid accounts' } })
    const tokens = await until(app.client.tokens('bank'), 'connected')
    scene.browser.clock.advance(7200)
    await expect(tokens.fetch('/accounts')).rejects.toMatchObject({ code: 'reauthorization_required' })
    await settled()
    expect(scene.browser.lockNames()).toEqual([])
    expect((await connect(scene)).connection.id).toBe(app.connection.id)
  })
})

describe('a page whose connection another page disconnects', () => {
  /** The connection is disconnected by a page that has no tokens of it. */
  async function disconnectElsewhere(scene: Scene) {
    const { client } = scene.open()
    const { disconnect } = await until(client.tokens('bank'), 'reauthorization_required')
    await disconnect()
    client.dispose()
  }

  test('revokes the tokens that only it has', async () => {
    const scene = createScene(network)
    const app = await connect(scene)
    await disconnectElsewhere(scene)
    await until(app.client.tokens('bank'), 'disconnected')
    await eventually(() => expect(revoked(scene)).toEqual(['refresh_token', 'access_token']))
  })

  test('does so when it comes out of the back/forward cache', async () => {
    const scene = createScene(network)
    const app = await connect(scene)
    app.hide()
    app.platform.tabs.close() // a page in the cache hears nothing
    await disconnectElsewhere(scene)
    expect(revoked(scene)).toEqual([])
    app.show()
    await eventually(() => expect(revoked(scene)).toEqual(['refresh_token', 'access_token']))
    expect(app.client.tokens('bank').get().status).toBe('disconnected')
  })

  test('revokes, beside those of the page that disconnects, its own of before', async () => {
    const scene = createScene(network)
    const first = await connect(scene)
    first.hide()
    const second = await connect(scene)
    first.show()
    await settled()
    const { disconnect } = await until(second.client.tokens('bank'), 'connected')
    expect(await disconnect()).toEqual({ revoked: true })
    await eventually(() => expect(revoked(scene)).toHaveLength(4))
    const sent = scene.server.requests.revocation.map(({ form }) => form.get('token'))
    expect(new Set(sent).size).toBe(4)
  })

  test('revokes nothing when storage was cleared: nobody has asked for that', async () => {
    const scene = createScene(network)
    const app = await connect(scene)
    await scene.browser.tamper(connectionKey(app.connection.id), undefined)
    app.show()
    await until(app.client.tokens('bank'), 'disconnected')
    await settled()
    expect(revoked(scene)).toEqual([])
  })

  test('says nothing where revoking fails', async () => {
    const scene = createScene(network)
    const app = await connect(scene)
    scene.server.hostile.revocation = () => new Response(null, { status: 503 })
    await disconnectElsewhere(scene)
    await eventually(() => expect(revoked(scene)).not.toEqual([]))
    expect(app.client.tokens('bank').get()).toEqual({ status: 'disconnected' })
  })

  test('learns of it from a note, which holds nothing of the connection and goes after a day', async () => {
    const scene = createScene(network)
    const app = await connect(scene)
    await disconnectElsewhere(scene)
    const key = disconnectedKey(app.connection.id)
    const expiresAt = scene.browser.clock.now() + 24 * 3600
    expect((await scene.browser.records()).get(key)).toEqual({ v: 1, phase: 'disconnected', expiresAt })
    await until(scene.open().client.connections, 'ready')
    expect((await scene.browser.records()).has(key)).toBe(true)
    scene.browser.clock.advance(24 * 3600 + 1)
    await until(scene.open().client.connections, 'ready')
    expect((await scene.browser.records()).has(key)).toBe(false)
  })
})
