import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { checkMetadata, codeFlowCalls, discover, type MetadataRules } from '../../src/protocol/metadata.js'
import { NetworkError } from '../../src/protocol/errors.js'
import type { Fetch } from '../../src/protocol/http.js'
import { createAuthorizationServer } from '../support/authorization-server.js'
import { openNetwork } from '../support/network.js'
import { errorOf, refusalOf } from '../support/refusal.js'

const network = openNetwork()
const issuer = 'https://as.example'
const good = createAuthorizationServer().metadata
const invalid = (parameter: string) => ({ code: 'metadata_invalid', parameter })

describe('the metadata of an authorization server', () => {
  const refused = (changes: Record<string, unknown>, rules?: MetadataRules) =>
    refusalOf(() => checkMetadata({ ...good, ...changes }, issuer, rules))

  test('is accepted when it is of the issuer that was asked', () => {
    expect(checkMetadata(good, issuer)).toEqual(good)
  })

  test.each([
    'https://as.example/',
    'https://AS.example',
    'HTTPS://as.example',
    'https://as.example:443',
    'https://as.example.evil',
    'https://evil.example',
    undefined,
    null,
    ['https://as.example'],
  ])('is refused when its issuer is %j', async (other) => {
    expect(await refused({ issuer: other })).toEqual(invalid('issuer'))
  })

  test.each([['plain'], [], ['s256'], 'S256', 'plain', null, {}].map((methods) => [methods]))(
    'is refused when it offers the code challenge methods %j',
    async (methods) => {
      expect(await refused({ code_challenge_methods_supported: methods })).toEqual(
        invalid('code_challenge_methods_supported'),
      )
    },
  )

  test('may say nothing of code challenge methods, or list others beside S256', () => {
    const { code_challenge_methods_supported: _, ...silent } = good
    expect(() => checkMetadata(silent, issuer)).not.toThrow()
    expect(() =>
      checkMetadata({ ...good, code_challenge_methods_supported: ['plain', 'S256'] }, issuer),
    ).not.toThrow()
  })

  test.each(
    [
      'authorization_endpoint',
      'token_endpoint',
      'jwks_uri',
      'userinfo_endpoint',
      'revocation_endpoint',
      'pushed_authorization_request_endpoint',
    ].flatMap((name) =>
      [
        'https://evil.example/x',
        'https://as.example.evil/x',
        'https://as.example:8443/x',
        'http://as.example/x',
        'http://169.254.169.254/x',
        'http://localhost/x',
        'javascript:alert(1)',
        'https://user@as.example/x',
        'https://as.example/x#y',
        '/x',
        null,
        7,
      ].map((value) => [name, value] as const),
    ),
  )('is refused when its %s is %j', async (name, value) => {
    const calls = [...codeFlowCalls('openid', true), 'userinfo_endpoint'] as const
    expect(await refused({ [name]: value }, { calls })).toEqual(invalid(name))
  })

  test('is refused when an alias for mutual TLS lies on another origin', async () => {
    expect(
      await refused(
        { mtls_endpoint_aliases: { token_endpoint: 'https://mtls.evil.example/token' } },
        { mtls: true },
      ),
    ).toEqual(invalid('token_endpoint'))
  })

  test.each([
    ['userinfo_endpoint', { userinfo_endpoint: 'https://people.example/userinfo' }],
    ['pushed_authorization_request_endpoint', { pushed_authorization_request_endpoint: 'http://x/par' }],
    ['jwks_uri', { jwks_uri: 'https://keys.example/jwks' }],
  ] as const)('loses a %s elsewhere that nobody asked for, and is accepted', (name, elsewhere) => {
    const metadata = checkMetadata({ ...good, ...elsewhere }, issuer, { calls: codeFlowCalls('accounts') })
    expect(metadata).not.toHaveProperty(name)
  })

  test('is accepted where an alias for mutual TLS lies elsewhere that this client does not use', () => {
    const elsewhere = { userinfo_endpoint: 'https://mtls.example/userinfo' }
    const token = { token_endpoint: 'https://mtls.example/token' }
    expect(() => checkMetadata({ ...good, mtls_endpoint_aliases: token }, issuer)).not.toThrow()
    const metadata = checkMetadata({ ...good, mtls_endpoint_aliases: elsewhere }, issuer, { mtls: true })
    expect(metadata.mtls_endpoint_aliases).toEqual({})
  })

  test('need not have on its own origin what an alias for mutual TLS stands for', () => {
    const token = { token_endpoint: 'https://plain.example/token' }
    const mtls = { mtls_endpoint_aliases: { token_endpoint: `${issuer}/mtls/token` } }
    const rules = { mtls: true } as const
    expect(() => checkMetadata({ ...good, ...token, ...mtls }, issuer, rules)).not.toThrow()
  })

  test('is refused when requests must be pushed to another origin', async () => {
    expect(
      await refused({
        require_pushed_authorization_requests: true,
        pushed_authorization_request_endpoint: 'https://par.example/par',
      }),
    ).toEqual(invalid('pushed_authorization_request_endpoint'))
  })

  test('may lie below localhost for a page, and not for a backend', async () => {
    const at = 'http://bank.localhost:4000'
    const document = createAuthorizationServer({ issuer: at }).metadata
    expect(() => checkMetadata(document, at, { resolver: 'browser' })).not.toThrow()
    expect(await refusalOf(() => checkMetadata(document, at))).toEqual(invalid('token_endpoint'))
  })

  test('names the option to change', () => {
    expect(() => checkMetadata({ ...good, issuer: `${issuer}/` }, issuer)).toThrow(/`issuer` exactly/)
    expect(() => checkMetadata({ ...good, jwks_uri: 'https://keys.example/' }, issuer)).toThrow(/`origins`/)
  })

  test('may have endpoints on an origin that the configuration names', () => {
    const token = { token_endpoint: 'https://tokens.example/token' }
    const mtls = { mtls_endpoint_aliases: { token_endpoint: 'https://mtls.example/token' } }
    expect(() =>
      checkMetadata({ ...good, ...token, ...mtls }, issuer, {
        mtls: true,
        origins: ['https://tokens.example', 'https://mtls.example'],
      }),
    ).not.toThrow()
  })

  test('is refused without a token endpoint', async () => {
    const { token_endpoint: _, ...without } = good
    expect(await refusalOf(() => checkMetadata(without, issuer))).toEqual(invalid('token_endpoint'))
  })

  test('with "__proto__" changes no prototype', () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":true}}') as Record<string, unknown>
    const metadata = checkMetadata({ ...good, ...hostile }, issuer)
    expect({}).not.toHaveProperty('polluted')
    expect(metadata).not.toHaveProperty('polluted')
  })
})

describe('discovery', () => {
  const server = (at = issuer, options: { discovery?: 'oauth2' } = {}) => {
    const created = createAuthorizationServer({ issuer: at, ...options })
    network.use(...created.handlers)
    return created
  }

  test('asks at the well-known address and gives what was checked', async () => {
    const { requests, metadata } = server()
    expect(await discover(fetch, issuer)).toEqual(metadata)
    expect(requests.discovery.map(({ url }) => url)).toEqual([`${issuer}/.well-known/openid-configuration`])
  })

  test.each([
    ['as.example', ''],
    ['as.example below a path', '/tenant'],
  ])('takes the metadata of RFC 8414 where there is no other: %s', async (_name, path) => {
    const { requests, metadata } = server(issuer + path, { discovery: 'oauth2' })
    expect(await discover(fetch, issuer + path)).toEqual(metadata)
    expect(requests.discovery.map(({ url }) => url)).toEqual([
      `${issuer}${path}/.well-known/openid-configuration`,
      `${issuer}/.well-known/oauth-authorization-server${path}`,
    ])
  })

  test('takes it in a page, too, which cannot read a 404 without CORS headers', async () => {
    const { metadata } = server(issuer, { discovery: 'oauth2' })
    const unreadable = new NetworkError('It is there.', { recovery: 'configure' })
    const fetchOfPage: Fetch = (url, init) =>
      url.endsWith('openid-configuration') ? Promise.reject(unreadable) : fetch(url, init)
    expect(await discover(fetchOfPage, issuer)).toEqual(metadata)
    const nothing = () => Promise.reject(unreadable)
    expect(await errorOf(() => discover(nothing, issuer))).toBe(unreadable)
  })

  test('says where it has looked for a document in vain', async () => {
    server().hostile.discovery = () => new Response(null, { status: 404 })
    expect(await errorOf(() => discover(fetch, issuer))).toMatchObject({
      message: expect.stringMatching(/openid-configuration.*oauth-authorization-server.*`issuer`/) as string,
      recovery: 'configure',
    })
  })

  test.each([429, 500, 502, 503, 504])(
    'says that the provider is not available now where it answers %i, and when to try again',
    async (status) => {
      server().hostile.discovery = () => new Response(null, { status, headers: { 'retry-after': '120' } })
      const error = await errorOf(() => discover(fetch, issuer))
      expect(error).toMatchObject({
        code: 'provider_unavailable',
        recovery: 'resume',
        retryAfterSeconds: 120,
        message: expect.stringMatching(/^The provider is not available now/) as string,
      })
      expect(String(error)).not.toContain('issuer')
    },
  )

  test('makes no double slash below an issuer that ends with one', async () => {
    const { requests } = server('https://auth.apiture.com/oidc/')
    await discover(fetch, 'https://auth.apiture.com/oidc/')
    expect(requests.discovery.map(({ url }) => url)).toEqual([
      'https://auth.apiture.com/oidc/.well-known/openid-configuration',
    ])
  })

  test.each([
    'https://as.example?query',
    'https://as.example/?',
    'https://as.example#fragment',
    'https://user@as.example',
    'http://as.example',
    'as.example',
    'javascript:alert(1)',
    '',
  ])('does not ask an issuer such as %j', async (wrong) => {
    expect(await refusalOf(() => discover(fetch, wrong))).toEqual(invalid('issuer'))
  })

  test('refuses a document that names another issuer', async () => {
    server().hostile.metadata = (document) => ({ ...document, issuer: 'https://evil.example' })
    expect(await refusalOf(() => discover(fetch, issuer))).toEqual(invalid('issuer'))
  })

  test.each<[string, () => Response]>([
    ['status 404', () => HttpResponse.json(good as Record<string, string>, { status: 404 })],
    ['HTML', () => HttpResponse.html(JSON.stringify(good))],
    ['an array', () => HttpResponse.json([good as Record<string, string>])],
    ['no JSON', () => new Response('{', { headers: { 'content-type': 'application/json' } })],
    ['nothing', () => new Response()],
  ])('refuses %s', async (_name, response) => {
    server().hostile.discovery = response
    expect(await refusalOf(() => discover(fetch, issuer))).toEqual(invalid('document'))
  })

  test('follows no redirect', async () => {
    server().hostile.discovery = () => HttpResponse.redirect('https://evil.example/', 302)
    expect(await refusalOf(() => discover(fetch, issuer))).toEqual({
      code: 'response_malformed',
      parameter: 'status',
    })
  })

  test('reads no more than a mebibyte', async () => {
    server().hostile.discovery = () =>
      HttpResponse.json({ ...(good as Record<string, string>), filler: 'x'.repeat(1_048_576) })
    expect(await refusalOf(() => discover(fetch, issuer))).toEqual({
      code: 'response_malformed',
      parameter: 'body',
    })
  })

  test('without an answer can be tried again', async () => {
    server().hostile.discovery = () => HttpResponse.error()
    expect(await errorOf(() => discover(fetch, issuer))).toMatchObject({
      code: 'network_error',
      recovery: 'resume',
    })
  })

  test('works over plain http on this machine', async () => {
    const { metadata } = server('http://127.0.0.1:4000')
    expect(await discover(fetch, 'http://127.0.0.1:4000')).toEqual(metadata)
  })
})
