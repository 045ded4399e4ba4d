import { Buffer } from 'node:buffer'
import { basis as basisBackend } from 'countersign/backend'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { BasisBank } from '../../../demo/banks/basis.js'
import { calculateCodeChallenge } from '../../../src/protocol/pkce.js'
import { nobodyAnswers } from '../scene.js'
import { storedTransaction } from '../stored-transaction.js'
import { backendOptionsFor, createScene, openBank, redirectUri, type Setting } from './scene.js'

let bank: BasisBank

beforeAll(async () => {
  bank = await openBank()
})
afterEach(() => {
  vi.useRealTimers()
  bank.control.reset()
  bank.requests.clear()
})
afterAll(() => bank.close())

const tokenRequests = (grant_type: string) => bank.requests.find('/oauth/token', { grant_type })

/** What a failed callback page says. */
async function failureOf(setting?: Setting) {
  const scene = createScene(bank, setting)
  const { url } = await scene.decide('approve')
  const { callback } = await scene.comeBack(url)
  if (callback.status !== 'failed') throw new Error(`It ended in ${callback.status}.`)
  return { error: callback.error, events: scene.events }
}

describe('redeeming the code', () => {
  test('basis 26: the verifier is stored before the person leaves, and gone when the connection is there', async () => {
    const scene = createScene(bank)
    const { url } = await scene.decide('approve')
    const stored = await storedTransaction(scene, url)
    expect(stored.codeChallenge).toBe(await calculateCodeChallenge(stored.codeVerifier))
    await scene.comeBack(url)
    expect(JSON.stringify([...(await scene.browser.records())])).not.toContain(stored.codeVerifier)
    expect(tokenRequests('authorization_code')[0]?.parameters['code_verifier']).toBe(stored.codeVerifier)
  })

  test('basis 27: reads the code from `code`, and takes it out of the address bar', async () => {
    const scene = createScene(bank)
    const { url } = await scene.decide('approve')
    const { page, callback } = await scene.comeBack(url)
    expect(callback.status).toBe('connected')
    expect(page.url).toBe(redirectUri)
    expect(tokenRequests('authorization_code')[0]?.parameters['code']).toBe(url.searchParams.get('code'))
  })

  test('basis 28: sends one POST to /oauth/token, with the credentials as they were issued', async () => {
    await createScene(bank).connect()
    const requests = tokenRequests('authorization_code')
    expect(requests).toHaveLength(1)
    const [{ method, headers, parameters }] = requests as [(typeof requests)[0]]
    expect(method).toBe('POST')
    expect(headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(bank.clientSecret).toMatch(/\+.*\/|\/.*\+/)
    expect(headers.authorization).toBe(
      `Basic ${Buffer.from(`${bank.clientId}:${bank.clientSecret}`).toString('base64')}`,
    )
    expect(Object.keys(parameters).sort()).toEqual(['code', 'code_verifier', 'grant_type', 'redirect_uri'])
    expect(JSON.stringify(parameters)).not.toContain(bank.clientSecret)
  })

  test('basis 28: tells the page the profile_id as details.profileId', async () => {
    const { connection } = await createScene(bank).connect()
    expect(connection.details).toEqual({ profileId: expect.stringMatching(/^[\da-f-]{36}$/) as string })
    expect(connection.grantedScope).toEqual(['profile:read'])
  })

  test.each([null, '', 17, 'two words', 'x'.repeat(129)])(
    'basis 28: connects nothing when the profile_id is %j',
    async (profile_id) => {
      bank.control.next({ tokenResponse: { profile_id } })
      const { error, events } = await failureOf()
      expect(error).toMatchObject({ code: 'provider_error', recovery: 'authorize' })
      expect(events.at(-1)?.reason).toBe('token_response_invalid:profile_id')
    },
  )

  test('basis 28: a response without token_type is a fault, unless told that it means Bearer', async () => {
    bank.control.always({ tokenResponse: { token_type: null } })
    const { events } = await failureOf()
    expect(events.at(-1)?.reason).toBe('token_response_invalid:token_type')
    const { connection } = await createScene(bank, { backend: { assumedTokenType: 'bearer' } }).connect()
    expect(connection.status).toBe('connected')
  })

  test('basis 28: reads no ID Token, because Basis promises none', async () => {
    bank.control.next({ tokenResponse: { id_token: 'whatever' } })
    expect((await createScene(bank).connect()).connection.status).toBe('connected')
  })

  test('basis 28: says what to configure when Basis does not know the client', async () => {
    bank.control.next({ token: { status: 401, error: 'invalid_client' } })
    const { events } = await failureOf()
    expect(events.at(-1)).toMatchObject({ error: 'provider_error', reason: 'invalid_client' })
  })

  test('basis 28: needs the address of the token endpoint, of which only the sandbox’s is published', () => {
    const { tokenEndpoint: _given, ...options } = backendOptionsFor(bank)
    expect(() => basisBackend({ ...options, environment: 'development' })).toThrow(/tokenEndpoint/)
    expect(() => basisBackend({ ...options, environment: 'sandbox' })).not.toThrow()
  })

  test('basis 28, 31: sends code and refresh token to the sandbox’s token endpoint', async () => {
    const { tokenEndpoint: _given, ...options } = backendOptionsFor(bank)
    const provider = basisBackend({ ...options, environment: 'sandbox' })
    const { asked, context } = nobodyAnswers()
    const code = {
      session: {},
      code: 'c',
      codeVerifier: 'v'.repeat(43),
      state: 's',
      redirectUri: 'https://a.example',
    }
    await expect(provider.redeem(code as never, context)).rejects.toThrow()
    await expect(provider.refresh?.({ refreshToken: 'r' } as never, context)).rejects.toThrow()
    expect(asked).toEqual(Array(2).fill('https://api.sandbox.usebasis.co/oauth/token'))
  })

  test('basis 28: takes a profile_id of at most 128 characters', async () => {
    const longest = 'p'.repeat(128)
    bank.control.next({ tokenResponse: { profile_id: longest } })
    expect((await createScene(bank).connect()).connection.details.profileId).toBe(longest)
    bank.control.next({ tokenResponse: { profile_id: `${longest}p` } })
    const { events } = await failureOf()
    expect(events.at(-1)?.reason).toBe('token_response_invalid:profile_id')
  })
})

describe('keeping the connection', () => {
  test('basis 29: refresh token and profile_id are kept at the backend, for any page of the same user', async () => {
    const scene = createScene(bank)
    const { connection } = await scene.connect()
    globalThis.indexedDB = new IDBFactory()
    const elsewhere = await scene.connectedTokens(scene.open())
    expect(elsewhere.connection).toMatchObject({ id: connection.id, details: connection.details })
    expect((await elsewhere.fetch(`/profiles/${connection.details.profileId}`)).status).toBe(200)
    expect(tokenRequests('authorization_code')).toHaveLength(1)
  })

  test('basis 29: neither refresh token nor secret nor the person’s data reach the page or its storage', async () => {
    const scene = createScene(bank)
    const { url } = await scene.decide('approve')
    bank.control.next({ tokenResponse: { refresh_token: 'the-refresh-token' } })
    await scene.comeBack(url)
    const seen = JSON.stringify([scene.answers, [...(await scene.browser.records())], scene.events])
    expect(seen).toContain('profile_id')
    expect(seen).not.toContain('the-refresh-token')
    expect(seen).not.toContain(bank.clientSecret)
    expect(seen).not.toContain('881231234')
    const stored = JSON.stringify([...(await scene.browser.records())])
    expect(stored).not.toContain('init_token')
    expect(stored).not.toContain('eyJ')
  })

  test('basis 29: the page’s events and the backend’s log hold no initialization token', async () => {
    const heard: unknown[] = []
    const scene = createScene(bank, { onEvent: (event) => heard.push(event) })
    const { url } = await scene.decide('approve')
    await scene.comeBack(url)
    expect(heard.length).toBeGreaterThan(2)
    expect(JSON.stringify([heard, scene.events])).not.toMatch(/eyJ|jane@|Jane|https?:/)
  })

  test('basis 30: an access token is good for 60 minutes when the response does not say', async () => {
    let later = 0
    bank.control.next({ tokenResponse: { expires_in: null } })
    const scene = createScene(bank, { secondsLater: () => later })
    const tokens = await scene.connectedTokens(await scene.connect())
    const first = await tokens.getAccessToken()
    expect(tokens.expiresAt! - scene.browser.clock.now()).toBeGreaterThan(3590)
    expect(tokens.expiresAt! - scene.browser.clock.now()).toBeLessThanOrEqual(3601)
    later = 3500
    expect(await tokens.getAccessToken()).toBe(first)
    expect(tokenRequests('refresh_token')).toHaveLength(0)
    later = 3601
    scene.browser.clock.advance(3601)
    expect(await tokens.getAccessToken()).not.toBe(first)
    expect(tokenRequests('refresh_token')).toHaveLength(1)
  })

  test('basis 31: refreshes with the stored refresh token, which stays good when none replaces it', async () => {
    const scene = createScene(bank)
    const opened = await scene.connect()
    const { fetch } = await scene.connectedTokens(opened)
    const { profileId } = opened.connection.details
    for (const count of [1, 2]) {
      await bank.control.act('expireAccessTokens')
      expect((await fetch(`/profiles/${profileId}`)).status).toBe(200)
      expect(tokenRequests('refresh_token')).toHaveLength(count)
    }
    const used = tokenRequests('refresh_token').map(({ parameters }) => parameters)
    expect(new Set(used.map(({ refresh_token }) => refresh_token)).size).toBe(1)
    expect(Object.keys(used[0]!).sort()).toEqual(['grant_type', 'refresh_token'])
    expect(tokenRequests('refresh_token')[0]?.headers.authorization).toMatch(/^Basic /)
  })

  test('basis 31: takes over a refresh token that replaces the old one', async () => {
    bank.control.always({ rotate: true })
    let later = 0
    const scene = createScene(bank, { secondsLater: () => later })
    const opened = await scene.connect()
    const { fetch } = await scene.connectedTokens(opened)
    for (const _time of [1, 2, 3]) {
      // Refused tokens are replaced twice a minute at most.
      later += 61
      scene.browser.clock.advance(61)
      await bank.control.act('expireAccessTokens')
      expect((await fetch(`/profiles/${opened.connection.details.profileId}`)).status).toBe(200)
    }
    const used = tokenRequests('refresh_token').map(({ parameters }) => parameters['refresh_token'])
    expect(new Set(used).size).toBe(3)
  })

  test('basis 29, 31: keeps the profile_id through a refresh that does not repeat it, and refuses another', async () => {
    const scene = createScene(bank)
    const opened = await scene.connect()
    const tokens = await scene.connectedTokens(opened)
    await bank.control.act('expireAccessTokens')
    await tokens.fetch(`/profiles/${opened.connection.details.profileId}`)
    const listed = await scene.ask('https://app.example/connect/connections', {
      headers: { countersign: '1' },
    })
    expect(await listed.json()).toMatchObject({
      connections: [{ details: { profile_id: opened.connection.details.profileId } }],
    })
    await bank.control.act('expireAccessTokens')
    bank.control.next({ refreshResponse: { profile_id: 'somebody-elses' } })
    await expect(tokens.fetch('/profiles/x')).rejects.toMatchObject({ name: 'BackendError' })
    expect(JSON.stringify(scene.events)).not.toContain('somebody-elses')
  })

  test('basis 31: a refused refresh token means that the person has to authorize again', async () => {
    const scene = createScene(bank)
    const opened = await scene.connect()
    const { fetch } = await scene.connectedTokens(opened)
    await bank.control.act('revokeGrants')
    await expect(fetch('/profiles/x')).rejects.toMatchObject({ code: 'reauthorization_required' })
    expect(opened.client.tokens('basis').get().status).toBe('reauthorization_required')
  })

  test.each([
    [true, 1],
    [false, 2],
  ])(
    'basis 31: with rotatesRefreshTokens %s, a refresh whose answer got lost is at once sent %i times in all',
    async (rotatesRefreshTokens, requests) => {
      const scene = createScene(bank, { backend: { rotatesRefreshTokens } })
      const opened = await scene.connect()
      const { fetch } = await scene.connectedTokens(opened)
      await bank.control.act('expireAccessTokens')
      bank.control.next({ refresh: 'lost-reply' })
      await expect(fetch(`/profiles/${opened.connection.details.profileId}`)).rejects.toThrow()
      await fetch(`/profiles/${opened.connection.details.profileId}`).catch(() => undefined)
      expect(opened.client.tokens('basis').get().status).toBe('connected')
      expect(tokenRequests('refresh_token')).toHaveLength(requests)
    },
  )

  test('basis 32: the access token opens the new profile', async () => {
    const scene = createScene(bank)
    const opened = await scene.connect()
    const { fetch } = await scene.connectedTokens(opened)
    const response = await fetch(`/profiles/${opened.connection.details.profileId}`)
    expect(await response.json()).toMatchObject({
      id: opened.connection.details.profileId,
      company_name: 'Acme Property Holdings, LLC.',
    })
    const [request] = bank.requests.find(/^\/profiles\//)
    expect(request?.authorizationScheme).toBe('Bearer')
  })

  test('basis 32: in bff mode the backend reads the profile, and no token reaches the page', async () => {
    bank.control.next({ tokenResponse: { refresh_token: 'the-refresh-token' } })
    const scene = createScene(bank, { mode: 'bff' })
    const opened = await scene.connect()
    const tokens = await scene.connectedTokens(opened)
    expect(tokens).not.toHaveProperty('getAccessToken')
    const response = await tokens.fetch(`/profiles/${opened.connection.details.profileId}`)
    expect(await response.json()).toMatchObject({ id: opened.connection.details.profileId })
    await expect(tokens.fetch('/institutions')).rejects.toMatchObject({ error: 'not_found', status: 404 })
    expect(bank.requests.count('/institutions')).toBe(0)
    expect(JSON.stringify(scene.answers)).not.toMatch(/access_token|refresh_token/)
  })

  test('basis 32: in bff mode a connection reads its own profile, and no other', async () => {
    const scene = createScene(bank, { mode: 'bff' })
    const opened = await scene.connect()
    const { fetch } = await scene.connectedTokens(opened)
    bank.requests.clear()
    const { profileId } = opened.connection.details
    for (const other of ['x', `${profileId}1`, profileId.toUpperCase()].filter((id) => id !== profileId))
      await expect(fetch(`/profiles/${other}`)).rejects.toMatchObject({ error: 'not_found', status: 404 })
    expect(bank.requests.all).toEqual([])
    expect((await fetch(`/profiles/${profileId}`)).status).toBe(200)
  })

  test('basis 32: in bff mode the API’s address must be known', () => {
    const { api: _api, ...options } = backendOptionsFor(bank)
    expect(() => basisBackend({ ...options, mode: 'bff' })).toThrow(/`api`/)
    expect(() => basisBackend({ ...options, mode: 'bff', environment: 'sandbox' })).not.toThrow()
  })
})

describe('ending the connection', () => {
  test('forgets it and says that nothing was revoked, because no revocation is documented', async () => {
    const scene = createScene(bank)
    const { disconnect } = await scene.connectedTokens(await scene.connect())
    expect(await disconnect()).toEqual({ revoked: false, reason: 'no_endpoint' })
    expect(bank.requests.count('/oauth/revoke')).toBe(0)
    const listed = await scene.ask('https://app.example/connect/connections', {
      headers: { countersign: '1' },
    })
    expect(await listed.json()).toEqual({ connections: [] })
  })

  test('revokes where it is told how', async () => {
    const revocationEndpoint = `${bank.origin}/oauth/revoke`
    const scene = createScene(bank, { backend: { revocationEndpoint } })
    const { disconnect } = await scene.connectedTokens(await scene.connect())
    expect(await disconnect()).toEqual({ revoked: false, reason: 'refused' }) // the embedded bank has none either, and answers 404
    const [request] = bank.requests.find('/oauth/revoke')
    expect(request?.parameters['token_type_hint']).toBe('refresh_token')
    expect(request?.authorizationScheme).toBe('Basic')
  })
})
