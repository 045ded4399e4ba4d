import { createHash, randomBytes } from 'node:crypto'
import { memoryStore } from 'countersign/backend'
import type { MoneyhubConsent } from 'countersign/providers'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openStore } from '../../backend/support/open-store.js'
import { eventually, until } from '../../support/until.js'
import { createBrowser } from '../../support/browser.js'
import { storedTransaction } from '../stored-transaction.js'
import {
  bodyOf,
  claimsOf,
  createScene,
  mockBank,
  onceRedirectUri,
  openBank,
  pennyhill,
  pushed,
  redirectUri,
  tokensOf,
  type Listed,
  type TestBank,
} from './scene.js'

let bank: TestBank

beforeAll(async () => {
  bank = await openBank()
})
afterEach(() => {
  vi.useRealTimers()
  bank.control.reset()
  bank.requests.clear()
})
afterAll(() => bank.close())

const dataScope = 'accounts:read transactions:read:all'
const read = async (fetch: (path: string) => Promise<Response>, path = 'accounts') =>
  (await (await fetch(path)).json()) as Listed

describe('one connection, access once', () => {
  test('moneyhub 1, 10: connects one institution and reads its accounts, through the backend', async () => {
    const scene = createScene(bank)
    const opened = await scene.connect({ bankId: mockBank }, 'moneyhubOnce')
    const tokens = await until(opened.client.tokens('moneyhubOnce'), 'connected')
    expect((await read(tokens.fetch)).data.map(({ accountName }) => accountName)).toEqual([
      'Everyday Account',
      'Loyalty Saver',
    ])
    const [exchange] = bank.requests.find('/oidc/token', { grant_type: 'authorization_code' })
    expect(exchange?.parameters).toMatchObject({ redirect_uri: onceRedirectUri })
    expect(exchange?.headers.origin).toBeUndefined()
  })

  test('moneyhub 4: asks for the institution and the data in the scope', async () => {
    await createScene(bank).leave({ bankId: mockBank }, 'moneyhubOnce')
    expect(pushed(bank)['scope']).toBe(`openid ${dataScope} id:${mockBank}`)
    expect(claimsOf(pushed(bank))['sub']).toEqual({ essential: true })
  })

  test('moneyhub 4: asks for less data where the page says so, and for no more than the backend allows', async () => {
    const scene = createScene(bank)
    await scene.leave({ bankId: mockBank, scope: 'openid accounts:read' }, 'moneyhubOnce')
    expect(pushed(bank)['scope']).toBe(`openid accounts:read id:${mockBank}`)
    bank.requests.clear()
    await scene.leave({ bankId: mockBank, scope: 'transactions:read:all' }, 'moneyhubOnce')
    expect(pushed(bank)['scope']).toBe(`transactions:read:all openid id:${mockBank}`)
    await expect(
      scene.leave({ bankId: mockBank, scope: 'openid user:create' }, 'moneyhubOnce'),
    ).rejects.toMatchObject({ code: 'backend_refused', error: 'invalid_request' })
  })

  test('moneyhub 11: reads data with the connection’s own access token, which the page has in mediated mode', async () => {
    const scene = createScene(bank, { onceMode: 'mediated' })
    const opened = await scene.connect({ bankId: mockBank }, 'moneyhubOnce')
    const tokens = await until(opened.client.tokens('moneyhubOnce'), 'connected')
    const token = 'getAccessToken' in tokens ? await tokens.getAccessToken() : ''
    expect((await read(tokens.fetch)).data).toHaveLength(2)
    const [request] = bank.requests.find('/v3/accounts')
    expect(request?.headers.authorization).toBe(`Bearer ${token}`)
    expect(bank.requests.count('/oidc/token', { grant_type: 'client_credentials' })).toBe(0)
  })

  test('moneyhub 11: the token stays at the backend in bff mode', async () => {
    const scene = createScene(bank)
    const { client } = await scene.connect({ bankId: mockBank }, 'moneyhubOnce')
    const tokens = await until(client.tokens('moneyhubOnce'), 'connected')
    expect('getAccessToken' in tokens && tokens.getAccessToken).toBeFalsy()
    await read(tokens.fetch)
    const token = bank.requests.find('/v3/accounts')[0]?.headers.authorization?.slice(7) ?? ''
    expect(token.length).toBeGreaterThan(20)
    expect(scene.answers.map(({ text }) => text).join()).not.toContain(token)
  })

  test('moneyhub 1: lasts a day where nobody says otherwise', async () => {
    const { connection } = await createScene(bank).connect({ bankId: mockBank }, 'moneyhubOnce')
    const seconds = (connection.consentExpiresAt ?? 0) - Date.now() / 1000
    expect(Math.round(seconds / 3600)).toBe(24)
  })

  test('moneyhub 1: creates no user, and is not renewed', async () => {
    const scene = createScene(bank)
    await scene.connect({ bankId: mockBank }, 'moneyhubOnce')
    expect(bank.requests.count('/users')).toBe(0)
    const renew = { mode: 'reauth' as const, connectionId: 'x:y' }
    await expect(scene.leave(renew, 'moneyhubOnce')).rejects.toThrow(TypeError)
    const begun = {
      state: 's'.repeat(43),
      code_challenge: 'c'.repeat(43),
      nonce: 'n'.repeat(43),
      redirect_uri: onceRedirectUri,
    }
    const input = { mode: 'reauth', connection_id: 'x:y' }
    expect((await scene.call('/moneyhubOnce/authorization', { ...begun, input })).status).toBe(400)
  })
})

describe('many connections, access that lasts', () => {
  test('moneyhub 2, 13: connects several institutions under one profile, and reads them all', async () => {
    const scene = createScene(bank)
    const first = await scene.connect({ bankId: mockBank })
    const second = await scene.connect({ bankId: pennyhill })
    expect(second.connection.id).not.toBe(first.connection.id)
    const { data } = await read((await tokensOf(second)).fetch)
    expect(new Set(data.map(({ connectionId }) => connectionId))).toEqual(
      new Set([first, second].map(({ connection }) => connection.details.connectionId)),
    )
    expect(new Set(data.map(({ providerName }) => providerName)).size).toBe(2)
    expect(bank.requests.count('/users')).toBe(1)
  })

  test('moneyhub 12, 13: makes the user with a user:create token, once, under a hash of the subject', async () => {
    await createScene(bank).leave()
    const order = bank.requests.all.map(({ path, parameters }) => [path, parameters['scope'] ?? ''])
    expect(order.slice(1)).toEqual([
      ['/oidc/token', 'user:create'],
      ['/users', ''],
      ['/oidc/request', `openid id:${mockBank}`],
    ])
    const [create] = bank.requests.find('/users')
    expect(create?.authorizationScheme).toBe('Bearer')
    expect(Object.keys(create?.parameters ?? {})).toEqual(['clientUserId'])
    expect(create?.parameters['clientUserId']).toMatch(/^[\w-]{43}$/)
  })

  test('moneyhub 13: makes one user for ten clicks at once, for two replicas, and after a restart', async () => {
    const store = memoryStore()
    const [a, b] = [createScene(bank, { store }), createScene(bank, { store })]
    await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 ? a : b).leave()))
    await createScene(bank, { store }).leave()
    expect(bank.requests.count('/users')).toBe(1)
    const users = bank.requests
      .find('/oidc/request')
      .map(({ parameters }) => JSON.stringify(claimsOf(parameters)['sub']))
    expect(new Set(users).size).toBe(1)
  })

  test('moneyhub 13: finds the user whom an earlier version stored under a bare hash, and moves it', async () => {
    const store = memoryStore()
    await createScene(bank, { store }).leave()
    const names = async () => {
      const all: string[] = []
      for await (const name of store.keys?.() ?? [])
        if (name.startsWith('provider:moneyhub:user:')) all.push(name)
      return all
    }
    const [name = ''] = await names()
    const former = `provider:moneyhub:user:${createHash('sha256').update('robin').digest('base64url')}`
    expect(name).not.toBe(former)
    await store.put(former, (await store.get(name))?.value ?? '', null, 4_000_000_000)
    await store.delete(name)
    let later = 0
    const scene = createScene(bank, { store, secondsLater: () => later })
    await scene.leave()
    later = 5
    await scene.leave()
    expect(bank.requests.count('/users')).toBe(1)
    expect(await names()).toContain(name)
    // Nobody is there any more; soon the record is not, either.
    expect((await store.get(former))?.value ?? '{"userId":""}').toBe('{"userId":""}')
  })

  test('moneyhub 13: makes no second user where it cannot read who the first one is', async () => {
    const { store, values } = openStore()
    const [keys, others] = [[randomBytes(32).toString('base64url')], [randomBytes(32).toString('base64url')]]
    await createScene(bank, { store, keys }).leave()
    const stored = await values()
    const scene = createScene(bank, { store, keys: others })
    await expect(scene.leave()).rejects.toMatchObject({ code: 'backend_unavailable', recovery: 'resume' })
    expect(scene.events).toContainEqual(
      expect.objectContaining({ name: 'record_unreadable', reason: 'unknown_key', record: 'provider' }),
    )
    expect(bank.requests.count('/users')).toBe(1)
    expect(await values()).toEqual(stored)
    await createScene(bank, { store, keys }).leave()
    expect(bank.requests.count('/users')).toBe(1)
  })

  test('moneyhub 13: asks once for another token where the users API refuses the one that is kept', async () => {
    const subject = { current: 'robin' }
    const scene = createScene(bank, { subject: () => subject.current })
    await scene.leave()
    await bank.control.act('expireAccessTokens')
    subject.current = 'sam'
    const left = await scene.leave().then(
      () => true,
      () => false,
    )
    expect(left).toBe(true)
    expect(bank.requests.find('/users').map(({ status }) => status)).toEqual([201, 401, 201])
    expect(bank.requests.count('/oidc/token', { scope: 'user:create' })).toBe(2)
  })

  test('moneyhub 13: makes a user of its own at another server, and finds the first one where that comes back', async () => {
    const store = memoryStore()
    const other = await openBank()
    onTestFinished(() => other.close())
    await createScene(bank, { store }).leave()
    await createScene(other, { store }).leave()
    expect(other.requests.count('/users')).toBe(1)
    await createScene(bank, { store }).leave()
    expect(bank.requests.count('/users')).toBe(1)
  })

  test('moneyhub 13: makes another user for another user of the app', async () => {
    const store = memoryStore()
    for (const subject of ['robin', 'sam', 'robin'])
      await createScene(bank, { store, subject: () => subject }).leave()
    expect(bank.requests.count('/users')).toBe(2)
  })

  test('moneyhub 13: names the user as the app wants, or takes the user that the app’s session names', async () => {
    const clientUserId = (subject: string) => `customer-${subject}`
    await createScene(bank, { backend: { clientUserId } }).leave()
    expect(bank.requests.find('/users')[0]?.parameters).toEqual({ clientUserId: 'customer-robin' })
    const { value } = claimsOf(bank.requests.find('/oidc/request')[0]!.parameters)['sub'] as { value: string }
    bank.requests.clear()
    await createScene(bank, { claims: { moneyhubUserId: value } }).leave()
    expect(bank.requests.count('/users')).toBe(0)
    expect(claimsOf(pushed(bank))['sub']).toEqual({ essential: true, value })
  })

  test.each(['.', '..', '../users', 'a/b', ''])(
    'moneyhub 13: takes no %j for the user of a path',
    async (moneyhubUserId) => {
      await expect(createScene(bank, { claims: { moneyhubUserId } }).leave()).rejects.toMatchObject({
        code: 'provider_error',
      })
      expect(bank.requests.count('/oidc/request')).toBe(0)
    },
  )

  test('moneyhub 13: says that Moneyhub does not answer when no user can be made, and makes it at the next click', async () => {
    const scene = createScene(bank)
    bank.control.next({ users: { status: 503, error: 'temporarily_unavailable' } })
    await expect(scene.leave()).rejects.toMatchObject({ code: 'provider_unavailable', recovery: 'resume' })
    await expect(scene.leave()).resolves.toBeInstanceOf(URL)
    expect(bank.requests.count('/users')).toBe(2)
  })

  test('moneyhub 14, 20: asks for the institution, for the user’s sub and for the connection’s id', async () => {
    await createScene(bank).leave()
    expect(pushed(bank)['scope']).toBe(`openid id:${mockBank}`)
    expect(claimsOf(pushed(bank))).toEqual({
      sub: { essential: true, value: expect.stringMatching(/^[0-9a-f]{24}$/) as string },
      'mh:con_id': { essential: true },
    })
    expect(pushed(bank)['claims']).toContain('"mh:con_id"')
  })

  test.each([
    ['nothing', {}],
    ['an institution and a connection', { bank_id: mockBank, connection_id: 'a:b' }],
    ['a connection where it is to connect', { connection_id: 'a:b' }],
    ['an institution where it is to renew', { mode: 'reauth', bank_id: mockBank, connection_id: 'a:b' }],
    ['another mode', { mode: 'delete', connection_id: 'a:b' }],
    ['an institution that is more than a name', { bank_id: `${mockBank} user:create` }],
  ])('moneyhub 14: the backend refuses %s', async (_what, input) => {
    const scene = createScene(bank)
    const response = await scene.call('/moneyhub/authorization', {
      state: 's'.repeat(43),
      code_challenge: 'c'.repeat(43),
      nonce: 'n'.repeat(43),
      redirect_uri: redirectUri,
      input,
    })
    expect(response.status).toBe(400)
    expect(bank.requests.all).toEqual([])
  })

  test.each(['sub', 'user_id', 'userId', 'moneyhubUserId', 'claims', 'prompt'])(
    'moneyhub 14: takes no %s from the page',
    async (name) => {
      const scene = createScene(bank)
      const response = await scene.call('/moneyhub/authorization', {
        state: 's'.repeat(43),
        code_challenge: 'c'.repeat(43),
        nonce: 'n'.repeat(43),
        redirect_uri: redirectUri,
        input: { bank_id: mockBank, [name]: 'somebody-else' },
      })
      expect(response.status).toBe(400)
      expect(bank.requests.all).toEqual([])
    },
  )

  test('moneyhub 15, 16: is connected although its token reads no data, and keeps no token', async () => {
    const store = memoryStore()
    const kept: string[] = []
    const put = store.put.bind(store)
    const watched = {
      ...store,
      put: (...given: Parameters<typeof put>) => (kept.push(given[1]), put(...given)),
    }
    let issued = ''
    const scene = createScene(bank, {
      store: watched,
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        if (bodyOf(init).includes('authorization_code'))
          issued = ((await response.clone().json()) as { access_token: string }).access_token
        return response
      },
    })
    const opened = await scene.connect()
    expect(opened.callback.status).toBe('connected')
    expect(
      (await fetch(`${bank.origin}/v3/accounts`, { headers: { authorization: `Bearer ${issued}` } })).status,
    ).toBe(403)
    expect(kept.join()).not.toContain(issued)
    expect(scene.answers.map(({ text }) => text).join()).not.toContain(issued)
    expect(await tokensOf(opened)).not.toHaveProperty('getAccessToken')
  })

  test('moneyhub 16, 26: tells the connection’s id out of the ID Token', async () => {
    const { connection } = await createScene(bank).connect()
    expect(connection.details.connectionId).toMatch(new RegExp(`^${mockBank}:[0-9a-f-]{36}$`))
  })

  test('moneyhub 17, 25: reads with a client_credentials token for scope and sub, asked for once', async () => {
    const scene = createScene(bank)
    const opened = await scene.connect()
    const { value: sub } = claimsOf(pushed(bank))['sub'] as { value: string }
    const { fetch } = await tokensOf(opened)
    bank.requests.clear()
    const all = Promise.all([read(fetch), read(fetch), read(fetch, 'transactions'), read(fetch)])
    await expect(all).resolves.toHaveLength(4)
    const asked = bank.requests.find('/oidc/token').map(({ parameters }) => parameters)
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ grant_type: 'client_credentials', scope: dataScope, sub })
  })

  test('moneyhub 17, 25: asks again when the token ends, and when the API refuses it', async () => {
    let later = 0
    const scene = createScene(bank, { secondsLater: () => later })
    const { fetch } = await tokensOf(await scene.connect())
    const asked = () => bank.requests.count('/oidc/token', { scope: dataScope })
    await read(fetch)
    later = 7100
    await read(fetch)
    expect(asked()).toBe(1)
    later = 7190
    await read(fetch)
    expect(asked()).toBe(2)
    await bank.control.act('expireAccessTokens')
    expect((await read(fetch)).data).toHaveLength(2)
    expect(asked()).toBe(3)
  })

  test('moneyhub 17: keeps the tokens of two people apart', async () => {
    let subject = 'robin'
    const scene = createScene(bank, { subject: () => subject })
    const robin = await scene.connect({ bankId: mockBank }, 'moneyhub', 'ada')
    await read((await tokensOf(robin)).fetch)
    subject = 'sam'
    const sam = await scene.connect({ bankId: mockBank }, 'moneyhub', 'grace')
    const { data } = await read((await tokensOf(sam)).fetch)
    expect(data.map(({ accountName }) => accountName)).toEqual(['Classic Account'])
    const foreign = await scene.call(`/connections/${robin.connection.id}/resource/accounts`, {}, 'GET')
    expect(foreign.status).toBe(404)
  })

  test('moneyhub 17: uses a data token for two hours where its response does not say how long', async () => {
    let later = 0
    const scene = createScene(bank, { secondsLater: () => later })
    const { fetch } = await tokensOf(await scene.connect())
    bank.control.next({ tokenResponse: { expires_in: null } })
    const asked = () => bank.requests.count('/oidc/token', { scope: dataScope })
    await read(fetch)
    later = 7160
    await read(fetch)
    expect(asked()).toBe(1)
    later = 7180
    await read(fetch)
    expect(asked()).toBe(2)
  })

  test('moneyhub 18: filters transactions by what the Data API knows, and by nothing else', async () => {
    const { fetch } = await tokensOf(await createScene(bank).connect())
    const filters = {
      limit: '5',
      offset: '0',
      startDate: '2026-01-01',
      endDate: '2026-12-31',
      accountId: 'a1',
      categoryId: 'std:1',
      text: 'rent',
    }
    const filtered = fetch(`transactions?${new URLSearchParams(filters).toString()}`)
    await expect(filtered).resolves.toMatchObject({ status: 200 })
    expect(bank.requests.find('/v3/transactions').at(-1)?.parameters).toEqual(filters)
    for (const more of ['userId', 'sub', 'fields'])
      await expect(
        fetch(`transactions?${new URLSearchParams({ [more]: 'x' }).toString()}`),
      ).rejects.toMatchObject({ code: 'backend_refused', error: 'invalid_request', status: 400 })
  })

  test('moneyhub 3, 18: reads accounts and transactions at the Data API, and nothing else', async () => {
    const { fetch } = await tokensOf(await createScene(bank).connect())
    expect((await read(fetch)).data).toHaveLength(2)
    const transactions = read(fetch, 'transactions?limit=2').then(({ data }) => data)
    await expect(transactions).resolves.toHaveLength(2)
    bank.requests.clear()
    for (const path of ['users', 'accounts/1', '../users', 'transactions?sub=x', 'accounts?limit=1&limit=2'])
      await expect(fetch(path)).rejects.toThrow()
    expect(bank.requests.all).toEqual([])
  })

  test('moneyhub 18: reads what else the app allows, with the scope of that route', async () => {
    const routes = [{ method: 'GET', path: '/accounts', scope: 'accounts:read' }]
    const { fetch } = await tokensOf(await createScene(bank, { backend: { routes } }).connect())
    await read(fetch)
    expect(bank.requests.count('/oidc/token', { scope: 'accounts:read' })).toBe(1)
    await expect(fetch('transactions')).rejects.toMatchObject({ error: 'not_found', status: 404 })
  })
})

describe('the authorization request', () => {
  test('moneyhub 3: goes to the endpoints of the issuer’s discovery document, and to no other issuer', async () => {
    const url = await createScene(bank).leave()
    expect(url.origin + url.pathname).toBe(`${bank.issuer}/auth`)
    expect(bank.requests.count('/oidc/.well-known/openid-configuration')).toBe(1)
    const backend = { issuer: `${bank.issuer}/` }
    await expect(createScene(bank, { backend }).leave()).rejects.toMatchObject({ code: 'provider_error' })
  })

  test('moneyhub 5, 22: sends the person with a request_uri alone', async () => {
    const url = await createScene(bank).leave()
    expect([...url.searchParams.keys()]).toEqual(['request_uri'])
    expect(url.searchParams.get('request_uri')).toMatch(/^urn:ietf:params:oauth:request_uri:/)
  })

  test('moneyhub 22: puts client_id beside request_uri where it is wanted', async () => {
    const url = await createScene(bank, { backend: { sendsClientId: true } }).leave()
    expect(url.searchParams.get('client_id')).toBe(bank.clientId)
  })

  test('moneyhub 19, 21, 24: pushes the documented parameters, and nonce and PKCE', async () => {
    // What is pushed counts here, also where the bank refuses it.
    await createScene(bank)
      .leave()
      .catch(() => undefined)
    const { client_assertion, client_assertion_type, ...parameters } = pushed(bank)
    expect(client_assertion_type).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    expect(client_assertion).toBeDefined()
    const random = expect.stringMatching(/^[\w-]{43}$/) as string
    expect(parameters).toEqual({
      client_id: bank.clientId,
      scope: `openid id:${mockBank}`,
      state: random,
      redirect_uri: redirectUri,
      response_type: 'code',
      prompt: 'consent',
      max_age: '86400',
      claims: expect.any(String) as string,
      nonce: random,
      code_challenge: random,
      code_challenge_method: 'S256',
    })
  })

  test('moneyhub 6: carries what the consent is to be', async () => {
    const day = 24 * 3600 * 1000
    const consent = {
      expirationDateTime: new Date(Date.now() + 30 * day).toISOString(),
      transactionFromDateTime: new Date(Date.now() - 365 * day).toISOString(),
      permissions: ['ReadAccountsBasic', 'ReadTransactionsBasic'],
      permissionsAction: 'replace' as const,
    }
    const scene = createScene(bank, { backend: { readsStatus: false, permissions: consent.permissions } })
    const { connection } = await scene.connect({ bankId: mockBank, consent })
    expect(claimsOf(pushed(bank))['mh:consent']).toEqual({ essential: true, value: consent })
    expect(connection.consentExpiresAt).toBe(Math.floor(Date.parse(consent.expirationDateTime) / 1000))
    expect(bank.requests.count(/^\/users\/\w+\/connections$/)).toBe(0)
  })

  test.each([
    ['none', undefined],
    ['others', ['ReadAccountsBasic']],
  ])('moneyhub 6: a page names no permission where the backend lists %s', async (_what, permissions) => {
    const scene = createScene(bank, { backend: { ...(permissions && { permissions }) } })
    const named = ['ReadAccountsBasic', 'ReadTransactionsDetail']
    for (const permissionsAction of ['add', 'replace', undefined] as const) {
      const consent = { permissions: named, ...(permissionsAction && { permissionsAction }) }
      await expect(scene.leave({ bankId: mockBank, consent })).rejects.toMatchObject({
        code: 'backend_refused',
      })
    }
    expect(bank.requests.all).toEqual([])
  })

  const at = (days: number) => new Date(Date.now() + days * 24 * 3600 * 1000).toISOString()
  test.each([
    ['an end in 91 days', { expirationDateTime: at(91) }],
    ['an end in the past', { expirationDateTime: at(-1) }],
    ['an end that is no date', { expirationDateTime: 'tomorrow' }],
    ['transactions of the future', { transactionFromDateTime: at(1) }],
    ['transactions of more than 72 months', { transactionFromDateTime: at(-73 * 31) }],
    ['permissions that are no names', { permissions: ['Read Accounts'] }],
    ['another action', { permissionsAction: 'remove' }],
    ['anything else', { sub: 'somebody' }],
  ])('moneyhub 6: refuses a consent with %s', async (_what, consent) => {
    const leaving = createScene(bank).leave({ bankId: mockBank, consent: consent as MoneyhubConsent })
    await expect(leaving).rejects.toMatchObject({ code: 'backend_refused', recovery: 'configure' })
    expect(bank.requests.all).toEqual([])
  })

  test('moneyhub 6: knows from the users API when a consent ends that nobody has limited', async () => {
    const { connection } = await createScene(bank).connect()
    const days = ((connection.consentExpiresAt ?? 0) - Date.now() / 1000) / 86_400
    expect(Math.round(days)).toBe(90)
    expect(bank.requests.count(/^\/users\/\w+\/connections$/)).toBe(1)
  })

  test('moneyhub 6: is connected all the same where the users API does not say, and asks only if it may', async () => {
    const claims = { moneyhubUserId: await userOf() }
    for (const users of [{ status: 403, error: 'insufficient_scope' }, 'dropped'] as const) {
      bank.control.next({ users })
      expect((await createScene(bank, { claims }).connect()).connection.consentExpiresAt).toBeUndefined()
    }
    bank.requests.clear()
    await createScene(bank, { claims, backend: { readsExpiry: false, readsStatus: false } }).connect()
    expect(bank.requests.count(/^\/users/)).toBe(0)
  })

  test('moneyhub 14: goes to the institutions that the backend allows', async () => {
    const scene = createScene(bank, { backend: { bankIds: [pennyhill] } })
    await expect(scene.leave()).rejects.toMatchObject({ recovery: 'configure' })
    await expect(scene.leave({ bankId: pennyhill })).resolves.toBeInstanceOf(URL)
  })

  test('moneyhub 27: goes to addresses made of the options, without a template’s leftovers', async () => {
    const { fetch } = await tokensOf(await createScene(bank).connect())
    await read(fetch)
    await read(fetch, 'transactions')
    const paths = bank.requests.all.map(({ path }) => path.replace(/[0-9a-f]{24}/, '{id}'))
    const own = paths.filter(
      (path) => !path.startsWith('/oidc/auth') && !path.startsWith('/oidc/interaction'),
    )
    expect(new Set(own)).toEqual(
      new Set([
        '/oidc/.well-known/openid-configuration',
        '/oidc/token',
        '/users',
        '/oidc/request',
        '/oidc/certs',
        '/users/{id}/connections',
        '/v3/accounts',
        '/v3/transactions',
      ]),
    )
    expect(paths.join()).not.toMatch(/#|%23|undefined/)
  })

  /** The id of a user that has been made. */
  async function userOf(): Promise<string> {
    await createScene(bank).leave()
    const { value } = claimsOf(pushed(bank))['sub'] as { value: string }
    bank.requests.clear()
    return value
  }
})

describe('signed requests', () => {
  const requestOf = (jwt: string) =>
    jwtVerify(jwt, bank.publicKey, { issuer: bank.clientId, audience: bank.issuer })

  test('moneyhub 21, 22: puts a signed request object beside the same parameters', async () => {
    const url = await createScene(bank, { backend: { delivery: 'request-object' } }).leave()
    const { request = '', ...outside } = Object.fromEntries(url.searchParams)
    const { payload } = await requestOf(request)
    const { claims, max_age, iat = 0, exp, nbf, jti, iss: _iss, aud: _aud, ...inside } = payload
    expect(inside).toEqual(outside)
    expect(Object.keys(outside).sort()).toEqual([
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'nonce',
      'prompt',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ])
    expect(max_age).toBe(86_400)
    expect(claims).toMatchObject({ id_token: { 'mh:con_id': { essential: true } } })
    expect([exp, nbf, typeof jti]).toEqual([iat + 300, iat, 'string'])
    expect(decodeProtectedHeader(request)).toMatchObject({ alg: 'RS256', kid: 'app-1' })
    expect(url.href).not.toContain('+')
  })

  test.each(['request-object', 'request-uri', 'signed-par'] as const)(
    'moneyhub 21, 22: connects with a request delivered as %s',
    async (delivery) => {
      const { connection } = await createScene(bank, { backend: { delivery } }).connect()
      expect(connection.details.connectionId).toContain(mockBank)
    },
  )

  test('moneyhub 22: leaves a request object at the older endpoint, and sends its URI', async () => {
    const url = await createScene(bank, { backend: { delivery: 'request-uri' } }).leave()
    expect([...url.searchParams]).toEqual([['request_uri', expect.stringMatching(/^urn:x-mh-request:/)]])
    const [left] = bank.requests.find('/request')
    expect(left?.headers['content-type']).toBe('application/jws')
  })

  test('moneyhub 21: pushes nothing but the signed request object', async () => {
    await createScene(bank, { backend: { delivery: 'signed-par' } }).leave()
    const { client_assertion: _a, client_assertion_type: _t, request = '', ...rest } = pushed(bank)
    expect(rest).toEqual({ client_id: bank.clientId })
    expect((await requestOf(request)).payload['scope']).toBe(`openid id:${mockBank}`)
  })
})

describe('the way back', () => {
  test('moneyhub 7, 8: waits for a person who takes 25 minutes at the bank', async () => {
    const scene = createScene(bank)
    const visitor = await scene.visit(await scene.leave())
    scene.browser.clock.advance(25 * 60)
    vi.useFakeTimers({ now: Date.now() + 25 * 60 * 1000, toFake: ['Date'] })
    const { url } = await visitor.press('approve')
    expect((await scene.comeBack(url)).callback.status).toBe('connected')
  })

  test('moneyhub 8: tells a person who comes back in another browser to start again, and redeems nothing there', async () => {
    const scene = createScene(bank)
    const { url } = await scene.decide('approve')
    const { indexedDB } = globalThis
    const { IDBFactory } = await import('fake-indexeddb')
    globalThis.indexedDB = new IDBFactory()
    const { callback } = await scene.comeBack(url, createBrowser())
    expect(callback).toMatchObject({
      status: 'failed',
      error: { code: 'state_unknown', recovery: 'authorize' },
    })
    expect(bank.requests.count('/oidc/token', { grant_type: 'authorization_code' })).toBe(0)
    globalThis.indexedDB = indexedDB
    expect((await scene.comeBack(url)).callback.status).toBe('connected')
  })

  test('moneyhub 8, 10: completes a connection that Moneyhub no longer has the browser’s session of', async () => {
    bank.control.next({ sessionLost: true })
    await createScene(bank).connect()
    const [exchange] = bank.requests.find('/oidc/token', { grant_type: 'authorization_code' })
    expect(exchange?.parameters['sub']).toMatch(/^[0-9a-f]{24}$/)
  })

  test('moneyhub 9, 23: takes code and state from the query, and leaves neither there', async () => {
    const scene = createScene(bank)
    const { url } = await scene.decide('approve')
    expect([...url.searchParams.keys()].sort()).toEqual(['code', 'iss', 'state'])
    expect(url.hash).toBe('')
    const { callback, page } = await scene.comeBack(url)
    expect(callback.status).toBe('connected')
    expect(page.url).toBe(redirectUri)
  })

  test('moneyhub 24: refuses another state, before anything is asked of the backend', async () => {
    const scene = createScene(bank)
    const { url } = await scene.decide('approve')
    const before = scene.calls.length
    url.searchParams.set('state', 'x'.repeat(43))
    const { callback } = await scene.comeBack(url)
    expect(callback).toMatchObject({ status: 'failed', error: { code: 'state_unknown' } })
    expect(scene.calls.slice(before).filter(({ path }) => path.endsWith('/token'))).toEqual([])
  })

  test.each([
    ['no iss', null],
    ['the iss of somebody else', 'https://evil.example'],
  ])('moneyhub 24: refuses a response with %s', async (_what, iss) => {
    bank.control.next({ redirect: { iss } })
    const scene = createScene(bank)
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    expect(callback).toMatchObject({ status: 'failed', error: { code: 'issuer_mismatch' } })
    expect(bank.requests.count('/oidc/token', { grant_type: 'authorization_code' })).toBe(0)
  })

  test('moneyhub 24: the backend wants iss itself, though discovery did not promise it', async () => {
    const scene = createScene(bank, {
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        if (!url.endsWith('/openid-configuration')) return response
        const { authorization_response_iss_parameter_supported: promise, ...document } =
          (await response.json()) as Record<string, unknown>
        expect(promise).toBe(true)
        return Response.json(document)
      },
    })
    const { url } = await scene.decide('approve')
    const state = url.searchParams.get('state')!
    const record = await storedTransaction(scene, url)
    const body = {
      code: url.searchParams.get('code'),
      state,
      code_verifier: record.codeVerifier,
      ...(record.handle !== undefined && { transaction: record.handle }),
    }
    const response = await scene.call('/moneyhub/token', body)
    expect(response.status).toBe(409)
    expect(scene.events.at(-1)).toMatchObject({ error: 'transaction_invalid', reason: 'issuer_mismatch' })
    expect(bank.requests.count('/oidc/token', { grant_type: 'authorization_code' })).toBe(0)
  })

  test.each([
    ['another user', { claims: { sub: 'somebody-else' } }],
    ['another nonce', { claims: { nonce: 'x'.repeat(43) } }],
    ['another audience', { claims: { aud: 'another-client' } }],
    ['another issuer', { claims: { iss: 'https://evil.example' } }],
    ['no connection', { claims: { 'mh:con_id': null } }],
    ['a connection that is not a string', { claims: { 'mh:con_id': { id: 1 } } }],
    ['a connection that leads elsewhere', { claims: { 'mh:con_id': '..' } }],
    [
      'a person who authenticated two days ago',
      { claims: { auth_time: Math.floor(Date.now() / 1000) - 172_800 } },
    ],
    ['no time of authentication', { claims: { auth_time: null } }],
    ['no signature', { alg: 'none' as const }],
    ['a signature by nobody’s key', { signature: 'foreign' as const }],
    ['a signature of other claims', { signature: 'broken' as const }],
    ['the public key as a secret', { alg: 'HS256' as const }],
  ])('moneyhub 16, 24, 26: refuses an ID Token with %s', async (_what, idToken) => {
    bank.control.next({ idToken })
    const scene = createScene(bank)
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    expect(callback).toMatchObject({
      status: 'failed',
      error: { code: 'provider_error' },
    })
  })

  test.each(['cancel', 'deny'])('ends in denied when the person presses %s at the bank', async (action) => {
    const scene = createScene(bank)
    const { callback } = await scene.comeBack((await scene.decide(action)).url)
    expect(callback.status).toBe('denied')
    expect(bank.requests.count('/oidc/token', { grant_type: 'authorization_code' })).toBe(0)
  })

  test('redeems a code once, however often the page is loaded', async () => {
    const scene = createScene(bank)
    const { url } = await scene.decide('approve')
    const opened = await Promise.all([scene.comeBack(url), scene.comeBack(url)])
    expect(opened.map(({ callback }) => callback.status)).toEqual(['connected', 'connected'])
    expect(bank.requests.count('/oidc/token', { grant_type: 'authorization_code' })).toBe(1)
  })
})

test('moneyhub 18: a connection that Moneyhub did not delete at the disconnection is deleted by a later attempt', async () => {
  let later = 0
  const { connect, call, events } = createScene(bank, { secondsLater: () => later })
  const { connection } = await connect()
  bank.control.next({ users: { status: 503 } })
  const left = await call(`/connections/${connection.id}`, {}, 'DELETE')
  expect(await left.json()).toEqual({ revoked: false, reason: 'unreachable' })
  const deletions = () => bank.requests.find(/\/users\/[^/]+\/connection\//).map(({ status }) => status)
  expect(deletions()).toEqual([503])
  later = 700
  await call('/connections', {}, 'GET')
  await eventually(() => {
    expect(events.map(({ name }) => name)).toContain('grant_ended')
  })
  expect(deletions()).toEqual([503, 204])
})
