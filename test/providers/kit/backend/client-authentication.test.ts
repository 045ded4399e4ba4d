import { moneyhub, oauthClient, oidc, stitch } from 'countersign/backend'
import { describe, expect, test } from 'vitest'

const clientId = '06914d28-f034-4d52-b048-e11024957c11'
const redirectUri = 'https://app.example/callback/bank'
const issuer = 'https://as.example'

type Make = (options: object) => unknown

const standard: Readonly<Record<string, Make>> = {
  oauthClient: (options) => oauthClient({ clientId, issuer, ...options } as never),
  oidc: (options) => oidc({ clientId, issuer, redirectUri, scope: 'openid', ...options } as never),
}
const makeStitch: Make = (options) =>
  stitch({ clientId, redirectUri, scope: 'openid', idToken: 'unverified', ...options } as never)
const makeMoneyhub: Make = (options) => moneyhub({ clientId, redirectUri, ...options } as never)

const secret = { clientSecret: 's' }
const key = { privateKey: 'p', keyId: 'k' }
const twoWays = /two ways to authenticate/
const noKey = /is about a `privateKey`, and none is given/

describe.each(Object.entries(standard))('%s', (_name, make) => {
  test.each([
    ['a secret beside a key', { ...secret, ...key }, twoWays],
    [
      'the same, with the method of the key',
      { ...secret, ...key, authentication: 'private_key_jwt' },
      twoWays,
    ],
    [
      'the same, with the method of the secret',
      { ...secret, ...key, authentication: 'client_secret_post' },
      twoWays,
    ],
    [
      'a public client with a secret',
      { ...secret, authentication: 'none' },
      /'none'` does not go with the `clientSecret`/,
    ],
    [
      'a public client with a key',
      { ...key, authentication: 'none' },
      /'none'` does not go with the `privateKey`/,
    ],
    [
      'a secret for `private_key_jwt`',
      { ...secret, authentication: 'private_key_jwt' },
      /does not go with the `clientSecret`/,
    ],
    [
      'a key for `client_secret_basic`',
      { ...key, authentication: 'client_secret_basic' },
      /does not go with the `privateKey`/,
    ],
    ['the id of a key that is not there', { ...secret, keyId: 'k' }, noKey],
    ['an algorithm without a key', { ...secret, algorithm: 'ES256' }, noKey],
    [
      'an audience of assertions that nobody signs',
      { authentication: 'none', assertionAudience: issuer },
      noKey,
    ],
    ['a type of assertions that nobody signs', { ...secret, assertionType: 'JWT' }, noKey],
  ])('refuses %s, of which one would never be used', (_what, options, sentence) => {
    expect(() => make(options)).toThrow(TypeError)
    expect(() => make(options)).toThrow(sentence)
  })

  test.each([
    { ...secret, privateKey: undefined, keyId: undefined },
    { ...secret, authentication: 'client_secret_post' },
    { ...key, clientSecret: undefined, authentication: 'private_key_jwt', assertionType: 'JWT' },
    { authentication: 'none' },
  ])('takes what goes together, and counts `undefined` as left out: %j', (options) => {
    const made = make(options) as { readonly ready?: Promise<unknown> }
    // The key is none.
    made.ready?.catch(() => undefined)
    expect(made).toBeDefined()
  })
})

describe('stitch', () => {
  test.each([
    ['a secret beside a key', { ...secret, ...key }, twoWays],
    ['an audience of assertions that nobody signs', { ...secret, assertionAudience: issuer }, noKey],
    [
      'the looser check of ID Tokens beside an issuer',
      { ...secret, issuer },
      /is for an issuer that is not known/,
    ],
  ])('refuses %s, of which one would never be used', (_what, options, sentence) => {
    expect(() => makeStitch(options)).toThrow(TypeError)
    expect(() => makeStitch(options)).toThrow(sentence)
  })
})

describe('moneyhub', () => {
  const certificate = { authentication: 'tls_client_auth', fetch: () => Promise.reject(new Error('unused')) }

  test.each([
    ['a secret beside a certificate', { ...certificate, ...secret }, /leave `clientSecret` out/],
    ['a key that signs nothing beside a secret', { ...secret, ...key }, /leave one of the two out/],
    ['the id of a key that is not there', { ...secret, keyId: 'k' }, noKey],
  ])('refuses %s', (_what, options, sentence) => {
    expect(() => makeMoneyhub(options)).toThrow(TypeError)
    expect(() => makeMoneyhub(options)).toThrow(sentence)
  })

  test('takes a key that signs requests beside a secret that authenticates', () => {
    const made = makeMoneyhub({ ...secret, ...key, delivery: 'signed-par' }) as {
      readonly ready?: Promise<unknown>
    }
    made.ready?.catch(() => undefined)
    expect(made).toBeDefined()
  })
})
