import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { appOrigin, openApiture } from './support.js'

let app: Awaited<ReturnType<typeof openApiture>>
let key: { privateKey: CryptoKey; publicKey: CryptoKey }

beforeAll(async () => {
  app = await openApiture({ dpop: true })
  key = await generateKeyPair('ES256')
})

afterEach(() => {
  app.bank.control.reset()
})

afterAll(() => app.bank.close())

const hash = (text: string) => createHash('sha256').update(text).digest('base64url')

const prove = async (htm: string, htu: string, claims: JWTPayload = {}, signer = key) =>
  new SignJWT({ htm, htu, jti: randomUUID(), ...claims })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(signer.publicKey) })
    .setIssuedAt(claims.iat)
    .sign(signer.privateKey)

const redeem = async (claims: JWTPayload = {}) => {
  const { token_endpoint } = await app.discover()
  return app.redeem(
    await app.code(),
    {},
    { dpop: await prove('POST', token_endpoint, claims), origin: appOrigin },
  )
}

const connect = async () => (await redeem()).body.access_token

const accountsUrl = () => `${app.bank.origin}/banking/accounts`

const accounts = (accessToken: string, proof?: string, scheme = 'DPoP') =>
  fetch(accountsUrl(), {
    headers: {
      authorization: `${scheme} ${accessToken}`,
      origin: appOrigin,
      ...(proof === undefined ? {} : { dpop: proof }),
    },
  })

const challenge = async (response: Promise<Response>) => {
  const { status, headers } = await response
  return [status, /^(\w+) .*?(?:error="(\w+)")/.exec(headers.get('www-authenticate') ?? '')?.slice(1)]
}

test('binds access tokens to the key of the proof', async () => {
  const { status, body } = await redeem()
  expect([status, body.token_type]).toEqual([200, 'DPoP'])
})

test('refuses a code without a proof', async () => {
  expect((await app.redeem(await app.code())).status).toBe(400)
})

test('answers the API with a good proof, once', async () => {
  const token = await connect()
  const proof = await prove('GET', accountsUrl(), { ath: hash(token) })
  expect((await accounts(token, proof)).status).toBe(200)
  expect(await challenge(accounts(token, proof))).toEqual([401, ['DPoP', 'invalid_dpop_proof']])
})

test.each([
  ['method', { htm: 'POST' }],
  ['address', { htu: 'https://elsewhere.example/' }],
  ['access token', { ath: 'x' }],
  ['moment', { iat: 1 }],
])('refuses a proof for another %s', async (_what, claims) => {
  const token = await connect()
  const proof = await prove('GET', accountsUrl(), { ath: hash(token), ...claims })
  expect(await challenge(accounts(token, proof))).toEqual([401, ['DPoP', 'invalid_dpop_proof']])
})

test('refuses a proof of another key', async () => {
  const token = await connect()
  const proof = await prove('GET', accountsUrl(), { ath: hash(token) }, await generateKeyPair('ES256'))
  expect(await challenge(accounts(token, proof))).toEqual([401, ['DPoP', 'invalid_token']])
})

test('refuses a bound access token without a proof, or as a Bearer token', async () => {
  const token = await connect()
  expect(await challenge(accounts(token))).toEqual([401, ['DPoP', 'invalid_dpop_proof']])
  const proof = await prove('GET', accountsUrl(), { ath: hash(token) })
  expect(await challenge(accounts(token, proof, 'Bearer'))).toEqual([401, ['DPoP', 'invalid_token']])
})

test('demands its nonce at the token endpoint and at the API when told to', async () => {
  app.bank.control.always({ dpopNonce: true })
  const refused = await redeem()
  expect([refused.status, refused.body.error]).toEqual([400, 'use_dpop_nonce'])
  expect(refused.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
  const { body } = await redeem({ nonce: refused.headers.get('dpop-nonce') })

  const proveAccess = (claims: JWTPayload) =>
    prove('GET', accountsUrl(), { ath: hash(body.access_token), ...claims })
  const first = await accounts(body.access_token, await proveAccess({}))
  expect(await challenge(Promise.resolve(first))).toEqual([401, ['DPoP', 'use_dpop_nonce']])
  expect(first.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
  const second = await accounts(
    body.access_token,
    await proveAccess({ nonce: first.headers.get('dpop-nonce') }),
  )
  expect(second.status).toBe(200)
})
