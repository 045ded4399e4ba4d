import { createHash, randomUUID } from 'node:crypto'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { appOrigin, authenticate, openStitch } from './support.js'
import { createVisitor } from './visitor.js'

let app: Awaited<ReturnType<typeof openStitch>>

beforeAll(async () => {
  app = await openStitch()
})

afterEach(() => {
  vi.useRealTimers()
  app.bank.control.reset()
  app.bank.requests.clear()
})

afterAll(() => app.bank.close())

const listBankAccounts =
  'query ListBankAccounts { user { __typename ... on User { id bankAccounts { name id accountNumber currentBalance } } } }'

const graphql = (accessToken: string, query = listBankAccounts, headers: Record<string, string> = {}) =>
  fetch(`${app.bank.origin}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables: null, operationName: 'ListBankAccounts' }),
  })

const halfHash = (text: string) =>
  createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')

test('has the documented endpoints, and does not promise an iss it never sends', async () => {
  const document = await app.discover()
  expect(document).toMatchObject({
    issuer: app.bank.origin,
    authorization_endpoint: `${app.bank.origin}/connect/authorize`,
    token_endpoint: `${app.bank.origin}/connect/token`,
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
  })
  for (const member of ['authorization_response_iss_parameter_supported', 'userinfo_endpoint']) {
    expect(document).not.toHaveProperty(member)
  }
  expect(document).not.toHaveProperty('dpop_signing_alg_values_supported')
})

test('redirects an approved request with code, granted scope, state and session_state, without iss', async () => {
  const { url } = await app.decide('approve', ['accounts', 'offline_access'])
  expect([...url.searchParams.keys()]).toEqual(['code', 'scope', 'state', 'session_state'])
  expect(url.searchParams.get('scope')).toBe('openid accounts offline_access')
  expect(url.searchParams.get('state')).toBe('abc')
})

test('keeps a query that the redirect URI has of its own', async () => {
  const redirect_uri = `${appOrigin}/callback?tenant=7`
  const other = await openStitch({ redirectUris: [redirect_uri] })
  const approved = await other.decide('approve', ['accounts'], { redirect_uri })
  expect([...approved.url.searchParams.keys()]).toEqual(['tenant', 'code', 'scope', 'state', 'session_state'])
  const cancelled = await other.decide('cancel', [], { redirect_uri })
  expect(cancelled.url.href).toBe(`${redirect_uri}&state=abc`)
  await other.bank.close()
})

test('sends a person who presses cancel back with nothing but the state', async () => {
  const { url } = await app.decide('cancel')
  expect(url.search).toBe('?state=abc')
})

test('sends a person who presses deny back with access_denied', async () => {
  const { url } = await app.decide('deny')
  expect(url.searchParams.get('error')).toBe('access_denied')
  expect(url.searchParams.get('state')).toBe('abc')
  expect(url.searchParams.has('iss')).toBe(false)
})

test('sends a person who cancels while signing in back with nothing but the state', async () => {
  const visitor = createVisitor(app.bank.origin)
  await visitor.open(await app.authorizationUrl())
  expect((await visitor.press('cancel')).url.search).toBe('?state=abc')
})

test.each([
  ['state', { state: undefined }],
  ['nonce', { nonce: undefined }],
  ['the method S256', { code_challenge_method: 'plain' }],
  ['a code challenge', { code_challenge: undefined, code_challenge_method: undefined }],
])('refuses a request without %s as invalid_request', async (_what, parameters) => {
  const { url } = await app.open(parameters)
  expect(url.origin).toBe(appOrigin)
  expect(url.searchParams.get('error')).toBe('invalid_request')
  expect(url.searchParams.has('iss')).toBe(false)
})

test('refuses a request without the openid scope', async () => {
  const { url } = await app.open({ scope: 'accounts', nonce: undefined })
  expect(url.searchParams.get('error')).toBe('invalid_request')
  expect((await app.open({ scope: 'accounts' })).url.searchParams.has('error')).toBe(true)
})

test('does not redirect to an address that is not registered', async () => {
  const stop = await app.open({ redirect_uri: `${appOrigin}/elsewhere` })
  expect([stop.url.origin, stop.status]).toEqual([app.bank.origin, 400])
})

test('answers a code with the documented members', async () => {
  const { status, headers, body } = await app.redeem(await app.code())
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 3599,
    scope: 'openid accounts balances offline_access',
  })
  expect(Object.keys(body).sort()).toEqual([
    'access_token',
    'expires_in',
    'id_token',
    'refresh_token',
    'scope',
    'token_type',
  ])
})

test('signs an ID Token with the documented claims, for five minutes', async () => {
  const { access_token, id_token = '' } = await app.connect()
  const keys = createRemoteJWKSet(new URL((await app.discover()).jwks_uri))
  const { payload } = await jwtVerify(id_token, keys, {
    issuer: app.bank.issuer,
    audience: app.bank.clientId,
  })
  const { iat = 0 } = payload
  expect(payload).toEqual({
    nbf: iat,
    exp: iat + 300,
    iss: app.bank.issuer,
    aud: app.bank.clientId,
    nonce: 'xyz',
    iat,
    at_hash: halfHash(access_token),
    s_hash: 'ungWv48Bz-pBQUDeXa4iIw', // of the state abc, as in the documentation's sample
    sid: expect.any(String) as string,
    sub: expect.stringMatching(`^user/${app.bank.clientId}/fynbos/[0-9a-f-]{36}$`) as string,
    auth_time: expect.any(Number) as number,
    idp: 'local',
    amr: ['pwd'],
  })
})

test('grants what the person ticks, in the redirect and in the token response', async () => {
  const { scope, ...others } = await app.connect(['accounts'])
  expect(scope).toBe('openid accounts')
  expect(others).not.toHaveProperty('refresh_token')
})

test('grants openid although no box is ticked', async () => {
  expect((await app.connect([])).scope).toBe('openid')
})

test('takes a refresh token once, and kills the grant when it comes again', async () => {
  const first = await app.connect()
  const second = await app.refresh(first.refresh_token ?? '')
  expect(second.body.refresh_token).not.toBe(first.refresh_token)
  expect((await app.refresh(first.refresh_token ?? '')).body.error).toBe('invalid_grant')
  expect((await app.refresh(second.body.refresh_token ?? '')).body.error).toBe('invalid_grant')
})

const day = 24 * 3600 * 1000

test('lets refresh tokens live two months from use to use, and two years in all', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const began = Date.now()
  let { refresh_token = '' } = await app.connect()
  while (Date.now() + 59 * day < began + 2 * 365 * day) {
    vi.setSystemTime(Date.now() + 59 * day)
    const { status, body } = await app.refresh(refresh_token)
    expect(status).toBe(200)
    refresh_token = body.refresh_token ?? ''
  }
  vi.setSystemTime(Date.now() + 59 * day)
  expect((await app.refresh(refresh_token)).body.error).toBe('invalid_grant')

  const later = await app.connect()
  vi.setSystemTime(Date.now() + 61 * day)
  expect((await app.refresh(later.refresh_token ?? '')).body.error).toBe('invalid_grant')
})

test('signs a refreshed ID Token without nonce, s_hash and sid', async () => {
  const first = await app.connect()
  const { body } = await app.refresh(first.refresh_token ?? '')
  const claims = decodeJwt(body.id_token ?? '')
  expect(Object.keys(claims)).toEqual([
    'nbf',
    'exp',
    'iss',
    'aud',
    'iat',
    'at_hash',
    'sub',
    'auth_time',
    'idp',
    'amr',
  ])
  expect(claims.at_hash).toBe(halfHash(body.access_token))
  expect(claims.sub).toBe(decodeJwt(first.id_token ?? '').sub)
})

test('takes a code once', async () => {
  const code = await app.code()
  expect((await app.redeem(code)).status).toBe(200)
  expect((await app.redeem(code)).body.error).toBe('invalid_grant')
})

test('refuses a code with another redirect URI or verifier', async () => {
  const elsewhere = await app.redeem(await app.code(), { redirect_uri: `${appOrigin}/elsewhere` })
  expect(elsewhere.body.error).toBe('invalid_grant')
  const other = await app.redeem(await app.code(), { code_verifier: 'x'.repeat(43) })
  expect(other.body.error).toBe('invalid_grant')
})

test.each([
  ['for another audience', { aud: 'https://elsewhere.example' }],
  ['that has expired', { exp: Math.floor(Date.now() / 1000) - 60 }],
  ['without jti', { jti: undefined }],
  ['that another has issued', { iss: 'stranger' }],
])('refuses an assertion %s', async (_what, claims) => {
  const reply = await app.redeem(await app.code(), authenticate(await app.signAssertion(claims)))
  expect([reply.status, reply.body.error]).toEqual([401, 'invalid_client'])
})

test.each([
  ['without client_id', { client_id: undefined }],
  ['without redirect_uri', { redirect_uri: undefined }],
  ['without code_verifier', { code_verifier: undefined }],
])('refuses a token request %s', async (_what, parameters) => {
  expect(await app.redeem(await app.code(), parameters)).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  })
})

test.each([
  ['for the issuer', () => ({ aud: app.bank.issuer })],
  ['for several servers', () => ({ aud: [`${app.bank.origin}/connect/token`, 'https://other.example'] })],
  ['with an end a year ahead', () => ({ exp: Math.floor(Date.now() / 1000) + 31_536_000 })],
])('refuses an assertion %s', async (_what, claims) => {
  const assertion = authenticate(await app.signAssertion(claims()))
  expect(await app.redeem(await app.code(), assertion)).toMatchObject({
    status: 401,
    body: { error: 'invalid_client' },
  })
})

test('refuses an assertion that was used before', async () => {
  const parameters = authenticate(await app.signAssertion({ jti: randomUUID() }))
  expect((await app.redeem(await app.code(), parameters)).status).toBe(200)
  const reply = await app.redeem(await app.code(), parameters)
  expect([reply.status, reply.body.error]).toEqual([401, 'invalid_client'])
})

test('refuses a client that does not authenticate', async () => {
  const reply = await app.redeem(await app.code(), {
    client_assertion: undefined,
    client_assertion_type: undefined,
  })
  expect([reply.status, reply.body.error]).toEqual([401, 'invalid_client'])
})

test('lets no page read its token endpoint', async () => {
  const { status, headers } = await app.redeem(await app.code(), {}, { origin: appOrigin })
  expect(status).toBe(200)
  expect(headers.get('access-control-allow-origin')).toBeNull()
  const preflight = await fetch(`${app.bank.origin}/connect/token`, {
    method: 'OPTIONS',
    headers: { origin: appOrigin, 'access-control-request-method': 'POST' },
  })
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([405, null])
})

test('lists the fields that a query names, of the person who signed in', async () => {
  const { access_token } = await app.connect()
  const response = await graphql(access_token)
  expect(await response.json()).toEqual({
    data: {
      user: {
        __typename: 'User',
        id: expect.stringMatching(/^user-/) as string,
        bankAccounts: [
          {
            __typename: 'BankAccount',
            id: 'acc-a1',
            name: 'Current Account',
            accountNumber: '******6201',
            currentBalance: { quantity: '12874.35', currency: 'ZAR' },
          },
          {
            __typename: 'BankAccount',
            id: 'acc-a2',
            name: 'Holiday Pocket',
            accountNumber: '******8830',
            currentBalance: { quantity: '4300.00', currency: 'ZAR' },
          },
        ],
      },
    },
  })
})

test('answers the documentation’s own two queries', async () => {
  const { access_token } = await app.connect()
  for (const query of [
    'query ListBankAccounts {\n user {\n __typename\n ... on User {\n id\n bankAccounts {\n name\n }\n }\n }\n}\n',
    'query ListBankAccounts { user { bankAccounts { user { bankAccounts { name }}}}}',
  ]) {
    expect(await (await graphql(access_token, query)).text()).toContain('"name":"Current Account"')
  }
})

test('names the missing scope of a field', async () => {
  const { access_token } = await app.connect(['accounts'])
  const response = await graphql(access_token)
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    data: null,
    errors: [
      {
        message: 'Token is missing the following scope: balances',
        extensions: { code: 'FORBIDDEN', missingScopes: ['balances'] },
      },
    ],
  })
})

test.each(['expired', 'malformed'])('refuses an %s access token in the documented shape', async (what) => {
  const { access_token } = await app.connect()
  if (what === 'expired') await app.bank.control.act('expireAccessTokens')
  const response = await graphql(what === 'expired' ? access_token : 'malformed')
  expect(response.status).toBe(401)
  expect(await response.json()).toEqual({
    errors: [{ message: 'UNAUTHENTICATED: Token is expired or malformed' }],
    extensions: { code: 'UNAUTHENTICATED' },
  })
})

test('lets pages of the app call the API with credentials, and no others', async () => {
  const { access_token } = await app.connect()
  const { headers } = await graphql(access_token, listBankAccounts, { origin: appOrigin })
  expect(headers.get('access-control-allow-origin')).toBe(appOrigin)
  expect(headers.get('access-control-allow-credentials')).toBe('true')
  const others = await graphql(access_token, listBankAccounts, { origin: 'https://evil.example' })
  expect(others.headers.get('access-control-allow-origin')).toBeNull()
})

test.each(['USER_INTERACTION_REQUIRED', 'REAUTHORIZATION_REQUIRED'] as const)(
  'wants the person back with %s until they have confirmed',
  async (interaction) => {
    const { access_token } = await app.connect()
    app.bank.control.next({ interaction })
    const { errors } = (await (await graphql(access_token)).json()) as {
      errors: { extensions: { code: string; userInteractionUrl: string; reauthorizationType?: string } }[]
    }
    const { code, userInteractionUrl = '', reauthorizationType } = errors[0]?.extensions ?? {}
    expect(code).toBe(interaction)
    expect(reauthorizationType).toBe(interaction === 'REAUTHORIZATION_REQUIRED' ? 'login' : undefined)
    expect(await (await graphql(access_token)).text()).toContain(interaction)
    const visitor = createVisitor(app.bank.origin)
    expect((await visitor.open(userInteractionUrl)).text).toContain('Confirm')
    expect((await visitor.press('confirm')).text).toContain('Thank you')
    expect(await (await graphql(access_token)).text()).not.toContain('errors')
  },
)

test('sends a person who has confirmed to a registered address only', async () => {
  const { access_token } = await app.connect()
  const confirm = async (target: string) => {
    app.bank.control.next({ interaction: 'USER_INTERACTION_REQUIRED' })
    const [, url = ''] =
      /"userInteractionUrl":"([^"]+)"/.exec(await (await graphql(access_token)).text()) ?? []
    const visitor = createVisitor(app.bank.origin)
    await visitor.open(`${url}&redirect_uri=${encodeURIComponent(target)}`)
    return (await visitor.press('confirm')).url.origin
  }
  expect(await confirm(`${appOrigin}/callback`)).toBe(appOrigin)
  expect(await confirm('https://evil.example/callback')).toBe(app.bank.origin)
})
