import { oauthClient, oidc as oidcBackend, type OidcBackendOptions } from 'countersign/backend'
import { StepUpError } from 'countersign/core'
import { oidc, type OidcOptions } from 'countersign/providers'
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  jwtVerify,
  type JWK,
} from 'jose'
import { generateKeyPair } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startStandard, type StandardOptions } from '../../../demo/banks/standard.js'
import { errorOf } from '../../support/refusal.js'
import { callbackOf, createScene, type SceneOptions } from '../scene.js'

const redirectUri = callbackOf('openid')
const scope = 'openid accounts offline_access'
const issuer = 'https://as.example'
const clientId = 'my-client'

const openBank = (options: Partial<StandardOptions> = {}) =>
  startStandard({ redirectUris: [redirectUri], ...options })

type TestBank = Awaited<ReturnType<typeof openBank>>

let bank: TestBank
let plain: TestBank

beforeAll(async () => {
  ;[bank, plain] = await Promise.all([openBank(), openBank({ dpop: false, par: false })])
})
afterEach(() => {
  for (const one of [bank, plain]) {
    one.control.reset()
    one.requests.clear()
  }
})
afterAll(async () => {
  await Promise.all([bank.close(), plain.close()])
})

/** An app that is the client itself. */
const createPageScene = (
  at: TestBank,
  options: Partial<OidcOptions> = {},
  more: Partial<SceneOptions<never>> = {},
) =>
  createScene({
    name: 'openid',
    bank: at,
    provider: oidc({ clientId: at.clientId, issuer: at.issuer, scope, api: `${at.origin}/`, ...options }),
    ...more,
  })

/** An app whose backend is the client. */
const createBackendScene = (
  mode: 'mediated' | 'bff',
  options: Partial<OidcBackendOptions> = {},
  more: Partial<SceneOptions<never>> = {},
) =>
  createScene({
    name: 'openid',
    bank: plain,
    provider: oidc({
      clientId: plain.clientId,
      issuer: plain.issuer,
      scope,
      mode,
      api: `${plain.origin}/`,
      authorizationEndpoint: `${plain.origin}/authorize`,
    }),
    backend: oidcBackend({
      clientId: plain.clientId,
      issuer: plain.issuer,
      scope,
      redirectUri,
      authentication: 'none',
      mode,
      ...(mode === 'bff' && { api: `${plain.origin}/`, routes: [{ method: 'GET', path: '/accounts' }] }),
      ...options,
    } as OidcBackendOptions),
    ...more,
  })

const proofOf = (headers: Readonly<Record<string, unknown>> | undefined) => {
  const proof = String(headers?.['dpop'])
  return { header: decodeProtectedHeader(proof), claims: decodeJwt(proof) }
}

describe('with DPoP and pushed requests', () => {
  const bound = { dpop: true, par: true }

  test('sends the person with the reference of a pushed request alone', async () => {
    const { searchParams } = await createPageScene(bank, bound).leave()
    expect([...searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
    const [pushed] = bank.requests.find('/par')
    expect(pushed?.parameters).toMatchObject({
      response_type: 'code',
      redirect_uri: redirectUri,
      scope,
      code_challenge_method: 'S256',
    })
  })

  test('proves one key to everybody, and has the code bound to it', async () => {
    const { tokens } = await createPageScene(bank, bound).connect()
    expect((await tokens.fetch('accounts')).status).toBe(200)
    const requests = ['/par', '/token', '/accounts'].map((path) => bank.requests.find(path)[0])
    const proofs = requests.map((request) => proofOf(request?.headers))
    const thumbprints = await Promise.all(
      proofs.map(({ header }) => calculateJwkThumbprint(header.jwk as JWK)),
    )
    expect(new Set(thumbprints)).toEqual(new Set([requests[0]?.parameters['dpop_jkt']]))
    expect(proofs.map(({ claims }) => [claims['htm'], claims['htu']])).toEqual([
      ['POST', `${bank.origin}/par`],
      ['POST', `${bank.origin}/token`],
      ['GET', `${bank.origin}/accounts`],
    ])
    expect(new Set(proofs.map(({ claims }) => claims.jti)).size).toBe(3)
  })

  test('outlives the page: another one uses the same tokens and asks for none', async () => {
    const scene = createPageScene(bank, bound)
    await scene.connect()
    const tokens = await scene.connected(scene.open())
    expect((await tokens.fetch('accounts')).status).toBe(200)
    expect(bank.requests.count('/token')).toBe(1)
  })

  test('answers a demand for a nonce once, at every endpoint', async () => {
    bank.control.always({ dpopNonce: true })
    const { tokens } = await createPageScene(bank, bound).connect()
    expect((await tokens.fetch('accounts')).status).toBe(200)
    for (const path of ['/par', '/token', '/accounts']) {
      const [refused, accepted, ...more] = bank.requests.find(path)
      expect([refused?.status, more]).toEqual([path === '/accounts' ? 401 : 400, []])
      expect(accepted?.status).toBeLessThan(300)
      expect(proofOf(accepted?.headers).claims['nonce']).toBeDefined()
    }
  })

  test('keeps a key that cannot be exported', async () => {
    const scene = createPageScene(bank, bound)
    await scene.connect()
    const { privateKey } = (await scene.browser.records()).get('dpop:openid') as CryptoKeyPair
    expect([privateKey.extractable, privateKey.type]).toEqual([false, 'private'])
    await expect(crypto.subtle.exportKey('jwk', privateKey)).rejects.toThrow()
  })

  test('refuses a token that is not bound although a key was proved', async () => {
    bank.control.next({ tokenResponse: { token_type: 'Bearer' } })
    const scene = createPageScene(bank, bound)
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    expect(callback).toMatchObject({
      status: 'failed',
      error: { code: 'token_response_invalid', parameter: 'token_type' },
    })
  })

  test('pushes without being told where the server takes nothing else', async () => {
    const { searchParams } = await createPageScene(bank, { dpop: true }).leave()
    expect([...searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
  })

  test('pushes anew when the reference has expired before the person clicks', async () => {
    const scene = createPageScene(bank, bound)
    const { client, page } = scene.open()
    const authorization = client.authorization('openid')
    await authorization.prepareAsync()
    expect(bank.requests.count('/par')).toBe(1)
    scene.browser.clock.advance(120)
    const left = page.leaving()
    void authorization.authorizeAsync()
    await left
    expect(bank.requests.count('/par')).toBe(2)
  })
})

describe('with bearer tokens', () => {
  test.each(['RS256', 'ES256'] as const)('connects where ID Tokens are signed with %s', async (alg) => {
    const other = await openBank({ dpop: false, par: false, signingAlgorithm: alg })
    const { tokens } = await createPageScene(other).connect()
    expect((await tokens.fetch('accounts')).status).toBe(200)
    await other.close()
  })

  test('ends with the page', async () => {
    const scene = createPageScene(plain)
    await scene.connect()
    const keys = [...(await scene.browser.records()).keys()]
    expect(keys.filter((key) => /^(?:tokens|dpop):/.test(key))).toEqual([])
  })

  test('insists on the iss that the server has promised, and on its own', async () => {
    for (const iss of [null, 'https://evil.example']) {
      plain.control.next({ redirect: { iss } })
      const scene = createPageScene(plain)
      const { callback } = await scene.comeBack((await scene.decide('approve')).url)
      expect(callback).toMatchObject({ status: 'failed', error: { code: 'issuer_mismatch' } })
      expect(plain.requests.count('/token')).toBe(0)
    }
  })

  test('takes further parameters, but none that it sets itself', async () => {
    const scene = createPageScene(plain, {
      parameters: { prompt: 'consent', resource: 'https://api.example' },
    })
    const { searchParams } = await scene.leave()
    expect([searchParams.get('prompt'), searchParams.get('resource')]).toEqual([
      'consent',
      'https://api.example',
    ])
    for (const name of ['state', 'nonce', 'redirect_uri', 'code_challenge', 'response_type', 'request_uri'])
      expect(() => oidc({ clientId, issuer, scope, parameters: { [name]: 'mine' } })).toThrow(
        `"${name}" is set by countersign`,
      )
  })
})

describe('the preset', () => {
  test('refuses what belongs to a backend, and what does not go with one', () => {
    expect(() => oidc({ clientId, issuer, scope, ...{ clientSecret: 'x' } })).toThrow(/"clientSecret"/)
    const mediated = { clientId, issuer, scope, mode: 'mediated' } as const
    expect(() => oidc(mediated)).toThrow(/authorizationEndpoint/)
    expect(() => oidc({ ...mediated, authorizationEndpoint: `${issuer}/authorize`, dpop: true })).toThrow(
      /dpop/,
    )
  })
})

describe('the backend', () => {
  test('connects as a public client, and keeps the refresh token', async () => {
    const scene = createBackendScene('mediated')
    const { tokens } = await scene.connect()
    expect((await tokens.fetch('accounts')).status).toBe(200)
    await plain.control.act('expireAccessTokens')
    expect((await tokens.fetch('accounts')).status).toBe(200)
    const [, refresh] = plain.requests.find('/token')
    expect(refresh?.grantType).toBe('refresh_token')
    expect(JSON.stringify(scene.requests)).not.toContain(refresh?.parameters['refresh_token'] ?? 'none')
  })

  test('goes on with the new refresh token after the keys of the server were out of reach', async () => {
    let secondsLater = 0
    const scene = createBackendScene('mediated', {}, { secondsLater: () => secondsLater })
    const { tokens } = await scene.connect()
    await plain.control.act('expireAccessTokens')
    secondsLater = 400
    plain.control.next({ jwks: { status: 503 } })
    expect(await errorOf(() => tokens.fetch('accounts'))).toMatchObject({
      code: 'provider_unavailable',
      error: 'provider_unavailable',
      recovery: 'resume',
    })
    expect((await tokens.fetch('accounts')).status).toBe(200)
    const used = plain.requests.find('/token', { grant_type: 'refresh_token' })
    expect(new Set(used.map(({ parameters }) => parameters['refresh_token'])).size).toBe(2)
  })

  test('passes requests on in bff mode, and revokes when the person disconnects', async () => {
    const scene = createBackendScene('bff')
    const { tokens } = await scene.connect()
    expect(await (await tokens.fetch('/accounts')).json()).toMatchObject({ accounts: [{}, {}] })
    expect(await tokens.disconnect()).toEqual({ revoked: true })
    expect(plain.requests.count('/revoke')).toBe(2)
  })

  /** @see https://www.rfc-editor.org/rfc/rfc9470.html */
  test.each(['mediated', 'bff'] as const)(
    'tells the page in %s mode that the API wants a stronger sign-in, asks for it, and has the ID Token confirm it',
    async (mode) => {
      const scene = createBackendScene(mode)
      const { tokens } = await scene.connect()
      const requests = plain.requests.count('/token')
      const challenge = 'Bearer error="insufficient_user_authentication", acr_values="phr phrh", max_age=600'
      plain.control.next({ api: { status: 401, headers: { 'www-authenticate': challenge }, body: '' } })
      const error = await errorOf(() => tokens.fetch('accounts'))
      if (!(error instanceof StepUpError)) throw error
      const { acrValues, maxAgeSeconds } = error
      expect([acrValues, maxAgeSeconds]).toEqual([['phr', 'phrh'], 600])
      // Another token would not help, and the connection is as good as before.
      expect(plain.requests.count('/token')).toBe(requests)
      expect((await tokens.fetch('accounts')).status).toBe(200)

      const input = { connection: tokens.connection.id, acrValues, maxAgeSeconds }
      const claims = { acr: 'pwd', auth_time: Math.floor(Date.now() / 1000) }
      plain.control.next({ idToken: { claims } })
      const weak = await scene.decide('approve', input)
      const [asked] = plain.requests.find('/authorize').slice(-1)
      expect(asked?.parameters).toMatchObject({ acr_values: 'phr phrh', max_age: '600' })
      const refused = (await scene.comeBack(weak.url)).callback
      expect(refused).toMatchObject({ status: 'failed', error: { code: 'provider_error' } })

      plain.control.next({ idToken: { claims: { ...claims, acr: 'phr' } } })
      const strong = (await scene.comeBack((await scene.decide('approve', input)).url)).callback
      expect(strong).toMatchObject({ status: 'connected', connection: { id: tokens.connection.id } })
    },
  )

  test('refuses a response of another issuer without asking the token endpoint', async () => {
    plain.control.next({ redirect: { iss: 'https://evil.example' } })
    const scene = createBackendScene('mediated')
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    expect(callback.status).toBe('failed')
    expect(plain.requests.count('/token')).toBe(0)
  })

  test('tells pages the claims that are named, and no others', async () => {
    plain.control.next({ idToken: { claims: { name: 'Ada', email: 'ada@example.com' } } })
    const scene = createBackendScene('mediated', { details: ['name'] })
    const { connection } = await scene.connect()
    expect(connection.details).toEqual({ name: 'Ada' })
  })

  test('misses neither openid nor offline_access where both were given', async () => {
    plain.control.next({ tokenResponse: { scope: 'accounts' } })
    const { connection } = await createBackendScene('mediated').connect()
    expect(connection.missingScope).toEqual([])
  })

  test('asks for consent to offline access', async () => {
    expect((await createBackendScene('mediated').leave()).searchParams.get('prompt')).toBe('consent')
  })

  test.each([{ par: true }, {}])(
    'pushes requests where it is told to, by %j or by the server',
    async (told) => {
      const pushing = await openBank({ dpop: false })
      const provider = oidcBackend({
        clientId: pushing.clientId,
        issuer: pushing.issuer,
        scope,
        redirectUri,
        authentication: 'none',
        ...told,
      })
      const { url, expiresInSeconds } = await provider.authorize(setup, context())
      expect([...new URL(url).searchParams.keys()]).toEqual(['client_id', 'request_uri'])
      expect(expiresInSeconds).toBeGreaterThan(0)
      await pushing.close()
    },
  )

  test.each([
    ['client_secret_basic', {}],
    ['client_secret_post', { authentication: 'client_secret_post' }],
  ] as const)('authenticates by %s', async (method, authentication) => {
    const clientSecret = crypto.randomUUID()
    const form = await sentBy({ clientSecret, ...authentication })
    expect(form.body.get('client_secret')).toBe(method === 'client_secret_post' ? clientSecret : null)
    // RFC 6749 §2.3.1 has both parts form-encoded first.
    const basic = atob(form.headers.get('authorization')?.replace('Basic ', '') ?? '')
    expect(basic.split(':').map(decodeURIComponent)).toEqual(
      method === 'client_secret_basic' ? [clientId, clientSecret] : [''],
    )
  })

  test('authenticates by an assertion for the issuer alone', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = (await exportJWK(privateKey)) as JsonWebKey
    const { body } = await sentBy({ privateKey: { ...jwk, alg: 'ES256' }, keyId: 'k1' })
    const { payload, protectedHeader } = await jwtVerify(body.get('client_assertion') ?? '', publicKey, {
      issuer: clientId,
      subject: clientId,
      requiredClaims: ['jti'],
    })
    expect(payload.aud).toBe(issuer)
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'k1', typ: 'client-authentication+jwt' })
  })

  test('throws with the remedy where it is set up wrongly', () => {
    const options = { clientId, issuer, scope, redirectUri, authentication: 'none' } as const
    expect(() => oidcBackend({ ...options, clientId: '' })).toThrow(/clientId/)
    expect(() => oidcBackend({ ...options, issuer: 'http://as.example' })).toThrow(/issuer/)
    expect(() => oidcBackend({ ...options, mode: 'bff' })).toThrow(/`api` and `routes`/)
    expect(() => oidcBackend({ ...options, parameters: { state: 'mine' } })).toThrow(/"state"/)
    const asking = { ...options, scope: 'accounts', parameters: { max_age: '60' } }
    expect(() => oidcBackend(asking)).toThrow(/oidc: the parameter "max_age" needs "openid" in `scope`/)
    expect(() => oidcBackend({ ...asking, scope: 5 as never })).toThrow(/`scope` must be of the type string/)
    expect(() => oidcBackend({ ...asking, scope: undefined as never })).toThrow(/`scope` is missing/)
  })

  describe('with checks that the backend demands', () => {
    const demanding = { parameters: { acr_values: 'phr phrh', max_age: '300' } }
    const now = () => Math.floor(Date.now() / 1000)

    test('lets a page ask for more, and for less it gets no connection', async () => {
      const scene = createBackendScene('mediated', demanding)
      const weak = { acr: 'phr', auth_time: now() - 3600 }
      plain.control.next({ idToken: { claims: weak } })
      const less = await scene.decide('approve', { maxAgeSeconds: 99_999_999 })
      const lessAsked = plain.requests.find('/authorize').at(-1)?.parameters
      expect(lessAsked).toMatchObject({ acr_values: 'phr phrh', max_age: '300' })
      expect((await scene.comeBack(less.url)).callback).toMatchObject({ status: 'failed' })

      plain.control.next({ idToken: { claims: { acr: 'phrh', auth_time: now() } } })
      const more = await scene.decide('approve', { acrValues: ['phrh', 'pwd'], maxAgeSeconds: 60 })
      const moreAsked = plain.requests.find('/authorize').at(-1)?.parameters
      expect(moreAsked).toMatchObject({ acr_values: 'phrh', max_age: '60' })
      expect((await scene.comeBack(more.url)).callback).toMatchObject({ status: 'connected' })
    })

    test('begins nothing for a page that names none of the ways of signing in', async () => {
      const client = oauthClient({ clientId, issuer: plain.issuer, authentication: 'none', ...demanding })
      const asked = { acrValues: ['pwd'] }
      await expect(
        client.authorize({ ...setup, scope: 'openid', nonce: 'n'.repeat(43), asked }, context()),
      ).rejects.toMatchObject({ code: 'input_invalid', parameter: 'acr_values' })
    })
  })

  test('begins nothing by a client that asks for a check without an ID Token', async () => {
    const parameters = { acr_values: 'phr' }
    const client = oauthClient({ clientId, issuer: plain.issuer, authentication: 'none', parameters })
    await expect(
      client.authorize({ ...setup, scope: 'accounts', nonce: undefined }, context()),
    ).rejects.toThrow(/parameter "acr_values" needs "openid"/)
  })
})

const setup = {
  session: { subject: 'robin', claims: {} },
  state: 's'.repeat(43),
  codeChallenge: 'c'.repeat(43),
  nonce: 'n'.repeat(43),
  redirectUri,
  scope,
  input: {},
  connection: undefined,
}

const context = (send: (url: string, init: RequestInit) => Promise<Response> = fetch) => ({
  fetch: send,
  now: () => Date.now() / 1000,
  attended: true,
  subjectKey: (subject: string) => `key of ${subject}`,
  correlation: 'c0ffee00-0000-4000-8000-000000000000',
  records: {
    read: () => Promise.resolve(undefined),
    change: () => Promise.reject(new Error('unused')),
    lease: () => {
      throw new Error('unused')
    },
  },
})

/** The token request of a client that authenticates in a way. */
async function sentBy(authentication: object): Promise<{ headers: Headers; body: URLSearchParams }> {
  const options = { clientId, issuer, scope, redirectUri, ...authentication }
  const provider = oidcBackend(options as OidcBackendOptions)
  let sent: RequestInit = {}
  const redemption = { ...setup, code: 'code', codeVerifier: 'v'.repeat(43), iss: undefined, data: undefined }
  const answer = (url: string, init: RequestInit) => {
    if (url.includes('well-known'))
      return Promise.resolve(
        Response.json({
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
        }),
      )
    sent = init
    return Promise.resolve(Response.json({ error: 'invalid_grant' }, { status: 400 }))
  }
  await expect(provider.redeem(redemption, context(answer))).rejects.toMatchObject({ code: 'token_error' })
  return { headers: new Headers(sent.headers), body: new URLSearchParams(sent.body as URLSearchParams) }
}
