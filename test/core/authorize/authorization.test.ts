import { transactionKey } from '../../../src/core/records/keys.js'
import { createClient, singleUser } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { HttpResponse } from 'msw'
import { assert, describe, expect, test, vi } from 'vitest'
import { openDatabase, type Database } from '../../../src/platform/database.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { subjectName } from '../../support/subject-name.js'
import { createScene, stateOf, type App, type Scene } from '../../support/app.js'
import { refusal } from '../../support/backend.js'
import { createPopup } from '../../support/browser.js'
import { openNetwork } from '../../support/network.js'
import { describe as said, withoutSecrets } from '../../support/refusal.js'
import { eventually, settled, until, untilState } from '../../support/until.js'

const network = openNetwork()

/** The refusal that keeps a person from leaving. */
async function kept(scene: Scene, name: 'bank' | 'mediated' = 'bank') {
  const app = scene.open()
  const authorization = app.client.authorization(name)
  const left = app.leaving().then((): { readonly status: string } => ({ status: 'left' }))
  const state = await Promise.race([authorization.authorizeAsync(), left])
  expect(app.left).toEqual([])
  expect(authorization.get()).toBe(state)
  if (!('error' in state)) assert.fail(`expected a failure, got ${state.status}`)
  return withoutSecrets(state.error)
}

/** Inputs that the types forbid. */
const unstorable: object = { done: () => undefined }
const fixed: object = { state: 'fixed' }

/** The transactions that are stored, by their state. */
const live = async (scene: Scene) =>
  [...(await scene.browser.records())]
    .filter(([key]) => key.startsWith(transactionKey('')))
    .map(([key, value]) => [key.slice(transactionKey('').length), value] as const)

describe('leaving for the provider', () => {
  test('asks for a code with PKCE, state and nonce, each parameter once', async () => {
    const { browser, leave, open } = createScene(network)
    const url = new URL(await leave(open()))
    expect(url.origin + url.pathname).toBe('https://as.example/authorize')
    expect(url.search).toContain('scope=openid%20accounts%20offline_access')
    const [[state, transaction] = []] = await live({ browser } as Scene)
    expect([...url.searchParams].sort()).toEqual([
      ['client_id', 'client-1'],
      ['code_challenge', (transaction as { codeChallenge: string }).codeChallenge],
      ['code_challenge_method', 'S256'],
      ['nonce', (transaction as { nonce: string }).nonce],
      ['prompt', 'consent'],
      ['redirect_uri', 'https://app.example/callback/bank'],
      ['response_type', 'code'],
      ['scope', 'openid accounts offline_access'],
      ['state', state],
    ])
  })

  test('asks for openid although the application leaves it out, where the provider’s scope has it', async () => {
    const { backend, leave, open } = createScene(network)
    const { searchParams } = new URL(await leave(open(), 'bank', { scope: 'accounts' }))
    expect(searchParams.get('scope')).toBe('accounts openid')
    expect(searchParams.get('nonce')).toMatch(/^[\w-]{43}$/)
    await leave(open(), 'bff', { scope: 'accounts' })
    const { body } = backend.calls.find(({ path }) => path.endsWith('/authorization')) ?? {}
    expect(body).toMatchObject({
      scope: 'accounts openid',
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
    })
  })

  test('asks for no nonce without openid, and for nothing that was not asked', async () => {
    const { browser } = createScene(network)
    const plain = oidc({ issuer: 'https://as.example', clientId: 'client-1', scope: 'accounts payments' })
    const page = browser.open('/')
    const url = page.leaving()
    const { authorization } = createClient({
      subject: singleUser,
      providers: { plain },
      platform: page.platform,
    })
    void authorization('plain', { scope: 'accounts' }).authorizeAsync()
    const { searchParams } = new URL(await url)
    expect(searchParams.has('nonce')).toBe(false)
    expect(searchParams.get('scope')).toBe('accounts')
  })

  test('happens when the transaction is committed, not before', async () => {
    const scene = createScene(network)
    const real = openDatabase('countersign')
    const order: string[] = []
    const database: Database = {
      ...real,
      async change(keys, change) {
        let phase = ''
        const result = await real.change(keys, (current) => {
          const outcome = change(current)
          for (const value of Object.values(outcome[0]))
            if (typeof value === 'object' && value && 'phase' in value) phase = String(value.phase)
          return outcome
        })
        if (phase) order.push(phase)
        return result
      },
    }
    const app = scene.open('/', { database })
    const leaving = app.leaving().then(() => order.push('gone'))
    void app.client.authorization('bank').authorizeAsync()
    await leaving
    expect(order).toEqual(['left', 'gone'])
  })

  test('keeps all that the way back needs, under the state', async () => {
    const scene = createScene(network)
    await scene.leave(scene.open(), 'bank', { returnTo: '/accounts', scope: 'openid' })
    const [[state, transaction] = []] = await live(scene)
    const now = scene.browser.clock.now()
    expect(transaction).toEqual({
      v: 1,
      phase: 'left',
      state,
      codeVerifier: expect.stringMatching(/^[\w-]{43}$/) as string,
      codeChallenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
      provider: 'bank',
      clientId: 'client-1',
      issuer: 'https://as.example',
      promisesIss: true,
      redirectUri: 'https://app.example/callback/bank',
      scope: 'openid',
      subject: '',
      input: { returnTo: '/accounts', scope: 'openid' },
      returnTo: '/accounts',
      createdAt: now,
      expiresAt: now + 900,
    })
  })

  test('fails as a mistake of the application where the input cannot be stored', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const { authorizeAsync: authorize, get } = app.client.authorization('bank', unstorable)
    await expect(authorize()).rejects.toMatchObject({ name: 'DataCloneError' })
    expect(get()).toEqual({ status: 'idle' })
    expect(await live(scene)).toEqual([])
  })

  test('does not happen twice for two clicks', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const { authorizeAsync: authorize, get } = app.client.authorization('bank')
    const leaving = app.leaving()
    expect(authorize()).toBe(authorize())
    expect(get()).toEqual({ status: 'leaving' })
    await leaving
    await settled()
    expect(app.left).toHaveLength(1)
    expect(await live(scene)).toHaveLength(1)
  })

  test('ends as if nothing had been, when the person comes back by the back button', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const { authorizeAsync: authorize, get } = app.client.authorization('bank')
    const leaving = app.leaving()
    const outcome = authorize()
    await leaving
    await settled()
    app.show()
    expect(await outcome).toEqual({ status: 'idle' })
    expect(get()).toEqual({ status: 'idle' })
    const again = app.leaving()
    void authorize()
    await again
    expect(app.left).toHaveLength(2)
  })

  test('is never begun by an address, a message or what is stored', async () => {
    const scene = createScene(network)
    await scene.consent()
    const app = scene.open('/?connect=bank&provider=bank&authorize=1#authorize')
    scene.browser.post({ v: 1, id: 'authorize', type: 'authorize', provider: 'bank' })
    app.show()
    await settled()
    expect(app.left).toEqual([])
  })

  test('asks for the metadata of the server once a day, whichever page does', async () => {
    const scene = createScene(network)
    const connect = async (app = scene.open()) => {
      await scene.leave(app)
      app.show()
      await until(app.client.authorization('bank'), 'idle')
    }
    const first = scene.open()
    await connect(first)
    scene.browser.clock.advance(3700)
    await connect(first)
    await connect()
    expect(scene.server.requests.discovery).toHaveLength(1)
    scene.browser.clock.advance(24 * 3600)
    await connect()
    expect(scene.server.requests.discovery).toHaveLength(2)
  })

  test('uses a verifier, a state and a nonce of its own each time', async () => {
    const scene = createScene(network)
    const urls = []
    for (let i = 0; i < 5; i++) urls.push(new URL(await scene.leave(scene.open())).searchParams)
    for (const name of ['code_challenge', 'state', 'nonce'])
      expect(new Set(urls.map((parameters) => parameters.get(name))).size).toBe(5)
  })

  test('takes no state from the input of the application', async () => {
    const scene = createScene(network)
    const url = await scene.leave(scene.open(), 'bank', fixed)
    expect(stateOf(url)).toMatch(/^[\w-]{43}$/)
  })
})

describe('what is known at the click', () => {
  /** The input with which the person was sent away. */
  const inputOf = async (scene: Scene, url: string) =>
    (await scene.browser.records()).get(transactionKey(stateOf(url))) as { input: object; returnTo: string }

  class PressEvent {
    readonly type = 'press'
    readonly target = {}
    readonly returnTo = '/of-the-event'
  }

  test('is merged over what was known before', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const leaving = app.leaving()
    app.client.authorization('bank', { returnTo: '/a', scope: 'openid' }).authorize({ returnTo: '/b' })
    const { input, returnTo } = await inputOf(scene, await leaving)
    expect(input).toEqual({ returnTo: '/b', scope: 'openid' })
    expect(returnTo).toBe('/b')
  })

  test('may be an object without a prototype', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const leaving = app.leaving()
    app.client
      .authorization('bank')
      .authorize(Object.assign(Object.create(null) as object, { returnTo: '/b' }))
    expect(await inputOf(scene, await leaving)).toMatchObject({ returnTo: '/b' })
  })

  test.each<[string, unknown]>([
    ['an event of the DOM', Object.assign(new Event('click'), { returnTo: '/of-the-event' })],
    ['an event of React Aria', new PressEvent()],
    ['a list', [{ returnTo: '/of-the-event' }]],
    ['a text', 'returnTo'],
    ['nothing', null],
  ])('is not %s, which a handler is called with', async (_name, argument) => {
    const scene = createScene(network)
    const app = scene.open()
    const { prepareAsync, authorizeAsync } = app.client.authorization('bank', { returnTo: '/a' })
    await prepareAsync(argument as object)
    const leaving = app.leaving()
    void authorizeAsync(argument as object)
    expect((await inputOf(scene, await leaving)).input).toEqual({ returnTo: '/a' })
    expect(await live(scene)).toHaveLength(1)
  })

  test('takes the place of a click that has not left yet: one person is sent away, once', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const { authorize, authorizeAsync } = app.client.authorization('bank')
    const leaving = app.leaving()
    const first = authorizeAsync({ returnTo: '/first' })
    authorize({ returnTo: '/second' })
    expect(await inputOf(scene, await leaving)).toMatchObject({ returnTo: '/second' })
    expect(await first).toEqual({ status: 'idle' })
    await settled()
    expect(app.left).toHaveLength(1)
    expect(await live(scene)).toHaveLength(1)
    expect(app.client.authorization('bank').get()).toEqual({ status: 'leaving' })
  })

  test('makes the same call of clicks with an equal input', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const { authorizeAsync } = app.client.authorization('bank', { scope: 'openid' })
    const leaving = app.leaving()
    const outcome = authorizeAsync({ returnTo: '/a' })
    expect(authorizeAsync({ returnTo: '/a', scope: 'openid' })).toBe(outcome)
    expect(app.client.authorization('bank').authorizeAsync({ scope: 'openid', returnTo: '/a' })).toBe(outcome)
    await leaving
    await settled()
    expect(app.left).toHaveLength(1)
  })

  test('that differs every time keeps the failure on show', async () => {
    const scene = createScene(network)
    scene.server.hostile.discovery = () => HttpResponse.error()
    const { client } = scene.open()
    const at = (now: number) => client.authorization('bank', { returnTo: `/?now=${String(now)}` })
    await at(1).authorizeAsync()
    expect(at(2).get()).toMatchObject({ status: 'failed', error: { code: 'network_error' } })
    expect(at(2).get()).toBe(at(3).get())
  })

  test('shows its state where it was called, also when it names another connection', async () => {
    const scene = createScene(network)
    const { client } = scene.open()
    const { authorizeAsync, get } = client.authorization('bank')
    expect(await authorizeAsync({ connection: 'gone' })).toMatchObject({
      status: 'failed',
      error: { code: 'unknown_connection' },
    })
    expect(get().status).toBe('failed')
  })
})

describe('a mistake of the application', () => {
  // Nothing that JSON can say.
  const endless: Record<string, unknown> = {}
  endless['endless'] = endless

  test.each<[string, object]>([
    ['an input that cannot be stored', { done: () => undefined }],
    ['an input without end', endless],
  ])('rejects, and a handler reports it: %s', async (_name, input) => {
    const reported = vi.fn()
    vi.stubGlobal('reportError', reported)
    const scene = createScene(network)
    const app = scene.open()
    const { authorize, authorizeAsync, prepare, prepareAsync, get } = app.client.authorization('bank')
    await expect(authorizeAsync(input)).rejects.toThrow()
    await expect(prepareAsync(input)).rejects.toThrow()
    expect(reported).not.toHaveBeenCalled()
    authorize(input)
    prepare(input)
    await eventually(() => expect(reported).toHaveBeenCalledTimes(2))
    expect(get()).toEqual({ status: 'idle' })
    expect(app.left).toEqual([])
    expect(await live(scene)).toEqual([])
  })

  test('is all that is reported: what a person can cause is a state', async () => {
    const reported = vi.fn()
    vi.stubGlobal('reportError', reported)
    const scene = createScene(network)
    scene.server.hostile.discovery = () => HttpResponse.error()
    const { client } = scene.open()
    const authorization = client.authorization('bank')
    authorization.prepare()
    authorization.authorize()
    await until(authorization, 'failed')
    await settled()
    expect(reported).not.toHaveBeenCalled()
  })
})

describe('a navigation that does not happen', () => {
  test.each(['bank', 'mediated'] as const)('%s: the next click leaves anew', async (name) => {
    const scene = createScene(network)
    const app = scene.open()
    const first = await scene.leave(app, name)
    const second = await scene.leave(app, name)
    expect(app.left).toEqual([first, second])
    expect(stateOf(second)).not.toBe(stateOf(first))
    expect(app.client.authorization(name).get()).toEqual({ status: 'leaving' })
  })

  test.each(['bank', 'mediated'] as const)(
    '%s: what was left for before may still come back',
    async (name) => {
      const scene = createScene(network)
      const bank = name === 'bank' ? scene.server : scene.backend
      const app = scene.open()
      const urls = [await scene.leave(app, name), await scene.leave(app, name)]
      for (const url of urls) await until(scene.open(bank.visit(url)).client.callback, 'connected')
    },
  )

  test('clicks until the page leaves again are one', async () => {
    const scene = createScene(network)
    const app = scene.open()
    await scene.leave(app)
    const { authorizeAsync: authorize } = app.client.authorization('bank')
    const leaving = app.leaving()
    expect(authorize()).toBe(authorize())
    await leaving
    await settled()
    expect(app.left).toHaveLength(2)
  })

  test('however often it is tried, one attempt is told as abandoned', async () => {
    const scene = createScene(network)
    const app = scene.open()
    for (let click = 0; click < 5; click++) {
      await scene.leave(app)
      scene.browser.clock.advance(1)
    }
    const startedAt = scene.browser.clock.now() - 1
    scene.browser.clock.advance(1000)
    const { abandoned } = await until(scene.open().client.connections, 'ready')
    expect(abandoned).toMatchObject([{ provider: 'bank', startedAt }])
    expect(await live(scene)).toHaveLength(1)
  })

  test('however often it is tried, nothing that is under way elsewhere is given up', async () => {
    const scene = createScene(network)
    const elsewhere = await scene.leave(scene.open(), 'mediated')
    const app = scene.open()
    for (let click = 0; click < 20; click++) {
      scene.browser.clock.advance(1)
      await scene.leave(app)
    }
    expect((await scene.browser.records()).has(transactionKey(stateOf(elsewhere)))).toBe(true)
    await eventually(async () => expect(await live(scene)).toHaveLength(16))
  })

  test.each<[string, (scene: Scene, app: App, url: string) => unknown]>([
    ['the page is on show again', (_scene, app) => app.show()],
    ['the browser tells so', (_scene, app) => app.stop()],
    [
      'the answer has come to another tab',
      ({ open, server }, _app, url) => until(open(server.visit(url)).client.callback, 'connected'),
    ],
    ['the page is still here after 10 seconds', ({ browser }) => browser.clock.advance(10)],
  ])('is over when %s', async (_name, happen) => {
    const scene = createScene(network)
    const app = scene.open()
    const { authorizeAsync: authorize, get } = app.client.authorization('bank')
    const leaving = app.leaving()
    const outcome = authorize()
    const url = await leaving
    await settled()
    expect(get()).toEqual({ status: 'leaving' })
    await happen(scene, app, url)
    expect(await outcome).toEqual({ status: 'idle' })
    expect(get()).toEqual({ status: 'idle' })
    await scene.leave(app)
  })

  test('is not over for what another tab does about another connection', async () => {
    const scene = createScene(network)
    const app = scene.open()
    await scene.leave(app)
    await until(scene.open(await scene.consent()).client.callback, 'connected')
    await settled()
    expect(app.client.authorization('bank').get()).toEqual({ status: 'leaving' })
  })

  test('that was only slow goes on', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const url = await scene.leave(app)
    app.show()
    scene.browser.clock.advance(60)
    await until(app.client.authorization('bank'), 'idle')
    expect(app.left).toEqual([url])
    await until(scene.open(scene.server.visit(url)).client.callback, 'connected')
  })

  test('of a click before does not end the wait of the last one', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const authorization = app.client.authorization('bank')
    await scene.leave(app)
    await settled()
    scene.browser.clock.advance(6)
    await scene.leave(app)
    await settled()
    scene.browser.clock.advance(6)
    await settled()
    expect(authorization.get()).toEqual({ status: 'leaving' })
    scene.browser.clock.advance(6)
    await until(authorization, 'idle')
  })
})

describe('nobody leaves', () => {
  test('while nobody is signed in', async () => {
    const scene = createScene(network, { subject: null })
    expect(await kept(scene)).toMatchObject({ code: 'sign_in_required', recovery: 'sign_in' })
    expect(await live(scene)).toEqual([])
  })

  test('when the transaction cannot be stored', async () => {
    const database = (): never => {
      throw new StorageError()
    }
    const scene = createScene(network, {
      database: {
        get: async () => database(),
        entries: async () => database(),
        change: async () => database(),
      },
    })
    expect(await kept(scene)).toMatchObject({ name: 'StorageError', code: 'storage_unavailable' })
  })

  test('out of a frame', async () => {
    const scene = createScene(network, { framed: true })
    expect(await kept(scene)).toMatchObject({ code: 'environment_unsupported', recovery: 'configure' })
  })

  test('from a page without Web Crypto', async () => {
    const scene = createScene(network)
    const app = scene.open()
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    expect(await app.client.authorization('bank').authorizeAsync()).toMatchObject({
      status: 'failed',
      error: { code: 'environment_unsupported' },
    })
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['a script for an endpoint', { authorization_endpoint: 'javascript:alert(1)' }, 'authorization_endpoint'],
    ['an endpoint over http', { authorization_endpoint: 'http://as.example/a' }, 'authorization_endpoint'],
    [
      'an endpoint with a user',
      { authorization_endpoint: 'https://u@as.example/a' },
      'authorization_endpoint',
    ],
    ['an endpoint elsewhere', { authorization_endpoint: 'https://evil.example/a' }, 'authorization_endpoint'],
    ['no authorization endpoint', { authorization_endpoint: undefined }, 'authorization_endpoint'],
    [
      'a state in its endpoint',
      { authorization_endpoint: 'https://as.example/a?state=x' },
      'authorization_endpoint',
    ],
    ['a token endpoint elsewhere', { token_endpoint: 'https://evil.example/t' }, 'token_endpoint'],
    [
      'a token endpoint on the local network',
      { token_endpoint: 'https://169.254.169.254/t' },
      'token_endpoint',
    ],
    ['no token endpoint', { token_endpoint: undefined }, 'token_endpoint'],
    ['keys elsewhere', { jwks_uri: 'https://evil.example/jwks' }, 'jwks_uri'],
    ['another issuer', { issuer: 'https://evil.example' }, 'issuer'],
    [
      'PKCE without S256',
      { code_challenge_methods_supported: ['plain'] },
      'code_challenge_methods_supported',
    ],
  ])('for a server whose metadata has %s', async (_name, changes, parameter) => {
    const scene = createScene(network)
    scene.server.hostile.metadata = (document) => ({ ...document, ...changes })
    expect(said(await kept(scene))).toEqual({ code: 'metadata_invalid', parameter })
  })

  test('when the server cannot be reached, and the next click tries again', async () => {
    const scene = createScene(network)
    scene.server.hostile.discovery = () => HttpResponse.error()
    const app = scene.open()
    const { authorizeAsync: authorize } = app.client.authorization('bank')
    expect(await authorize()).toMatchObject({ status: 'failed', error: { code: 'network_error' } })
    delete scene.server.hostile.discovery
    const leaving = app.leaving()
    void authorize()
    expect(await leaving).toContain('https://as.example/authorize')
  })

  test.each<[string, (url: URL) => string, string]>([
    ['to another place', (url) => url.href.replace('as.example', 'evil.example'), 'address'],
    ['into a script', () => 'javascript:alert(1)', 'address'],
    ['for another client', (url) => url.href.replace('client-1', 'client-2'), 'client_id'],
    [
      'with another challenge',
      (url) => url.href.replace(/code_challenge=[\w-]+/, `code_challenge=${'x'.repeat(43)}`),
      'code_challenge',
    ],
    [
      'with a state of its own',
      (url) => url.href.replace(/state=[\w-]+/, `state=${'x'.repeat(43)}`),
      'state',
    ],
    ['without PKCE', (url) => url.href.replace(/&code_challenge=[\w-]+/, ''), 'code_challenge'],
    ['with plain PKCE', (url) => url.href.replace('S256', 'plain'), 'code_challenge_method'],
    ['for a token', (url) => url.href.replace('response_type=code', 'response_type=token'), 'response_type'],
    ['back to another place', (url) => url.href.replace('app.example', 'evil.example'), 'redirect_uri'],
  ])('when the backend would send a person %s', async (_name, change, parameter) => {
    const scene = createScene(network)
    scene.backend.hostile.body = (body, { path }) =>
      path.endsWith('/authorization')
        ? { ...body, authorization_url: change(new URL(String(body.authorization_url))) }
        : body
    expect(said(await kept(scene, 'mediated'))).toEqual({ code: 'backend_response_invalid', parameter })
  })

  test.each<[string, () => Response, Record<string, unknown>]>([
    [
      'the session is over',
      () => refusal('unauthenticated', 401),
      { code: 'sign_in_required', recovery: 'sign_in' },
    ],
    [
      'the user has too many connections',
      () => refusal('too_many_connections', 409),
      { code: 'too_many_connections', recovery: 'authorize' },
    ],
    [
      'it is too much',
      () => refusal('rate_limited', 429, { 'retry-after': '30' }),
      { code: 'rate_limited', recovery: 'resume', retryAfterSeconds: 30 },
    ],
    [
      'this origin is unknown',
      () => refusal('forbidden_origin', 403),
      { code: 'forbidden_origin', recovery: 'configure' },
    ],
    [
      'the provider is unknown',
      () => refusal('unknown_provider', 404),
      { code: 'unknown_provider', recovery: 'configure' },
    ],
    [
      'the request is wrong',
      () => refusal('invalid_request', 400),
      {
        code: 'backend_refused',
        error: 'invalid_request',
        recovery: 'configure',
        message: expect.stringContaining('scope, acrValues and maxAgeSeconds, path') as unknown,
      },
    ],
    [
      'the provider refused',
      () => refusal('provider_error', 502),
      { code: 'provider_error', recovery: 'authorize' },
    ],
    [
      'the provider is down',
      () => refusal('provider_unavailable', 504),
      { code: 'provider_unavailable', recovery: 'resume' },
    ],
    [
      'it failed',
      () => HttpResponse.html('<h1>500</h1>', { status: 500 }),
      { code: 'backend_unavailable', recovery: 'resume' },
    ],
    [
      'it answers with a page',
      () => HttpResponse.html('<h1>200</h1>'),
      {
        code: 'backend_not_found',
        recovery: 'configure',
        message: expect.stringContaining(' at /connect: ') as string,
      },
    ],
    [
      'it is the development server, which knows no such page',
      () => new HttpResponse('Cannot POST /connect/mediated/authorization', { status: 404 }),
      { code: 'backend_not_found', status: 404 },
    ],
    [
      'it is another API, whose errors are JSON, too',
      () => HttpResponse.json({ error: 'not_found', message: 'Route not found' }, { status: 404 }),
      { code: 'backend_not_found', status: 404 },
    ],
    [
      'it has no such path, which is another thing',
      () => refusal('not_found', 404),
      { code: 'backend_refused', error: 'not_found' },
    ],
    [
      'it redirects',
      () => HttpResponse.redirect('https://app.example/login'),
      { code: 'backend_not_found', recovery: 'configure' },
    ],
    [
      'nobody is signed in, by a gateway that does not know the contract',
      () => new HttpResponse('Unauthorized', { status: 401 }),
      { code: 'sign_in_required', recovery: 'sign_in' },
    ],
    ['it is unreachable', () => HttpResponse.error(), { code: 'network_error', recovery: 'resume' }],
  ])('when the backend says that %s', async (_name, answer, error) => {
    const scene = createScene(network)
    scene.backend.hostile.answer = ({ path }) => (path.endsWith('/authorization') ? answer() : undefined)
    expect(await kept(scene, 'mediated')).toMatchObject(error)
  })
})

describe('by way of the backend', () => {
  test('the challenge goes along, the verifier stays', async () => {
    const scene = createScene(network)
    await scene.leave(scene.open(), 'mediated', { returnTo: '/secret-place' })
    const [[state, transaction] = []] = await live(scene)
    const { codeVerifier, codeChallenge, nonce, handle } = transaction as Record<string, string>
    const [call] = scene.backend.calls.filter(({ path }) => path === '/mediated/authorization')
    expect(call?.body).toEqual({
      state,
      code_challenge: codeChallenge,
      nonce,
      redirect_uri: 'https://app.example/callback/mediated',
      scope: 'openid accounts offline_access',
    })
    expect(JSON.stringify(call)).not.toContain(codeVerifier)
    expect(handle).toEqual(expect.any(String))
  })

  test('an answer that does not say how long it is good is used as it is', async () => {
    const scene = createScene(network)
    scene.backend.hostile.body = ({ expires_in: _, ...body }) => body
    await scene.leave(scene.open(), 'mediated')
    expect(scene.backend.calls.filter(({ path }) => path === '/mediated/authorization')).toHaveLength(1)
  })
})

describe('preparing', () => {
  test('does ahead what the click then uses', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const { prepareAsync: prepare } = app.client.authorization('mediated')
    await prepare()
    await prepare()
    expect((await live(scene)).map(([, value]) => (value as { phase: string }).phase)).toEqual(['prepared'])
    expect(app.left).toEqual([])
    const url = await scene.leave(app, 'mediated')
    expect(await live(scene)).toMatchObject([[new URL(url).searchParams.get('state'), { phase: 'left' }]])
    expect(scene.backend.calls.filter(({ path }) => path === '/mediated/authorization')).toHaveLength(1)
  })

  test('for another input is removed, and the click makes its own', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const { prepareAsync } = app.client.authorization('bank')
    await prepareAsync({ returnTo: '/a' })
    await prepareAsync({ returnTo: '/b' })
    await settled()
    expect(await live(scene)).toMatchObject([[expect.any(String), { input: { returnTo: '/b' } }]])
    const prepared = (await live(scene))[0]?.[0]
    const url = await scene.leave(app, 'bank', { returnTo: '/c' })
    await settled()
    expect(await live(scene)).toMatchObject([[stateOf(url), { input: { returnTo: '/c' } }]])
    expect(stateOf(url)).not.toBe(prepared)
  })

  test('is used for an equal input, whatever of it is known at the click', async () => {
    const scene = createScene(network)
    const app = scene.open()
    await app.client.authorization('bank', { scope: 'openid', returnTo: '/a' }).prepareAsync()
    const prepared = (await live(scene))[0]?.[0]
    const leaving = app.leaving()
    app.client.authorization('bank', { returnTo: '/' }).authorize({ returnTo: '/a', scope: 'openid' })
    expect(stateOf(await leaving)).toBe(prepared)
  })

  test('shows no failure: the click tries again', async () => {
    const scene = createScene(network)
    scene.server.hostile.discovery = () => HttpResponse.error()
    const app = scene.open()
    const { prepareAsync: prepare, get } = app.client.authorization('bank')
    await prepare()
    expect(get()).toEqual({ status: 'idle' })
    delete scene.server.hostile.discovery
    await scene.leave(app)
  })

  test('that fails while the click already waits for it is done again', async () => {
    const scene = createScene(network)
    let failures = 1
    scene.server.hostile.discovery = () =>
      failures-- > 0
        ? HttpResponse.error()
        : HttpResponse.json(scene.server.metadata as Record<string, string>)
    const app = scene.open()
    void app.client.authorization('bank').prepareAsync()
    await scene.leave(app)
  })

  test.each([
    ['its time is nearly over', 850],
    ['the pushed request is no longer good', 598],
  ])('is not used when %s', async (_name, seconds) => {
    const scene = createScene(network)
    const app = scene.open()
    await app.client.authorization('mediated').prepareAsync()
    const [[prepared] = []] = await live(scene)
    scene.browser.clock.advance(seconds)
    const url = await scene.leave(app, 'mediated')
    expect(new URL(url).searchParams.get('state')).not.toBe(prepared)
  })

  test('is not used when storage has lost it', async () => {
    const scene = createScene(network)
    const app = scene.open()
    await app.client.authorization('mediated').prepareAsync()
    const prepared = (await live(scene))[0]?.[0] ?? ''
    await scene.browser.tamper(transactionKey(prepared), undefined)
    const url = await scene.leave(app, 'mediated')
    expect(new URL(url).searchParams.get('state')).not.toBe(prepared)
  })

  test('is not used for another user of the app', async () => {
    const scene = createScene(network)
    const app = scene.open('/', { subject: 'anna' })
    await app.client.authorization('bank').prepareAsync()
    app.client.setSubject('berta')
    const url = await scene.leave(app)
    const records = await scene.browser.records()
    expect(records.get(transactionKey(stateOf(url)))).toMatchObject({
      subject: await subjectName(scene.browser, 'berta'),
    })
  })
})

describe('transactions in storage', () => {
  test('are at most sixteen; prepared ones make room first', async () => {
    const scene = createScene(network)
    const app = scene.open()
    await app.client.authorization('bank').prepareAsync()
    const prepared = (await live(scene))[0]?.[0]
    const states = []
    for (let i = 0; i < 16; i++) {
      states.push(stateOf(await scene.leave(scene.open())))
      scene.browser.clock.advance(1)
    }
    await eventually(async () => expect(await live(scene)).toHaveLength(16))
    const kept = await live(scene)
    expect(kept.map(([key]) => key).sort()).toEqual([...states].sort())
    expect(kept.map(([key]) => key)).not.toContain(prepared)
  })

  test('that are under way are not given up for those that have ended', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    for (let i = 0; i < 20; i++) {
      scene.browser.clock.advance(1)
      const app = scene.open(await scene.consent({}, { error: 'access_denied' }))
      await until(app.client.callback, 'denied')
      app.client.dispose()
    }
    expect((await until(scene.open(url).client.callback, 'connected')).status).toBe('connected')
  })

  test('lose their verifier when nobody came back in time, and are told as abandoned', async () => {
    const scene = createScene(network)
    await scene.leave(scene.open(), 'bank', { returnTo: '/x' })
    const startedAt = scene.browser.clock.now()
    scene.browser.clock.advance(1000)
    const app = scene.open()
    const { abandoned } = await until(app.client.connections, 'ready')
    expect(abandoned).toMatchObject([{ provider: 'bank', startedAt }])
    expect(JSON.stringify(await live(scene))).not.toMatch(/codeVerifier|nonce/)

    const leaving = app.leaving()
    abandoned[0]?.restart()
    await leaving
    await eventually(() => expect(app.client.connections.get()).toMatchObject({ abandoned: [] }))
  })

  test('are begun again in a popup that opens while the click is being handled', async () => {
    const scene = createScene(network)
    const url = await scene.leave(scene.open())
    // As of a page that waited for a popup and was closed.
    const key = transactionKey(stateOf(url))
    const left = (await scene.browser.records()).get(key) as object
    await scene.browser.tamper(key, { ...left, input: { display: 'popup' } })
    scene.browser.clock.advance(1000)
    const app = scene.open()
    const { abandoned } = await until(app.client.connections, 'ready')
    const openPopup = vi.fn(() => createPopup() as unknown as Window)
    app.platform.navigation.openPopup = openPopup
    abandoned[0]?.restart()
    expect(openPopup).toHaveBeenCalledTimes(1)
    await until(app.client.authorization('bank'), 'waiting')
    await eventually(() => expect(app.client.connections.get()).toMatchObject({ abandoned: [] }))
  })

  test('are told as abandoned by all of several pages that find them at the same moment', async () => {
    const scene = createScene(network)
    await scene.leave(scene.open())
    scene.browser.clock.advance(1000)
    const apps = Array.from({ length: 6 }, () => scene.open())
    for (const { client } of apps)
      expect(await until(client.connections, 'ready')).toMatchObject({ abandoned: [{ provider: 'bank' }] })
  })

  test('are not told of when the person has connected the same provider since', async () => {
    const scene = createScene(network)
    await scene.leave(scene.open(), 'bank')
    await scene.leave(scene.open(), 'other')
    const app = scene.open(await scene.consent())
    await until(app.client.callback, 'connected')
    scene.browser.clock.advance(1000)
    expect(await until(scene.open().client.connections, 'ready')).toMatchObject({
      abandoned: [{ provider: 'other' }],
    })
  })

  test('are forgotten in every tab when one forgets them', async () => {
    const scene = createScene(network)
    await scene.leave(scene.open(), 'bank')
    scene.browser.clock.advance(1000)
    const { client: neighbour } = scene.open()
    const { client } = scene.open()
    expect(await until(neighbour.connections, 'ready')).toMatchObject({ abandoned: [{ provider: 'bank' }] })
    const { abandoned } = await until(client.connections, 'ready')
    expect(abandoned).toMatchObject([{ provider: 'bank' }])
    await abandoned[0]?.dismissAsync()
    await untilState(
      neighbour.connections,
      (state): state is typeof state => state.status === 'ready' && state.abandoned.length === 0,
    )
  })

  test('that were only prepared leave nothing behind', async () => {
    const scene = createScene(network)
    await scene.open().client.authorization('bank').prepareAsync()
    scene.browser.clock.advance(1000)
    expect(await until(scene.open().client.connections, 'ready')).toMatchObject({ abandoned: [] })
    expect(await live(scene)).toEqual([])
  })

  test('under their bare state, as version 0.1 stored them, lose their verifier too', async () => {
    const scene = createScene(network)
    const state = stateOf(await scene.leave(scene.open()))
    await scene.browser.tamper(state, (await scene.browser.records()).get(transactionKey(state)))
    await scene.browser.tamper(transactionKey(state), undefined)
    scene.browser.clock.advance(1000)
    expect(await until(scene.open().client.connections, 'ready')).toMatchObject({
      abandoned: [{ provider: 'bank' }],
    })
    expect((await scene.browser.records()).get(state)).not.toHaveProperty('codeVerifier')
  })

  test('of another version of this library are left alone', async () => {
    const scene = createScene(network)
    const strange = { v: 2, phase: 'left', expiresAt: 1, subject: '' }
    await scene.browser.tamper('of-another-version', strange)
    await until(scene.open().client.connections, 'ready')
    await scene.leave(scene.open())
    expect((await scene.browser.records()).get('of-another-version')).toEqual(strange)
  })
})
