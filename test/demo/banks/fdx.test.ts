import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createClientCertificate } from '../../../demo/banks/certificates.js'
import { allBoxes, fetchWith, openFdx, sampleDetails, sampleParameters } from './fdx-app.js'
import { appOrigin, redirectUri } from './support.js'
import { createVisitor } from './visitor.js'

let app: Awaited<ReturnType<typeof openFdx>>

beforeAll(async () => {
  app = await openFdx()
})

afterEach(() => {
  vi.useRealTimers()
  app.bank.control.reset()
  app.bank.requests.clear()
})

afterAll(() => app.bank.close())

const detail = (changes: object) =>
  JSON.stringify([{ type: 'fdx_v1.0', consentRequest: { ...sampleDetails[0]?.consentRequest, ...changes } }])

describe('discovery', () => {
  test('names the endpoints over mutual TLS beside those without', async () => {
    const document = (await (
      await fetch(`${app.bank.issuer}/.well-known/openid-configuration`)
    ).json()) as Record<string, unknown>
    const base = app.bank.api.slice(0, -1)
    expect(document).toMatchObject({
      issuer: app.bank.issuer,
      authorization_endpoint: `${app.bank.issuer}/oauth2/authorize`,
      token_endpoint: `${app.bank.issuer}/oauth2/token`,
      mtls_endpoint_aliases: {
        token_endpoint: `${base}/oauth2/token`,
        pushed_authorization_request_endpoint: `${base}/par`,
        revocation_endpoint: `${base}/oauth2/revoke`,
      },
      authorization_details_types_supported: ['fdx_v1.0'],
      require_pushed_authorization_requests: true,
      tls_client_certificate_bound_access_tokens: true,
      token_endpoint_auth_methods_supported: ['self_signed_tls_client_auth'],
    })
    expect(base).toMatch(/^https:/)
    expect(app.bank.issuer).toMatch(/^http:/)
  })
})

describe('pushed authorization requests', () => {
  test('are kept for a minute under a request URI', async () => {
    const { status, body } = await app.push()
    expect(status).toBe(201)
    expect(body).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]+$/) as string,
      expires_in: 60,
    })
  })

  test('are logged with the certificate that was presented', async () => {
    await app.push()
    expect(app.bank.requests.find('/foxglove/fdx/par')[0]).toMatchObject({
      certificate: app.certificate.thumbprint,
      parameters: { client_id: app.bank.clientId, redirect_uri: redirectUri },
    })
  })

  test('need the registered certificate', async () => {
    const other = await createClientCertificate('data-recipient')
    const { ca } = app.bank
    for (const sender of [fetchWith(undefined, ca), fetchWith(other, ca)]) {
      expect(await app.push({}, sender)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    }
  })

  test('are refused without TLS', async () => {
    const response = await fetch(`${app.bank.issuer}/par`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: app.bank.clientId }),
    })
    expect(response.status).toBe(401)
  })

  test.each([
    ['no authorization details', undefined],
    ['what is not JSON', '{'],
    ['an object instead of an array', '{"type":"fdx_v1.0"}'],
    ['another type', '[{"type":"fdx_v9"}]'],
    ['no consent request', '[{"type":"fdx_v1.0"}]'],
    ['an unknown duration', detail({ durationType: 'FOREVER' })],
    ['TIME_BOUND without a period', detail({ durationType: 'TIME_BOUND' })],
    ['a period of half a day', detail({ durationPeriod: 0.5 })],
    ['a period as text', detail({ durationPeriod: '30' })],
    ['a lookback of no days', detail({ lookbackPeriod: -1 })],
    ['no resources', detail({ resources: [] })],
    ['an unknown resource', detail({ resources: [{ resourceType: 'DIARY', dataClusters: ['ALL'] }] })],
    ['a resource without clusters', detail({ resources: [{ resourceType: 'ACCOUNT', dataClusters: [] }] })],
    ['an unknown cluster', detail({ resources: [{ resourceType: 'ACCOUNT', dataClusters: ['SECRETS'] }] })],
  ])('with %s are refused', async (_what, authorization_details) => {
    expect(await app.push({ authorization_details })).toMatchObject({
      status: 400,
      body: { error: 'invalid_authorization_details' },
    })
  })

  test.each([
    ['a scope that is not allowed', { scope: 'READ_CONSENTS everything' }, 'invalid_scope'],
    ['a redirect URI that is not registered', { redirect_uri: `${appOrigin}/other` }, 'invalid_request'],
    ['a request URI inside', { request_uri: 'urn:x' }, 'request_uri_not_supported'],
  ])('with %s are refused', async (_what, parameters, error) => {
    expect(await app.push(parameters)).toMatchObject({ status: 400, body: { error } })
  })
})

describe('the authorization endpoint', () => {
  const errorAt = async (url: string) => (await app.open(url)).url.searchParams.get('error')

  test('refuses a request that was not pushed', async () => {
    const query = new URLSearchParams({
      client_id: app.bank.clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      authorization_details: JSON.stringify(sampleDetails),
    })
    expect(await errorAt(`${app.bank.issuer}/oauth2/authorize?${query.toString()}`)).toBe('invalid_request')
  })

  test('takes a request URI once', async () => {
    const { body } = await app.push()
    const url = app.authorizationUrl(body['request_uri'])
    const visitor = createVisitor(app.bank.origin)
    await visitor.open(url)
    await visitor.signIn()
    await visitor.press('approve', allBoxes)
    expect(await errorAt(url)).toBe('invalid_request_uri')
  })

  test('refuses one that has expired, and one that it never gave', async () => {
    app.bank.control.next({ requestUriSeconds: 0 })
    const { body } = await app.push()
    expect(await errorAt(app.authorizationUrl(body['request_uri']))).toBe('invalid_request_uri')
    const foreign = 'urn:ietf:params:oauth:request_uri:of-somebody-else'
    expect(await errorAt(app.authorizationUrl(foreign))).toBe('invalid_request_uri')
  })

  test.each([
    [false, ''],
    [true, 'ACCOUNT_BASIC READ_CONSENTS'],
  ])('with urlScope %s grants of a scope outside the pushed request: %j', async (urlScope, granted) => {
    app.bank.control.next({ urlScope })
    const { body } = await app.push({ ...sampleParameters })
    const visitor = createVisitor(app.bank.origin)
    await visitor.open(app.authorizationUrl(body['request_uri'], { scope: 'ACCOUNT_BASIC READ_CONSENTS' }))
    await visitor.signIn()
    const { url } = await visitor.press('approve', allBoxes)
    const answer = await app.redeem(url.searchParams.get('code') ?? '', { code_verifier: undefined })
    expect(answer.body['scope'] ?? '').toBe(granted)
  })

  test('answers the tutorial’s own request with a code and nothing else of the client’s', async () => {
    const { stop } = await app.decide('approve', allBoxes, sampleParameters)
    expect([...stop.url.searchParams.keys()].sort()).toEqual(['code', 'iss'])
  })

  test('refuses a request without PKCE where FAPI is kept', async () => {
    const strict = await openFdx({ fapi: true })
    const { status } = await strict.push({ ...sampleParameters })
    await strict.bank.close()
    expect(status).toBe(400)
  })
})

describe('the consent page', () => {
  test('shows accounts, data, duration and the ways out', async () => {
    const { page } = await app.decide('approve')
    for (const text of [
      'Analytical Checking',
      'TRANSACTIONS',
      'CUSTOMER_CONTACT',
      'fetched once',
      'look back 60 days',
      'end it at any time',
    ]) {
      expect(page.text).toContain(text)
    }
  })

  test('grants the accounts and the data that are ticked', async () => {
    const { access_token, grant_id } = await app.connect([
      ['account', 'fox-1843'],
      ['cluster', 'ACCOUNT/TRANSACTIONS'],
    ])
    const { body } = await app.api(`consents/${String(grant_id)}`, access_token)
    expect(body['resources']).toEqual([
      { resourceType: 'ACCOUNT', id: 'fox-1843', dataClusters: ['TRANSACTIONS'] },
    ])
  })

  test.each(['deny', 'cancel'])('answers %s with access_denied', async (action) => {
    const { stop } = await app.decide(action)
    expect(stop.url.searchParams.get('error')).toBe('access_denied')
    expect(stop.url.searchParams.get('state')).toBe('abc')
  })

  test('answers a denial with rejected, its cause and a trace id, where told', async () => {
    app.bank.control.next({ rejected: true })
    const { stop } = await app.decide('deny')
    expect(Object.fromEntries(stop.url.searchParams)).toMatchObject({
      error: 'rejected',
      error_description: 'The user rejected the authentication.',
      error_cause: 'consent_rejected',
      trace_id: expect.any(String) as string,
      state: 'abc',
    })
  })
})

describe('the token endpoint', () => {
  test('answers a code with a bound token, bearer in lower case, and the grant id', async () => {
    const { status, body } = await app.redeem(await app.code())
    expect(status).toBe(200)
    expect(body).toMatchObject({
      token_type: 'bearer',
      expires_in: 3600,
      scope: 'ACCOUNT_BASIC UPDATE_CONSENTS READ_CONSENTS',
      grant_id: expect.any(String) as string,
      authorization_details: [{ type: 'fdx_v1.0' }],
    })
    expect(body).not.toHaveProperty('refresh_token')
    expect(body).not.toHaveProperty('id_token')
  })

  test('needs the registered certificate, on the port that asks for one', async () => {
    const code = await app.code()
    expect((await app.redeem(code, {}, fetchWith(undefined, app.bank.ca))).status).toBe(401)
    const plain = await fetch(`${app.bank.issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: app.bank.clientId, grant_type: 'authorization_code', code }),
    })
    expect(plain.status).toBe(401)
    expect((await app.redeem(code)).status).toBe(200)
  })

  test('takes a code once', async () => {
    const code = await app.code()
    await app.redeem(code)
    expect((await app.redeem(code)).body['error']).toBe('invalid_grant')
  })

  test('takes a code without a verifier where none was announced', async () => {
    const code = await app.code(allBoxes, sampleParameters)
    expect((await app.redeem(code, { code_verifier: undefined })).status).toBe(200)
  })

  test('refreshes with offline_access, and keeps the grant id', async () => {
    const first = await app.connect(allBoxes, { scope: 'READ_CONSENTS offline_access' })
    const { body } = await app.refresh(first['refresh_token'])
    expect(body).toMatchObject({ token_type: 'bearer', grant_id: first['grant_id'] })
    expect(body['refresh_token']).not.toBe(first['refresh_token'])
  })

  test('signs ID Tokens with PS256 where FAPI is kept', async () => {
    const strict = await openFdx({ fapi: true })
    const { id_token } = await strict.connect(allBoxes, { scope: 'openid READ_CONSENTS', nonce: 'xyz' })
    const keys = createRemoteJWKSet(new URL(`${strict.bank.issuer}/.well-known/jwks.json`))
    const { protectedHeader, payload } = await jwtVerify(String(id_token), keys, {
      issuer: strict.bank.issuer,
    })
    await strict.bank.close()
    expect(protectedHeader.alg).toBe('PS256')
    expect(payload['nonce']).toBe('xyz')
  })
})

describe('the consent API', () => {
  const revocation = { method: 'PUT', body: { reason: 'USER_ACTION', initiator: 'INDIVIDUAL' } }

  test('tells of the consent', async () => {
    const { access_token, grant_id } = await app.connect()
    expect(await app.api(`consents/${String(grant_id)}`, access_token)).toEqual({
      status: 200,
      body: {
        id: grant_id,
        status: 'ACTIVE',
        parties: [
          { name: 'Countersign demo', type: 'DATA_RECIPIENT' },
          { name: 'Foxglove Federal', type: 'DATA_PROVIDER' },
          { name: 'Ada Lovelace', type: 'INDIVIDUAL' },
        ],
        createdTime: expect.stringMatching(/Z$/) as string,
        expirationTime: expect.stringMatching(/Z$/) as string,
        durationType: 'ONE_TIME',
        lookbackPeriod: 60,
        resources: [
          {
            resourceType: 'ACCOUNT',
            id: 'fox-1815',
            dataClusters: ['ACCOUNT_DETAILED', 'TRANSACTIONS', 'STATEMENTS'],
          },
          {
            resourceType: 'ACCOUNT',
            id: 'fox-1843',
            dataClusters: ['ACCOUNT_DETAILED', 'TRANSACTIONS', 'STATEMENTS'],
          },
          { resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] },
        ],
      },
    })
  })

  test.each([
    ['no interaction id', { 'x-fapi-interaction-id': undefined }],
    ['an interaction id that is no UUID', { 'x-fapi-interaction-id': 'abc' }],
    ['no actor type', { 'fdx-api-actor-type': undefined }],
    ['an unknown actor type', { 'fdx-api-actor-type': 'ROBOT' }],
  ])('refuses a request with %s', async (_what, headers) => {
    const { access_token, grant_id } = await app.connect(undefined, { scope: 'READ_CONSENTS ACCOUNT_BASIC' })
    for (const path of [`consents/${String(grant_id)}`, 'accounts'])
      expect(await app.api(path, access_token, { headers })).toMatchObject({
        status: 400,
        body: { error: { code: '400', message: expect.stringContaining('header') as string } },
      })
  })

  test('opens consents to the client’s own token alone where it is told so', async () => {
    app.bank.control.always({ clientConsents: true })
    const { access_token, grant_id } = await app.connect(undefined, { scope: 'READ_CONSENTS' })
    const path = `consents/${String(grant_id)}`
    expect((await app.api(path, access_token)).status).toBe(403)
    const own = await app.post('/oauth2/token', { grant_type: 'client_credentials', scope: 'READ_CONSENTS' })
    expect((await app.api(path, own.body['access_token'])).body).toMatchObject({ status: 'ACTIVE' })
  })

  test('refuses a token without its certificate', async () => {
    const { access_token, grant_id } = await app.connect()
    const path = `consents/${String(grant_id)}`
    const other = await createClientCertificate('somebody')
    for (const sender of [fetchWith(undefined, app.bank.ca), fetchWith(other, app.bank.ca)]) {
      expect((await app.api(path, access_token, {}, sender)).status).toBe(401)
    }
    const plain = await fetch(`${app.bank.issuer}/${path}`, {
      headers: { authorization: `Bearer ${String(access_token)}` },
    })
    expect(plain.status).toBe(401)
  })

  test('does not tell of somebody else’s consent, nor of one that is not', async () => {
    const first = await app.connect()
    const second = await app.connect()
    for (const id of [first['grant_id'], 'unknown']) {
      expect(await app.api(`consents/${String(id)}`, second['access_token'])).toEqual({
        status: 404,
        body: { error: { code: '602', message: 'Consent not found.' } },
      })
    }
  })

  test('needs the scope of what is done', async () => {
    const { access_token, grant_id } = await app.connect(allBoxes, { scope: 'ACCOUNT_BASIC' })
    const path = `consents/${String(grant_id)}`
    expect((await app.api(path, access_token)).status).toBe(403)
    expect((await app.api(`${path}/revocation`, access_token, revocation)).status).toBe(403)
  })

  const clientToken = async () => {
    const scope = 'READ_CONSENTS UPDATE_CONSENTS'
    return (await app.post('/oauth2/token', { grant_type: 'client_credentials', scope })).body['access_token']
  }

  test('ends a consent once with its tokens, and says by whom and why', async () => {
    const scope = 'READ_CONSENTS UPDATE_CONSENTS ACCOUNT_BASIC offline_access'
    const tokens = await app.connect(allBoxes, { scope })
    const path = `consents/${String(tokens['grant_id'])}`
    const own = tokens['access_token']
    expect((await app.api(`${path}/revocation`, own)).status).toBe(404)
    expect((await app.api('accounts', own)).status).toBe(200)
    expect(await app.api(`${path}/revocation`, own, revocation)).toEqual({ status: 204, body: {} })
    for (const dead of [path, 'accounts']) expect((await app.api(dead, own)).status).toBe(401)
    expect((await app.refresh(tokens['refresh_token'])).body['error']).toBe('invalid_grant')
    const token = await clientToken()
    expect((await app.api(path, token)).body['status']).toBe('REVOKED')
    expect((await app.api(`${path}/revocation`, token)).body).toEqual({
      reason: 'USER_ACTION',
      initiator: 'INDIVIDUAL',
      status: 'REVOKED',
      updatedTime: expect.any(String) as string,
    })
    expect((await app.api(`${path}/revocation`, token, revocation)).status).toBe(409)
  })

  test('refuses a revocation without reason and initiator', async () => {
    const { access_token, grant_id } = await app.connect()
    const body = { reason: 'BOREDOM', initiator: 'INDIVIDUAL' }
    const path = `consents/${String(grant_id)}/revocation`
    expect((await app.api(path, access_token, { method: 'PUT', body })).status).toBe(400)
  })

  test('lets the client itself end the consents of its users', async () => {
    const { grant_id } = await app.connect()
    const path = `consents/${String(grant_id)}/revocation`
    expect((await app.api(path, await clientToken(), revocation)).status).toBe(204)
  })

  test('calls a consent expired when its time is over', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    app.bank.control.always({ accessTokenSeconds: 7 * 86_400 })
    const { access_token, grant_id } = await app.connect(allBoxes, {
      authorization_details: detail({ durationType: 'TIME_BOUND', durationPeriod: 1 }),
    })
    const path = `consents/${String(grant_id)}`
    expect((await app.api(path, access_token)).body['status']).toBe('ACTIVE')
    vi.setSystemTime(Date.now() + 86_400_000)
    expect((await app.api(path, access_token)).body['status']).toBe('EXPIRED')
    expect((await app.api('accounts', access_token)).status).toBe(403)
  })

  test('lists the accounts that are shared', async () => {
    const { access_token } = await app.connect([allBoxes[0], ...allBoxes.slice(2)])
    expect((await app.api('accounts', access_token)).body).toMatchObject({
      accounts: [{ accountId: 'fox-1815', nickname: 'Analytical Checking' }],
    })
  })
})
