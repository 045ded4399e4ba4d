import { createClient, singleUser, type Revocation } from 'countersign/core'
import { oidc } from 'countersign/providers'
import fc from 'fast-check'
import { HttpResponse } from 'msw'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createScene, providers, type App, type Scene, type Setting } from '../../support/app.js'
import { refusal } from '../../support/backend.js'
import { openNetwork } from '../../support/network.js'
import { errorOf, refusalOf } from '../../support/refusal.js'
import { settled, until } from '../../support/until.js'

const network = openNetwork()

/** An app that has just connected an account, with its tokens. */
async function connected(scene: Scene, name: 'bank' | 'mediated' = 'bank', setting: Setting = {}) {
  const url =
    name === 'bank'
      ? await scene.consent({}, {}, setting)
      : scene.backend.visit(await scene.leave(scene.open('/', setting), name))
  const app = scene.open(url, setting)
  await until(app.client.callback, 'connected')
  return { app, tokens: await until(app.client.tokens(name), 'connected') }
}

const urlOf = (input: RequestInfo | URL): string => (input instanceof Request ? input.url : input.toString())

/** An answer that a test gives when it wants to. */
function deferred() {
  let resolve!: (response: Response) => void
  const promise = new Promise<Response>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

const refreshes = ({ server }: Scene) =>
  server.requests.token.filter(({ form }) => form.get('grant_type') === 'refresh_token')

const tokenCalls = ({ backend }: Scene) => backend.calls.filter(({ path }) => path.endsWith('/access-token'))

describe('an access token of browser mode', () => {
  test('is the one that came with the connection, as long as it is good', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    const token = await tokens.getAccessToken()
    expect(token).toMatch(/^[\w-]+$/)
    scene.browser.clock.advance(3590)
    expect(await tokens.getAccessToken()).toBe(token)
    expect(tokens.expiresAt).toBe(scene.browser.clock.now() + 10)
    expect(refreshes(scene)).toEqual([])
  })

  test('is refreshed once for ten callers', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    const old = await tokens.getAccessToken()
    scene.browser.clock.advance(3600)
    const calls = await Promise.allSettled(Array.from({ length: 10 }, () => tokens.getAccessToken()))
    expect(calls).toEqual(calls.map(() => calls[0]))
    const fresh = calls.map((call) => (call.status === 'fulfilled' ? call.value : undefined))
    expect(fresh[0]).not.toBe(old)
    expect(refreshes(scene)).toHaveLength(1)
    expect(await tokens.getAccessToken()).toBe(fresh[0])
  })

  test('is not refreshed before anybody needs it', async () => {
    const scene = createScene(network)
    await connected(scene)
    scene.browser.clock.advance(7200)
    await settled()
    expect(refreshes(scene)).toEqual([])
  })

  test('changes nothing that a component would render', async () => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene)
    let changes = 0
    const stores = [app.client.tokens('bank'), app.client.connections, app.client.callback]
    for (const store of stores) store.subscribe(() => changes++)
    scene.browser.clock.advance(3600)
    await tokens.getAccessToken()
    await settled()
    expect(changes).toBe(0)
    expect(app.client.tokens('bank').get()).toBe(tokens)
  })

  test('is refreshed with the refresh token that came last', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    for (let i = 0; i < 3; i++) {
      scene.browser.clock.advance(3600)
      await tokens.getAccessToken()
    }
    const used = refreshes(scene).map(({ form }) => form.get('refresh_token'))
    expect(new Set(used).size).toBe(3)
  })

  test('keeps the refresh token when no new one comes', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    scene.server.hostile.token = () =>
      HttpResponse.json({ access_token: 'another', token_type: 'Bearer', expires_in: 60 })
    scene.browser.clock.advance(3600)
    expect(await tokens.getAccessToken()).toBe('another')
    scene.browser.clock.advance(60)
    await tokens.getAccessToken()
    const [first, second] = refreshes(scene).map(({ form }) => form.get('refresh_token'))
    expect(second).toBe(first)
  })

  test('that cannot be refreshed any more asks for authorization again, in every tab', async () => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene)
    const neighbour = scene.open()
    scene.server.hostile.token = () => HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })
    scene.browser.clock.advance(3600)
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({
      code: 'reauthorization_required',
      recovery: 'authorize',
    })
    expect(await until(app.client.tokens('bank'), 'reauthorization_required')).toMatchObject({
      connection: { id: tokens.connection.id },
    })
    await until(neighbour.client.tokens('bank'), 'reauthorization_required')
    expect(refreshes(scene)).toHaveLength(1)
  })

  test('is not refreshed where refresh tokens neither rotate nor are bound: RFC 9700 §2.2.2', async () => {
    const scene = createScene(network)
    const issuer = 'https://as.example'
    const bank = oidc({ issuer, clientId: 'client-1', scope: providers.bank.scope, refresh: false })
    const page = scene.browser.open(await scene.consent())
    const { tokens: tokensOf } = createClient({
      subject: singleUser,
      providers: { bank },
      platform: page.platform,
    })
    const tokens = await until(tokensOf('bank'), 'connected')
    expect(await tokens.getAccessToken()).toEqual(expect.any(String))
    scene.browser.clock.advance(3600)
    expect(await refusalOf(tokens.getAccessToken)).toEqual({ code: 'reauthorization_required' })
    expect(refreshes(scene)).toEqual([])
  })

  test('that is dead says nothing about the connection where another tab has renewed it since', async () => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene)
    const { id } = tokens.connection
    scene.browser.clock.advance(60)
    const elsewhere = scene.open(await scene.consent({ connection: id }))
    await until(elsewhere.client.callback, 'connected')
    scene.server.hostile.token = () => HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })
    scene.browser.clock.advance(3545)
    expect(await refusalOf(tokens.getAccessToken)).toEqual({ code: 'reauthorization_required' })
    await until(app.client.tokens('bank'), 'reauthorization_required')
    await settled()
    const kept = await until(elsewhere.client.tokens('bank'), 'connected')
    expect(kept.connection.id).toBe(id)
    expect(await kept.getAccessToken()).toEqual(expect.any(String))
  })

  test('without a refresh token asks for authorization again when it has expired', async () => {
    const scene = createScene(network)
    const app = scene.open(await scene.consent({ scope: 'openid accounts' }))
    const tokens = await until(app.client.tokens('bank'), 'connected')
    await tokens.getAccessToken()
    scene.browser.clock.advance(3600)
    expect(await refusalOf(tokens.getAccessToken)).toEqual({ code: 'reauthorization_required' })
    expect(refreshes(scene)).toEqual([])
  })

  test.each<[string, () => Response, number]>([
    ['the network is gone', () => HttpResponse.error(), 30],
    ['the server is down', () => HttpResponse.json({}, { status: 503 }), 0],
    ['the answer is no token response', () => HttpResponse.html('<html></html>'), 30],
  ])('is asked for again by the next caller when %s', async (_name, answer, pauseSeconds) => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene)
    scene.browser.clock.advance(3600)
    scene.server.hostile.token = answer
    await errorOf(tokens.getAccessToken)
    expect(refreshes(scene)).toHaveLength(1)
    expect(app.client.tokens('bank').get().status).toBe('connected')
    delete scene.server.hostile.token
    scene.browser.clock.advance(pauseSeconds)
    expect(await tokens.getAccessToken()).toMatch(/^[\w-]+$/)
    expect(refreshes(scene)).toHaveLength(2)
  })

  test('that comes with the ID Token of another person is not used', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    scene.browser.clock.advance(3600)
    scene.server.subject = 'user-2'
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
  })

  test('whose lifetime is not known is used until the API refuses it', async () => {
    const scene = createScene(network)
    scene.server.hostile.tokens = ({ expires_in: _, ...body }) => body
    const { tokens } = await connected(scene)
    const token = await tokens.getAccessToken()
    expect(tokens.expiresAt).toBeUndefined()
    scene.browser.clock.advance(86_400)
    expect(await tokens.getAccessToken()).toBe(token)
    scene.server.expire(token)
    expect((await tokens.fetch('accounts')).status).toBe(200)
    expect(refreshes(scene)).toHaveLength(1)
  })

  test('that lives for no time at all is refreshed once a call, not for ever', async () => {
    const scene = createScene(network)
    scene.server.hostile.tokens = (body) => ({ ...body, expires_in: 0 })
    const { tokens } = await connected(scene)
    await tokens.getAccessToken()
    await settled()
    expect(refreshes(scene)).toHaveLength(1)
  })

  test('is gone after a reload, and the connection is not', async () => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene)
    const reloaded = scene.open(app.reload())
    expect(await until(reloaded.client.tokens('bank'), 'reauthorization_required')).toMatchObject({
      connection: { id: tokens.connection.id },
    })
  })
})

describe.each([
  ['in memory', {}],
  ['in IndexedDB', { persistTokens: true }],
])('a refresh of tokens that are kept %s', (_name, options) => {
  const { scope } = providers.bank
  const bank = oidc({ issuer: 'https://as.example', clientId: 'client-1', scope, ...options })

  /** A page that has just connected, and every pair of tokens that it was sent. */
  async function connect(scene: Scene, lifetime: { readonly expires_in?: number } = {}) {
    const issued: { readonly access: string; readonly refresh: string }[] = []
    scene.server.hostile.tokens = (body) => {
      issued.push({ access: String(body['access_token']), refresh: String(body['refresh_token']) })
      return { ...body, ...lifetime }
    }
    const { platform } = scene.browser.open(await scene.consent())
    const { tokens: tokensOf } = createClient({ subject: singleUser, providers: { bank }, platform })
    const tokens = await until(tokensOf('bank'), 'connected')
    return { issued, tokens, ...tokens, status: () => tokensOf('bank').get().status }
  }

  test('goes on when the server changes its key, however long after it was looked at', async () => {
    const scene = createScene(network)
    const { issued, getAccessToken } = await connect(scene, { expires_in: 0 })
    for (const [seconds, kid] of [
      [1, 'key-2'],
      [61, 'key-2'],
      [400, undefined],
    ] as const) {
      scene.browser.clock.advance(seconds)
      await scene.server.rotateKeys(kid)
      expect(await getAccessToken()).toBe(issued.at(-1)?.access)
    }
    expect(refreshes(scene)).toHaveLength(3)
  })

  test.each<[string, () => Response]>([
    ['offline', () => HttpResponse.error()],
    ['503', () => new HttpResponse(null, { status: 503 })],
    ['429', () => HttpResponse.json({}, { status: 429 })],
    ['HTML', () => HttpResponse.html('<html></html>')],
  ])(
    'goes on with the new refresh token while the server’s keys are out of reach (%s), and gives nobody the access token',
    async (_answer, answer) => {
      const scene = createScene(network)
      const { issued, getAccessToken, status } = await connect(scene)
      scene.browser.clock.advance(3600)
      scene.server.hostile.jwks = answer
      for (let round = 0; round < 2; round += 1) {
        expect(await errorOf(getAccessToken)).toMatchObject({ code: 'network_error', recovery: 'resume' })
        expect(status()).toBe('connected')
        const records = JSON.stringify([...(await scene.browser.records())])
        expect(issued.slice(1).filter(({ access }) => records.includes(access))).toEqual([])
      }
      delete scene.server.hostile.jwks
      expect(await getAccessToken()).toBe(issued[3]?.access)
      expect(refreshes(scene).map(({ form }) => form.get('refresh_token'))).toEqual(
        issued.slice(0, 3).map(({ refresh }) => refresh),
      )
    },
  )

  test('is not used when its ID Token names another person, whether or not keys can be had', async () => {
    const scene = createScene(network)
    const { getAccessToken } = await connect(scene)
    scene.browser.clock.advance(3600)
    scene.server.hostile.jwks = () => HttpResponse.error()
    scene.server.subject = 'user-2'
    expect(await errorOf(getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
  })

  test('that could not be checked is revoked with the connection', async () => {
    const scene = createScene(network)
    const { issued, tokens, getAccessToken } = await connect(scene)
    scene.browser.clock.advance(3600)
    scene.server.hostile.jwks = () => HttpResponse.error()
    await errorOf(getAccessToken)
    expect(await tokens.disconnect()).toEqual({ revoked: true })
    const [revoked] = scene.server.requests.revocation.map(({ form }) => form.get('token'))
    expect(revoked).toBe(issued[1]?.refresh)
  })
})

test('a refresh that could not be checked is not repeated by the tabs that waited for it', async () => {
  const scene = createScene(network)
  const bank = oidc({
    issuer: 'https://as.example',
    clientId: 'client-1',
    scope: providers.bank.scope,
    persistTokens: true,
  })
  const open = async (url: string) => {
    const { platform } = scene.browser.open(url)
    return until(
      createClient({ subject: singleUser, providers: { bank }, platform }).tokens('bank'),
      'connected',
    )
  }
  const first = await open(await scene.consent())
  const second = await open('/')
  scene.browser.clock.advance(3600)
  const release = scene.browser.hold(`refresh:${first.connection.id}`)
  const asked = [errorOf(first.getAccessToken), errorOf(second.getAccessToken)]
  while (scene.browser.waiting(`refresh:${first.connection.id}`) < 2) await settled()
  scene.server.hostile.jwks = () => HttpResponse.error()
  release()
  expect(await Promise.all(asked)).toMatchObject([{ code: 'network_error' }, { code: 'network_error' }])
  expect(refreshes(scene)).toHaveLength(1)
  delete scene.server.hostile.jwks
  expect(await second.getAccessToken()).toBe(await first.getAccessToken())
  expect(refreshes(scene)).toHaveLength(2)
})

describe('an access token of mediated mode', () => {
  test('is the one that came with the connection, then the backend’s', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene, 'mediated')
    const first = await tokens.getAccessToken()
    expect(tokenCalls(scene)).toEqual([])
    scene.browser.clock.advance(3600)
    const fresh = await Promise.all(Array.from({ length: 10 }, () => tokens.getAccessToken()))
    expect(new Set(fresh).size).toBe(1)
    expect(fresh[0]).not.toBe(first)
    expect(tokenCalls(scene)).toMatchObject([
      { method: 'POST', path: '/connections/connection-1/access-token', body: {} },
    ])
  })

  test('is asked for after a reload', async () => {
    const scene = createScene(network)
    const { app } = await connected(scene, 'mediated')
    const tokens = await until(scene.open(app.reload()).client.tokens('mediated'), 'connected')
    expect(await tokens.getAccessToken()).toMatch(/^[\w-]+$/)
    expect(tokenCalls(scene)).toHaveLength(1)
  })

  test('that the API refused is named to the backend by its hash', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene, 'mediated')
    const refused = await tokens.getAccessToken()
    scene.backend.expire()
    expect((await tokens.fetch('accounts')).status).toBe(200)
    expect(tokenCalls(scene).map(({ body }) => body)).toEqual([
      { rejected: createHash('sha256').update(refused).digest('base64url') },
    ])
  })

  test.each<[string, () => Response, string, string]>([
    [
      'reauthorization_required',
      () => refusal('reauthorization_required', 409),
      'reauthorization_required',
      'reauthorization_required',
    ],
    ['unknown_connection', () => refusal('unknown_connection', 404), 'unknown_connection', 'disconnected'],
    ['unauthenticated', () => refusal('unauthenticated', 401), 'sign_in_required', 'sign_in_required'],
    ['provider_unavailable', () => refusal('provider_unavailable', 504), 'provider_unavailable', 'connected'],
    ['backend_unavailable', () => refusal('backend_unavailable', 503), 'backend_unavailable', 'connected'],
    ['rate_limited', () => refusal('rate_limited', 429), 'rate_limited', 'connected'],
  ])('which the backend refuses with %s', async (_name, answer, code, status) => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene, 'mediated')
    scene.browser.clock.advance(3600)
    scene.backend.hostile.answer = ({ path }) => (path.endsWith('/access-token') ? answer() : undefined)
    expect(await refusalOf(tokens.getAccessToken)).toEqual({ code })
    expect((await until(app.client.tokens('mediated'), status as 'connected')).status).toBe(status)
  })

  test('whose refreshes make no sense at the backend is failed, once the backend says so by naming it', async () => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene, 'mediated')
    scene.browser.clock.advance(3600)
    scene.backend.hostile.answer = ({ path }) =>
      path.endsWith('/access-token')
        ? HttpResponse.json(
            { error: 'provider_unavailable', error_description: '', connection: tokens.connection.id },
            { status: 504, headers: { countersign: '1' } },
          )
        : undefined
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'refresh_failed' })
    expect(await until(app.client.tokens('mediated'), 'failed')).toMatchObject({
      error: { code: 'refresh_failed' },
      connection: { id: tokens.connection.id },
    })
    // The list says when it works again.
    delete scene.backend.hostile.answer
    scene.browser.clock.advance(3600)
    await until(scene.open().client.tokens('mediated'), 'connected')
  })

  test.each([
    { access_token: 'a\r\nb' },
    { access_token: 'a b' },
    { access_token: '' },
    { access_token: 7 },
    { access_token: undefined },
    { access_token: 'ü' },
    { token_type: 'mac' },
    { token_type: 'DPoP' },
    { token_type: undefined },
    { token_type: ['Bearer'] },
  ])('is refused when the backend answers with %j', async (changes) => {
    const scene = createScene(network)
    const { tokens } = await connected(scene, 'mediated')
    scene.browser.clock.advance(3600)
    scene.backend.hostile.body = (body) => ({ ...body, ...changes })
    expect(await refusalOf(tokens.getAccessToken)).toEqual({
      code: 'backend_response_invalid',
      parameter: 'access_token',
    })
  })

  test('may have 64 KiB, and no more', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene, 'mediated')
    scene.browser.clock.advance(3600)
    scene.backend.hostile.body = (body) => ({ ...body, access_token: 'x'.repeat(65_537) })
    expect(await refusalOf(tokens.getAccessToken)).toMatchObject({ parameter: 'access_token' })
    scene.backend.hostile.body = (body) => ({ ...body, access_token: 'x'.repeat(65_536) })
    expect(await tokens.getAccessToken()).toHaveLength(65_536)
  })
})

describe('a request to the API', () => {
  test('carries the access token in its header, and no cookie', async () => {
    const scene = createScene(network)
    const requests: [string, RequestInit][] = []
    const { tokens } = await connected(scene, 'bank', {
      fetch: async (input, init) => {
        if (urlOf(input).includes('/api/')) requests.push([urlOf(input), init ?? {}])
        return fetch(input, init)
      },
    })
    const token = await tokens.getAccessToken()
    await tokens.fetch('/accounts?page=2#top', {
      headers: { accept: 'application/json', authorization: 'Bearer another' },
      redirect: 'follow',
    })
    const [[url, init] = ['', {}]] = requests
    expect(url).toMatch(/^https:\/\/as\.example\/api\/v1\/accounts\?page=2/)
    expect(Object.fromEntries(new Headers(init.headers))).toEqual({
      accept: 'application/json',
      authorization: `Bearer ${token}`,
    })
    expect(init).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'error' })
  })

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'of %s is sent once more with a new token when the API refuses the old one',
    async (method) => {
      const scene = createScene(network)
      const { tokens } = await connected(scene)
      scene.server.expire(await tokens.getAccessToken())
      expect((await tokens.fetch('accounts', { method })).status).toBe(200)
      expect(scene.server.requests.api).toHaveLength(2)
      expect(refreshes(scene)).toHaveLength(1)
    },
  )

  test.each(['POST', 'PATCH'])('of %s is not repeated, for it may have had its effect', async (method) => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    scene.server.expire(await tokens.getAccessToken())
    expect((await tokens.fetch('payments', { method, body: '{}' })).status).toBe(401)
    expect(scene.server.requests.api).toHaveLength(1)
  })

  test('of POST after one that was refused has a new token', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    scene.server.expire(await tokens.getAccessToken())
    await tokens.fetch('payments', { method: 'POST', body: '{}' })
    expect((await tokens.fetch('payments', { method: 'POST', body: '{}' })).status).toBe(200)
    expect(refreshes(scene)).toHaveLength(1)
  })

  test('is given up after the second refusal', async () => {
    const scene = createScene(network)
    let issued = 0
    scene.server.hostile.tokens = (body) => ({
      ...body,
      access_token: `not-accepted-${String((issued += 1))}`,
    })
    scene.server.hostile.claims = ({ at_hash: _, ...claims }) => claims
    const { tokens } = await connected(scene)
    expect((await tokens.fetch('accounts')).status).toBe(401)
    expect(scene.server.requests.api).toHaveLength(2)
    expect(refreshes(scene)).toHaveLength(1)
  })

  test('ten times refused at once costs one new token', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    scene.server.expire(await tokens.getAccessToken())
    const answers = await Promise.all(Array.from({ length: 10 }, () => tokens.fetch('accounts')))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(refreshes(scene)).toHaveLength(1)
  })

  const dangerous = [
    '../admin',
    '../../v1',
    '%2e%2e/admin',
    '%2E%2e%2fadmin',
    '..%2fadmin',
    '..%5cadmin',
    '..\\admin',
    '\\\\evil.example/x',
    '\\evil',
    'https://evil.example/',
    'HTTPS://evil.example/',
    '//evil.example/x'.replace('//', '\t//'),
    'https://user:password@as.example/api/v1/x',
    'https://as.example/api/v10',
    'https://as.example/api',
    'accounts//x',
    'accounts/..;/admin',
    'accounts%00',
    '%252e%252e/admin',
    '%252e%252e%252fadmin',
  ]
  test.each(dangerous)('to %j is not sent', async (path) => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    expect(await refusalOf(() => tokens.fetch(path))).toEqual({ code: 'resource_not_allowed' })
    expect(scene.server.requests.api).toEqual([])
  })

  const harmless = [
    ['accounts', 'accounts'],
    ['/accounts', 'accounts'],
    ['//accounts', 'accounts'],
    ['accounts/1?from=2026-01-01&q=../x', 'accounts/1?from=2026-01-01&q=../x'],
    ['accounts/a b', 'accounts/a%20b'],
    ['accounts/100%25', 'accounts/100%25'],
    ['', ''],
    ['./accounts', 'accounts'],
    ['accounts/x/../y', 'accounts/y'],
    // A path and never a URL of its own, whatever the id of a customer looks like.
    ['https:127.0.0.1:4680/transactions', 'https:127.0.0.1:4680/transactions'],
    ['http:evil.example/transactions', 'http:evil.example/transactions'],
    ['http:/evil.example', 'http:/evil.example'],
    ['a:b/transactions', 'a:b/transactions'],
    ['/a:b/transactions', 'a:b/transactions'],
    ['javascript:alert(1)', 'javascript:alert(1)'],
    ['data:text/html,x', 'data:text/html,x'],
  ] as const
  test.each(harmless)('to %j goes to %j below the base', async (path, below) => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    await tokens.fetch(path)
    expect(scene.server.requests.api.map(({ url }) => url)).toEqual([`https://as.example/api/v1/${below}`])
  })

  const pathPiece = fc.constantFrom(
    ...[
      '..',
      '.',
      '/',
      '//',
      '\\',
      '%2e',
      '%2f',
      '%5c',
      '%25',
      '%00',
      ';',
      '?',
      '#',
      '@',
      ':',
      '\t',
      '\n',
      ' ',
    ],
    ...['accounts', 'evil.example', 'https:', 'as.example', 'api', 'v1', 'é', '\ud800'],
  )
  const anyPath = fc.oneof(
    fc.array(pathPiece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
  )

  test('stays below the base of the API, or is not sent, whatever the path', async () => {
    const scene = createScene(network)
    let sent = ''
    const { tokens } = await connected(scene, 'bank', {
      fetch: async (input, init) => {
        if (!new Headers(init?.headers).has('authorization')) return fetch(input, init)
        sent = urlOf(input)
        return new Response()
      },
    })
    await fc.assert(
      fc.asyncProperty(anyPath, async (path) => {
        sent = ''
        try {
          await tokens.fetch(path)
        } catch (error) {
          expect(error).toMatchObject({ code: 'resource_not_allowed' })
          expect(sent).toBe('')
          return
        }
        const { href, pathname } = new URL(sent)
        expect(href.startsWith('https://as.example/api/v1/')).toBe(true)
        // Nor does it leave when a server decodes once more than it should.
        const decoded = pathname
          .replace(/%25/gi, '%')
          .replace(/%2e/gi, '.')
          .replace(/%(?:2f|5c)/gi, '/')
        expect(decoded.split('/').filter((segment) => /^\.\.(?:;|$)/.test(segment))).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('needs an API base', async () => {
    const scene = createScene(network)
    const { bank } = providers
    const page = scene.browser.open(await scene.consent())
    const client = createClient({
      subject: singleUser,
      providers: { bank: { ...bank, api: undefined } },
      platform: page.platform,
    })
    const tokens = await until(client.tokens('bank'), 'connected')
    await expect(tokens.fetch('accounts')).rejects.toThrow(
      new TypeError('This provider has no API base: give its preset the `api` option.'),
    )
  })

  test('in bff mode goes to the backend, and stays below its resource path', async () => {
    const scene = createScene(network)
    const url = scene.backend.visit(await scene.leave(scene.open(), 'bff'))
    const app = scene.open(url)
    const tokens = await until(app.client.tokens('bff'), 'connected')
    expect(await (await tokens.fetch('/accounts?page=2', { headers: { accept: 'x/y' } })).json()).toEqual({
      ok: true,
    })
    const last = scene.backend.calls.at(-1)
    expect(last).toMatchObject({ method: 'GET', path: '/connections/connection-1/resource/accounts' })
    expect(last?.headers.get('countersign')).toBe('1')
    expect(last?.headers.has('authorization')).toBe(false)
    await tokens.fetch('https:127.0.0.1:4680/transactions')
    expect(scene.backend.calls.at(-1)?.path).toBe(
      '/connections/connection-1/resource/https:127.0.0.1:4680/transactions',
    )

    const before = scene.backend.calls.length
    for (const path of dangerous)
      expect([path, await refusalOf(() => tokens.fetch(path))]).toEqual([
        path,
        { code: 'resource_not_allowed' },
      ])
    expect(scene.backend.calls).toHaveLength(before)
  })
})

describe('disconnecting', () => {
  const gone = async (scene: Scene, app: App, name: 'bank' | 'mediated' = 'bank') => {
    expect(app.client.tokens(name).get()).toEqual({ status: 'disconnected' })
    expect([...(await scene.browser.records()).keys()].filter((key) => key.startsWith('connection'))).toEqual(
      [],
    )
  }

  test('forgets the connection and has its tokens revoked', async () => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene)
    const neighbour = scene.open()
    await until(neighbour.client.tokens('bank'), 'reauthorization_required')
    expect(await tokens.disconnect()).toEqual({ revoked: true })
    await gone(scene, app)
    expect(scene.server.requests.revocation.map(({ form }) => form.get('token_type_hint'))).toEqual([
      'refresh_token',
      'access_token',
    ])
    await until(neighbour.client.tokens('bank'), 'disconnected')
  })

  test.each<[string, () => Response, Revocation]>([
    ['200', () => new HttpResponse(null), { revoked: true }],
    ['204', () => new HttpResponse(null, { status: 204 }), { revoked: true }],
    [
      'unsupported_token_type',
      () => HttpResponse.json({ error: 'unsupported_token_type' }, { status: 400 }),
      { revoked: false, reason: 'refused' },
    ],
    ['503', () => new HttpResponse(null, { status: 503 }), { revoked: false, reason: 'unreachable' }],
    ['no answer', () => HttpResponse.error(), { revoked: false, reason: 'unreachable' }],
  ])(
    'forgets the connection whatever the server answers, and says why not: %s',
    async (_name, answer, result) => {
      const scene = createScene(network)
      scene.server.hostile.revocation = answer
      const { app, tokens } = await connected(scene)
      expect(await tokens.disconnect()).toEqual(result)
      await gone(scene, app)
    },
  )

  test('says that there is no endpoint for it', async () => {
    const scene = createScene(network)
    scene.server.hostile.metadata = ({ revocation_endpoint: _, ...document }) => document
    const { app, tokens } = await connected(scene)
    expect(await tokens.disconnect()).toEqual({ revoked: false, reason: 'no_endpoint' })
    await gone(scene, app)
  })

  test('counts a grant as revoked whose access token the server then does not know any more', async () => {
    const scene = createScene(network)
    scene.server.hostile.revocation = (form) =>
      form.get('token_type_hint') === 'refresh_token'
        ? new HttpResponse(null)
        : HttpResponse.json({ error: 'invalid_request' }, { status: 400 })
    const { tokens } = await connected(scene)
    expect(await tokens.disconnect()).toEqual({ revoked: true })
  })

  test.each<[string, Response | undefined, Revocation]>([
    [
      'a reason',
      HttpResponse.json({ revoked: false, reason: 'no_endpoint' }),
      { revoked: false, reason: 'no_endpoint' },
    ],
    [
      'none, as older backends do',
      HttpResponse.json({ revoked: false }),
      { revoked: false, reason: 'refused' },
    ],
    [
      'one that is none',
      HttpResponse.json({ revoked: false, reason: 7 }),
      { revoked: false, reason: 'refused' },
    ],
    [
      'nothing, for it is down',
      refusal('backend_unavailable', 503),
      { revoked: false, reason: 'unreachable' },
    ],
    ['no answer', HttpResponse.error(), { revoked: false, reason: 'unreachable' }],
  ])('at a backend that gives %s', async (_what, answer, result) => {
    const scene = createScene(network)
    const { tokens } = await connected(scene, 'mediated')
    scene.backend.hostile.answer = ({ method }) => (method === 'DELETE' ? answer : undefined)
    expect(await tokens.disconnect()).toEqual(result)
  })

  test('forgets the connection when the part of the app that revokes cannot be loaded', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    const page = scene.browser.open(url)
    await until(scene.open(page).client.callback, 'connected')
    const client = createClient({
      subject: singleUser,
      providers: {
        bank: {
          ...providers.bank,
          channel: {
            ...providers.bank.channel,
            load: () => Promise.reject(new TypeError('Failed to fetch')),
          },
        },
      },
      platform: scene.browser.open().platform,
    })
    const tokens = await until(client.tokens('bank'), 'reauthorization_required')
    expect(await tokens.disconnect()).toEqual({ revoked: false, reason: 'unreachable' })
    expect(await until(client.tokens('bank'), 'disconnected')).toEqual({ status: 'disconnected' })
  })

  test('at the backend ends the grant there', async () => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene, 'mediated')
    expect(await tokens.disconnect()).toEqual({ revoked: true })
    expect(scene.backend.calls.at(-1)).toMatchObject({ method: 'DELETE', path: '/connections/connection-1' })
    await gone(scene, app, 'mediated')
  })

  test('while a token is on its way leaves none behind', async () => {
    const scene = createScene(network)
    const { tokens } = await connected(scene)
    scene.browser.clock.advance(3600)
    const answer = deferred()
    scene.server.hostile.token = () => answer.promise
    const waiting = tokens.getAccessToken()
    while (refreshes(scene).length === 0) await settled()
    await tokens.disconnect()
    answer.resolve(HttpResponse.json({ access_token: 'late', token_type: 'Bearer', expires_in: 3600 }))
    await waiting.catch(() => undefined)
    expect(tokens.expiresAt).toBeUndefined()
    expect(await refusalOf(tokens.getAccessToken)).toEqual({ code: 'reauthorization_required' })
  })
})

describe('when the app’s user changes', () => {
  test('no token stays in memory, not even one that is on its way', async () => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene, 'bank', { subject: 'anna' })
    scene.browser.clock.advance(3600)
    const answer = deferred()
    scene.server.hostile.token = () => answer.promise
    const waiting = tokens.getAccessToken()
    while (refreshes(scene).length === 0) await settled()
    app.client.setSubject('berta')
    answer.resolve(HttpResponse.json({ access_token: 'late', token_type: 'Bearer', expires_in: 3600 }))
    await waiting.catch(() => undefined)
    expect(tokens.expiresAt).toBeUndefined()
    expect(await until(app.client.tokens('bank'), 'disconnected')).toEqual({ status: 'disconnected' })
  })

  test('what was got hold of before gives no token of the one before', async () => {
    const scene = createScene(network)
    const { app, tokens } = await connected(scene, 'mediated', { subject: 'anna' })
    scene.backend.session = 'berta'
    app.client.setSubject('berta')
    expect(await refusalOf(tokens.getAccessToken)).toEqual({ code: 'sign_in_required' })
    expect(await refusalOf(() => tokens.fetch('accounts'))).toEqual({ code: 'sign_in_required' })
    expect(tokenCalls(scene)).toEqual([])
    scene.backend.session = 'anyone'
    app.client.setSubject('anna')
    await until(app.client.tokens('mediated'), 'connected')
    expect(await tokens.getAccessToken()).toMatch(/^[\w-]+$/)
  })
})
