import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { idTokenAlgorithms } from '../../src/protocol/id-token.js'
import { checkAnswer, sendCode, type Grant } from '../../src/protocol/token-endpoint.js'
import { redeemCode } from '../support/redeem-code.js'
import type { AuthorizationServer } from '../support/authorization-server.js'
import { refusalOf } from '../support/refusal.js'
import { consent, openScenes } from './support/scene.js'

const scene = openScenes()
const invalid = (parameter: string) => ({ code: 'id_token_invalid', parameter })

describe('an ID Token', () => {
  const refused = async (change: (server: AuthorizationServer, grant: Grant) => void | Promise<void>) => {
    const { server, endpoint, grant } = await scene()
    await change(server, grant)
    return refusalOf(() => redeemCode(endpoint, grant))
  }
  const now = () => Math.floor(Date.now() / 1000)

  test('is required when openid was asked for', async () => {
    expect(
      await refused(({ hostile }) => {
        hostile.tokens = ({ id_token: _, ...body }) => body
      }),
    ).toEqual(invalid('id_token'))
  })

  test('may be absent where the provider is known to send none', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.tokens = ({ id_token: _, ...body }) => body
    expect(await redeemCode({ ...endpoint, idToken: 'optional' }, grant)).toMatchObject({ claims: undefined })
  })

  test('is checked where it may be absent and is there', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.claims = (claims) => ({ ...claims, nonce: 'another' })
    expect(await refusalOf(() => redeemCode({ ...endpoint, idToken: 'optional' }, grant))).toEqual(
      invalid('nonce'),
    )
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['another issuer', { iss: 'https://evil.example' }, 'iss'],
    ['the issuer with a slash', { iss: 'https://as.example/' }, 'iss'],
    ['no issuer', { iss: undefined }, 'iss'],
    ['another audience', { aud: 'client-2' }, 'aud'],
    ['no audience', { aud: undefined }, 'aud'],
    ['a stranger among its audiences', { aud: ['client-1', 'client-2'] }, 'aud'],
    ['an azp of a stranger among audiences', { aud: ['client-1', 'client-2'], azp: 'client-2' }, 'azp'],
    ['an azp of a stranger', { azp: 'client-2' }, 'azp'],
    ['no subject', { sub: undefined }, 'sub'],
    ['a number for a subject', { sub: 7 }, 'sub'],
    ['a subject of 256 characters', { sub: 'x'.repeat(256) }, 'sub'],
    ['another nonce', { nonce: 'another' }, 'nonce'],
    ['an empty nonce', { nonce: '' }, 'nonce'],
    ['no nonce', { nonce: undefined }, 'nonce'],
    ['an expiry 31 s ago', { exp: now() - 31 }, 'exp'],
    ['no expiry', { exp: undefined }, 'exp'],
    ['a text for an expiry', { exp: '9999999999' }, 'exp'],
    ['a beginning that is 5 minutes away', { nbf: now() + 300 }, 'nbf'],
    ['an issue time that is 5 minutes away', { iat: now() + 300 }, 'iat'],
    ['an issue time 11 minutes ago', { iat: now() - 660 }, 'iat'],
    ['no issue time', { iat: undefined }, 'iat'],
    ['an authentication that is 5 minutes away', { auth_time: now() + 300 }, 'auth_time'],
    ['a text for an authentication time', { auth_time: 'yesterday' }, 'auth_time'],
    ['the hash of another access token', { at_hash: 'jpUUphyUkZCwbQsYhns6aw' }, 'at_hash'],
    ['the hash of another state', { s_hash: 'ungWv48Bz-pBQUDeXa4iIw' }, 's_hash'],
  ])('is refused with %s', async (_name, changes, parameter) => {
    expect(
      await refused(({ hostile }) => {
        hostile.claims = (claims) => ({ ...claims, ...changes })
      }),
    ).toEqual(invalid(parameter))
  })

  // Functions: a table is made long before its last test runs.
  test.each<[string, () => Record<string, unknown>]>([
    ['an audience in an array', () => ({ aud: ['client-1'] })],
    [
      'strangers among its audiences, issued to this client',
      () => ({ aud: ['client-1', 'x'], azp: 'client-1' }),
    ],
    ['an expiry 25 s ago', () => ({ exp: now() - 25 })],
    ['no hashes', () => ({ at_hash: undefined, s_hash: undefined })],
  ])('is accepted with %s', async (_name, changes) => {
    const { server, endpoint, grant } = await scene()
    server.hostile.claims = (claims) => ({ ...claims, ...changes() })
    expect(await redeemCode(endpoint, grant)).toMatchObject({ claims: { sub: 'user-1' } })
  })

  test('that nobody asked for is refused when it holds a nonce', async () => {
    const { server, endpoint, grant } = await scene('accounts')
    server.hostile.tokens = (body) => body
    const idToken = await server.sign({
      iss: server.issuer,
      aud: server.clientId,
      sub: 'user-1',
      iat: now(),
      exp: now() + 300,
      nonce: 'nobody-asked',
    })
    server.hostile.tokens = (body) => ({ ...body, id_token: idToken })
    expect(await refusalOf(() => redeemCode(endpoint, grant))).toEqual(invalid('nonce'))
  })

  test('of another transaction is refused', async () => {
    const { server, endpoint, grant } = await scene()
    const { idToken } = await redeemCode(endpoint, grant)
    const next = await consent(server, 'openid')
    server.hostile.idToken = () => idToken ?? ''
    expect(await refusalOf(() => redeemCode(endpoint, next))).toEqual(invalid('nonce'))
  })

  test('must name the subject that was asked for', async () => {
    const { endpoint, grant } = await scene()
    expect(await refusalOf(() => redeemCode(endpoint, { ...grant, subject: 'user-2' }))).toEqual(
      invalid('sub'),
    )
  })

  test.each(['required', 'optional', 'unchecked'] as const)(
    'must come where a subject is expected, with a nonce or without, even if it is %s',
    async (idToken) => {
      for (const scope of ['openid', 'accounts']) {
        const { server, endpoint, grant } = await scene(scope)
        server.hostile.tokens = ({ id_token: _, ...body }) => body
        expect(
          await refusalOf(() => redeemCode({ ...endpoint, idToken }, { ...grant, subject: 'user-1' })),
        ).toEqual(invalid('id_token'))
      }
    },
  )

  test('must come where a limit was set for the sign-in', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.tokens = ({ id_token: _, ...body }) => body
    expect(
      await refusalOf(() =>
        redeemCode({ ...endpoint, idToken: 'optional' }, { ...grant, maxAgeSeconds: 3600 }),
      ),
    ).toEqual(invalid('id_token'))
  })

  test('must say when the person signed in, if a limit was set, and within it', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.claims = (claims) => ({ ...claims, auth_time: now() - 3700 })
    expect(await refusalOf(() => redeemCode(endpoint, { ...grant, maxAgeSeconds: 3600 }))).toEqual(
      invalid('auth_time'),
    )
    const next = await consent(server, 'openid')
    server.hostile.claims = (claims) => ({ ...claims, auth_time: undefined })
    expect(await refusalOf(() => redeemCode(endpoint, { ...next, maxAgeSeconds: 3600 }))).toEqual(
      invalid('auth_time'),
    )
  })

  describe('in a page, whose clock a person sets,', () => {
    const hour = 3600
    const times = (offset: number) => ({
      iat: now() + offset,
      nbf: now() + offset,
      exp: now() + offset + 300,
    })

    test.each([-23 * hour, -hour, hour, 23 * hour])(
      'is new by its nonce and signature, although it was made %i s from now',
      async (offset) => {
        const { server, endpoint, grant } = await scene()
        server.hostile.claims = (claims) => ({ ...claims, ...times(offset), auth_time: now() + offset - 10 })
        const page = { ...endpoint, trustsNonce: true }
        expect(await redeemCode(page, { ...grant, maxAgeSeconds: 60 })).toMatchObject({
          claims: { sub: 'user-1' },
        })
      },
    )

    test.each<[string, Record<string, unknown>, string]>([
      ['more than a day ahead', times(25 * hour), 'nbf'],
      ['more than a day behind', times(-25 * hour), 'exp'],
      ['over before it was made', { ...times(0), exp: now() - 10 }, 'exp'],
      ['of another nonce', { ...times(hour), nonce: 'another' }, 'nonce'],
      ['of a sign-in too long before', { ...times(hour), auth_time: now() - 600 }, 'auth_time'],
    ])('is refused when it is %s', async (_name, claims, parameter) => {
      const { server, endpoint, grant } = await scene()
      server.hostile.claims = (good) => ({ ...good, ...claims })
      const page = { ...endpoint, trustsNonce: true }
      expect(await refusalOf(() => redeemCode(page, { ...grant, maxAgeSeconds: 60 }))).toEqual(
        invalid(parameter),
      )
    })

    test('without a nonce to trust is refused an hour from now', async () => {
      const { server, endpoint, grant } = await scene('accounts')
      const idToken = await server.sign({
        iss: server.issuer,
        aud: server.clientId,
        sub: 'user-1',
        ...times(hour),
      })
      server.hostile.tokens = (body) => ({ ...body, id_token: idToken })
      expect(await refusalOf(() => redeemCode({ ...endpoint, trustsNonce: true }, grant))).toEqual(
        invalid('nbf'),
      )
    })
  })

  test.each<[string, number, string]>([
    ['exp', -3000, 'wrong by about 50 minutes'],
    ['iat', 300, 'wrong by about 5 minutes'],
  ])('with a wrong %s says by how much the clock is wrong', async (_claim, offset, words) => {
    const { server, endpoint, grant } = await scene()
    server.hostile.claims = (claims) => ({ ...claims, iat: now() + offset, exp: now() + offset + 300 })
    await expect(redeemCode(endpoint, grant)).rejects.toThrow(words)
  })

  test('is signed by one of the algorithms that the metadata lists', async () => {
    const { server, endpoint, grant } = await scene()
    const listing = (algorithms: unknown) => ({
      ...endpoint,
      server: { ...endpoint.server, id_token_signing_alg_values_supported: algorithms as string[] },
    })
    expect(await refusalOf(() => redeemCode(listing(['RS256', 'PS256']), grant))).toEqual(invalid('alg'))
    expect(await redeemCode(listing(['PS256', 'ES256']), await consent(server, 'openid'))).toBeTruthy()
    // What is no list says nothing.
    expect(await redeemCode(listing('RS256'), await consent(server, 'openid'))).toBeTruthy()
  })

  test('is signed by one of the algorithms that the app accepts', async () => {
    const { server, endpoint, grant } = await scene()
    expect(await refusalOf(() => redeemCode({ ...endpoint, idTokenAlgorithms: ['PS256'] }, grant))).toEqual(
      invalid('alg'),
    )
    const next = await consent(server, 'openid')
    expect(await redeemCode({ ...endpoint, idTokenAlgorithms: ['PS256', 'ES256'] }, next)).toBeTruthy()
  })

  test('must name one of the ways of signing in that were asked for', async () => {
    const { server, endpoint, grant } = await scene()
    expect(await refusalOf(() => redeemCode(endpoint, { ...grant, acrValues: ['phr'] }))).toEqual(
      invalid('acr'),
    )
    server.hostile.claims = (claims) => ({ ...claims, acr: 'phr' })
    const next = await consent(server, 'openid')
    expect(await refusalOf(() => redeemCode(endpoint, { ...next, acrValues: ['phrh', 'mfa'] }))).toEqual(
      invalid('acr'),
    )
    const last = await consent(server, 'openid')
    expect(await redeemCode(endpoint, { ...last, acrValues: ['phr', 'phrh'] })).toMatchObject({
      claims: { acr: 'phr' },
    })
  })

  test('must come where a way of signing in was asked for', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.tokens = ({ id_token: _, ...body }) => body
    expect(
      await refusalOf(() =>
        redeemCode({ ...endpoint, idToken: 'optional' }, { ...grant, acrValues: ['phr'] }),
      ),
    ).toEqual(invalid('id_token'))
  })

  test('without a signature is refused, even when the metadata lists none', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.idToken = (claims) => unsigned({ alg: 'none' }, claims)
    const hostile = { ...endpoint.server, id_token_signing_alg_values_supported: ['none'] }
    expect(await refusalOf(() => redeemCode({ ...endpoint, server: hostile }, grant))).toEqual(invalid('alg'))
  })

  test.each(idTokenAlgorithms)('signed with %s is verified', async (alg) => {
    const { server, endpoint, grant } = await scene()
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'other', alg, use: 'sig' }
    server.hostile.jwks = () => HttpResponse.json({ keys: [jwk] })
    server.hostile.idToken = ({ at_hash: _at, s_hash: _s, ...claims }) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid: 'other' }).sign(privateKey)
    const listing = { ...endpoint.server, id_token_signing_alg_values_supported: [alg] }
    expect(await redeemCode({ ...endpoint, server: listing }, grant)).toMatchObject({
      claims: { sub: 'user-1' },
    })
  })

  test.each(['HS256', 'HS512'])('signed with the public key as %s is refused', async (alg) => {
    const { server, endpoint, grant } = await scene()
    const { publicKey } = await generateKeyPair('RS256', { extractable: true })
    const pem = new TextEncoder().encode(await exportSPKI(publicKey))
    server.hostile.idToken = (claims) => new SignJWT(claims).setProtectedHeader({ alg }).sign(pem)
    const hostile = { ...endpoint.server, id_token_signing_alg_values_supported: [alg] }
    expect(await refusalOf(() => redeemCode({ ...endpoint, server: hostile }, grant))).toEqual(invalid('alg'))
  })

  test.each(['none', 'None', 'RS1', 'ES256K', 'HS256', 'dir', '', 'constructor', undefined])(
    'of the algorithm %j is refused',
    async (alg) => {
      expect(
        await refused(({ hostile }) => {
          hostile.idToken = (claims) => unsigned({ alg }, claims)
        }),
      ).toEqual(invalid('alg'))
    },
  )

  test('signed by somebody else is refused', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    expect(
      await refused(({ hostile }) => {
        hostile.idToken = (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'key-1' }).sign(privateKey)
      }),
    ).toEqual(invalid('signature'))
  })

  test.each(['jwk', 'jku', 'x5u', 'x5c'])('that brings its own key in %s is refused', async (member) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const own = {
      jwk: await exportJWK(publicKey),
      jku: 'https://evil.example/jwks',
      x5u: 'https://evil.example/cert',
      x5c: ['MIIB'],
    }
    expect(
      await refused(({ hostile }) => {
        hostile.idToken = (claims) =>
          new SignJWT(claims)
            .setProtectedHeader({ alg: 'ES256', kid: 'key-1', [member]: own[member as keyof typeof own] })
            .sign(privateKey)
      }),
    ).toEqual(invalid('signature'))
  })

  test('whose claims were changed after signing is refused', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.claims = (claims) => ({ ...claims, sub: 'user-2' })
    server.hostile.idToken = async (claims, header) => {
      const [head, , signature] = (await server.sign({ ...claims, sub: 'user-1' }, header)).split('.')
      return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
    }
    expect(await refusalOf(() => redeemCode(endpoint, grant))).toEqual(invalid('signature'))
  })

  test('of a key that nobody publishes is refused', async () => {
    expect(
      await refused(({ hostile }) => {
        hostile.header = (header) => ({ ...header, kid: 'key-2' })
      }),
    ).toEqual(invalid('signature'))
  })

  test('of unknown keys, one after the other, does not make this client ask for keys each time', async () => {
    const { server, endpoint, grant } = await scene()
    let next: Grant = grant
    for (let i = 0; i < 5; i++) {
      server.hostile.header = (header) => ({ ...header, kid: `key-${String(i + 10)}` })
      const current = next
      // Within ten seconds of the last look nobody knows whether there is such a key now.
      expect(await refusalOf(() => redeemCode(endpoint, current))).toEqual(
        i < 2 ? invalid('signature') : { code: 'provider_unavailable' },
      )
      next = await consent(server, 'openid')
    }
    expect(server.requests.jwks).toHaveLength(2)
  })

  test('is checked against keys that are fetched once', async () => {
    const { server, endpoint, grant } = await scene()
    await redeemCode(endpoint, grant)
    await redeemCode(endpoint, await consent(server, 'openid'))
    expect(server.requests.jwks).toHaveLength(1)
  })

  test.each(['key-2', 'key-1', undefined])(
    'is checked against a new key, named %j, as soon as the server has changed it',
    async (kid) => {
      const { server, endpoint, grant } = await scene()
      await redeemCode(endpoint, grant)
      await server.rotateKeys(kid)
      const next = await consent(server, 'openid')
      expect(await redeemCode(endpoint, next)).toMatchObject({ claims: { sub: 'user-1' } })
      expect(server.requests.jwks).toHaveLength(2)
    },
  )

  test('that claims what was not asked for is refused before any key is fetched', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.claims = (claims) => ({ ...claims, sub: 'user-2' })
    const asked = { ...grant, subject: 'user-1' }
    expect(await refusalOf(() => redeemCode(endpoint, asked))).toEqual(invalid('sub'))
    expect(server.requests.jwks).toEqual([])
  })

  test('is checked against the key of its type when two have one name', async () => {
    const { server, endpoint, grant } = await scene()
    const { publicKey } = await generateKeyPair('RS256', { extractable: true })
    const other = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' }
    server.hostile.jwks = (keys) => HttpResponse.json({ keys: [other, ...keys] })
    expect(await redeemCode(endpoint, grant)).toMatchObject({ claims: { sub: 'user-1' } })
  })

  test('is refused when the server publishes no keys', async () => {
    expect(
      await refused(({ hostile }) => {
        hostile.jwks = () => HttpResponse.json({ keys: [] })
      }),
    ).toEqual(invalid('signature'))
  })

  test.each<[string, () => Response]>([
    ['no key set', () => HttpResponse.json({ keys: 'none' })],
    ['an array', () => HttpResponse.json([])],
    ['HTML', () => HttpResponse.html('<html></html>')],
    ['status 500', () => HttpResponse.json({}, { status: 500 })],
    ['nothing, being offline', () => HttpResponse.error()],
  ])('is not used while the server publishes %s, and the same answer is good later', async (_name, jwks) => {
    const { server, endpoint, grant } = await scene()
    server.hostile.jwks = jwks
    const answer = await sendCode(endpoint, grant)
    const check = () => checkAnswer(endpoint, grant, answer)
    expect(await refusalOf(check)).toEqual({ code: 'provider_unavailable' })
    delete server.hostile.jwks
    expect(await check()).toMatchObject({ claims: { sub: 'user-1' } })
    expect(server.requests.token).toHaveLength(1)
  })

  test.each<[string, string | undefined, string]>([
    ['critical extensions', undefined, 'crit'],
    ['five parts, encrypted', `${base64url({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`, 'alg'],
    ['five parts of an accepted algorithm', `${base64url({ alg: 'ES256' })}.a.b.c.d`, 'signature'],
    ['two parts', `${base64url({ alg: 'ES256' })}.e30`, 'signature'],
    ['no object inside', `${base64url({ alg: 'ES256' })}.W10.c2ln`, 'signature'],
    ['no JWT', 'opaque', 'alg'],
  ])('is refused with %s', async (_name, token, parameter) => {
    expect(
      await refused(({ hostile }) => {
        hostile.idToken = (claims) =>
          token ?? `${base64url({ alg: 'ES256', kid: 'key-1', crit: ['x'], x: 1 })}.${base64url(claims)}.c2ln`
      }),
    ).toEqual(invalid(parameter))
  })

  test('has no effect where its issuer is not known', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.idToken = () => 'opaque'
    expect(await redeemCode({ ...endpoint, idToken: 'unchecked' }, grant)).toMatchObject({
      claims: undefined,
    })
  })
})

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const unsigned = (header: unknown, claims: unknown) => `${base64url(header)}.${base64url(claims)}.`
