import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTokenResponse, type TokenResponseRules } from '../../src/protocol/token-response.js'
import { refusalOf } from '../support/refusal.js'

const body = { access_token: 'abc', token_type: 'Bearer' }
const parse = (changes: Record<string, unknown>, rules?: TokenResponseRules) =>
  parseTokenResponse({ ...body, ...changes }, rules)
const refused = (changes: Record<string, unknown>, rules?: TokenResponseRules) =>
  refusalOf(() => parse(changes, rules))
const invalid = (parameter: string) => ({ code: 'token_response_invalid', parameter })

test('a token response becomes a token set', () => {
  expect(
    parse({ expires_in: 3599, refresh_token: 'def', id_token: 'a.b.c', scope: 'openid accounts' }),
  ).toEqual({
    accessToken: 'abc',
    tokenType: 'bearer',
    expiresInSeconds: 3599,
    refreshToken: 'def',
    idToken: 'a.b.c',
    scope: 'openid accounts',
    extra: {},
  })
})

test('the least token response is an access token and its type', () => {
  expect(parse({})).toEqual({
    accessToken: 'abc',
    tokenType: 'bearer',
    expiresInSeconds: undefined,
    refreshToken: undefined,
    idToken: undefined,
    scope: undefined,
    extra: {},
  })
})

describe('the access token', () => {
  test.each([undefined, null, '', 7, true, ['abc'], {}, 'a b', 'a\r\nSet-Cookie: x', 'a\u0000', 'é', ' abc'])(
    'is refused when it is %j',
    async (value) => {
      expect(await refused({ access_token: value })).toEqual(invalid('access_token'))
    },
  )

  test('has at most 64 KiB', async () => {
    expect(parse({ access_token: 'x'.repeat(65_536) }).accessToken).toHaveLength(65_536)
    expect(await refused({ access_token: 'x'.repeat(65_537) })).toEqual(invalid('access_token'))
  })

  test('must be a member of the answer itself', async () => {
    const inherited = Object.create({ access_token: 'abc' }) as Record<string, unknown>
    expect(
      await refusalOf(() => parseTokenResponse(Object.assign(inherited, { token_type: 'bearer' }))),
    ).toEqual(invalid('access_token'))
  })
})

test.each(['refresh_token', 'id_token'])('the %s is held to the same characters', async (name) => {
  for (const value of [7, false, 'a b', 'a\r\nb', ' ', 'x'.repeat(65_537), {}])
    expect(await refused({ [name]: value })).toEqual(invalid(name))
  expect(parse({ [name]: 'x'.repeat(65_536) })).not.toEqual(parse({}))
})

describe('a member without a value counts as absent', () => {
  test.each(['scope', 'expires_in', 'refresh_token', 'id_token', 'error'])('%s: null', (name) => {
    expect(parse({ [name]: null })).toEqual(parse({}))
  })

  test.each(['refresh_token', 'id_token', 'error'])('%s: an empty string', (name) => {
    expect(parse({ [name]: '' })).toEqual(parse({}))
  })

  test('but not the access token and its type, whatever the preset assumes', async () => {
    for (const value of [null, ''])
      expect(await refused({ token_type: value }, { assumedTokenType: 'bearer' })).toEqual(
        invalid('token_type'),
      )
    expect(parse({ token_type: undefined }, { assumedTokenType: 'bearer' }).tokenType).toBe('bearer')
  })
})

test('an empty scope grants nothing', () => {
  expect(parse({ scope: '' }).scope).toBe('')
})

describe('the token type', () => {
  test.each(['Bearer', 'bearer', 'BEARER'])('may be written %s', (type) => {
    expect(parse({ token_type: type }).tokenType).toBe('bearer')
  })

  test.each([
    undefined,
    null,
    '',
    'mac',
    'N_A',
    'Bearer:',
    'Bearer ',
    'constructor',
    '__proto__',
    'toString',
    'hasOwnProperty',
    7,
    ['Bearer'],
    'DPoP',
  ])('is refused when it is %j', async (type) => {
    expect(await refused({ token_type: type })).toEqual(invalid('token_type'))
  })

  test("may be Apiture's with a colon, where the preset says so", async () => {
    const bearerAliases = ['bearer:']
    expect(parse({ token_type: 'Bearer:' }, { bearerAliases }).tokenType).toBe('bearer')
    for (const type of ['constructor', '__proto__', 'length', '0', 'bearer::'])
      expect(await refused({ token_type: type }, { bearerAliases })).toEqual(invalid('token_type'))
  })

  test('is DPoP when, and only when, the request was bound to a key', async () => {
    expect(parse({ token_type: 'DPoP' }, { dpop: true }).tokenType).toBe('dpop')
    expect(await refused({ token_type: 'Bearer' }, { dpop: true })).toEqual(invalid('token_type'))
    expect(await refused({ token_type: 'Bearer:' }, { dpop: true, bearerAliases: ['bearer:'] })).toEqual(
      invalid('token_type'),
    )
  })
})

describe('the lifetime', () => {
  test.each([
    [0, 0],
    [59.5, 59.5],
    ['3600', 3600],
    [86_400, 86_400],
    [86_401, 86_400],
    [1e308, 86_400],
    [Infinity, 86_400],
    ['999999999', 86_400],
    [undefined, undefined],
  ])('%j means %j seconds', (value, seconds) => {
    expect(parse({ expires_in: value }).expiresInSeconds).toBe(seconds)
  })

  test.each(['3600abc', '', ' ', '-1', -1, '1e9', '0x10', '9999999999', NaN, true, [3600], {}])(
    'is refused when it is %j',
    async (value) => {
      expect(await refused({ expires_in: value })).toEqual(invalid('expires_in'))
    },
  )
})

test.each([7, false, ['openid'], {}])('a scope that is %j is refused', async (scope) => {
  expect(await refused({ scope })).toEqual(invalid('scope'))
})

test.each(['invalid_grant', ' ', 0, false, {}])('tokens beside an error %j are refused', async (error) => {
  expect(await refused({ error })).toEqual(invalid('error'))
})

test('only the members that a preset names are kept', () => {
  const changes = { profile_id: 'p1', grant_id: { a: 1 }, other: 'x', constructor: 'y' }
  expect(parse(changes, { extraMembers: ['profile_id', 'grant_id', 'absent', 'toString'] }).extra).toEqual({
    profile_id: 'p1',
    grant_id: { a: 1 },
  })
})

test('of a member that comes twice the last counts, as JSON has it, and is checked', async () => {
  const twice = JSON.parse(
    '{"token_type":"bearer","access_token":"good","access_token":"bad token"}',
  ) as Record<string, unknown>
  expect(await refusalOf(() => parseTokenResponse(twice))).toEqual(invalid('access_token'))
})

test('whatever the body, the result is a token set of plain values or a refusal, and no prototype changes', () => {
  const value = fc.oneof(
    fc.constantFrom('abc', 'Bearer', 'DPoP', 'constructor', '', '3600', 3600, -1, null, true),
    fc.anything({ maxDepth: 1 }),
  )
  const hostile = fc.record(
    {
      access_token: value,
      token_type: value,
      expires_in: value,
      refresh_token: value,
      id_token: value,
      scope: value,
      ['__proto__']: value,
      constructor: value,
      toString: value,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(hostile, fc.boolean(), (answer, good) => {
      const parsed = JSON.parse(JSON.stringify(good ? { ...answer, ...body } : answer)) as Record<
        string,
        unknown
      >
      let set
      try {
        set = parseTokenResponse(parsed, { extraMembers: ['toString'] })
      } catch (error) {
        expect(error).toMatchObject({ name: 'ValidationError', code: 'token_response_invalid' })
        return
      }
      expect(Object.keys(set)).toHaveLength(7)
      expect(Object.getPrototypeOf(set)).toBe(Object.prototype)
      expect(set.accessToken).toMatch(/^[\x21-\x7e]+$/)
      expect(set.expiresInSeconds ?? 0).toBeLessThanOrEqual(86_400)
      expect(({} as Record<string, unknown>).access_token).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})
