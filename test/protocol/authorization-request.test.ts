import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  buildAuthorizationUrl,
  checkAuthorizationUrl,
  parseEndpoint,
} from '../../src/protocol/authorization-request.js'
import { refusalOf } from '../support/refusal.js'

describe('an endpoint', () => {
  test.each([
    'https://as.example/authorize',
    'https://as.example:8443/authorize?tenant=1',
    'http://localhost:3000/authorize',
    'http://127.0.0.1/authorize',
    'http://[::1]:5000/authorize',
  ])('may be %s', (value) => {
    expect(parseEndpoint(value, 'authorization_endpoint').href).toBe(value)
  })

  test.each([
    'http://as.example/authorize',
    'http://localhost.evil.example/authorize',
    'http://127.0.0.1.evil.example/authorize',
    'http://169.254.169.254/latest/meta-data',
    'http://0.0.0.0/',
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'data:text/html,x',
    'blob:https://as.example/x',
    'ftp://as.example/',
    'https://user@as.example/authorize',
    'https://user:password@as.example/authorize',
    'https://:password@as.example/authorize',
    'https://as.example/authorize#fragment',
    'https://as.example/authorize#',
    '/authorize',
    'as.example',
    '',
    undefined,
    null,
    7,
    ['https://as.example/authorize'],
  ])('is refused when it is %j', async (value) => {
    expect(await refusalOf(() => parseEndpoint(value, 'token_endpoint'))).toEqual({
      code: 'metadata_invalid',
      parameter: 'token_endpoint',
    })
  })
})

describe('the authorization URL', () => {
  const endpoint = 'https://secure.stitch.money/connect/authorize'

  test('is the one in the Stitch documentation', () => {
    const url = buildAuthorizationUrl(endpoint, {
      client_id: 'test-18fbd892-3b73-43c3-a854-c6f78c681349',
      scope: 'openid offline_access transactions accounts',
      response_type: 'code',
      redirect_uri: 'https://localhost:9000/return',
      state: '2669382d-d6df-4331-a58b-d5743961578b',
      nonce: '5138fa17-ed63-41e5-98b6-047f07efd940',
      code_challenge: 'FVF6VCwYJ_XljGdLXVjxs6g-_QRh4_CDutLOf_oIzPw',
      code_challenge_method: 'S256',
    })
    expect(url).toBe(
      'https://secure.stitch.money/connect/authorize?client_id=test-18fbd892-3b73-43c3-a854-c6f78c681349&scope=openid%20offline_access%20transactions%20accounts&response_type=code&redirect_uri=https%3A%2F%2Flocalhost%3A9000%2Freturn&state=2669382d-d6df-4331-a58b-d5743961578b&nonce=5138fa17-ed63-41e5-98b6-047f07efd940&code_challenge=FVF6VCwYJ_XljGdLXVjxs6g-_QRh4_CDutLOf_oIzPw&code_challenge_method=S256',
    )
  })

  test('keeps the query of the endpoint and leaves out what is undefined', () => {
    expect(
      buildAuthorizationUrl('https://as.example/a?tenant=a%2Bb%20c', { state: 's', nonce: undefined }),
    ).toBe('https://as.example/a?tenant=a%2Bb%20c&state=s')
  })

  test('refuses an endpoint whose query holds one of its parameters', async () => {
    expect(
      await refusalOf(() => buildAuthorizationUrl('https://as.example/a?state=fixed', { state: 's' })),
    ).toEqual({ code: 'metadata_invalid', parameter: 'authorization_endpoint' })
  })

  test.each([
    'response_type',
    'response_mode',
    'client_id',
    'redirect_uri',
    'state',
    'nonce',
    'code_challenge',
    'code_challenge_method',
    'request',
    'request_uri',
    'scope',
    'authorization_details',
    'dpop_jkt',
    'claims',
    'id_token_hint',
    'registration',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
  ])('refuses %s as an extra parameter', (name) => {
    expect(() => buildAuthorizationUrl(endpoint, {}, { [name]: 'x' })).toThrow(
      new TypeError(
        `The authorization parameter "${name}" is set by countersign: remove it from the extra parameters.`,
      ),
    )
  })

  test('takes other extra parameters', () => {
    expect(buildAuthorizationUrl(endpoint, { state: 's' }, { prompt: 'consent' })).toBe(
      `${endpoint}?prompt=consent&state=s`,
    )
  })

  test('an extra parameter called __proto__ changes no prototype', () => {
    const extra = JSON.parse('{"__proto__":"x"}') as Record<string, string>
    buildAuthorizationUrl(endpoint, { state: 's' }, extra)
    expect(({} as Record<string, unknown>).state).toBeUndefined()
    expect(Object.getPrototypeOf(extra)).toBe(Object.prototype)
  })

  test('gives every parameter back as it was, each once, whatever it holds', () => {
    const parameters = fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), fc.string({ unit: 'grapheme' }), {
      noNullPrototype: true,
    })
    fc.assert(
      fc.property(parameters, (given) => {
        const url = new URL(buildAuthorizationUrl('https://as.example/a', given))
        expect(url.origin + url.pathname).toBe('https://as.example/a')
        expect(url.search).not.toContain('+')
        expect([...url.searchParams].sort()).toEqual(Object.entries(given).sort())
      }),
    )
  })
})

describe('an authorization URL that a backend made', () => {
  const expected = {
    endpoint: 'https://as.example/authorize',
    client_id: 'client',
    state: 's'.repeat(43),
    code_challenge: 'c'.repeat(43),
    redirect_uri: 'https://app.example/callback/bank',
  }
  const { endpoint, ...visible } = expected
  const made = (changes: Readonly<Record<string, string | undefined>> = {}, address = endpoint): string => {
    const url = new URL(address)
    const all: Record<string, string | undefined> = { response_type: 'code', ...visible, ...changes }
    for (const [name, value] of Object.entries(all))
      if (value !== undefined) url.searchParams.set(name, value)
    return url.href
  }
  const refused = (url: unknown) => refusalOf(() => checkAuthorizationUrl(url, expected))
  const wrong = (parameter: string) => ({ code: 'backend_response_invalid', parameter })

  test('is accepted when it says what this page asked for', () => {
    expect(checkAuthorizationUrl(made(), expected)).toBe(made())
  })

  test('is accepted when all is in a pushed request', () => {
    const url = `${endpoint}?client_id=client&request_uri=urn%3Aexample%3A1`
    expect(checkAuthorizationUrl(url, expected)).toBe(url)
  })

  test('is accepted when all is in a signed request object', () => {
    const url = `${endpoint}?client_id=client&scope=openid&response_type=code&request=eyJ.e30.c2ln`
    expect(checkAuthorizationUrl(url, expected)).toBe(url)
  })

  test('is accepted without code_challenge_method, which Basis does not know', () => {
    expect(checkAuthorizationUrl(made({ code_challenge_method: undefined }), expected)).toBe(made())
  })

  test.each([
    made({}, 'https://evil.example/authorize'),
    made({}, 'https://as.example.evil/authorize'),
    made({}, 'https://as.example:8443/authorize'),
    made({}, 'http://as.example/authorize'),
    made({}, 'https://as.example/authorize/'),
    made({}, 'https://as.example/logout'),
    made({}, 'https://user@as.example/authorize'),
    made({}, 'https://:password@as.example/authorize'),
    `${made()}#fragment`,
    'javascript:alert(1)',
  ])('is refused with another address: %s', async (url) => {
    expect(await refused(url)).toEqual(wrong('address'))
  })

  test.each([undefined, null, 7, '', '/authorize', ['https://as.example/authorize'], {}])(
    'is refused when it is not a URL: %j',
    async (url) => {
      expect(await refused(url)).toEqual(wrong('form'))
    },
  )

  test.each(['client_id', 'state', 'code_challenge', 'redirect_uri'])(
    'is refused with another %s',
    async (name) => {
      expect(await refused(made({ [name]: 'another' }))).toEqual(wrong(name))
      expect(await refused(made({ [name]: '' }))).toEqual(wrong(name))
    },
  )

  test.each(['client_id', 'state', 'code_challenge', 'redirect_uri'])(
    'is refused with a second %s',
    async (name) => {
      expect(await refused(`${made()}&${name}=another`)).toEqual(wrong(name))
    },
  )

  test('is refused without a state, unless that is in a pushed or signed request', async () => {
    expect(await refused(made({ state: undefined }))).toEqual(wrong('state'))
  })

  test('is refused without a code challenge, unless that is in a pushed or signed request', async () => {
    expect(await refused(made({ code_challenge: undefined }))).toEqual(wrong('code_challenge'))
  })

  test('is refused when it downgrades the challenge to plain', async () => {
    expect(await refused(made({ code_challenge_method: 'plain' }))).toEqual(wrong('code_challenge_method'))
  })

  test('is refused when it asks for another response than a code', async () => {
    expect(await refused(made({ response_type: 'token' }))).toEqual(wrong('response_type'))
    expect(await refused(made({ response_type: 'code id_token' }))).toEqual(wrong('response_type'))
  })

  test('takes a request_uri for what it is, a parameter', () => {
    const url = `${endpoint}?client_id=client&request_uri=javascript%3Aalert(1)`
    expect(new URL(checkAuthorizationUrl(url, expected)).origin).toBe('https://as.example')
  })

  test('never leads anywhere but to the endpoint, whatever the backend answers', () => {
    const answer = fc.oneof(
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.string({ unit: 'binary' }),
      fc.anything(),
      fc
        .tuple(
          fc.constantFrom(
            'https://as.example',
            'https://as.example@evil.example',
            '//as.example',
            'https:as.example',
          ),
          fc.constantFrom('/authorize', '/authorize/../x', '/%61uthorize', '\\authorize', '/authorize;x'),
          fc.constantFrom('', '?', '#', `?state=${expected.state}&code_challenge=${expected.code_challenge}`),
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(answer, (value) => {
        let url
        try {
          url = new URL(checkAuthorizationUrl(value, expected))
        } catch (error) {
          expect(error).toMatchObject({ code: 'backend_response_invalid' })
          return
        }
        expect(url.origin + url.pathname).toBe(endpoint)
        expect(url.username + url.password + url.hash).toBe('')
      }),
      { numRuns: 200 },
    )
  })
})
