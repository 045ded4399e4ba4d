import type { EndedTransaction } from '../../../src/core/records/transaction.js'
import { metadataKey, transactionKey } from '../../../src/core/records/keys.js'
import { createClient, singleUser, type CommonInput } from 'countersign/core'
import { apiture, type ApitureOptions } from 'countersign/providers'
import { HttpResponse } from 'msw'
import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, test } from 'vitest'
import type { ContractErrorCode } from '../../../src/protocol/contract.js'
import { openDatabase } from '../../../src/platform/database.js'
import { AuthorizationResponseError, StorageError } from '../../../src/protocol/errors.js'
import { createScene, providers, stateOf, type App, type Scene } from '../../support/app.js'
import { holdAnswers, refusal as refusedWith } from '../../support/backend.js'
import { openNetwork } from '../../support/network.js'
import { interrupted, once } from '../../support/noise.js'
import { outcome, refusal } from '../../support/outcome.js'
import { eventually, settled, until } from '../../support/until.js'

const network = openNetwork()

describe('a code that comes back', () => {
  test('becomes a connection', async () => {
    const { browser, consent, open } = createScene(network)
    const app = open(await consent({ returnTo: '/accounts?tab=1' }))
    expect(await outcome(app)).toEqual({
      status: 'connected',
      provider: 'bank',
      returnTo: '/accounts?tab=1',
      connection: {
        id: expect.any(String) as string,
        provider: 'bank',
        status: 'connected',
        grantedScope: ['openid', 'accounts', 'offline_access'],
        missingScope: [],
        connectedAt: browser.clock.now(),
        details: {},
      },
    })
  })

  test('tells which scope was not granted', async () => {
    const { consent, open } = createScene(network)
    const state = await outcome(open(await consent({}, { scope: 'accounts openid' })))
    expect(state).toMatchObject({
      connection: { grantedScope: ['accounts', 'openid'], missingScope: ['offline_access'] },
    })
  })

  test('is redeemed with the verifier and the redirect URI of its own transaction', async () => {
    const { browser, leave, open, server } = createScene(network)
    const app = open()
    const [first, second] = [server.visit(await leave(app)), server.visit(await leave(open()))]
    const transactions = await browser.records()
    for (const url of [second, first]) {
      await outcome(open(url))
      expect(Object.fromEntries(server.requests.token.at(-1)?.form ?? [])).toMatchObject({
        code_verifier: (transactions.get(transactionKey(stateOf(url))) as { codeVerifier: string })
          .codeVerifier,
        redirect_uri: 'https://app.example/callback/bank',
      })
    }
    expect(server.requests.token).toHaveLength(2)
  })

  test.each([-300, 300])('is good when the clock of the server is %i s off', async (aheadSeconds) => {
    const { consent, open, server, serverClock } = createScene(network)
    serverClock.aheadSeconds = aheadSeconds
    const app = open(await consent())
    await outcome(app)
    const tokens = await until(app.client.tokens('bank'), 'connected')
    // A lifetime is counted from the answer, whatever either clock says.
    const before = await tokens.getAccessToken()
    expect(tokens.expiresAt).toBe(app.platform.clock.now() + 3600)
    expect(await tokens.getAccessToken()).toBe(before)
    expect(server.requests.token).toHaveLength(1)
  })

  test.each([
    [-50, 50],
    [600, -600],
    [-1380, 1380],
  ])('is good on a device whose clock is wrong: the server is %i minutes ahead', async (minutes, told) => {
    const { consent, open, serverClock } = createScene(network)
    serverClock.aheadSeconds = minutes * 60
    const app = open(await consent())
    await until(app.client.callback, 'connected')
    expect(app.events).toContainEqual(
      expect.objectContaining({ type: 'clock_differs', detail: String(told) }),
    )
  })

  test('is refused on a device whose clock is wrong by more than a day, which is told by how much', async () => {
    const { consent, open, serverClock } = createScene(network)
    serverClock.aheadSeconds = -25 * 3600
    const state = await until(open(await consent()).client.callback, 'failed')
    expect(state.error).toMatchObject({ code: 'id_token_invalid', parameter: 'exp' })
    expect(state.error.message).toMatch(/clock of this device is probably wrong by about 25 hours/)
  })

  test('is refused before anybody is sent away where the metadata names no keys', async () => {
    const { open, server } = createScene(network)
    server.hostile.metadata = ({ jwks_uri: _, ...metadata }) => metadata
    const { authorizeAsync } = open().client.authorization('bank')
    expect(await authorizeAsync()).toMatchObject({
      status: 'failed',
      error: { code: 'metadata_invalid', parameter: 'jwks_uri', recovery: 'configure' },
    })
  })

  test('is not spent where the metadata has no keys any more', async () => {
    const { browser, consent, open, server } = createScene(network)
    const url = await consent()
    server.hostile.metadata = ({ jwks_uri: _, ...metadata }) => metadata
    await browser.tamper(metadataKey('bank'), undefined)
    expect(await outcome(open(url))).toMatchObject({
      error: { code: 'metadata_invalid', parameter: 'jwks_uri' },
    })
    expect(server.requests.token).toEqual([])
  })

  test('is refused when the server signs by another algorithm than its metadata said, which is asked again', async () => {
    const { consent, open, server } = createScene(network)
    server.hostile.metadata = (metadata) => ({
      ...metadata,
      id_token_signing_alg_values_supported: ['RS256'],
    })
    expect(await refusal(open(await consent()))).toEqual({ code: 'id_token_invalid', parameter: 'alg' })
    delete server.hostile.metadata
    expect(await outcome(open(await consent()))).toMatchObject({ status: 'connected' })
  })

  test('renews a connection in place', async () => {
    const { consent, open } = createScene(network)
    const first = await outcome(open(await consent()))
    if (first.status !== 'connected') throw new Error(first.status)
    const { id } = first.connection
    expect(await outcome(open(await consent({ connection: id })))).toMatchObject({ connection: { id } })
  })

  describe('that renews a connection', () => {
    test('tells what was granted before, whoever asks and however late', async () => {
      const { browser, consent, open } = createScene(network)
      const first = await until(open(await consent()).client.callback, 'connected')
      expect(first).not.toHaveProperty('previous')
      const { id, grantedScope, details } = first.connection
      const url = await consent({ connection: id }, { scope: 'openid accounts' })
      const pages = [open(url), open(url), open(url)]
      const told = await Promise.all(pages.map(outcome))
      expect(told.map((state) => 'previous' in state && state.previous)).toEqual(
        Array.from({ length: 3 }, () => ({ grantedScope, details })),
      )
      browser.clock.advance(60)
      expect(await outcome(open(url))).toMatchObject({
        connection: { id, grantedScope: ['openid', 'accounts'] },
        previous: { grantedScope, details },
      })
    })

    test.each(['mediated', 'bff'] as const)('tells the details of before in %s mode', async (name) => {
      const { backend, browser, leave, open } = createScene(network)
      const share = (accounts: readonly string[]) => {
        backend.hostile.body = (body) =>
          'connection' in body
            ? { ...body, connection: { ...(body['connection'] as object), details: { accounts } } }
            : body
      }
      share(['6', '7'])
      const url = backend.visit(await leave(open(), name))
      const first = await until(open(url).client.callback, 'connected')
      browser.clock.advance(60)
      share(['6'])
      const renewal = backend.visit(await leave(open(), name, { connection: first.connection.id }))
      expect(await outcome(open(renewal))).toMatchObject({
        connection: { details: { accounts: ['6'] } },
        previous: { details: { accounts: ['6', '7'] } },
      })
    })

    test('tells it although the list of the backend has brought the renewal before its answer', async () => {
      const { backend, browser, leave, open } = createScene(network)
      const url = backend.visit(await leave(open(), 'mediated', { scope: 'openid accounts' }))
      const first = await until(open(url).client.callback, 'connected')
      browser.clock.advance(3601)
      const { id } = first.connection
      const app = open()
      const renewal = backend.visit(await leave(app, 'mediated', { connection: id, scope: 'openid' }))
      backend.hostile.lose = ({ path }) => path === '/mediated/token'
      const lost = await until(open(renewal).client.callback, 'failed')
      await app.client.connections.refreshAsync()
      const key = `connection:${id}`
      expect((await browser.records()).get(key)).toMatchObject({ connection: { grantedScope: ['openid'] } })
      delete backend.hostile.lose
      expect(await lost.resumeAsync?.()).toMatchObject({
        status: 'connected',
        previous: { grantedScope: ['openid', 'accounts'] },
      })
    })

    test('tells what the renewal before granted, although its own click was prepared before that one', async () => {
      const { backend, browser, leave, open } = createScene(network)
      const url = backend.visit(await leave(open(), 'mediated', { scope: 'openid accounts payments' }))
      const { id } = (await until(open(url).client.callback, 'connected')).connection
      const app = open()
      const second = { connection: id, scope: 'openid' }
      await app.client.authorization('mediated', second).prepareAsync()
      browser.clock.advance(60)
      const other = await leave(open(), 'mediated', { connection: id, scope: 'openid accounts' })
      await until(open(backend.visit(other)).client.callback, 'connected')
      browser.clock.advance(60)
      const renewal = backend.visit(await leave(app, 'mediated', second))
      backend.hostile.lose = ({ path }) => path === '/mediated/token'
      const lost = await until(open(renewal).client.callback, 'failed')
      // The list brings the renewal before its answer.
      await app.client.connections.refreshAsync()
      delete backend.hostile.lose
      expect(await lost.resumeAsync?.()).toMatchObject({
        status: 'connected',
        previous: { grantedScope: ['openid', 'accounts'] },
      })
    })
  })

  test('is refused when another person renews the connection', async () => {
    const { browser, consent, open, server } = createScene(network)
    const first = await outcome(open(await consent()))
    if (first.status !== 'connected') throw new Error(first.status)
    const { id } = first.connection
    const before = (await browser.records()).get(`connection:${id}`)
    server.subject = 'user-2'
    expect(await refusal(open(await consent({ connection: id })))).toEqual({
      code: 'other_person',
      parameter: 'sub',
    })
    expect((await browser.records()).get(`connection:${id}`)).toEqual(before)
    expect((await outcome(open(await consent()))).status).toBe('connected')
  })

  test('is of the same person, whatever scope the application asks for', async () => {
    const { browser, consent, open, server } = createScene(network)
    const first = await outcome(open(await consent()))
    if (first.status !== 'connected') throw new Error(first.status)
    const { id } = first.connection
    const before = (await browser.records()).get(`connection:${id}`)
    server.subject = 'user-2'
    const less = { connection: id, scope: 'accounts offline_access' }
    expect(await refusal(open(await consent(less)))).toEqual({ code: 'other_person', parameter: 'sub' })
    expect((await browser.records()).get(`connection:${id}`)).toEqual(before)
    server.subject = 'user-1'
    expect(await outcome(open(await consent(less)))).toMatchObject({ connection: { id } })
  })

  test('that renews a connection which has been disconnected meanwhile makes a new one', async () => {
    const { consent, open, server } = createScene(network)
    const app = open(await consent())
    const first = await outcome(app)
    if (first.status !== 'connected') throw new Error(first.status)
    const { id } = first.connection
    const url = await consent({ connection: id })
    await (await until(app.client.tokens('bank'), 'connected')).disconnect()
    server.subject = 'user-2'
    const second = await outcome(open(url))
    if (second.status !== 'connected') throw new Error(second.status)
    expect(second.connection.id).not.toBe(id)
  })

  test.each(['bank', 'mediated', 'bff'] as const)(
    'of a renewal brings nothing back that the person disconnects while its answer is under way: %s',
    async (name) => {
      const { backend, browser, leave, open, server } = createScene(network)
      const visit = async (input: CommonInput) => {
        const url = await leave(open(), name, input)
        return name === 'bank' ? server.visit(url) : backend.visit(url)
      }
      const page = open(await visit({}))
      const first = await outcome(page)
      if (first.status !== 'connected') throw new Error(first.status)
      const { id } = first.connection
      const url = await visit({ connection: id })
      const { disconnect } = await until(page.client.tokens(name), 'connected')
      const path = `/${name}/token`
      const release = holdAnswers(backend, path)
      server.hostile.token = () =>
        new Promise((resolve) => {
          server.hostile.token = () => undefined
          letGo = () => {
            resolve(undefined)
          }
        })
      let letGo = release
      const app = open(url)
      await eventually(() => {
        const calls = backend.calls.filter((call) => call.path === path)
        expect(server.requests.token.length + calls.length).toBe(2)
      })
      await disconnect()
      letGo()
      expect(await outcome(app)).toMatchObject({ status: 'cancelled' })
      expect(app.client.connections.get()).toMatchObject({ connections: [] })
      expect([...(await browser.records()).keys()].filter((key) => key.endsWith(id))).toEqual([
        `disconnected:${id}`,
      ])
      expect(app.events.filter(({ type }) => type === 'transaction_ended')).toMatchObject([
        { detail: 'cancelled' },
      ])
      if (name !== 'bank') return
      // The answer's tokens, beside those of before.
      await eventually(() => {
        expect(server.requests.revocation.length).toBeGreaterThan(2)
      })
    },
  )
})

describe('where ID Tokens may be absent', () => {
  const issuer = 'https://as.example'

  /** A page of an app whose provider is known to send none. */
  function lenient(scene: Scene, options: Partial<ApitureOptions> = {}) {
    const { scope } = providers.bank
    const bank = apiture({ clientId: 'client-1', issuer, scope, ...options })
    const open = (address: string) => {
      const page = scene.browser.open(address)
      return {
        page,
        client: createClient({ subject: singleUser, providers: { bank }, platform: page.platform }),
      }
    }
    return {
      open,
      async consent(input: CommonInput = {}) {
        const { page, client } = open('/')
        const url = page.leaving()
        void client.authorization('bank', input).authorizeAsync()
        return scene.server.visit(await url)
      },
    }
  }
  const without = ({ id_token: _none, ...body }: Record<string, unknown>) => body

  test('a connection of a known person is not renewed without one', async () => {
    const scene = createScene(network)
    const { consent, open } = lenient(scene, { persistTokens: true })
    const { connection } = await until(open(await consent()).client.callback, 'connected')
    const before = await scene.browser.records()
    scene.server.subject = 'user-2'
    scene.server.hostile.tokens = without
    expect(await refusal(open(await consent({ connection: connection.id })))).toEqual({
      code: 'person_unknown',
      parameter: 'id_token',
    })
    const after = await scene.browser.records()
    for (const key of [`connection:${connection.id}`, `tokens:${connection.id}`])
      expect([key, after.get(key)]).toEqual([key, before.get(key)])
  })

  test('a connection of nobody that is known is `unproven`, and is renewed without one', async () => {
    const scene = createScene(network)
    const { consent, open } = lenient(scene)
    scene.server.hostile.tokens = without
    const { connection } = await until(open(await consent()).client.callback, 'connected')
    expect(connection.identity).toBe('unproven')
    scene.server.subject = 'user-2'
    const { client } = open(await consent({ connection: connection.id }))
    const renewed = (await until(client.callback, 'connected')).connection
    expect(renewed).toMatchObject({ id: connection.id, identity: 'unproven' })
    // From then on there is somebody to compare with.
    delete scene.server.hostile.tokens
    const named = open(await consent({ connection: connection.id }))
    expect((await until(named.client.callback, 'connected')).connection).not.toHaveProperty('identity')
    scene.server.subject = 'user-1'
    expect(await refusal(open(await consent({ connection: connection.id })))).toEqual({
      code: 'other_person',
      parameter: 'sub',
    })
  })

  test('the first one, of a refresh, says who may renew the connection', async () => {
    const scene = createScene(network)
    const { consent, open } = lenient(scene, { persistTokens: true })
    scene.server.hostile.tokens = without
    const { client } = open(await consent())
    const { connection } = await until(client.callback, 'connected')
    const tokens = await until(client.tokens('bank'), 'connected')
    scene.browser.clock.advance(3600)
    delete scene.server.hostile.tokens
    await tokens.getAccessToken()
    scene.server.subject = 'user-2'
    expect(await refusal(open(await consent({ connection: connection.id })))).toEqual({
      code: 'other_person',
      parameter: 'sub',
    })
  })
})

describe('exactly once', () => {
  test('a second reader and a second subscriber see the same result of one request', async () => {
    const { consent, open, server } = createScene(network)
    const { client } = open(await consent())
    const [one, two] = await Promise.all([
      until(client.callback, 'connected'),
      until(client.callback, 'connected'),
    ])
    expect(one).toBe(two)
    expect(server.requests.token).toHaveLength(1)
  })

  test('three pages with the same URL at once send one request and tell the same', async () => {
    const { consent, open, server } = createScene(network)
    const url = await consent()
    const states = await Promise.all([open(url), open(url), open(url)].map(outcome))
    expect(states.map(({ status }) => status)).toEqual(['connected', 'connected', 'connected'])
    expect(new Set(states.map((state) => 'connection' in state && state.connection.id)).size).toBe(1)
    expect(server.requests.token).toHaveLength(1)
  })

  test('a second client on the callback page finds the result by the history entry', async () => {
    const { consent, open, server } = createScene(network)
    const page = open(await consent())
    const second = open(page)
    expect((await outcome(page)).status).toBe('connected')
    expect((await outcome(second)).status).toBe('connected')
    expect(server.requests.token).toHaveLength(1)
  })

  test('the URL opened again, as a bookmark or by the back button, tells the result again', async () => {
    const { consent, open, server } = createScene(network)
    const url = await consent()
    const first = await outcome(open(url))
    const again = await outcome(open(url))
    expect(again).toMatchObject({ status: 'connected' })
    expect('connection' in again && again.connection.id).toBe('connection' in first && first.connection.id)
    expect(server.requests.token).toHaveLength(1)
  })

  test('a reload tells the result again', async () => {
    const { consent, open, server } = createScene(network)
    const app = open(await consent())
    await outcome(app)
    expect((await outcome(open(app.reload()))).status).toBe('connected')
    expect(server.requests.token).toHaveLength(1)
  })

  test('a page out of the back/forward cache sends nothing again', async () => {
    const { consent, open, server } = createScene(network)
    const app = open(await consent())
    const state = await outcome(app)
    app.show()
    await settled()
    expect(app.client.callback.get()).toBe(state)
    expect(server.requests.token).toHaveLength(1)
  })

  test('a code that was redeemed long ago is unknown', async () => {
    const { browser, consent, leave, open, server } = createScene(network)
    const url = await consent()
    await outcome(open(url))
    browser.clock.advance(3601)
    await leave(open())
    const key = transactionKey(stateOf(url))
    await eventually(async () => expect((await browser.records()).has(key)).toBe(false))
    expect(await refusal(open(url))).toEqual({ code: 'state_unknown' })
    expect(server.requests.token).toHaveLength(1)
  })

  test('a page waits for another that is at it, and can be asked again when that takes too long', async () => {
    const { browser, consent, open } = createScene(network)
    const url = await consent()
    const lock = await lockName(url)
    const release = browser.hold(lock)
    const app = open(url)
    while (browser.waiting(lock) === 0) await settled()
    expect(app.client.callback.get()).toEqual({ status: 'pending' })
    browser.clock.advance(61)
    const state = await until(app.client.callback, 'failed')
    expect(state.error).toMatchObject({
      name: 'TransactionError',
      code: 'transaction_in_use',
      recovery: 'resume',
    })
    release()
    expect((await state.resumeAsync?.())?.status).toBe('connected')
  })

  test('a page that gives up waiting for another tells nobody that what has connected did not come about', async () => {
    const { browser, consent, open, server } = createScene(network)
    server.hostile.token = () => HttpResponse.error()
    const url = await consent()
    const first = open(url)
    await until(first.client.callback, 'failed')
    first.client.dispose()
    const lock = await lockName(url)
    const release = browser.hold(lock)
    const { connections } = open('/accounts').client
    while (browser.waiting(lock) === 0) await settled()
    const key = transactionKey(stateOf(url))
    const sent = (await browser.records()).get(key) as object
    await browser.tamper(key, { ...sent, phase: 'done', connectionId: 'made-elsewhere' })
    browser.clock.advance(61)
    await settled()
    release()
    await connections.refreshAsync()
    expect((await browser.records()).get(key)).not.toHaveProperty('outcome')
    expect(connections.get()).toMatchObject({ abandoned: [] })
  })

  async function lockName(url: string): Promise<string> {
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(stateOf(url)))
    return `tx:${Buffer.from(hash).toString('base64url')}`
  }
})

describe('the outcome is told from what was stored, whatever the page hears in that moment', () => {
  const modes = ['bank', 'mediated', 'bff'] as const
  type Mode = (typeof modes)[number]

  /** Connects up to the URL that the browser is sent back to. */
  async function approve(scene: Scene, mode: Mode): Promise<string> {
    const app = scene.open()
    const url = await scene.leave(app, mode, { returnTo: '/accounts?tab=1' })
    app.client.dispose()
    return (mode === 'bank' ? scene.server : scene.backend).visit(url)
  }

  /** What may happen in a page at any moment. */
  const events: Readonly<Record<string, (scene: Scene, page: App) => unknown>> = {
    announcements: ({ browser }) => {
      browser.post({ v: 1, id: 'of-another-tab' })
    },
    'looks at the page': (_scene, page) => {
      page.show()
    },
  }

  /** The database of a page in which that happens for as long as nothing is told. */
  const amid = (event: string, scene: Scene, page: () => App) =>
    interrupted(() => {
      if (page().client.callback.get().status === 'pending') events[event]?.(scene, page())
    })

  const connected = (mode: Mode, status = 'connected') => ({
    status: 'connected',
    provider: mode,
    returnTo: '/accounts?tab=1',
    connection: { provider: mode, status, grantedScope: ['openid', 'accounts', 'offline_access'] },
  })
  /** Of tokens that are in the memory of another page. */
  const elsewhere = (mode: Mode) =>
    connected(mode, mode === 'bank' ? 'reauthorization_required' : 'connected')

  const cases = modes.flatMap((mode) => Object.keys(events).map((event) => [mode, event] as const))

  test.each(cases)('%s: by the page that redeems, amid %s', async (mode, event) => {
    const scene = createScene(network)
    const app: App = scene.open(await approve(scene, mode), {
      database: amid(event, scene, () => app),
    })
    expect(await outcome(app)).toMatchObject(connected(mode))
    expect(await until(app.client.connections, 'ready')).toMatchObject({ connections: [{ provider: mode }] })
  })

  test.each(cases)('%s: by a second tab on the same URL, amid %s', async (mode, event) => {
    const scene = createScene(network)
    const url = await approve(scene, mode)
    const apps: readonly App[] = [0, 1].map((index) =>
      scene.open(url, { database: amid(event, scene, () => apps[index] as App) }),
    )
    const states = await Promise.all(apps.map(outcome))
    expect(states).toMatchObject([connected(mode), elsewhere(mode)])
  })

  test.each(cases)('%s: by a page that is loaded again, amid %s', async (mode, event) => {
    const scene = createScene(network)
    const app = scene.open(await approve(scene, mode))
    await outcome(app)
    const again: App = scene.open(app.url, {
      historyState: app.historyState,
      database: amid(event, scene, () => again),
    })
    expect(await outcome(again)).toMatchObject(elsewhere(mode))
  })

  test.each(modes)('%s: when the backend has just said which connections there are', async (mode) => {
    const scene = createScene(network)
    const url = await approve(scene, mode)
    // The page that was left has asked for them as well.
    await eventually(async () => expect((await scene.browser.records()).has('synced:')).toBe(true))
    await scene.browser.tamper('synced:', scene.browser.clock.now() - 3601)
    const answer = holdAnswers(scene.backend, '/connections')
    const app = scene.open(url, {
      database: interrupted(
        once(async (nextRead) => {
          answer()
          await nextRead()
        }),
      ),
    })
    expect(await outcome(app)).toMatchObject(connected(mode))
  })

  test('not to the next user of the app, who signs in then', async () => {
    const scene = createScene(network, { subject: 'anna' })
    const app: App = scene.open(await approve(scene, 'bank'), {
      database: interrupted(
        once(() => {
          app.client.setSubject('berta')
        }),
      ),
    })
    expect(await outcome(app)).toEqual({ status: 'none' })
  })

  test('not of a connection that was ended since', async () => {
    const scene = createScene(network)
    const app = scene.open(await approve(scene, 'mediated'))
    await outcome(app)
    await (await until(app.client.tokens('mediated'), 'connected')).disconnect()
    expect(await outcome(scene.open(app.reload()))).toEqual({ status: 'none' })
  })

  test('without storage a second tab is told so, and reads it when asked again', async () => {
    const scene = createScene(network)
    const url = await approve(scene, 'mediated')
    await outcome(scene.open(url))
    const real = openDatabase('countersign')
    let working = false
    const app = scene.open(url, {
      database: {
        ...real,
        get: (key) => (working ? real.get(key) : Promise.reject(new StorageError())),
      },
    })
    const state = await until(app.client.callback, 'failed')
    expect(state.error.code).toBe('storage_unavailable')
    working = true
    expect(await state.resumeAsync?.()).toMatchObject(connected('mediated'))
  })
})

describe('a transaction that version 0.1 stored', () => {
  test('under its bare state is redeemed, and gets the prefix of its kind', async () => {
    const { browser, consent, open } = createScene(network)
    const url = await consent()
    const state = stateOf(url)
    await browser.tamper(state, (await browser.records()).get(transactionKey(state)))
    await browser.tamper(transactionKey(state), undefined)
    expect((await outcome(open(url))).status).toBe('connected')
    const records = await browser.records()
    expect(records.has(state)).toBe(false)
    expect(records.get(transactionKey(state))).toMatchObject({ phase: 'done' })
  })
})

describe('a response that nobody asked for', () => {
  test('is unknown, sends nothing and writes nothing', async () => {
    const { browser, open, server } = createScene(network)
    const app = open(`/callback/bank?code=stolen&state=${'s'.repeat(43)}`)
    expect(await refusal(app)).toEqual({ code: 'state_unknown' })
    expect(server.requests.token).toEqual([])
    expect([...(await browser.records()).keys()].filter((key) => key.includes('s'.repeat(43)))).toEqual([])
  })

  test('with a state that was made up is not taken for the one that is awaited', async () => {
    const { consent, open, server } = createScene(network)
    const url = await consent()
    expect(await refusal(open(`/callback/bank?code=stolen&state=${'s'.repeat(43)}`))).toEqual({
      code: 'state_unknown',
    })
    expect(server.requests.token).toEqual([])
    expect((await outcome(open(url))).status).toBe('connected')
  })

  test('without a state is refused', async () => {
    const { open, server } = createScene(network)
    expect(await refusal(open('/callback/bank?code=stolen'))).toEqual({ code: 'state_missing' })
    expect(server.requests.token).toEqual([])
  })

  test('whose state is the key of something else is unknown', async () => {
    const { consent, open, browser } = createScene(network)
    await outcome(open(await consent()))
    const before = await browser.records()
    for (const key of before.keys()) {
      if (key.startsWith(transactionKey(''))) continue
      expect(await refusal(open(`/callback/bank?code=c&state=${encodeURIComponent(key)}`))).toEqual({
        code: 'state_unknown',
      })
    }
    expect(await browser.records()).toEqual(before)
  })

  test.each(['__proto__', 'constructor', 'toString', 'undefined'])(
    'is unknown with a state such as %s',
    async (state) => {
      const { open } = createScene(network)
      expect(await refusal(open(`/callback/bank?code=c&state=${state}`))).toEqual({ code: 'state_unknown' })
    },
  )

  test.each([
    ['two codes', '&code=another', 'code'],
    ['two states', '&state=another', 'state'],
    ['two descriptions', '&error_description=a&error_description=b', 'error_description'],
    ['an error beside its code', '&error=access_denied', 'error'],
    ['an access token', '&access_token=t', 'access_token'],
    ['an empty iss', '&iss=', 'iss'],
  ])('with %s consumes nothing', async (_name, more, parameter) => {
    const { browser, consent, open, server } = createScene(network)
    const url = await consent()
    expect(await refusal(open(url + more))).toEqual({ code: 'response_malformed', parameter })
    expect(server.requests.token).toEqual([])
    expect(
      await browser.records().then((records) => records.get(transactionKey(stateOf(url)))),
    ).toMatchObject({
      phase: 'left',
    })
    expect((await outcome(open(url))).status).toBe('connected')
  })

  test('as a forged error does not end a flow that is under way', async () => {
    const { browser, consent, open } = createScene(network)
    const url = await consent()
    expect(await refusal(open('/callback/bank?error=access_denied&state=forged'))).toEqual({
      code: 'state_unknown',
    })
    expect(
      await browser.records().then((records) => records.get(transactionKey(stateOf(url)))),
    ).toMatchObject({
      phase: 'left',
    })
    expect((await outcome(open(url))).status).toBe('connected')
  })
})

describe('the issuer of a response', () => {
  const mismatch = { code: 'issuer_mismatch', parameter: 'iss' }

  test.each(['https://evil.example', 'https://as.example/', 'https://AS.example'])(
    '%s is not the one that was asked: nothing is sent, and the right answer is still awaited',
    async (iss) => {
      const { consent, open, server } = createScene(network)
      const url = await consent()
      const forged = new URL(url)
      forged.searchParams.set('iss', iss)
      expect(await refusal(open(forged.href))).toEqual(mismatch)
      expect(server.requests.token).toEqual([])
      expect((await outcome(open(url))).status).toBe('connected')
    },
  )

  test('of another server cannot end the flow by an error', async () => {
    const { consent, open } = createScene(network)
    const url = await consent()
    const forged = `/callback/bank?error=access_denied&state=${stateOf(url)}&iss=https%3A%2F%2Fevil.example`
    expect(await refusal(open(forged))).toEqual(mismatch)
    expect((await outcome(open(url))).status).toBe('connected')
  })

  test('must be there when the server promises it', async () => {
    const { consent, open, server } = createScene(network)
    const url = await consent({}, { parameters: { iss: undefined } })
    expect(await refusal(open(url))).toEqual(mismatch)
    expect(server.requests.token).toEqual([])
  })

  test('may be absent when the server does not promise it', async () => {
    const scene = createScene(network)
    delete scene.server.metadata.authorization_response_iss_parameter_supported
    const url = await scene.consent({}, { parameters: { iss: undefined } })
    expect((await outcome(scene.open(url))).status).toBe('connected')
  })

  test('cannot be another provider’s: a response belongs to the redirect URI that was asked for', async () => {
    const { consent, open, server, other } = createScene(network)
    const url = await consent({}, { parameters: { iss: undefined } })
    const elsewhere = url.replace('/callback/bank', '/callback/other')
    expect(await refusal(open(elsewhere))).toEqual({ code: 'issuer_mismatch', parameter: 'redirect_uri' })
    expect([...server.requests.token, ...other.requests.token]).toEqual([])
  })
})

describe('a person who does not connect', () => {
  test('has denied', async () => {
    const { consent, open, server } = createScene(network)
    const url = await consent({ returnTo: '/accounts' }, { error: 'access_denied' })
    const state = await outcome(open(url))
    expect(state).toMatchObject({
      status: 'denied',
      provider: 'bank',
      returnTo: '/accounts',
      error: { name: 'AuthorizationResponseError', code: 'access_denied', error: 'access_denied' },
      restart: expect.any(Function) as unknown,
    })
    expect(server.requests.token).toEqual([])
    expect((await outcome(open(url))).status).toBe('denied')
  })

  test('has cancelled at a provider that answers with the state alone', async () => {
    const { backend, leave, open } = createScene(network)
    const url = backend.visit(await leave(open(), 'mediated'), { code: undefined })
    expect(await outcome(open(url))).toMatchObject({
      status: 'cancelled',
      provider: 'mediated',
      returnTo: '/',
    })
    expect(backend.calls.filter(({ path }) => path.endsWith('/token'))).toEqual([])
    expect((await outcome(open(url))).status).toBe('cancelled')
  })

  test('has not cancelled at a provider that does not answer so', async () => {
    const { consent, open } = createScene(network)
    const url = await consent({}, { parameters: { code: undefined } })
    expect(await refusal(open(url))).toEqual({ code: 'response_malformed', parameter: 'code' })
  })

  test('was sent back with an error', async () => {
    const { consent, open } = createScene(network)
    const url = await consent(
      {},
      { error: 'invalid_scope', parameters: { error_description: 'No such scope.' } },
    )
    const state = await outcome(open(url))
    expect(state).toMatchObject({
      status: 'failed',
      provider: 'bank',
      error: { code: 'authorization_error', error: 'invalid_scope', errorDescription: 'No such scope.' },
    })
    expect('resume' in state).toBe(false)
  })

  test('is told the server’s own words in the page that they came to, and in no other: they are not stored', async () => {
    const { browser, consent, open } = createScene(network)
    const parameters = { error_description: 'Words of the server.' }
    const url = await consent({}, { error: 'access_denied', parameters })
    expect(await outcome(open(url))).toMatchObject({
      status: 'denied',
      error: { errorDescription: 'Words of the server.' },
    })
    expect(JSON.stringify([...(await browser.records())])).not.toContain('Words of the server.')
    const again = await outcome(open(url))
    expect(again).toMatchObject({ status: 'denied', error: { error: 'access_denied' } })
    expect(again).not.toHaveProperty('error.errorDescription')
  })

  test('is told nothing of what was sent, which a server may repeat', async () => {
    const { leave, open, server } = createScene(network)
    const asked = new URL(await leave(open()))
    const sent = [...asked.searchParams].filter(
      ([name]) => !/^(?:response_type|code_challenge_method|prompt)$/.test(name),
    )
    const words = `Bad: ${sent.map(([name, value]) => `${name} ${value} ${encodeURIComponent(value)}`).join(', ')}.`
    const back = server.visit(asked.href, {
      error: 'invalid_request',
      parameters: {
        error_description: words,
        error_uri: `https://as.example/why?state=${asked.searchParams.get('state') ?? ''}`,
      },
    })
    const state = await outcome(open(back))
    if (state.status !== 'failed') throw new Error(state.status)
    if (!(state.error instanceof AuthorizationResponseError)) throw state.error
    const { errorDescription, errorUri } = state.error
    expect(errorDescription).toMatch(/^Bad: .*client_id … …, /)
    for (const [, value] of sent) expect(errorDescription).not.toContain(value)
    expect(errorUri).toBeUndefined()
  })

  test.each([
    ['invalid_scope', undefined, /`scope`/],
    ['unauthorized_client', undefined, /client id/],
    ['invalid_request', 'Pushed Authorization Request must be used', /`par: true`/],
    ['invalid_request', 'Client is required to use PAR', /`par: true`/],
  ])('is not asked to try again what only a developer can mend: %s, %s', async (error, words, sentence) => {
    const { consent, open } = createScene(network)
    const url = await consent({}, { error, parameters: { error_description: words } })
    for (const page of [open(url), open(url)])
      expect(await outcome(page)).toMatchObject({
        status: 'failed',
        error: { recovery: 'configure', message: expect.stringMatching(sentence) as string },
      })
  })

  test('may begin again with the same input', async () => {
    const { consent, open, server } = createScene(network)
    const app = open(await consent({ scope: 'openid', returnTo: '/x' }, { error: 'access_denied' }))
    const state = await until(app.client.callback, 'denied')
    const leaving = app.leaving()
    state.restart()
    const url = new URL(await leaving)
    expect(url.searchParams.get('scope')).toBe('openid')
    expect((await outcome(open(server.visit(url.href)))).status).toBe('connected')
  })
})

describe('when no answer comes', () => {
  test('the same code is sent once more by resume, and no more than once', async () => {
    const { consent, open, server } = createScene(network)
    server.hostile.token = () => HttpResponse.error()
    const app = open(await consent())
    const state = await until(app.client.callback, 'failed')
    expect(state).toMatchObject({ provider: 'bank', error: { code: 'network_error', recovery: 'resume' } })
    expect(server.requests.token).toHaveLength(1)

    expect(await state.resumeAsync?.()).toMatchObject({ error: { code: 'network_error' } })
    expect(server.requests.token).toHaveLength(2)

    const last = await state.resumeAsync?.()
    expect(last).toMatchObject({
      status: 'failed',
      error: { code: 'redemption_unknown', recovery: 'authorize' },
    })
    expect(last).not.toHaveProperty('resume')
    expect(last).toHaveProperty('restart')
    expect(server.requests.token).toHaveLength(2)
  })

  test('resume succeeds when the network is back', async () => {
    const { consent, open, server } = createScene(network)
    server.hostile.token = () => HttpResponse.error()
    const app = open(await consent())
    const state = await until(app.client.callback, 'failed')
    delete server.hostile.token
    expect((await state.resumeAsync?.())?.status).toBe('connected')
    expect(app.client.callback.get().status).toBe('connected')
    expect(server.requests.token.map(({ form }) => form.get('code'))).toEqual(
      Array(2).fill(server.requests.token[0]?.form.get('code')),
    )
  })

  test('a reload goes on by the id in its history entry', async () => {
    const { consent, open, server } = createScene(network)
    server.hostile.token = () => HttpResponse.error()
    const app = open(await consent())
    await until(app.client.callback, 'failed')
    delete server.hostile.token
    expect((await outcome(open(app.reload()))).status).toBe('connected')
    expect(server.requests.token).toHaveLength(2)
  })

  test('a code that has waited for more than a minute is not sent any more', async () => {
    const { browser, consent, open, server } = createScene(network)
    server.hostile.token = () => HttpResponse.error()
    const app = open(await consent())
    const state = await until(app.client.callback, 'failed')
    browser.clock.advance(61)
    expect(await state.resumeAsync?.()).toMatchObject({ error: { code: 'redemption_unknown' } })
    expect(server.requests.token).toHaveLength(1)
  })

  test('a code that has waited for more than a minute without having been sent is out of time', async () => {
    const { browser, consent, open, server } = createScene(network)
    const url = await consent()
    await browser.tamper(metadataKey('bank'), undefined)
    server.hostile.discovery = () => HttpResponse.error()
    const state = await until(open(url).client.callback, 'failed')
    delete server.hostile.discovery
    browser.clock.advance(61)
    expect(await state.resumeAsync?.()).toMatchObject({ error: { code: 'transaction_expired' } })
    expect(server.requests.token).toHaveLength(0)
  })

  test('a code that never left this page is not counted as sent', async () => {
    const { browser, consent, open, server } = createScene(network)
    const url = await consent()
    await browser.tamper(metadataKey('bank'), undefined)
    server.hostile.discovery = () => HttpResponse.error()
    const app = open(url)
    const state = await until(app.client.callback, 'failed')
    expect(state.error.code).toBe('network_error')
    await state.resumeAsync?.()
    await state.resumeAsync?.()
    delete server.hostile.discovery
    expect((await state.resumeAsync?.())?.status).toBe('connected')
    expect(server.requests.token).toHaveLength(1)
  })

  test('a page that was closed while the answer was under way goes on when it is opened again', async () => {
    const { consent, open, server } = createScene(network)
    const url = await consent()
    server.hostile.token = () => new Promise<Response>(() => {})
    const app = open(url)
    while (server.requests.token.length === 0) await settled()
    const reloaded = app.reload()
    delete server.hostile.token
    // The dead document keeps its lock for a moment.
    const next = open(reloaded)
    await settled()
    expect(next.client.callback.get()).toEqual({ status: 'pending' })
    app.client.dispose()
  })
})

describe('a page that went away while the answer was under way', () => {
  test('is made up for by the next one, although the clock has been set back since the code came', async () => {
    const { browser, consent, open, server } = createScene(network)
    const url = await consent()
    await browser.tamper(metadataKey('bank'), undefined)
    server.hostile.discovery = () => new HttpResponse(null, { status: 503 })
    const app = open(url)
    await until(app.client.callback, 'failed')
    app.client.dispose()
    delete server.hostile.discovery
    browser.clock.advance(-400)
    await until(open().client.tokens('bank'), 'connected')
  })

  test('is made up for by the next one, although that hears of another tab while it first reads', async () => {
    const scene = createScene(network)
    const url = scene.backend.visit(await scene.leave(scene.open(), 'mediated'))
    scene.backend.hostile.lose = ({ path }) => path.endsWith('/token')
    const app = scene.open(url)
    await until(app.client.callback, 'failed')
    app.client.dispose()
    delete scene.backend.hostile.lose
    const real = openDatabase('countersign')
    const noise = once(() => {
      scene.browser.post({ v: 1, id: 'of-another-tab' })
    })
    const next = scene.open('/', {
      database: {
        ...real,
        async entries() {
          const found = await real.entries()
          noise()
          return found
        },
      },
    })
    await until(next.client.tokens('mediated'), 'connected')
  })
})

describe('when storage fails', () => {
  test('on the way back, nothing is sent, and resume goes on when it works again', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    const real = openDatabase('countersign')
    let working = false
    const or = async <T>(work: () => Promise<T>): Promise<T> => {
      if (working) return work()
      throw new StorageError()
    }
    const app = scene.open(url, {
      database: {
        get: (key) => or(() => real.get(key)),
        entries: () => or(() => real.entries()),
        change: (keys, change) => or(() => real.change(keys, change)),
      },
    })
    const state = await until(app.client.callback, 'failed')
    expect(state.error.code).toBe('storage_unavailable')
    expect(scene.server.requests.token).toEqual([])
    working = true
    expect((await state.resumeAsync?.())?.status).toBe('connected')
  })

  test('after the code was spent, its tokens wait in the page, and resume stores them', async () => {
    let full = true
    const scene = createScene(network)
    const url = await scene.consent()
    const real = openDatabase('countersign')
    const app = scene.open(url, {
      database: {
        ...real,
        change: (keys, change) =>
          scene.server.requests.token.length === 1 && full
            ? Promise.reject(new StorageError())
            : real.change(keys, change),
      },
    })
    const state = await until(app.client.callback, 'failed')
    expect(state).toMatchObject({ provider: 'bank', error: { code: 'storage_unavailable' } })
    expect(await state.resumeAsync?.()).toMatchObject({ error: { code: 'storage_unavailable' } })
    full = false
    expect((await state.resumeAsync?.())?.status).toBe('connected')
    expect(scene.server.requests.token).toHaveLength(1)
    const tokens = await until(app.client.tokens('bank'), 'connected')
    expect((await tokens.fetch('accounts')).status).toBe(200)
  })

  test('and what it held is gone, the response is unknown', async () => {
    const { consent, open, server } = createScene(network)
    const url = await consent()
    globalThis.indexedDB = new IDBFactory()
    expect(await refusal(open(url))).toEqual({ code: 'state_unknown' })
    expect(server.requests.token).toEqual([])
  })
})

describe('an answer that is no success', () => {
  test('ends the transaction when the code is dead', async () => {
    const { consent, open, server } = createScene(network)
    server.hostile.token = () => HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })
    const url = await consent()
    const state = await outcome(open(url))
    expect(state).toMatchObject({ status: 'failed', error: { code: 'token_error', recovery: 'authorize' } })
    expect(state).not.toHaveProperty('resume')
    delete server.hostile.token
    expect(await refusal(open(url))).toEqual({ code: 'token_error' })
    expect(server.requests.token).toHaveLength(1)
  })

  test('to a page that has slept does not undo what another page has connected meanwhile', async () => {
    const { browser, consent, open, server } = createScene(network)
    const url = await consent()
    const key = transactionKey(stateOf(url))
    const connected = await outcome(open(url))
    if (connected.status !== 'connected') throw new Error(connected.status)
    const done = (await browser.records()).get(key) as EndedTransaction
    // As it was when this page began to send; its lease has run out since.
    const again = await consent()
    const other = transactionKey(stateOf(again))
    server.hostile.token = async () => {
      await browser.tamper(other, { ...done })
      return HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })
    }
    const state = await outcome(open(again))
    expect(state).toMatchObject({ status: 'connected', connection: { id: connected.connection.id } })
    expect((await browser.records()).get(other)).toEqual(done)
  })

  test('of a hostile server connects nothing', async () => {
    const { browser, consent, open, server } = createScene(network)
    server.hostile.claims = (claims) => ({ ...claims, nonce: 'another' })
    expect(await refusal(open(await consent()))).toMatchObject({ code: 'id_token_invalid' })
    expect([...(await browser.records()).keys()].filter((key) => key.startsWith('connection'))).toEqual([])
  })

  test.each([
    ['503', () => new HttpResponse(null, { status: 503, headers: { 'retry-after': '7' } })],
    [
      '429',
      () => HttpResponse.json({ error: 'slow_down' }, { status: 429, headers: { 'retry-after': '7' } }),
    ],
    [
      'temporarily_unavailable',
      () =>
        HttpResponse.json(
          { error: 'temporarily_unavailable' },
          { headers: { 'retry-after': '7' }, status: 400 },
        ),
    ],
  ])('but passes (%s) keeps the code for resume', async (_name, answer) => {
    const { consent, open, server } = createScene(network)
    server.hostile.token = answer
    const state = await until(open(await consent()).client.callback, 'failed')
    expect(state.error).toMatchObject({ code: 'token_error', recovery: 'resume', retryAfterSeconds: 7 })
    delete server.hostile.token
    expect((await state.resumeAsync?.())?.status).toBe('connected')
  })

  test.each(['nonce', 'sub'])('whose ID Token is refused for its %s is revoked', async (claim) => {
    const { consent, open, server } = createScene(network)
    server.hostile.claims = (claims) => ({ ...claims, [claim]: claim === 'sub' ? 7 : 'another' })
    expect(await refusal(open(await consent()))).toEqual({ code: 'id_token_invalid', parameter: claim })
    await settled()
    expect(server.requests.revocation.map(({ form }) => form.get('token_type_hint'))).toEqual([
      'refresh_token',
      'access_token',
    ])
  })

  test('is not revoked where its tokens may be of a person whose connection that would end', async () => {
    const { browser, consent, open, server } = createScene(network)
    await outcome(open(await consent()))
    server.hostile.claims = (claims) => ({ ...claims, nonce: 'another' })
    await outcome(open(await consent()))
    await settled()
    expect(server.requests.revocation).toEqual([])
    expect([...(await browser.records()).keys()].filter((key) => key.startsWith('connection:'))).toHaveLength(
      1,
    )
  })

  test('to another person than the connection belongs to is revoked', async () => {
    const { consent, open, server } = createScene(network)
    const first = await outcome(open(await consent()))
    if (first.status !== 'connected') throw new Error(first.status)
    server.subject = 'user-2'
    expect(await refusal(open(await consent({ connection: first.connection.id })))).toEqual({
      code: 'other_person',
      parameter: 'sub',
    })
    await settled()
    expect(server.requests.revocation).toHaveLength(2)
  })

  test('that a developer must look into keeps the code for resume', async () => {
    const { consent, open, server } = createScene(network)
    server.hostile.token = () => HttpResponse.json({ error: 'invalid_client' }, { status: 401 })
    const state = await until(open(await consent()).client.callback, 'failed')
    expect(state.error.recovery).toBe('configure')
    delete server.hostile.token
    expect((await state.resumeAsync?.())?.status).toBe('connected')
  })
})

describe('the app’s own user', () => {
  test('who has meanwhile signed out is asked to sign in, and nothing is consumed', async () => {
    const { browser, consent, open, server } = createScene(network)
    const url = await consent({ returnTo: '/accounts' }, {}, { subject: 'anna' })
    const app = open(url, { subject: null })
    const state = await until(app.client.callback, 'sign_in_required')
    expect(state).toMatchObject({ provider: 'bank', returnTo: '/accounts' })
    expect(server.requests.token).toEqual([])

    browser.clock.advance(30)
    app.client.setSubject('anna')
    // It goes on by itself; who calls resume() as well waits for the same redemption.
    expect((await state.resumeAsync()).status).toBe('connected')
    await until(app.client.callback, 'connected')
    expect(server.requests.token).toHaveLength(1)
  })

  test('cannot be given what another user of this browser began', async () => {
    const { browser, consent, open, server } = createScene(network)
    const url = await consent({ returnTo: '/secret-of-anna' }, {}, { subject: 'anna' })
    const state = await outcome(open(url, { subject: 'berta' }))
    expect(state).toMatchObject({ status: 'failed', returnTo: '/', error: { code: 'subject_mismatch' } })
    expect(server.requests.token).toEqual([])
    expect(
      await browser.records().then((records) => records.get(transactionKey(stateOf(url)))),
    ).not.toHaveProperty('codeVerifier')
    // Not even when the first one comes back.
    expect(await refusal(open(url, { subject: 'anna' }))).toEqual({ code: 'subject_mismatch' })
  })

  test('cannot be given what was resumed after another signed in', async () => {
    const { consent, open, server } = createScene(network)
    const url = await consent({}, {}, { subject: 'anna' })
    const app = open(url, { subject: null })
    const state = await until(app.client.callback, 'sign_in_required')
    app.client.setSubject('berta')
    expect(await state.resumeAsync()).toMatchObject({ status: 'failed', error: { code: 'subject_mismatch' } })
    expect(server.requests.token).toEqual([])
  })

  test('does not learn what another user connected', async () => {
    const { consent, open } = createScene(network)
    const url = await consent({}, {}, { subject: 'anna' })
    await outcome(open(url, { subject: 'anna' }))
    expect(await outcome(open(url, { subject: 'berta' }))).toEqual({ status: 'none' })
  })
})

describe('by way of the backend', () => {
  test.each<[ContractErrorCode, number, string, RegExp]>([
    ['other_person', 409, 'other_person', /The person who signed in at the provider is not the one/],
    ['person_unknown', 409, 'person_unknown', /does not say who has signed in/],
    ['transaction_invalid', 409, 'transaction_invalid', /does not know this transaction/],
    ['invalid_grant', 400, 'provider_error', /authorization code/],
    ['provider_error', 502, 'provider_error', /refused the request/],
  ])(
    'a code that it refuses with %s is begun again, and the sentence says why',
    async (error, status, code, sentence) => {
      const { backend, leave, open } = createScene(network)
      const url = backend.visit(await leave(open(), 'mediated'))
      backend.hostile.answer = ({ path }) =>
        path.endsWith('/token') ? refusedWith(error, status) : undefined
      for (const page of [open(url), open(url)]) {
        const state = await outcome(page)
        expect(state).toMatchObject({
          status: 'failed',
          error: { code, error, recovery: 'authorize', message: expect.stringMatching(sentence) as string },
        })
        expect(state).not.toHaveProperty('resume')
      }
    },
  )

  const tokenCalls = (scene: ReturnType<typeof createScene>) =>
    scene.backend.calls.filter(({ path }) => path.endsWith('/token'))

  test.each(['mediated', 'bff'] as const)(
    'in %s mode the code goes there, and nowhere else',
    async (mode) => {
      const scene = createScene(network)
      const url = scene.backend.visit(await scene.leave(scene.open(), mode))
      const state = await outcome(scene.open(url))
      expect(state).toMatchObject({ status: 'connected', provider: mode, connection: { id: 'connection-1' } })
      expect(tokenCalls(scene).map(({ body }) => Object.keys(body ?? {}).sort())).toEqual([
        ['code', 'code_verifier', 'state', 'transaction'],
      ])
      expect(scene.server.requests.token).toEqual([])
    },
  )

  test('a request that was not answered is sent again, and the backend gives its first answer', async () => {
    const scene = createScene(network)
    const url = scene.backend.visit(await scene.leave(scene.open(), 'mediated'))
    let lost = 3
    scene.backend.hostile.lose = ({ path }) => path.endsWith('/token') && lost-- > 0
    const app = scene.open(url)
    for (let i = 0; i < 3; i++) {
      const state = await until(app.client.callback, 'failed')
      await state.resumeAsync?.()
    }
    expect((await outcome(app)).status).toBe('connected')
    expect(tokenCalls(scene)).toHaveLength(4)
    expect(scene.backend.connections.size).toBe(1)
  })

  test('whose own session is over, it waits for sign-in', async () => {
    const scene = createScene(network)
    const url = scene.backend.visit(await scene.leave(scene.open('/', { subject: 'anna' }), 'mediated'))
    scene.backend.session = null
    const app = scene.open(url, { subject: 'anna' })
    const state = await until(app.client.callback, 'sign_in_required')
    scene.backend.session = 'anna'
    expect((await state.resumeAsync()).status).toBe('connected')
  })

  test.each([
    ['a gateway answers 401', () => new HttpResponse('Unauthorized', { status: 401 }), 'sign_in_required'],
    ['a gateway answers 502', () => HttpResponse.html('<h1>502</h1>', { status: 502 }), 'failed'],
    ['the backend cannot read its records', () => refusedWith('backend_unavailable', 503), 'failed'],
    ['it redirects to a sign-in page', () => HttpResponse.redirect('https://app.example/login'), 'failed'],
  ] as const)('where %s, the code waits for resume', async (_name, answer, status) => {
    const scene = createScene(network)
    const url = scene.backend.visit(await scene.leave(scene.open(), 'mediated'))
    scene.backend.hostile.answer = ({ path }) => (path.endsWith('/token') ? answer() : undefined)
    const state = await until(scene.open(url).client.callback, status)
    delete scene.backend.hostile.answer
    expect((await state.resumeAsync?.())?.status).toBe('connected')
  })

  test('in bff mode an access token in the answer is not taken', async () => {
    const scene = createScene(network)
    scene.backend.hostile.body = (body, { path }) =>
      path.endsWith('/token')
        ? { ...body, access_token: 'leaked-access', token_type: 'Bearer', refresh_token: 'leaked-refresh' }
        : body
    const url = scene.backend.visit(await scene.leave(scene.open(), 'bff'))
    const app = scene.open(url)
    expect(JSON.stringify(await outcome(app))).not.toContain('leaked')
    const tokens = app.client.tokens('bff')
    expect(await until(tokens, 'connected')).not.toHaveProperty('getAccessToken')
    expect(JSON.stringify([...(await scene.browser.records())])).not.toContain('leaked')
  })
})
