import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkResponseIssuer, parseAuthorizationResponse } from '../../src/protocol/authorization-response.js'
import { refusalOf } from '../support/refusal.js'

const parse = (query: string) => parseAuthorizationResponse(new URLSearchParams(query))
const refused = (query: string) => refusalOf(() => parse(query))
const malformed = (parameter: string) => ({ code: 'response_malformed', parameter })

describe('an authorization response', () => {
  test('is a code with its state', () => {
    expect(parse('code=abc&state=xyz')).toEqual({ code: 'abc', state: 'xyz' })
  })

  test('may name its issuer', () => {
    expect(parse('code=abc&state=xyz&iss=https%3A%2F%2Fas.example')).toEqual({
      code: 'abc',
      state: 'xyz',
      iss: 'https://as.example',
    })
  })

  test('may hold parameters that nobody knows, as that of Stitch does', () => {
    expect(parse('code=abc&scope=openid%20accounts&state=xyz&session_state=s&foo=bar')).toEqual({
      code: 'abc',
      state: 'xyz',
      grantedScope: 'openid accounts',
    })
  })

  test('may hold nothing but the state, as that of Stitch does when a person cancels', () => {
    expect(parse('state=xyz')).toEqual({ state: 'xyz' })
  })

  test('may be an error, as that of Basis is for an expired token', () => {
    const query =
      'error=invalid_request&error_uri=https%3A%2F%2Fwww.ietf.org%2Farchive%2Fid%2Fdraft-ietf-oauth-v2-1-11.html%23section-4.1.2.1&state=d0fc31e4-3613-4810-ada7-821a74e256ba&error_description=Request+included+expired+Initialization+Token.'
    expect(parse(query)).toMatchObject({
      state: 'd0fc31e4-3613-4810-ada7-821a74e256ba',
      error: {
        name: 'AuthorizationResponseError',
        code: 'authorization_error',
        recovery: 'authorize',
        error: 'invalid_request',
        errorDescription: 'Request included expired Initialization Token.',
        errorUri: 'https://www.ietf.org/archive/id/draft-ietf-oauth-v2-1-11.html#section-4.1.2.1',
      },
    })
  })

  test.each([
    'code',
    'state',
    'iss',
    'error',
    'error_description',
    'error_uri',
    'response',
    'id_token',
    'access_token',
    'token_type',
    'session_state',
    'scope',
  ])('is refused with two of %s, even when both are alike', async (name) => {
    const rest = 'code=abc&state=xyz'.split('&').filter((pair) => !pair.startsWith(`${name}=`))
    expect(await refused([...rest, `${name}=a`, `${name}=b`].join('&'))).toEqual(malformed(name))
    expect(await refused([...rest, `${name}=a`, `${name}=a`].join('&'))).toEqual(malformed(name))
  })

  test('is refused when percent-encoding hides that a parameter comes twice', async () => {
    expect(await refused('code=a&state=xyz&co%64e=b')).toEqual(malformed('code'))
    expect(await refused('code=a&state=xyz&%73tate=b')).toEqual(malformed('state'))
  })

  test('knows its parameters by their exact names', () => {
    expect(parse('code=abc&state=xyz&State=b&CODE=b&code[]=b&code%00=b&%20code=b&code.x=b')).toEqual({
      code: 'abc',
      state: 'xyz',
    })
  })

  test.each(['access_token', 'id_token', 'token', 'response'])('is refused with %s', async (name) => {
    expect(await refused(`state=xyz&${name}=t`)).toEqual(malformed(name))
    expect(await refused(`code=abc&state=xyz&${name}=t`)).toEqual(malformed(name))
    expect(await refused(`code=abc&state=xyz&${name}=`)).toEqual(malformed(name))
  })

  test('is refused with a code and an error', async () => {
    expect(await refused('code=abc&error=access_denied&state=xyz')).toEqual(malformed('error'))
  })

  test.each(['code', 'error', 'iss'])('is refused with an empty %s', async (name) => {
    expect(await refused(`state=xyz&${name}=`)).toEqual(malformed(name))
    expect(await refused(`state=xyz&${name}`)).toEqual(malformed(name))
  })

  test.each(['code=abc', 'code=abc&state=', 'error=access_denied', `code=abc&state=${'x'.repeat(513)}`, ''])(
    'belongs to nothing without a usable state: %#',
    async (query) => {
      expect(await refused(query)).toEqual({ code: 'state_missing' })
    },
  )

  test('may have a state of 512 characters', () => {
    expect(parse(`code=abc&state=${'x'.repeat(512)}`).state).toHaveLength(512)
  })

  test('is one code and one state, or refused, whatever the query', () => {
    const name = fc.constantFrom(
      ...['code', 'state', 'error', 'iss', 'error_description', 'error_uri', 'id_token', 'scope', 'foo'],
      ...['co%64e', 'Code', 'state[]', '__proto__', 'constructor', 'response', 'token'],
    )
    const value = fc.oneof(fc.constantFrom('', 'a', 'b', '%00', '+', '%E0%A4%A'), fc.string({ maxLength: 8 }))
    const query = fc
      .array(fc.tuple(name, value), { maxLength: 6 })
      .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'))
    fc.assert(
      fc.property(fc.oneof(query, fc.string({ unit: 'binary' })), (text) => {
        const parameters = new URLSearchParams(text)
        let response
        try {
          response = parseAuthorizationResponse(parameters)
        } catch (error) {
          expect(error).toMatchObject({
            code: expect.stringMatching(/^(?:response_malformed|state_missing)$/) as string,
          })
          return
        }
        expect(parameters.getAll('state')).toEqual([response.state])
        expect(parameters.getAll('code')).toEqual(response.code === undefined ? [] : [response.code])
        expect(response.code === undefined || response.error === undefined).toBe(true)
        expect(response.code).not.toBe('')
        expect(Object.getPrototypeOf(response)).toBe(Object.prototype)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the error of an authorization response', () => {
  const errorOf = (query: string) => parse(`state=xyz&${query}`).error

  test.each([
    ['access_denied', 'access_denied'],
    ['temporarily_unavailable', 'temporarily_unavailable'],
    ['server_error', 'temporarily_unavailable'],
    ['invalid_scope', 'authorization_error'],
    ['login_required', 'authorization_error'],
    ['constructor', 'authorization_error'],
    ['an error of its own', 'authorization_error'],
  ])('%s has the code %s', (error, code) => {
    expect(errorOf(`error=${encodeURIComponent(error)}`)).toMatchObject({ error, code })
  })

  test.each(['a\nb', 'a"b', 'a\\b', 'é', '\u0000', 'x'.repeat(129), '\u202e'])(
    'is called unknown when it holds what RFC 6749 does not allow: %j',
    (error) => {
      expect(errorOf(`error=${encodeURIComponent(error)}`)).toMatchObject({ error: 'unknown' })
    },
  )

  test('may have 128 characters', () => {
    expect(errorOf(`error=${'x'.repeat(128)}`)?.error).toHaveLength(128)
  })

  test('has a description of at most 1024 characters, without control characters', () => {
    const text = encodeURIComponent(`a\u0000b\r\nc\u001b[31m\u0085${'x'.repeat(5000)}`)
    const description = errorOf(`error=e&error_description=${text}`)?.errorDescription
    expect(description).toHaveLength(1024)
    expect(description).toMatch(/^a b {2}c \[31m x+$/)
  })

  test('gives markup in its description as it is, as text', () => {
    const markup = '<img src=x onerror=alert(1)>'
    expect(errorOf(`error=e&error_description=${encodeURIComponent(markup)}`)?.errorDescription).toBe(markup)
  })

  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    'http://as.example/',
    '//as.example',
    'java\nscript:alert(1)',
    'https://',
    `https://as.example/${'x'.repeat(2048)}`,
    '',
  ])('has no errorUri when that is not an https URL: %#', (uri) => {
    expect(errorOf(`error=e&error_uri=${encodeURIComponent(uri)}`)).not.toHaveProperty('errorUri')
  })

  test('does not put texts of the provider into its own message', () => {
    const error = errorOf('error=e&error_description=text-of-the-provider')
    expect(error?.message).not.toContain('text-of-the-provider')
  })
})

describe('the issuer of an authorization response', () => {
  const issuer = 'https://as.example'
  const mismatch = { code: 'issuer_mismatch', parameter: 'iss' }
  const check = (iss: string | undefined, required: boolean, expected: string | undefined = issuer) => {
    checkResponseIssuer(iss, expected, required)
  }

  test('is the one that was asked', () => {
    expect(() => {
      check(issuer, true)
      check(issuer, false)
    }).not.toThrow()
  })

  test.each([
    'https://as.example/',
    'https://AS.example',
    'https://as.example:443',
    'https://as.example.evil',
    'http://as.example',
    'https://as.example ',
    '',
  ])('is compared letter by letter: %j is another', async (iss) => {
    expect(await refusalOf(() => check(iss, false))).toEqual(mismatch)
  })

  test('may be absent only where its server does not promise it', async () => {
    expect(() => {
      check(undefined, false)
    }).not.toThrow()
    expect(await refusalOf(() => check(undefined, true))).toEqual(mismatch)
  })

  test('is not looked at where the provider has none', () => {
    expect(() => {
      checkResponseIssuer('https://anyone.example', undefined, false)
    }).not.toThrow()
  })
})
