import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { appOrigin, openApiture, redirectUri, type App } from './support.js'
import { createVisitor } from './visitor.js'

let app: Awaited<ReturnType<typeof openApiture>>

beforeAll(async () => {
  app = await openApiture()
})

afterEach(() => {
  app.bank.control.reset()
  app.bank.requests.clear()
})

afterAll(() => app.bank.close())

const accounts = (authorization?: string, headers: Record<string, string> = {}) =>
  fetch(`${app.bank.origin}/banking/accounts`, {
    headers: { ...(authorization === undefined ? {} : { authorization }), ...headers },
  })

const refusesWithPage = async (parameters: Parameters<App['open']>[0]) => {
  const stop = await app.open(parameters)
  expect(stop.status).toBeGreaterThanOrEqual(400)
  expect(stop.status).toBeLessThan(500)
  expect(stop.headers.get('location')).toBeNull()
  expect(stop.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(stop.url.origin).toBe(app.bank.origin)
  return stop.text
}

test('publishes an issuer that ends in a slash, below which its endpoints are', async () => {
  const document = await app.discover()
  expect(app.bank.issuer).toBe(`${app.bank.origin}/oidc/`)
  expect(document).toMatchObject({
    issuer: app.bank.issuer,
    authorization_endpoint: `${app.bank.origin}/oidc/authorize`,
    token_endpoint: `${app.bank.origin}/oidc/token`,
    userinfo_endpoint: `${app.bank.origin}/oidc/userinfo`,
    revocation_endpoint: `${app.bank.origin}/oidc/revoke`,
    token_endpoint_auth_methods_supported: ['none'],
    code_challenge_methods_supported: ['S256'],
    response_types_supported: ['code'],
  })
  expect(document).not.toHaveProperty('end_session_endpoint')
})

test('names the issuer with its slash in the redirect and in the ID Token', async () => {
  const { url } = await app.decide('approve')
  expect(url.searchParams.get('iss')).toBe(app.bank.issuer)
  const { body } = await app.redeem(url.searchParams.get('code') ?? '')
  const keys = createRemoteJWKSet(new URL((await app.discover()).jwks_uri))
  const { payload } = await jwtVerify(body.id_token ?? '', keys, { audience: app.bank.clientId })
  expect(payload).toMatchObject({ iss: app.bank.issuer, sub: 'ada', nonce: 'xyz' })
})

test('redirects an approved request with code and state', async () => {
  const stop = await app.decide('approve')
  expect(stop.url.href).toMatch(redirectUri)
  expect([...stop.url.searchParams.keys()]).toEqual(['code', 'state', 'iss'])
  expect(stop.url.searchParams.get('state')).toBe('abc')
})

test('answers a code without client authentication, and says Bearer with a colon', async () => {
  const { status, body } = await app.redeem(await app.code())
  expect(status).toBe(200)
  expect(body).toEqual({
    access_token: expect.any(String) as string,
    token_type: 'Bearer:',
    expires_in: 3600,
    refresh_token: expect.any(String) as string,
    id_token: expect.any(String) as string,
    scope: 'openid offline_access banking/read',
  })
})

test('answers with the four documented properties alone when told to', async () => {
  app.bank.control.next({ fourProperties: true })
  expect(Object.keys(await app.connect()).sort()).toEqual([
    'access_token',
    'expires_in',
    'refresh_token',
    'token_type',
  ])
})

test('issues no refresh token without offline_access', async () => {
  expect(await app.connect([], { scope: 'openid banking/read' })).not.toHaveProperty('refresh_token')
})

test('lets pages of the app, and no others, read the token endpoint', async () => {
  const { headers } = await app.redeem(await app.code(), {}, { origin: appOrigin })
  expect(headers.get('access-control-allow-origin')).toBe(appOrigin)
  const code = await app.code()
  const other = await app.redeem(code, {}, { origin: 'http://localhost:9999' })
  expect(other.status).toBe(400)
  expect(other.headers.get('access-control-allow-origin')).toBeNull()
})

test.each([
  ['without the openid scope', { scope: 'banking/read' }],
  ['without a scope', { scope: undefined }],
  ['without a state', { state: undefined }],
  ['without a code challenge', { code_challenge: undefined, code_challenge_method: undefined }],
  ['with the plain method', { code_challenge_method: 'plain' }],
  ['with another redirect URI', { redirect_uri: `${appOrigin}/elsewhere` }],
  ['of an unknown client', { client_id: 'stranger' }],
  ['with another response type', { response_type: 'token' }],
  ['that wants a posted form', { response_mode: 'form_post', state: undefined }],
  ['that wants no page', { prompt: 'none' }],
])('refuses a request %s with a page of its own', async (_what, parameters) => {
  const text = await refusesWithPage(parameters)
  expect(text).toContain('Tern Harbor')
  expect(text).not.toContain('action="http')
})

test('sends a person who denies back with access_denied', async () => {
  const { url } = await app.decide('deny')
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    error: 'access_denied',
    state: 'abc',
    iss: app.bank.issuer,
  })
})

test('keeps a person who cancels', async () => {
  const stop = await app.decide('cancel')
  expect(stop.url.origin).toBe(app.bank.origin)
  expect(stop.text).toContain('You have cancelled')
})

test('rotates refresh tokens, and kills the grant when one is used twice', async () => {
  const first = await app.connect()
  const second = await app.refresh(first.refresh_token ?? '')
  expect(second.body.refresh_token).not.toBe(first.refresh_token)
  expect(second.body.token_type).toBe('Bearer:')
  expect((await app.refresh(first.refresh_token ?? '')).body.error).toBe('invalid_grant')
  expect((await app.refresh(second.body.refresh_token ?? '')).body.error).toBe('invalid_grant')
})

test('keeps a refresh token when told not to rotate', async () => {
  app.bank.control.always({ rotate: false })
  const { refresh_token = '' } = await app.connect()
  expect((await app.refresh(refresh_token)).body.refresh_token).toBe(refresh_token)
  expect((await app.refresh(refresh_token)).status).toBe(200)
})

test('takes a code once', async () => {
  const code = await app.code()
  expect((await app.redeem(code)).status).toBe(200)
  expect((await app.redeem(code)).body.error).toBe('invalid_grant')
})

test.each(['client_id', 'redirect_uri', 'code_verifier', 'code'])(
  'refuses a token request without %s, readable by the app',
  async (name) => {
    const origin = { origin: appOrigin }
    const { status, headers, body } = await app.redeem(await app.code(), { [name]: undefined }, origin)
    expect([status, body.error]).toEqual([400, 'invalid_request'])
    expect(headers.get('access-control-allow-origin')).toBe(appOrigin)
  },
)

test('refuses a code with another verifier', async () => {
  const { status, body } = await app.redeem(await app.code(), { code_verifier: 'x'.repeat(43) })
  expect([status, body.error]).toEqual([400, 'invalid_grant'])
})

test('revokes a refresh token for a page of the app', async () => {
  const { refresh_token = '' } = await app.connect()
  const { revocation_endpoint } = await app.discover()
  const body = new URLSearchParams({ token: refresh_token, client_id: app.bank.clientId })
  const response = await fetch(revocation_endpoint, { method: 'POST', body, headers: { origin: appOrigin } })
  expect(response.status).toBe(200)
  expect(response.headers.get('access-control-allow-origin')).toBe(appOrigin)
  expect((await app.refresh(refresh_token)).body.error).toBe('invalid_grant')
})

test('tells userinfo by the scopes', async () => {
  const { access_token } = await app.connect([], { scope: 'openid email' })
  const { userinfo_endpoint } = await app.discover()
  const response = await fetch(userinfo_endpoint, { headers: { authorization: `Bearer ${access_token}` } })
  expect(await response.json()).toEqual({ sub: 'ada', email: 'ada@example.com' })
})

test('refuses the scheme Bearer with a colon', async () => {
  const { access_token } = await app.connect()
  expect((await accounts(`Bearer: ${access_token}`)).status).toBe(401)
})

test('shows each person their own accounts', async () => {
  const { access_token } = await app.connect()
  const response = await accounts(`Bearer ${access_token}`, { origin: appOrigin })
  expect(response.headers.get('access-control-allow-origin')).toBe(appOrigin)
  const { items } = (await response.json()) as { items: unknown[] }
  expect(items[0]).toEqual({
    id: 'chk-4417',
    name: 'Everyday Checking',
    type: 'checking',
    maskedNumber: '*4417',
    balance: { current: '2841.07', currency: 'USD' },
  })
  app.bank.control.next({ automatic: true, person: 'grace' })
  const { url } = await app.open()
  const grace = await app.redeem(url.searchParams.get('code') ?? '')
  const others = await accounts(`Bearer ${grace.body.access_token}`)
  expect(await others.text()).toContain('Harbor Checking')
})

test('wants an access token, and says so without naming an error', async () => {
  const response = await accounts()
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toBe('Bearer realm="api"')
})

test('refuses an expired access token as invalid_token, readable by the app', async () => {
  const { access_token } = await app.connect()
  await app.bank.control.act('expireAccessTokens')
  const response = await accounts(`Bearer ${access_token}`, { origin: appOrigin })
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
  expect(response.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate')
})

test('refuses an access token without banking/read', async () => {
  const { access_token } = await app.connect([], { scope: 'openid' })
  const response = await accounts(`Bearer ${access_token}`)
  expect(response.status).toBe(403)
  expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
})

test('grants a preflight to the app alone', async () => {
  const preflight = async (origin: string) => {
    const headers = {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    }
    return (await fetch(`${app.bank.origin}/banking/accounts`, { method: 'OPTIONS', headers })).headers
  }
  const headers = await preflight(appOrigin)
  expect(headers.get('access-control-allow-origin')).toBe(appOrigin)
  expect(headers.get('access-control-allow-headers')).toBe('authorization')
  expect((await preflight('https://evil.example')).get('access-control-allow-origin')).toBeNull()
})

test('asks who it is and for consent every time', async () => {
  const visitor = createVisitor(app.bank.origin)
  const url = await app.authorizationUrl()
  for (const person of ['ada', 'grace']) {
    expect((await visitor.open(url)).text).toContain('Sign in to online banking')
    expect((await visitor.signIn(person)).text).toContain(person === 'ada' ? 'Ada Lovelace' : 'Grace Hopper')
    const { body } = await app.redeem((await visitor.press('approve')).url.searchParams.get('code') ?? '')
    expect(decodeJwt(body.id_token ?? '').sub).toBe(person)
  }
})

test('keeps two authorizations in two tabs apart', async () => {
  const first = createVisitor(app.bank.origin)
  const second = first.tab()
  await first.open(await app.authorizationUrl({ state: 'first' }))
  await second.open(await app.authorizationUrl({ state: 'second' }))
  await second.signIn('grace')
  await first.signIn('ada')
  expect((await first.press('approve')).url.searchParams.get('state')).toBe('first')
  expect((await second.press('approve')).url.searchParams.get('state')).toBe('second')
})
