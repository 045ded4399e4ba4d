import { createHash, randomUUID } from 'node:crypto'
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type CryptoKey,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { appOrigin, openStandard } from './support.js'
import { createVisitor } from './visitor.js'

let app: Awaited<ReturnType<typeof openStandard>>
let key: { privateKey: CryptoKey; publicKey: CryptoKey }

beforeAll(async () => {
  app = await openStandard()
  key = await generateKeyPair('ES256')
})

afterEach(() => {
  app.bank.control.reset()
  app.bank.requests.clear()
})

afterAll(() => app.bank.close())

const hash = (text: string) => createHash('sha256').update(text).digest('base64url')

const prove = async (htm: string, htu: string, claims: JWTPayload = {}) =>
  new SignJWT({ htm, htu, jti: randomUUID(), ...claims })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(key.publicKey) })
    .setIssuedAt()
    .sign(key.privateKey)

/** Pushes the request that the authorization URL would hold. */
async function push(claims: JWTPayload = {}) {
  const endpoint = (await app.discover()).pushed_authorization_request_endpoint ?? ''
  return fetch(endpoint, {
    method: 'POST',
    body: new URL(await app.authorizationUrl()).searchParams,
    headers: { dpop: await prove('POST', endpoint, claims), origin: appOrigin },
  })
}

/** A person consents to a pushed request: where the bank sends them. */
async function decide(action: string) {
  const { request_uri } = (await (await push()).json()) as { request_uri: string }
  const url = new URL((await app.discover()).authorization_endpoint)
  url.search = new URLSearchParams({ client_id: app.bank.clientId, request_uri }).toString()
  const visitor = createVisitor(app.bank.origin)
  await visitor.open(url)
  await visitor.signIn()
  return visitor.press(action, [
    ['scope', 'accounts'],
    ['scope', 'offline_access'],
  ])
}

async function redeem(claims: JWTPayload = {}) {
  const code = (await decide('approve')).url.searchParams.get('code') ?? ''
  const { token_endpoint } = await app.discover()
  const headers = { dpop: await prove('POST', token_endpoint, claims), origin: appOrigin }
  return app.redeem(code, {}, headers)
}

const accountsUrl = () => `${app.bank.origin}/accounts`

const accounts = async (accessToken: string, claims: JWTPayload | undefined, scheme = 'DPoP') =>
  fetch(accountsUrl(), {
    headers: {
      authorization: `${scheme} ${accessToken}`,
      origin: appOrigin,
      ...(claims && { dpop: await prove('GET', accountsUrl(), { ath: hash(accessToken), ...claims }) }),
    },
  })

test('publishes its origin as the issuer, and what it offers', async () => {
  const { origin } = app.bank
  expect(await app.discover()).toMatchObject({
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    pushed_authorization_request_endpoint: `${origin}/par`,
    revocation_endpoint: `${origin}/revoke`,
    require_pushed_authorization_requests: true,
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: expect.arrayContaining(['ES256']) as string[],
  })
})

test('refuses a request that was not pushed', async () => {
  const { url } = await app.open()
  expect(url.searchParams.get('error')).toBe('invalid_request')
})

test('redirects an approved request with code, state and iss', async () => {
  const { url } = await decide('approve')
  expect([...url.searchParams.keys()]).toEqual(['code', 'state', 'iss'])
  expect(url.searchParams.get('iss')).toBe(app.bank.origin)
})

test('says in the redirect of a refusal who it is', async () => {
  const { url } = await decide('deny')
  expect(url.searchParams.get('error')).toBe('access_denied')
  expect(url.searchParams.get('iss')).toBe(app.bank.origin)
})

test('lets a person leave a scope out', async () => {
  app.bank.control.next({ scope: 'openid accounts' })
  const { body } = await redeem()
  expect([body.scope, body.refresh_token]).toEqual(['openid accounts', undefined])
})

test.each(['ES256', 'RS256'] as const)('signs ID Tokens with %s', async (signingAlgorithm) => {
  const other = await openStandard({ signingAlgorithm, dpop: false, par: false })
  const { id_token = '', token_type } = await other.connect()
  const keys = (await (await fetch((await other.discover()).jwks_uri)).json()) as JSONWebKeySet
  const { protectedHeader } = await jwtVerify(id_token, createLocalJWKSet(keys), {
    issuer: other.bank.origin,
    audience: other.bank.clientId,
  })
  expect([protectedHeader.alg, token_type]).toEqual([signingAlgorithm, 'Bearer'])
  await other.bank.close()
})

test('binds tokens to the key of the proof', async () => {
  const { body } = await redeem()
  expect(body.token_type).toBe('DPoP')
  const response = await accounts(body.access_token, {})
  expect([response.status, await response.json()]).toMatchObject([
    200,
    { accounts: [{ name: 'Giro' }, { name: 'Daily Money' }] },
  ])
})

test('refuses a code whose request was pushed with another key', async () => {
  const code = (await decide('approve')).url.searchParams.get('code') ?? ''
  const { token_endpoint } = await app.discover()
  key = await generateKeyPair('ES256')
  const { status, body } = await app.redeem(code, {}, { dpop: await prove('POST', token_endpoint) })
  expect([status, body.error]).toEqual([400, 'invalid_grant'])
})

test('refuses a token without its proof', async () => {
  const { body } = await redeem()
  expect((await accounts(body.access_token, undefined)).status).toBe(401)
  expect((await accounts(body.access_token, undefined, 'Bearer')).status).toBe(401)
})

test('demands its nonce when it is pushed to, at the token endpoint and at the API', async () => {
  const { body } = await redeem()
  const code = (await decide('approve')).url.searchParams.get('code') ?? ''
  app.bank.control.always({ dpopNonce: true })
  const pushed = await push()
  expect([pushed.status, ((await pushed.json()) as { error: string }).error]).toEqual([400, 'use_dpop_nonce'])
  const { token_endpoint } = await app.discover()
  const asked = await app.redeem(code, {}, { dpop: await prove('POST', token_endpoint), origin: appOrigin })
  expect([asked.status, asked.body.error]).toEqual([400, 'use_dpop_nonce'])
  const nonce = asked.headers.get('dpop-nonce') ?? ''
  const dpop = await prove('POST', token_endpoint, { nonce })
  expect((await app.redeem(code, {}, { dpop, origin: appOrigin })).status).toBe(200)
  const refused = await accounts(body.access_token, {})
  expect(refused.headers.get('www-authenticate')).toContain('use_dpop_nonce')
  const again = await accounts(body.access_token, { nonce: refused.headers.get('dpop-nonce') ?? '' })
  expect(again.status).toBe(200)
})

test('takes a refresh token once, unless told to keep it', async () => {
  const { token_endpoint } = await app.discover()
  const refresh = async (token = '') =>
    app.refresh(token, {}, { dpop: await prove('POST', token_endpoint), origin: appOrigin })
  const rotated = (await redeem()).body.refresh_token
  expect((await refresh(rotated)).status).toBe(200)
  expect((await refresh(rotated)).body.error).toBe('invalid_grant')
  app.bank.control.always({ rotate: false })
  const kept = (await redeem()).body.refresh_token
  expect((await refresh(kept)).status).toBe(200)
  expect((await refresh(kept)).status).toBe(200)
})

test('refuses the accounts without their scope', async () => {
  app.bank.control.next({ scope: 'openid' })
  const { body } = await redeem()
  const response = await accounts(body.access_token, {})
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([
    403,
    expect.stringContaining('insufficient_scope'),
  ])
})
