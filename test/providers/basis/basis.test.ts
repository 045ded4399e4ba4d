import { basis } from 'countersign/providers'
import { basis as basisBackend, type BasisBackendOptions, type ProviderContext } from 'countersign/backend'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { BasisBank } from '../../../demo/banks/basis.js'
import { calculateCodeChallenge } from '../../../src/protocol/pkce.js'
import { storedTransaction } from '../stored-transaction.js'
import {
  backendOptionsFor,
  claims,
  createScene,
  openBank,
  otherPlatformId,
  platformId,
  redirectUri,
} from './scene.js'

let bank: BasisBank

beforeAll(async () => {
  bank = await openBank()
})
afterEach(() => {
  bank.control.reset()
  bank.requests.clear()
})
afterAll(() => bank.close())

const clientId = '06914d28-f034-4d52-b048-e11024957c11'

/** What the backend's provider makes of an authorization request. */
const authorizeWith = (options: BasisBackendOptions) =>
  basisBackend(options).authorize(
    {
      session: { subject: 'robin', claims },
      state: 's'.repeat(43),
      codeChallenge: 'c'.repeat(43),
      nonce: undefined,
      redirectUri,
      scope: 'profile:read',
      input: { platform_id: platformId },
      connection: undefined,
    },
    {
      fetch: (url, init) => fetch(url, init),
      now: () => 1516239022,
      attended: true,
      subjectKey: (subject) => `key of ${subject}`,
      correlation: 'c0ffee00-0000-4000-8000-000000000000',
      records: {} as ProviderContext['records'],
    },
  )

describe('the profile', () => {
  test('basis 1: connecting again updates the profile of the business, and renews the connection in place', async () => {
    const scene = createScene(bank)
    const first = await scene.connect()
    const renewed = await scene.connect({ platformId: otherPlatformId, connection: first.connection.id })
    expect(renewed.connection.id).toBe(first.connection.id)
    expect(renewed.connection.details).toEqual(first.connection.details)
    const { fetch } = await scene.connectedTokens(renewed)
    const response = await fetch(`/profiles/${renewed.connection.details.profileId}`)
    const { connections } = (await response.json()) as { connections: { platform_id: string }[] }
    expect(connections.map(({ platform_id }) => platform_id)).toEqual([platformId, otherPlatformId])
  })

  test('basis 1: a renewal that comes back with another profile connects nothing', async () => {
    const scene = createScene(bank)
    const first = await scene.connect()
    bank.control.next({ tokenResponse: { profile_id: 'another-profile' } })
    const { url } = await scene.decide('approve', { connection: first.connection.id })
    const { callback } = await scene.comeBack(url)
    expect(callback).toMatchObject({
      status: 'failed',
      error: { code: 'other_person', recovery: 'authorize' },
    })
    const { connection } = await scene.connect({ connection: first.connection.id })
    expect(connection).toMatchObject({ id: first.connection.id, details: first.connection.details })
  })
})

describe('the authorization request', () => {
  test('basis 2, 4, 5, 6, 7, 8, 9, 11: holds exactly the documented parameters', async () => {
    const url = await createScene(bank).leave()
    expect([...url.searchParams.keys()].sort()).toEqual([
      'client_id',
      'code_challenge',
      'init_token',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ])
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: bank.clientId,
      scope: 'profile:read',
      redirect_uri: redirectUri,
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
    })
  })

  test('basis 3: goes to Connect in development, and elsewhere only when told where', async () => {
    const endpoint = 'https://connect.development.usebasis.co/oauth'
    expect(basis({ clientId, environment: 'development' }).authorizationEndpoint).toBe(endpoint)
    const { authorizationEndpoint: _own, ...options } = backendOptionsFor(bank)
    const { url } = await authorizeWith({ ...options, environment: 'development' })
    expect(url).toMatch(new RegExp(`^${endpoint}\\?`))
    const own = { clientId, authorizationEndpoint: 'https://connect.example/oauth' }
    expect(basis(own).authorizationEndpoint).toBe('https://connect.example/oauth')
    expect(() => basis({ clientId })).toThrow(TypeError)
    expect(() => basis({ clientId, environment: 'sandbox' })).toThrow(/authorizationEndpoint/)
    expect(() => basisBackend(options)).toThrow(/authorizationEndpoint/)
  })

  test('basis 3: is made for https alone', () => {
    const options = { ...backendOptionsFor(bank), authorizationEndpoint: 'http://connect.example/oauth' }
    expect(() => basisBackend(options)).toThrow(TypeError)
  })

  test('basis 4, 11: is accepted by a server that wants response_type and init_token', async () => {
    const { status, url } = await createScene(bank).decide('approve')
    expect(status).toBe(303)
    expect(url.searchParams.has('code')).toBe(true)
  })

  test('basis 6: cannot ask for another scope', async () => {
    const { ask } = createScene(bank)
    const response = await ask('https://app.example/connect/basis/authorization', {
      method: 'POST',
      headers: { countersign: '1', 'content-type': 'application/json' },
      body: JSON.stringify({
        state: 's'.repeat(43),
        code_challenge: 'c'.repeat(43),
        redirect_uri: redirectUri,
        scope: 'profile:read profile:write',
        input: { platform_id: platformId },
      }),
    })
    expect(response.status).toBe(400)
  })

  test('basis 7: names a redirect URI of the backend’s own list, letter by letter', async () => {
    const scene = createScene(bank, {
      backend: { redirectUri: [`${redirectUri}/`, 'https://app.example/other'] },
    })
    await expect(scene.leave()).rejects.toMatchObject({ code: 'backend_refused', recovery: 'configure' })
  })

  test('basis 8: always carries a state, a new one each time, that names the transaction', async () => {
    const scene = createScene(bank)
    const urls = [await scene.leave(), await scene.leave()]
    expect(new Set(urls.map(({ searchParams }) => searchParams.get('state'))).size).toBe(2)
    for (const url of urls)
      expect(await storedTransaction(scene, url)).toMatchObject({ phase: 'left', provider: 'basis' })
  })

  test('basis 9, 10: carries the S256 challenge of the stored verifier, and no code_challenge_method', async () => {
    const scene = createScene(bank)
    const url = await scene.leave()
    const { searchParams } = url
    const { codeVerifier } = await storedTransaction(scene, url)
    expect(searchParams.get('code_challenge')).toBe(await calculateCodeChallenge(codeVerifier))
    expect(searchParams.has('code_challenge_method')).toBe(false)
  })

  test('basis 11: names the initialization token as the newer documents do, when told to', async () => {
    const { searchParams } = await createScene(bank, { backend: { initTokenParam: 'token' } }).leave()
    expect(searchParams.get('token')?.split('.')).toHaveLength(3)
    expect(searchParams.has('init_token')).toBe(false)
  })

  test('basis 12: is a URL whose values are encoded', async () => {
    const { href } = await createScene(bank).leave()
    expect(href).toContain(`redirect_uri=${encodeURIComponent(redirectUri)}`)
    expect(href).toContain('scope=profile%3Aread')
    expect(href).not.toMatch(/[\s<>"]/)
  })
})

describe('the preset', () => {
  test.each([
    ['clientSecret', { clientSecret: 'x' }],
    ['privateKey', { privateKey: 'x' }],
  ])('refuses %s, which only a backend may have', (name, secret) => {
    expect(() => basis({ clientId, environment: 'development', ...secret })).toThrow(new RegExp(`"${name}"`))
  })

  test('refuses the browser mode, which would need the secret', () => {
    const mode = 'browser' as 'mediated'
    expect(() => basis({ clientId, environment: 'development', mode })).toThrow(/mediated.*bff/)
  })

  test('is mediated, or bff when wanted', () => {
    expect(basis({ clientId, environment: 'development' }).channel.mode).toBe('mediated')
    expect(basis({ clientId, environment: 'development', mode: 'bff' }).channel.mode).toBe('bff')
  })

  test('knows the API in sandbox only', () => {
    expect(basis({ clientId, environment: 'development' }).api).toBeUndefined()
    const options = {
      clientId,
      environment: 'sandbox',
      authorizationEndpoint: 'https://c.example/oauth',
    } as const
    expect(basis(options).api).toBe('https://api.sandbox.usebasis.co/')
  })
})
