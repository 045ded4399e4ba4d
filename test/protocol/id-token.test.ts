import { describe, expect, test } from 'vitest'
import {
  algorithmOf,
  checkIdToken,
  halfHash,
  idTokenAlgorithms,
  type IdTokenClaims,
} from '../../src/protocol/id-token.js'
import { refusalOf } from '../support/refusal.js'

describe('the half hash', () => {
  test.each([
    ['nXPh9P16drRQLnAmwy9Sf072U81KVNNa6iqduWX6kK4', 'jpUUphyUkZCwbQsYhns6aw'],
    ['ey-K-qPC5Cs0ERd0eDuLJI636rLEnd3Kwi5L1NrVNJY', 'fcZySy2pRbPJ2u0ImNYCeA'],
    ['abc', 'ungWv48Bz-pBQUDeXa4iIw'],
  ])('of %s is the one in the ID Tokens of the Stitch documentation', async (value, hash) => {
    expect(await halfHash(value, 'RS256')).toBe(hash)
  })

  test.each([
    ['RS256', 16],
    ['PS256', 16],
    ['ES256', 16],
    ['ES384', 24],
    ['PS384', 24],
    ['RS384', 24],
    ['RS512', 32],
    ['PS512', 32],
    ['ES512', 32],
    ['EdDSA', 32],
    ['Ed25519', 32],
  ])('for %s has %i bytes', async (algorithm, bytes) => {
    expect(Buffer.from(await halfHash('abc', algorithm), 'base64url')).toHaveLength(bytes)
  })
})

describe('the algorithm', () => {
  const jwt = (header: unknown) => `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30.c2ln`

  test('is read from the header', () => {
    expect(algorithmOf(jwt({ alg: 'ES256', kid: '\u00ff\u00fe?>' }))).toBe('ES256')
  })

  test.each(['', '.', 'a.b.c', 'bnVsbA.e30.', '!!!.e30.', jwt(null), jwt({})])(
    'of %j is none that is accepted',
    async (token) => {
      let algorithm
      try {
        algorithm = algorithmOf(token)
      } catch (error) {
        expect(error).toMatchObject({ code: 'id_token_invalid', parameter: 'alg' })
        return
      }
      expect(idTokenAlgorithms).not.toContain(algorithm)
    },
  )

  test('is asymmetric, and its hash is no weaker than SHA-256', () => {
    for (const algorithm of idTokenAlgorithms) expect(algorithm).toMatch(/^(?:[RPE]S(?:256|384|512)|Ed.+)$/)
  })
})

describe('an ID Token that oauth4webapi has accepted', () => {
  const now = 1_800_000_000
  const idToken = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.e30.c2ln`
  const claims: IdTokenClaims = {
    iss: 'https://as.example',
    aud: 'client',
    sub: 'user',
    iat: now,
    exp: now + 300,
  }
  const expected = { clientId: 'client', accessToken: 'abc', state: 'abc', now, fresh: true }
  const check = (changes: Partial<IdTokenClaims>, other: Partial<Parameters<typeof checkIdToken>[2]> = {}) =>
    checkIdToken(idToken, { ...claims, ...changes }, { ...expected, ...other })
  const refused = (...args: Parameters<typeof check>) => refusalOf(() => check(...args))
  const invalid = (parameter: string) => ({ code: 'id_token_invalid', parameter })

  test('passes when everything it says is what was asked for', async () => {
    await check({
      azp: 'client',
      at_hash: 'ungWv48Bz-pBQUDeXa4iIw',
      s_hash: 'ungWv48Bz-pBQUDeXa4iIw',
      auth_time: now,
    })
    await check({}, { subject: 'user' })
  })

  test('must have been issued to this client, also when it has one audience', async () => {
    expect(await refused({ azp: 'another' })).toEqual(invalid('azp'))
    expect(await refused({ azp: '' })).toEqual(invalid('azp'))
  })

  test.each([
    ['a minute ahead', 60, true],
    ['more than a minute ahead', 61, false],
    ['ten minutes old', -600, true],
    ['older than ten minutes', -601, false],
  ])('may be %s: %i s, %j', async (_name, seconds, accepted) => {
    if (accepted) await check({ iat: now + seconds })
    else expect(await refused({ iat: now + seconds })).toEqual(invalid('iat'))
  })

  test('may be further off where the client bears with wrong clocks', async () => {
    const tolerant = { clockToleranceSeconds: 300 }
    await check({ iat: now + 300, auth_time: now + 300 }, tolerant)
    expect(await refused({ iat: now + 301 }, tolerant)).toEqual(invalid('iat'))
    expect(await refused({ auth_time: now + 301 }, tolerant)).toEqual(invalid('auth_time'))
  })

  test('may be a day old when it comes with a refresh', async () => {
    await check({ iat: now - 86_400 }, { fresh: false })
    expect(await refused({ iat: now - 86_401 }, { fresh: false })).toEqual(invalid('iat'))
    expect(await refused({ iat: now + 61 }, { fresh: false })).toEqual(invalid('iat'))
  })

  test('cannot say that the person will sign in', async () => {
    await check({ auth_time: now + 30 })
    expect(await refused({ auth_time: now + 31 })).toEqual(invalid('auth_time'))
  })

  test('names a subject of at most 255 characters', async () => {
    await check({ sub: 'x'.repeat(255) })
    expect(await refused({ sub: 'x'.repeat(256) })).toEqual(invalid('sub'))
  })

  test('names the subject that was asked for', async () => {
    expect(await refused({ sub: 'another' }, { subject: 'user' })).toEqual(invalid('sub'))
  })

  test('belongs to the access token it came with', async () => {
    expect(await refused({ at_hash: 'jpUUphyUkZCwbQsYhns6aw' })).toEqual(invalid('at_hash'))
    expect(await refused({ at_hash: '' })).toEqual(invalid('at_hash'))
  })

  test('belongs to the state of its transaction', async () => {
    expect(await refused({ s_hash: 'jpUUphyUkZCwbQsYhns6aw' })).toEqual(invalid('s_hash'))
    expect(await refused({ s_hash: 7 })).toEqual(invalid('s_hash'))
  })
})
