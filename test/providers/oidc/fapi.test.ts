// `fapi: true` against a real oidc-provider with its FAPI 2.0 profile on, over real mutual TLS. The modules of the OpenID Foundation are
// in test/openid/fapi.test.ts.
import { oidc as oidcBackend, type OidcBackendOptions } from 'countersign/backend'
import { mtlsFetch } from 'countersign/backend/node'
import { oidc } from 'countersign/providers'
import { decodeJwt, exportJWK, generateKeyPair } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createClientCertificate } from '../../../demo/banks/certificates.js'
import { createVisitor } from '../../demo/banks/visitor.js'
import { callbackOf, createScene } from '../scene.js'
import { startFapiBank, type FapiBankOptions } from './fapi-bank.js'

const redirectUri = callbackOf('bank')
const scope = 'openid accounts offline_access'

/** The client's key or certificate, and what a bank knows of it. */
async function createClient(method: FapiBankOptions['method']) {
  const certificate = await createClientCertificate('certificate')
  if (method === 'self_signed_tls_client_auth')
    return { certificate, jwks: certificate.jwks, options: { authentication: method } as const }
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'client-key', alg: 'ES256', use: 'sig' }
  return { certificate, jwks: { keys: [jwk] }, options: { privateKey, keyId: 'client-key' } as const }
}

/** A bank, and an app whose backend keeps to FAPI 2.0. */
async function openScene(
  method: FapiBankOptions['method'],
  more: Pick<FapiBankOptions, 'accessTokens'> & { readonly fetch?: OidcBackendOptions['fetch'] } = {},
) {
  const { certificate, jwks, options } = await createClient(method)
  const bank = await startFapiBank({ redirectUri, method, jwks, ...more })
  onTestFinished(() => bank.close())
  let secondsLater = 0
  const scene = createScene({
    name: 'bank',
    bank,
    secondsLater: () => secondsLater,
    provider: oidc({
      clientId: bank.clientId,
      issuer: bank.issuer,
      scope,
      mode: 'bff',
      requireIss: true,
      authorizationEndpoint: `${bank.issuer}/auth`,
    }),
    backend: oidcBackend({
      clientId: bank.clientId,
      issuer: bank.issuer,
      redirectUri,
      scope,
      mode: 'bff',
      fapi: true,
      origins: [bank.secureOrigin],
      api: bank.api,
      routes: [{ method: 'GET', path: '/accounts' }],
      fetch: more.fetch ?? mtlsFetch({ cert: certificate.cert, key: certificate.key, ca: bank.ca }),
      ...options,
    }),
  })
  const wait = (seconds: number) => {
    secondsLater += seconds
  }
  return { ...scene, bank, certificate, wait }
}

const secured = ['/fapi/par', '/fapi/token', '/fapi/accounts', '/fapi/revoke']

describe.each(['private_key_jwt', 'self_signed_tls_client_auth'] as const)('a client with %s', (method) => {
  test.each(['jwt', 'opaque'] as const)(
    'connects, reads, refreshes and ends the grant at a bank of FAPI 2.0, with access tokens that are %s',
    async (accessTokens) => {
      const { connect, bank, certificate, wait } = await openScene(method, { accessTokens })
      const { tokens, connection } = await connect()
      expect(connection.missingScope).toEqual([])
      expect((await tokens.fetch('/accounts')).status).toBe(200)
      wait(3700)
      expect((await tokens.fetch('/accounts')).status).toBe(200)
      expect(bank.requests.find('/fapi/token').map(({ grantType }) => grantType)).toEqual([
        'authorization_code',
        'refresh_token',
      ])
      expect(await tokens.disconnect()).toEqual({ revoked: true })
      for (const path of secured) {
        const seen = bank.requests.find(path)
        expect(seen.length).toBeGreaterThan(0)
        for (const request of seen) {
          expect(request.certificate).toBe(certificate.thumbprint)
          expect(request.headers.host).toBe(new URL(bank.secureOrigin).host)
        }
      }
    },
  )

  test('sends nothing but client_id and request_uri through the browser', async () => {
    const { leave } = await openScene(method)
    expect([...(await leave()).searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
  })
})

test('a client assertion is for the issuer alone', async () => {
  const { leave, bank } = await openScene('private_key_jwt')
  await leave()
  const [pushed] = bank.requests.find('/fapi/par')
  expect(decodeJwt(pushed?.parameters['client_assertion'] ?? '').aud).toBe(bank.issuer)
})

test('a reference that has expired before the person clicks is made anew', async () => {
  const { open, bank, browser } = await openScene('private_key_jwt')
  const { client, page } = open()
  const authorization = client.authorization('bank')
  await authorization.prepareAsync()
  expect(bank.requests.count('/fapi/par')).toBe(1)
  browser.clock.advance(120)
  const left = page.leaving()
  void authorization.authorizeAsync()
  await left
  expect(bank.requests.count('/fapi/par')).toBe(2)
})

test('a reference that was used opens nothing a second time', async () => {
  const { leave, bank, comeBack } = await openScene('private_key_jwt')
  const url = await leave()
  const visitor = createVisitor(bank.origin)
  await visitor.open(url)
  await visitor.signIn()
  const { url: back } = await visitor.press(
    'approve',
    scope.split(' ').map((one) => ['scope', one]),
  )
  expect((await comeBack(back)).callback.status).toBe('connected')
  expect((await createVisitor(bank.origin).open(url)).status).toBe(400)
})
