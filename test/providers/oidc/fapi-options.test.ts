import { oidc, type OidcBackendOptions } from 'countersign/backend'
import { generateKeyPairSync } from 'node:crypto'
import { generateKeyPair, exportJWK } from 'jose'
import { describe, expect, test } from 'vitest'

const present = () => Promise.reject(new Error('unused'))

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
})

const good = {
  issuer: 'https://as.example',
  clientId: 'client-1',
  redirectUri: 'https://app.example/callback/bank',
  scope: 'openid accounts',
  mode: 'bff',
  fapi: true,
  fetch: present,
  api: 'https://api.as.example/v1/',
  routes: [{ method: 'GET', path: '/accounts' }],
}

const key = { privateKey: pem, keyId: 'key', algorithm: 'ES256' }

const make = (changes: object, base: object = { ...good, ...key }) =>
  oidc({ ...base, ...changes } as OidcBackendOptions<'bff'>)

const jwkOf = async (alg: string, named = true) => ({
  ...(await exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey)),
  ...(named && { alg }),
})

describe('`fapi: true`', () => {
  test.each([
    ['a PEM of its `algorithm`', () => key],
    ['a certificate', () => ({ authentication: 'tls_client_auth' })],
    ['a certificate that signs itself', () => ({ authentication: 'self_signed_tls_client_auth' })],
    ['a JWK that says PS256', async () => ({ privateKey: await jwkOf('PS256'), keyId: 'k' })],
    ['a JWK with an `algorithm`', async () => ({ ...key, privateKey: await jwkOf('ES256', false) })],
    ['a CryptoKey for ES256', async () => ({ ...(await generateKeyPair('ES256')), keyId: 'k' })],
    ['a CryptoKey for PS256', async () => ({ ...(await generateKeyPair('PS256')), keyId: 'k' })],
    ['a CryptoKey for Ed25519', async () => ({ ...(await generateKeyPair('Ed25519')), keyId: 'k' })],
    ['the issuer as audience', () => ({ ...key, assertionAudience: good.issuer })],
    ['fewer algorithms of ID Tokens', () => ({ ...key, idTokenAlgorithms: ['ES256'] })],
    ['`par`, which it does anyway', () => ({ ...key, par: true })],
    ['tokens bound to a key, and no certificate', () => ({ ...key, dpop: true, fetch: undefined })],
    [
      'tokens bound to a key at an API on this machine',
      () => ({ ...key, dpop: true, fetch: undefined, api: 'http://127.0.0.1/' }),
    ],
    ['tokens bound to a key, and a certificate', () => ({ dpop: true, authentication: 'tls_client_auth' })],
  ])('goes with %s', async (_what, options) => {
    const { publicKey: _public, ...given } = (await options()) as Record<string, unknown>
    await expect(make(given, good).ready).resolves.toBeDefined()
  })

  test.each<[what: string, changes: () => object, sentence: RegExp]>([
    ['a page that would use the tokens', () => ({ mode: 'mediated', api: undefined }), /set `mode: 'bff'`/],
    ['no mode', () => ({ mode: undefined }), /set `mode: 'bff'`/],
    ['requests that are not pushed', () => ({ par: false }), /leave `par` out/],
    ['a secret', () => ({ privateKey: undefined, clientSecret: 's' }), /a key or by its certificate/],
    ['no authentication', () => ({ privateKey: undefined }), /a key or by its certificate/],
    ['a secret beside a key', () => ({ clientSecret: 's' }), /and no secret/],
    ['a public client', () => ({ privateKey: undefined, authentication: 'none' }), /a key or by its cert/],
    ['a key that signs with RS256', () => ({ algorithm: 'RS256' }), /`algorithm: 'ES256'` or `'PS256'`/],
    ['a PEM without its algorithm, which would be RS256', () => ({ algorithm: undefined }), /`algorithm:/],
    [
      'a JWK that says RS256, whatever is beside it',
      () => ({ privateKey: { kty: 'RSA', alg: 'RS256' }, algorithm: 'PS256' }),
      /signed with PS256, ES256/,
    ],
    [
      'another audience of assertions',
      () => ({ assertionAudience: 'https://as.example/token' }),
      /leave `assert/,
    ],
    [
      'other algorithms of ID Tokens',
      () => ({ idTokenAlgorithms: ['ES256', 'RS256'] }),
      /PS256, ES256 or EdDSA/,
    ],
    ['an API without a certificate', () => ({ api: 'http://127.0.0.1/' }), /give an https URL as `api`/],
    ['nothing that presents a certificate', () => ({ fetch: undefined }), /needs a `fetch` that presents/],
    ['the platform’s own fetch', () => ({ fetch }), /needs a `fetch` that presents/],
    ['the same beside `dpop`', () => ({ fetch, dpop: true }), /needs a `fetch` that presents/],
    [
      'a certificate on plain http beside `dpop`',
      () => ({ dpop: true, api: 'http://127.0.0.1/' }),
      /give an https URL as `api`/,
    ],
    [
      'a page that would use the tokens, with `dpop`',
      () => ({ dpop: true, fetch: undefined, mode: 'mediated' }),
      /set `mode: 'bff'`/,
    ],
  ])('refuses %s', (_what, changes, sentence) => {
    expect(() => make(changes())).toThrow(TypeError)
    expect(() => make(changes())).toThrow(sentence)
  })

  test.each(['RS256', 'PS512', 'ES384'])('refuses a CryptoKey for %s', async (alg) => {
    const { privateKey } = await generateKeyPair(alg)
    expect(() => make({ privateKey })).toThrow(/signed with PS256, ES256 or Ed25519/)
  })
})
