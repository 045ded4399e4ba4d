import { moneyhub as moneyhubBackend, type MoneyhubBackendOptions } from 'countersign/backend'
import { moneyhub } from 'countersign/providers'
import { decodeProtectedHeader, generateKeyPair, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  backendOptionsFor,
  bodyOf,
  claimsOf,
  createScene,
  mockBank,
  openBank,
  pennyhill,
  pushed,
  tokensOf,
  type Listed,
  type TestBank,
} from './scene.js'
import { eventually } from '../../support/until.js'

let bank: TestBank

beforeAll(async () => {
  bank = await openBank()
})
afterEach(() => {
  bank.control.reset()
  bank.requests.clear()
})
afterAll(() => bank.close())

const clientId = '7d0f2c1e-9b64-4a7d-8a51-3e5f60c9b2d4'

describe('renewing', () => {
  test.each(['reauth', 'reconsent', 'refresh'] as const)(
    'moneyhub 14, 26: %s keeps the connection, at Moneyhub and in the app',
    async (mode) => {
      const scene = createScene(bank)
      const { connection } = await scene.connect()
      const { connectionId } = connection.details
      bank.requests.clear()
      const renewed = await scene.connect({ mode, connectionId, connection: connection.id })
      expect(renewed.connection).toMatchObject({ id: connection.id, details: { connectionId } })
      const { parameters } = bank.requests.find('/oidc/request')[0]!
      expect(parameters['scope']).toBe(`openid ${mode}`)
      expect(claimsOf(parameters)).toMatchObject({
        sub: { essential: true, value: expect.any(String) as string },
        'mh:con_id': { essential: true, value: connectionId },
      })
    },
  )

  test('moneyhub 26: refuses a renewal that comes back as another connection', async () => {
    const scene = createScene(bank)
    const { connection } = await scene.connect()
    const { connectionId } = connection.details
    bank.control.next({ connectionId: `${mockBank}:another` })
    const { url } = await scene.decide('approve', { mode: 'reauth', connectionId, connection: connection.id })
    const { callback } = await scene.comeBack(url)
    expect(callback).toMatchObject({ status: 'failed', error: { error: 'provider_error' } })
  })

  test('renews only the connection that the page names, and never by connecting anew', async () => {
    const scene = createScene(bank)
    const [first, second] = [await scene.connect(), await scene.connect({ bankId: pennyhill })]
    const { id } = first.connection
    const { connectionId } = second.connection.details
    await expect(scene.leave({ mode: 'reauth', connectionId, connection: id })).rejects.toMatchObject({
      recovery: 'configure',
    })
    await expect(scene.leave({ bankId: mockBank, connection: id })).rejects.toMatchObject({
      recovery: 'configure',
    })
  })

  test('takes over a connection that was made before the app used countersign', async () => {
    const scene = createScene(bank)
    const { connectionId } = (await scene.connect()).connection.details
    const taken = await scene.connect({ mode: 'refresh', connectionId })
    expect(taken.connection.details).toEqual({ connectionId, status: 'ok' })
  })

  test('is refused for a connection of somebody else, before Moneyhub is asked to renew it', async () => {
    let subject = 'robin'
    const scene = createScene(bank, { subject: () => subject })
    const { connectionId } = (await scene.connect()).connection.details
    subject = 'sam'
    for (const id of [connectionId, `${mockBank}:00000000-0000-0000-0000-000000000000`]) {
      bank.requests.clear()
      await expect(scene.leave({ mode: 'reauth', connectionId: id })).rejects.toMatchObject({
        code: 'backend_refused',
        error: 'invalid_request',
      })
      expect(bank.requests.count('/oidc/request')).toBe(0)
    }
  })

  test('is refused where Moneyhub does not say whose the connection is', async () => {
    let answer: Response | undefined
    const scene = createScene(bank, {
      fetch: (url, init) =>
        answer && init.method === 'GET' && url.endsWith('/connections')
          ? Promise.resolve(answer)
          : fetch(url, init),
    })
    const { connectionId } = (await scene.connect()).connection.details
    for (answer of [
      new Response('[', { status: 200 }),
      new Response('null'),
      new Response('', { status: 403 }),
    ]) {
      bank.requests.clear()
      await expect(scene.leave({ mode: 'reauth', connectionId })).rejects.toMatchObject({
        error: 'provider_error',
      })
      expect(bank.requests.count('/oidc/request')).toBe(0)
    }
  })
})

describe('disconnecting', () => {
  test('deletes the connection at Moneyhub, and its data with it', async () => {
    const scene = createScene(bank)
    const first = await scene.connect()
    const second = await scene.connect({ bankId: pennyhill })
    expect(await (await tokensOf(first, first.connection.id)).disconnect()).toEqual({ revoked: true })
    const [request] = bank.requests.find(/\/connection\//)
    expect([request?.method, decodeURIComponent(request?.path ?? '')]).toEqual([
      'DELETE',
      expect.stringMatching(new RegExp(`^/users/\\w+/connection/${first.connection.details.connectionId}$`)),
    ])
    expect(bank.requests.count('/oidc/token', { scope: 'user:delete' })).toBe(1)
    const left = (await (
      await (await tokensOf(second, second.connection.id)).fetch('accounts')
    ).json()) as Listed
    expect(new Set(left.data.map(({ connectionId }) => connectionId))).toEqual(
      new Set([second.connection.details.connectionId]),
    )
  })

  test('deletes a one-time connection, too, and revokes its token', async () => {
    const scene = createScene(bank)
    const { connection, client } = await scene.connect({ bankId: mockBank }, 'moneyhubOnce')
    const tokens = client.tokens('moneyhubOnce', { connection: connection.id }).get()
    if (tokens.status !== 'connected') throw new Error('It is not connected.')
    expect(await tokens.disconnect()).toEqual({ revoked: true })
    expect(bank.requests.count('/oidc/token/revocation')).toBe(1)
  })

  test('forgets the connection although Moneyhub fails, and says that it did not confirm', async () => {
    const opened = await createScene(bank).connect()
    bank.control.next({ users: { status: 500 } })
    expect(await (await tokensOf(opened)).disconnect()).toEqual({ revoked: false, reason: 'unreachable' })
    expect(opened.client.tokens('moneyhub').get().status).toBe('disconnected')
  })
})

describe('client authentication', () => {
  test('moneyhub 10, 12: signs a new assertion for every request, for the token endpoint and a minute', async () => {
    const opened = await createScene(bank).connect()
    await (await tokensOf(opened)).fetch('accounts')
    const assertions = bank.requests.all.flatMap(({ parameters }) => parameters['client_assertion'] ?? [])
    const ids = await Promise.all(
      assertions.map(async (assertion) => {
        const { payload } = await jwtVerify(assertion, bank.publicKey, {
          issuer: bank.clientId,
          subject: bank.clientId,
          algorithms: ['RS256'],
        })
        expect(payload.aud).toBe(`${bank.issuer}/token`)
        expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60)
        expect(decodeProtectedHeader(assertion).kid).toBe('app-1')
        return payload.jti
      }),
    )
    expect(ids.length).toBeGreaterThan(3)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('names another audience where Moneyhub wants one', async () => {
    await createScene(bank, { backend: { assertionAudience: bank.issuer } }).leave()
    const [request] = bank.requests.find('/oidc/request')
    const { payload } = await jwtVerify(request?.parameters['client_assertion'] ?? '', bank.publicKey)
    expect(payload.aud).toBe(bank.issuer)
  })

  test('authenticates by client_secret_basic, with a secret of any characters', async () => {
    const own = await openBank({ clientSecret: 'a secret: with +, % and ~' })
    try {
      const { callback } = await createScene(own).connect()
      expect(callback.status).toBe('connected')
      expect(own.requests.find('/oidc/request')[0]?.authorizationScheme).toBe('Basic')
      expect(own.requests.all.some(({ parameters }) => 'client_assertion' in parameters)).toBe(false)
    } finally {
      await own.close()
    }
  })

  test('shows no token, assertion, secret or Moneyhub user to the page', async () => {
    const issued: string[] = []
    const scene = createScene(bank, {
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        issued.push(...(/client_assertion=([^&]+)/.exec(bodyOf(init))?.slice(1) ?? []))
        const text = await response.clone().text()
        issued.push(
          ...[...text.matchAll(/"(?:access_token|id_token|userId)":"([^"]+)"/g)].map((found) => found[1]!),
        )
        return response
      },
    })
    const { client, connection } = await scene.connect()
    await (await tokensOf({ client })).fetch('accounts')
    expect(issued.length).toBeGreaterThan(6)
    const seen = [
      ...scene.answers.map(({ text }) => text),
      JSON.stringify([...(await scene.browser.records())]),
    ].join('')
    for (const value of issued) expect(seen).not.toContain(value)
    expect(seen).toContain(connection.details.connectionId)
  })
})

describe('the state at Moneyhub', () => {
  const wrong = { connectionError: 'credentials_error' } as const

  test('moneyhub 12: is told of a new connection, and read again later', async () => {
    let later = 0
    const scene = createScene(bank, { secondsLater: () => later })
    const { connection } = await scene.connect()
    expect(connection.details).toMatchObject({ status: 'ok' })
    expect(connection.details).not.toHaveProperty('needs')
    bank.control.always(wrong)
    const detailsAfter = async (seconds: number) => {
      later += seconds
      const { connections } = (await (await scene.call('/connections', {}, 'GET')).json()) as {
        connections: { details: object }[]
      }
      return connections[0]?.details
    }
    expect(await detailsAfter(600)).toMatchObject({ status: 'ok' })
    const broken = { status: 'error', error: 'credentials_error', needs: 'reauth' }
    expect(await detailsAfter(600)).toMatchObject(broken)
    // A page reads its list once an hour.
    scene.browser.clock.advance(3700)
    const tokens = scene.open().client.tokens('moneyhub')
    onTestFinished(tokens.subscribe(() => undefined))
    const { connectionId } = connection.details
    await eventually(() => {
      expect(tokens.get()).toMatchObject({ connection: { details: { connectionId, ...broken } } })
    })
    bank.control.reset()
    expect(await detailsAfter(1000)).toMatchObject({ status: 'ok', error: null, needs: null })
  })

  test.each([
    ['mfa_required', 'reauth'],
    ['sync_error', 'refresh'],
    ['something_new', 'refresh'],
  ])('moneyhub 12: with %s needs %s', async (connectionError, needs) => {
    bank.control.always({ connectionError })
    const { connection } = await createScene(bank).connect()
    expect(connection.details).toMatchObject({ status: 'error', error: connectionError, needs })
  })

  test('moneyhub 12: is the person’s to mend: what it needs is a mode of authorize', async () => {
    const scene = createScene(bank)
    bank.control.always(wrong)
    const { connection } = await scene.connect()
    const { connectionId, needs = 'refresh' } = connection.details
    bank.control.reset()
    const renewed = await scene.connect({ mode: needs, connectionId, connection: connection.id })
    expect(renewed.connection.id).toBe(connection.id)
    expect(renewed.connection.details).toMatchObject({ connectionId, status: 'ok' })
    expect(renewed.connection.details).not.toHaveProperty('needs')
  })

  test('moneyhub 12: is an end where Moneyhub has the connection no longer: then it is to be renewed, in the list and on every page', async () => {
    let later = 0
    const scene = createScene(bank, { secondsLater: () => later })
    const { connection } = await scene.connect()
    bank.control.always({ connectionsDeleted: true })
    later = 1000
    const { connections } = (await (await scene.call('/connections', {}, 'GET')).json()) as {
      connections: object[]
    }
    expect(connections).toMatchObject([{ id: connection.id, status: 'reauthorization_required' }])
    scene.browser.clock.advance(3700)
    const tokens = scene.open().client.tokens('moneyhub')
    onTestFinished(tokens.subscribe(() => undefined))
    await eventually(() => {
      expect(tokens.get()).toMatchObject({ status: 'reauthorization_required' })
    })
    expect(scene.events.filter(({ name }) => name === 'reauthorization_required')).toMatchObject([
      { connection: connection.id, reason: 'consent_ended' },
    ])
    bank.control.reset()
    later = 0
    expect((await scene.connect({ bankId: mockBank })).connection).toMatchObject({ status: 'connected' })
  })

  test('moneyhub 12: is an end where the consent is over', async () => {
    let later = 0
    const scene = createScene(bank, { secondsLater: () => later, backend: { readsExpiry: false } })
    const { connection } = await scene.connect()
    expect(connection).not.toHaveProperty('consentExpiresAt')
    later = 91 * 24 * 3600
    const { connections } = (await (await scene.call('/connections', {}, 'GET')).json()) as {
      connections: object[]
    }
    expect(connections).toMatchObject([{ id: connection.id, status: 'reauthorization_required' }])
  })

  test('moneyhub 12: is no end where the list of connections has a further page', async () => {
    let later = 0
    const fetchListless = async (url: string, init: RequestInit): Promise<Response> =>
      later > 0 && init.method === 'GET' && url.endsWith('/connections')
        ? Response.json({ data: [], links: { next: `${url}?offset=100` } })
        : fetch(url, init)
    const scene = createScene(bank, { secondsLater: () => later, fetch: fetchListless })
    await scene.connect()
    later = 1000
    const { connections } = (await (await scene.call('/connections', {}, 'GET')).json()) as {
      connections: object[]
    }
    expect(connections).toMatchObject([{ status: 'connected', details: { status: 'ok' } }])
  })

  test('moneyhub 12: does not hide the connections where Moneyhub does not tell', async () => {
    let later = 0
    const scene = createScene(bank, { secondsLater: () => later })
    await scene.connect()
    later = 1000
    bank.control.always({ users: { status: 503 } })
    expect((await tokensOf(scene.open())).connection.details).toMatchObject({ status: 'ok' })
  })

  test('moneyhub 12: is not read where the app may not', async () => {
    const scene = createScene(bank, { backend: { readsStatus: false, readsExpiry: false } })
    expect((await scene.connect()).connection.details).not.toHaveProperty('status')
    expect(bank.requests.count('/oidc/token', { scope: 'user:read' })).toBe(0)
  })
})

test('moneyhub 20: lets Moneyhub synchronize after the person is back, where the app says so', async () => {
  await createScene(bank, { backend: { enableAsync: true } }).leave()
  expect(claimsOf(pushed(bank))['mh:sync']).toEqual({ essential: true, value: { enableAsync: true } })
  bank.requests.clear()
  await createScene(bank).leave()
  expect(claimsOf(pushed(bank))).not.toHaveProperty('mh:sync')
})

test('moneyhub 20: adds permissions to the usual ones, or replaces those', async () => {
  const permissions = ['ReadParty']
  for (const permissionsAction of ['add', 'replace'] as const) {
    bank.requests.clear()
    const scene = createScene(bank, { backend: { permissions } })
    await scene.leave({ bankId: mockBank, consent: { permissions, permissionsAction } })
    expect(claimsOf(pushed(bank))['mh:consent']).toMatchObject({ value: { permissions, permissionsAction } })
  }
  await expect(
    createScene(bank).leave({ bankId: mockBank, consent: { permissionsAction: 'add' } }),
  ).rejects.toMatchObject({ error: 'invalid_request' })
})

describe('a client certificate', () => {
  const issuer = 'https://identity.example/oidc'
  const document = {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/certs`,
    pushed_authorization_request_endpoint: `${issuer}/request`,
    mtls_endpoint_aliases: { token_endpoint: 'https://mtls.example/token' },
  }

  test('is the authentication at the endpoint for mutual TLS, without secret and assertion', async () => {
    const asked: { url: string; headers: Headers; form: URLSearchParams }[] = []
    const provider = moneyhubBackend({
      clientId,
      redirectUri: 'https://app.example/c',
      issuer,
      origins: ['https://mtls.example'],
      authentication: 'self_signed_tls_client_auth',
      fetch: (url, { headers, body }) => {
        asked.push({
          url,
          headers: new Headers(headers),
          form: new URLSearchParams(bodyOf({ body: body ?? null })),
        })
        return Promise.resolve(
          url.includes('well-known') ? Response.json(document) : new Response(null, { status: 503 }),
        )
      },
    })
    await provider.ready
    const context = { fetch: provider.fetch, now: () => Date.now() / 1000 } as never
    const held = { data: { user_id: 'u1' }, details: { 'mh:con_id': 'a:b' } } as never
    await expect(provider.revoke?.(held, context)).rejects.toThrow()
    const [, token] = asked
    expect(token?.url).toBe('https://mtls.example/token')
    expect(token?.headers.get('authorization')).toBeNull()
    expect(Object.fromEntries(token?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'user:delete',
      client_id: clientId,
    })
  })
})

describe("the backend's options", () => {
  const good = (): MoneyhubBackendOptions => backendOptionsFor(bank)
  const {
    privateKey: _key,
    keyId: _id,
    ...keyless
  } = { privateKey: '', keyId: '', clientId, redirectUri: 'https://app.example/c' }

  test.each([
    ['no client id', () => ({ ...good(), clientId: '' }), /clientId/],
    ['neither key nor secret', () => keyless, /privateKey.*clientSecret/],
    ['a token for the page that reads no data', () => ({ ...good(), mode: 'mediated' }), /bff/],
    [
      'a signed delivery without a key',
      () => ({ ...keyless, clientSecret: 's', delivery: 'request-object' }),
      /privateKey/,
    ],
    [
      'a certificate without a fetch that presents it',
      () => ({ ...keyless, authentication: 'tls_client_auth' }),
      /mtlsFetch/,
    ],
    ['an issuer without TLS', () => ({ ...good(), issuer: 'http://identity.example' }), /issuer/],
    ['an API without TLS', () => ({ ...good(), api: 'http://api.example/v3/' }), /api/],
    ['no data to read', () => ({ ...good(), dataScope: ' ' }), /dataScope/],
  ])('refuse %s', (_what, options, message) => {
    const make = () => moneyhubBackend(options() as MoneyhubBackendOptions)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  test('refuse a key that cannot sign when the backend gets ready', async () => {
    const { publicKey } = await generateKeyPair('RS256')
    await expect(moneyhubBackend({ ...keyless, privateKey: publicKey, keyId: 'k' }).ready).rejects.toThrow(
      TypeError,
    )
    await expect(moneyhubBackend({ ...keyless, privateKey: 'no key', keyId: 'k' }).ready).rejects.toThrow(
      TypeError,
    )
  })

  test('default to Moneyhub’s own addresses', () => {
    const provider = moneyhubBackend({ ...keyless, clientSecret: 's' })
    expect(provider.resources?.base).toBe('https://api.moneyhub.co.uk/v3/')
    expect(provider.scope).toBe('openid')
    expect(provider.transactionSeconds).toBe(1800)
  })
})

describe('the preset', () => {
  test('moneyhub 1, 2: knows both use cases, their scopes and Moneyhub’s addresses', () => {
    expect(moneyhub({ clientId })).toMatchObject({
      channel: { mode: 'bff' },
      scope: 'openid',
      issuer: 'https://identity.moneyhub.co.uk/oidc',
      authorizationEndpoint: 'https://identity.moneyhub.co.uk/oidc/auth',
      requireIss: true,
      transactionSeconds: 1800,
    })
    expect(moneyhub({ clientId, useCase: 'one-time', mode: 'mediated' })).toMatchObject({
      channel: { mode: 'mediated' },
      scope: 'openid accounts:read transactions:read:all',
      api: 'https://api.moneyhub.co.uk/v3/',
    })
  })

  test('moneyhub 19: refuses a scope without openid, since the ID Token names the connection', () => {
    expect(() => moneyhub({ clientId, useCase: 'one-time', scope: 'accounts:read' })).toThrow(/openid/)
  })

  test('moneyhub 16: refuses a mode in which the page would have a token that reads nothing', () => {
    // @ts-expect-error an ongoing connection has no token for the page
    expect(() => moneyhub({ clientId, mode: 'mediated' })).toThrow(TypeError)
    // @ts-expect-error clients authenticate, so no page can be one
    expect(() => moneyhub({ clientId, useCase: 'one-time', mode: 'browser' })).toThrow(/"bff"/)
  })

  test.each(['clientSecret', 'privateKey', 'jwk'])('refuses %s, which only a backend may have', (name) => {
    expect(() => moneyhub({ clientId, [name]: 'x' })).toThrow(new RegExp(`"${name}"`))
  })

  test('moneyhub 14: sends an institution to connect, or a connection to renew, and nothing besides', () => {
    const { toInput } = moneyhub({ clientId })
    expect(toInput?.({ bankId: mockBank })).toEqual({ mode: 'connect', bank_id: mockBank })
    const consent = { expirationDateTime: '2026-12-01T00:00:00Z' }
    expect(toInput?.({ mode: 'reauth', connectionId: 'a:b', consent })).toEqual({
      mode: 'reauth',
      connection_id: 'a:b',
      consent,
    })
    // @ts-expect-error there is nothing to connect
    expect(() => toInput?.({})).toThrow(TypeError)
    // @ts-expect-error renewing needs the connection
    expect(() => toInput?.({ mode: 'refresh' })).toThrow(TypeError)
    // @ts-expect-error it is one or the other
    expect(() => toInput?.({ bankId: mockBank, connectionId: 'a:b' })).toThrow(TypeError)
    const once = moneyhub({ clientId, useCase: 'one-time' })
    // @ts-expect-error a one-time connection is not renewed
    expect(() => once.toInput?.({ mode: 'reauth', connectionId: 'a:b' })).toThrow(TypeError)
  })

  test('takes further errors that mean the person refused', () => {
    expect(moneyhub({ clientId, deniedErrors: ['user_cancelled'] }).deniedErrors).toEqual(['user_cancelled'])
  })
})
