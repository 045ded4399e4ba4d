import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { mockBank, openMoneyhub, redirectUri, type Partner } from './moneyhub-partner.js'
import { createVisitor } from './visitor.js'

let partner: Partner

beforeAll(async () => {
  partner = await openMoneyhub()
})

afterEach(() => {
  vi.useRealTimers()
  partner.bank.control.reset()
  partner.bank.requests.clear()
})

afterAll(() => partner.bank.close())

interface Listed {
  readonly data: readonly {
    readonly id: string
    readonly connectionId?: string
    readonly expiresAt?: string
  }[]
}

const discovery = async () =>
  (await (await fetch(`${partner.bank.issuer}/.well-known/openid-configuration`)).json()) as Record<
    string,
    unknown
  >

const readAccounts = async (userId: string, scope = 'accounts:read transactions:read:all') => {
  const { body } = await partner.own(scope, userId)
  return partner.call<Listed>('/v3/accounts', body.access_token)
}

test('has the endpoints of the real discovery document, promises iss and offers no userinfo', async () => {
  const { issuer } = partner.bank
  const document = await discovery()
  expect(document).toMatchObject({
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    pushed_authorization_request_endpoint: `${issuer}/request`,
    jwks_uri: `${issuer}/certs`,
    revocation_endpoint: `${issuer}/token/revocation`,
    authorization_response_iss_parameter_supported: true,
    claims_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
  })
  expect(document).not.toHaveProperty('userinfo_endpoint')
})

test('creates a user for a token with user:create, and for no other', async () => {
  const userId = await partner.createUser('some-id')
  const { body } = await partner.own('user:read')
  const read = await partner.call(`/users/${userId}`, body.access_token)
  expect(read.body).toMatchObject({ userId, clientUserId: 'some-id', connectionIds: [] })
  const init = { method: 'POST', body: '{}' }
  const refused = await partner.call('/users', body.access_token, init)
  expect([refused.status, refused.body]).toEqual([
    403,
    {
      statusCode: 403,
      statusMessage: 'Forbidden',
      code: 'INSUFFICIENT_SCOPE',
      error: 'insufficient_scope',
      error_description: 'The access token lacks the scope user:create.',
    },
  ])
  expect((await partner.call('/users', 'made-up', init)).status).toBe(401)
})

test('takes a pushed request, and its request_uri without client_id', async () => {
  const { status, body } = await partner.push(partner.parameters(await partner.createUser()))
  expect([status, body]).toEqual([
    201,
    { expires_in: 60, request_uri: expect.stringMatching('^urn:ietf:params:oauth:request_uri:') as string },
  ])
  const { url } = await partner.decide(`${partner.bank.issuer}/auth?request_uri=${body.request_uri}`)
  expect(url.href.split('?')[0]).toBe(redirectUri)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    code: expect.any(String) as string,
    state: 'abc',
    iss: partner.bank.issuer,
  })
})

test('asks for consent at Moneyhub first, then at the institution', async () => {
  const visitor = createVisitor(partner.bank.origin)
  const expirationDateTime = new Date(Date.now() + 24 * 3600 * 1000).toISOString()
  const consent = { 'mh:consent': { essential: true, value: { expirationDateTime } } }
  const first = await visitor.open(
    await partner.urlOf(partner.parameters(await partner.createUser(), {}, consent)),
  )
  expect(first.text).toContain(`until ${expirationDateTime.slice(0, 10)}`)
  expect(first.text).toContain('Continue to Moneyhub Open Banking Mock')
  expect((await visitor.press('continue')).text).toContain('Sign in to your bank')
  expect((await visitor.signIn()).text).toContain('Share your accounts')
})

test('lets the person choose among the institutions of a group', async () => {
  const visitor = createVisitor(partner.bank.origin)
  const userId = await partner.createUser()
  const page = await visitor.open(await partner.urlOf(partner.parameters(userId, { scope: 'openid id:all' })))
  expect(page.text).toContain('Pennyhill Bank')
  await visitor.press('continue', [['institution', '5a40f3c61b7d4d2a9e8be0c7d1f26b93']])
  await visitor.signIn()
  const { url } = await visitor.press('approve')
  const { body } = await partner.redeem(url.searchParams.get('code') ?? '', { sub: userId })
  expect(decodeJwt(body.id_token ?? '')['mh:con_id']).toMatch(/^5a40f3c61b7d4d2a9e8be0c7d1f26b93:/)
})

test('names user and connection in an ID Token that its keys verify', async () => {
  const userId = await partner.createUser()
  const { body } = await partner.connect(userId)
  const keys = createRemoteJWKSet(new URL(`${partner.bank.issuer}/certs`))
  const { issuer, clientId } = partner.bank
  const { payload } = await jwtVerify(body.id_token ?? '', keys, { issuer, audience: clientId })
  expect(payload).toMatchObject({ sub: userId, nonce: 'xyz' })
  expect(payload['mh:con_id']).toMatch(new RegExp(`^${mockBank}:[0-9a-f-]{36}$`))
})

test('issues a connection’s token that reads no data', async () => {
  const userId = await partner.createUser()
  const { body } = await partner.connect(userId)
  expect(body.scope).toBe(`openid id:${mockBank}`)
  expect((await partner.call('/v3/accounts', body.access_token)).status).toBe(403)
  expect((await partner.call('/v3/transactions', body.access_token)).status).toBe(403)
})

test('lets a token asked for with sub read the data of all connections of that user', async () => {
  const userId = await partner.createUser()
  await partner.connect(userId)
  await partner.connect(userId, { scope: 'openid id:5a40f3c61b7d4d2a9e8be0c7d1f26b93' })
  const { status, body } = await readAccounts(userId)
  expect(status).toBe(200)
  expect(new Set(body.data.map(({ connectionId }) => connectionId)).size).toBe(2)
  const other = await partner.createUser('other')
  expect((await readAccounts(other)).body.data).toEqual([])
})

test('refuses data to a token without sub, and to one without the scope', async () => {
  const { status, body } = await partner.own('accounts:read')
  expect([status, body.error]).toEqual([400, 'invalid_request'])
  const userId = await partner.createUser()
  await partner.connect(userId)
  expect((await readAccounts(userId, 'transactions:read:all')).status).toBe(403)
})

test('narrows transactions by account and number', async () => {
  const userId = await partner.createUser()
  await partner.connect(userId)
  const accounts = (await readAccounts(userId)).body.data
  const token = (await partner.own('transactions:read:all', userId)).body.access_token
  const path = `/v3/transactions?limit=2&accountId=${accounts[0]?.id ?? ''}`
  const { body } = await partner.call<Listed>(path, token)
  expect(body.data).toHaveLength(2)
  expect(body.data.every(({ id }) => id.startsWith(`${accounts[0]?.id ?? ''}-`))).toBe(true)
})

test('gives tokens of the partner two hours', async () => {
  expect((await partner.own('accounts:read', await partner.createUser())).body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 7200,
    scope: 'accounts:read',
  })
})

test.each([
  ['an unknown scope', 'accounts:destroy'],
  ['no scope', ''],
])('refuses client_credentials with %s as invalid_scope', async (_what, scope) => {
  const { status, body } = await partner.own(scope)
  expect([status, body.error]).toEqual([400, 'invalid_scope'])
})

test('refuses client_credentials for a sub that is no user', async () => {
  expect((await partner.own('accounts:read', 'nobody')).body.error).toBe('invalid_request')
})

test('issues a one-time token with data scopes that reads the data, for a day', async () => {
  const scope = `openid id:${mockBank} accounts:read transactions:read:all`
  const { body } = await partner.connect(undefined, { scope })
  expect((await partner.call<Listed>('/v3/accounts', body.access_token)).body.data).toHaveLength(2)
  vi.useFakeTimers({ now: Date.now() + 25 * 3600 * 1000, toFake: ['Date'] })
  const { sub } = decodeJwt(body.id_token ?? '')
  const listed = await partner.call<Listed>(
    `/users/${sub ?? ''}/connections`,
    (await partner.own('user:read')).body.access_token,
  )
  expect(Date.parse(listed.body.data[0]?.expiresAt ?? '')).toBeLessThan(Date.now())
})

test('refuses a code exchange whose sub is another user’s, and lets the right one follow', async () => {
  const userId = await partner.createUser()
  const { url } = await partner.decide(await partner.urlOf(partner.parameters(userId)))
  const code = url.searchParams.get('code') ?? ''
  const wrong = await partner.redeem(code, { sub: await partner.createUser('other') })
  expect([wrong.status, wrong.body.error]).toEqual([400, 'invalid_grant'])
  expect((await partner.redeem(code, { sub: userId })).status).toBe(200)
})

test('refuses a code exchange without sub when the browser’s session is lost, and takes it otherwise', async () => {
  const userId = await partner.createUser()
  const code = async () => {
    const { url } = await partner.decide(await partner.urlOf(partner.parameters(userId)))
    return url.searchParams.get('code') ?? ''
  }
  expect((await partner.redeem(await code())).status).toBe(200)
  partner.bank.control.next({ sessionLost: true })
  expect((await partner.redeem(await code())).body.error).toBe('invalid_grant')
})

test('takes a code once, and for ten minutes', async () => {
  const userId = await partner.createUser()
  const { url } = await partner.decide(await partner.urlOf(partner.parameters(userId)))
  const code = url.searchParams.get('code') ?? ''
  expect((await partner.redeem(code, { sub: userId })).status).toBe(200)
  expect((await partner.redeem(code, { sub: userId })).body.error).toBe('invalid_grant')
  const later = await partner.decide(await partner.urlOf(partner.parameters(userId)))
  vi.useFakeTimers({ now: Date.now() + 601 * 1000, toFake: ['Date'] })
  const late = await partner.redeem(later.url.searchParams.get('code') ?? '', { sub: userId })
  expect(late.body.error).toBe('invalid_grant')
})

test('refuses the same client assertion twice', async () => {
  const client_assertion = await partner.sign({
    sub: partner.bank.clientId,
    aud: `${partner.bank.issuer}/token`,
  })
  const again = () =>
    partner.post('/token', { grant_type: 'client_credentials', scope: 'user:read', client_assertion })
  expect((await again()).status).toBe(200)
  expect((await again()).status).toBe(401)
})

test.each([
  ['another prompt', { prompt: 'login' }, 'invalid_request'],
  ['no prompt', { prompt: undefined }, 'invalid_request'],
  ['no state', { state: undefined }, 'invalid_request'],
  ['no claims', { claims: undefined }, 'invalid_request'],
  ['claims that ask for no connection', { claims: '{"id_token":{"sub":{}}}' }, 'invalid_request'],
  ['an institution that does not exist', { scope: 'openid id:atlantis' }, 'invalid_scope'],
  ['no institution at all', { scope: 'openid' }, 'invalid_scope'],
  ['an unknown scope', { scope: `openid id:${mockBank} money:mint` }, 'invalid_scope'],
])('refuses a pushed request with %s', async (_what, more, error) => {
  const { status, body } = await partner.push(partner.parameters(await partner.createUser(), more))
  expect([status, body.error]).toEqual([400, error])
})

test('takes a user as JSON, and as nothing else', async () => {
  const { body } = await partner.own('user:create')
  const answer = await fetch(`${partner.bank.origin}/users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${body.access_token}` },
    body: new URLSearchParams({ clientUserId: 'robin' }),
  })
  expect(answer.status).toBe(415)
})

test('redirects a request object with an unknown scope back as invalid_scope', async () => {
  const claims = { scope: `openid id:${mockBank} money:mint`, redirect_uri: redirectUri, state: 'abc' }
  const request = await partner.sign({
    ...claims,
    client_id: partner.bank.clientId,
    aud: partner.bank.issuer,
    response_type: 'code',
  })
  const query = new URLSearchParams({ client_id: partner.bank.clientId, request })
  const stop = await createVisitor(partner.bank.origin).open(
    `${partner.bank.issuer}/auth?${query.toString()}`,
  )
  expect(Object.fromEntries(stop.url.searchParams)).toMatchObject({ error: 'invalid_scope', state: 'abc' })
})

test('refuses a pushed request for a user that does not exist', async () => {
  expect((await partner.push(partner.parameters('nobody'))).body.error).toBe('invalid_request')
})

const days = (count: number) => new Date(Date.now() + count * 24 * 3600 * 1000).toISOString()

test.each([
  ['91 days from now', { expirationDateTime: days(91) }],
  ['in the past', { expirationDateTime: days(-1) }],
  ['no date', { expirationDateTime: 'soon' }],
  ['transactions of seven years', { transactionFromDateTime: days(-7 * 366) }],
])('refuses a consent with %s', async (_what, value) => {
  const claims = { 'mh:consent': { essential: true, value } }
  const { body } = await partner.push(partner.parameters(await partner.createUser(), {}, claims))
  expect(body.error).toBe('invalid_request')
})

test('tells of a connection and its expiry at the users API, and forgets it when told to', async () => {
  const userId = await partner.createUser()
  const expirationDateTime = days(30)
  const { body } = await partner.connect(userId, {}, { 'mh:consent': { value: { expirationDateTime } } })
  const id = String(decodeJwt(body.id_token ?? '')['mh:con_id'])
  const read = (await partner.own('user:read')).body.access_token
  const list = async () => (await partner.call<Listed>(`/users/${userId}/connections`, read)).body.data
  expect(await list()).toMatchObject([{ id, expiresAt: expirationDateTime, tppConsent: false, status: 'ok' }])
  const path = `/users/${userId}/connection/${id}`
  expect((await partner.call(path, read, { method: 'DELETE' })).status).toBe(403)
  const token = (await partner.own('user:delete')).body.access_token
  expect((await partner.call(path, token, { method: 'DELETE' })).status).toBe(204)
  expect((await partner.call(path, token, { method: 'DELETE' })).status).toBe(404)
  expect(await list()).toEqual([])
})

test.each(['reauth', 'reconsent', 'refresh'])('keeps the connection’s id in a %s', async (scope) => {
  const userId = await partner.createUser()
  const first = decodeJwt((await partner.connect(userId)).body.id_token ?? '')['mh:con_id']
  const claims = { 'mh:con_id': { essential: true, value: first } }
  const { body } = await partner.connect(userId, { scope: `openid ${scope}` }, claims)
  expect(decodeJwt(body.id_token ?? '')['mh:con_id']).toBe(first)
})

test('refuses to renew a connection of another user', async () => {
  const first = decodeJwt((await partner.connect(await partner.createUser())).body.id_token ?? '')[
    'mh:con_id'
  ]
  const other = await partner.createUser('other')
  const claims = { 'mh:con_id': { essential: true, value: first } }
  const { body } = await partner.push(partner.parameters(other, { scope: 'openid reauth' }, claims))
  expect(body.error).toBe('invalid_request')
})

const requestObject = async (header?: Record<string, unknown>) => {
  const userId = await partner.createUser()
  const { claims = '{}', ...rest } = partner.parameters(userId)
  const parameters = { ...rest, client_id: partner.bank.clientId, aud: partner.bank.issuer, max_age: 86400 }
  return {
    userId,
    request: await partner.sign({ ...parameters, claims: JSON.parse(claims) as object }, header),
  }
}

test('takes a signed request object beside the same parameters', async () => {
  const { userId, request } = await requestObject()
  const { claims: _claims, ...outside } = partner.parameters(userId)
  const query = new URLSearchParams({
    ...(outside as Record<string, string>),
    client_id: partner.bank.clientId,
    request,
  })
  const { url } = await partner.decide(`${partner.bank.issuer}/auth?${query.toString()}`)
  const { body } = await partner.redeem(url.searchParams.get('code') ?? '', { sub: userId })
  expect(decodeJwt(body.id_token ?? '')).toMatchObject({
    sub: userId,
    auth_time: expect.any(Number) as number,
  })
})

test('refuses a request object that somebody has changed', async () => {
  const { request } = await requestObject()
  const [header, , signature] = request.split('.')
  const forged = btoa(JSON.stringify({ iss: partner.bank.clientId, scope: 'openid id:all' })).replace(
    /=+$/,
    '',
  )
  const query = new URLSearchParams({
    client_id: partner.bank.clientId,
    request: [header, forged, signature].join('.'),
  })
  const stop = await createVisitor(partner.bank.origin).open(
    `${partner.bank.issuer}/auth?${query.toString()}`,
  )
  expect(stop.url.searchParams.get('error') ?? stop.text).toContain('invalid_request_object')
})

test('keeps a request object under a URI of its own, for one use', async () => {
  const { request } = await requestObject()
  const leave = (body: string) =>
    fetch(`${partner.bank.origin}/request`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/jws' },
    })
  const answer = await leave(request)
  const uri = await answer.text()
  expect([answer.status, uri]).toEqual([201, expect.stringMatching(/^urn:x-mh-request:[0-9a-f-]{36}$/)])
  const url = `${partner.bank.issuer}/auth?request_uri=${uri}`
  expect((await partner.decide(url)).url.searchParams.has('code')).toBe(true)
  const again = await createVisitor(partner.bank.origin).open(url)
  expect(again.url.searchParams.has('error')).toBe(true)
  expect((await leave(`${request}x`)).status).toBe(400)
})

test.each(['cancel', 'deny'])(
  'redirects with access_denied when the person presses %s at the bank',
  async (action) => {
    const url = await partner.urlOf(partner.parameters(await partner.createUser()))
    const stop = await partner.decide(url, action)
    expect(stop.url.searchParams.get('error')).toBe('access_denied')
    expect(stop.url.searchParams.get('state')).toBe('abc')
  },
)

test('redirects with access_denied when the person cancels at Moneyhub already', async () => {
  const visitor = createVisitor(partner.bank.origin)
  await visitor.open(await partner.urlOf(partner.parameters(await partner.createUser())))
  expect((await visitor.press('cancel')).url.searchParams.get('error')).toBe('access_denied')
})

test('lists its institutions to anybody', async () => {
  const list = async (name: string) =>
    (await (await fetch(`${partner.bank.issuer}/.well-known/${name}-connections`)).json()) as { id: string }[]
  expect((await list('test')).map(({ id }) => id)).toEqual([mockBank])
  expect(await list('all')).toHaveLength(3)
  expect((await list('api'))[0]).toMatchObject({ country: 'GB', status: { auth: 'AVAILABLE' } })
})

test('fails at the users API when told to', async () => {
  partner.bank.control.next({ users: { status: 502, error: 'bad_gateway' } })
  expect((await partner.call('/users', 'x')).status).toBe(502)
})

test('authenticates a client by its secret', async () => {
  const basic = await openMoneyhub({ clientSecret: 'a secret with: odd % characters' })
  try {
    expect((await basic.own('user:create')).status).toBe(200)
    const response = await fetch(`${basic.bank.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'user:create',
        client_id: basic.bank.clientId,
      }),
    })
    expect(response.status).toBe(401)
  } finally {
    await basic.bank.close()
  }
})

test('answers no page: there is no CORS at its endpoints for backends', async () => {
  for (const path of ['/oidc/token', '/oidc/request', '/users', '/v3/accounts']) {
    const { headers } = await fetch(partner.bank.origin + path, {
      method: 'POST',
      headers: { origin: 'http://localhost:5173' },
    })
    expect(headers.has('access-control-allow-origin')).toBe(false)
  }
})
