import { decodeProtectedHeader, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { HttpResponse } from 'msw'
import * as oauth from 'oauth4webapi'
import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/protocol/errors.js'
import { createCodeVerifier } from '../../src/protocol/pkce.js'
import { refreshTokens } from '../../src/protocol/refresh-tokens.js'
import { requestClientCredentials } from '../../src/protocol/token-endpoint.js'
import { redeemCode } from '../support/redeem-code.js'
import type { AuthorizationServer } from '../support/authorization-server.js'
import { errorOf, refusalOf } from '../support/refusal.js'
import { secret } from '../support/secrets.js'
import { consent, openScenes, redirectUri } from './support/scene.js'

const scene = openScenes()
const invalid = (parameter: string) => ({ code: 'id_token_invalid', parameter })

describe('redeeming a code', () => {
  test('gives the tokens and the claims of the ID Token', async () => {
    const { server, endpoint, grant } = await scene()
    expect(await redeemCode(endpoint, grant)).toMatchObject({
      tokenType: 'bearer',
      expiresInSeconds: 3600,
      refreshToken: expect.any(String) as string,
      scope: 'openid accounts offline_access',
      claims: { iss: server.issuer, sub: 'user-1', nonce: grant.nonce },
    })
  })

  test('sends each parameter once, in the body of a simple form', async () => {
    const { server, endpoint, grant } = await scene()
    await redeemCode(endpoint, grant)
    const [request] = server.requests.token
    expect(request?.url).toBe('https://as.example/token')
    expect(request?.headers.get('content-type')).toMatch(/^application\/x-www-form-urlencoded/)
    expect(request?.headers.has('authorization')).toBe(false)
    expect([...(request?.form ?? [])].sort()).toEqual([
      ['client_id', 'client-1'],
      ['code', grant.code],
      ['code_verifier', grant.codeVerifier],
      ['grant_type', 'authorization_code'],
      ['redirect_uri', redirectUri],
    ])
  })

  test('sends the further parameters of a provider, such as the sub of Moneyhub', async () => {
    const { server, endpoint, grant } = await scene()
    await redeemCode(endpoint, { ...grant, parameters: { sub: 'user-1' } })
    expect(server.requests.token[0]?.form.get('sub')).toBe('user-1')
  })

  test('without openid needs no ID Token', async () => {
    const { server, endpoint, grant } = await scene('accounts')
    expect(await redeemCode(endpoint, grant)).toMatchObject({ idToken: undefined, claims: undefined })
    expect(server.requests.jwks).toEqual([])
  })

  test('with another verifier is refused by the server', async () => {
    const { endpoint, grant } = await scene()
    expect(
      await errorOf(() => redeemCode(endpoint, { ...grant, codeVerifier: createCodeVerifier() })),
    ).toMatchObject({ code: 'token_error', error: 'invalid_grant', status: 400, recovery: 'authorize' })
  })

  test('of another transaction is refused by the server', async () => {
    const { server, endpoint, grant } = await scene()
    const stolen = await consent(server, 'openid')
    expect(await errorOf(() => redeemCode(endpoint, { ...grant, code: stolen.code }))).toMatchObject({
      code: 'token_error',
      error: 'invalid_grant',
    })
  })

  test.each(['https://evil.example', 'https://as.example/', '', undefined])(
    'of a response whose iss is %j sends nothing',
    async (iss) => {
      const { server, endpoint, grant } = await scene()
      expect(await refusalOf(() => redeemCode(endpoint, { ...grant, iss }))).toEqual({
        code: 'issuer_mismatch',
        parameter: 'iss',
      })
      expect(server.requests.token).toEqual([])
    },
  )

  test('sends nothing a second time by itself when no answer came', async () => {
    const { server, endpoint, grant } = await scene()
    server.hostile.token = () => HttpResponse.error()
    expect(await errorOf(() => redeemCode(endpoint, grant))).toMatchObject({
      code: 'network_error',
      recovery: 'resume',
    })
    expect(server.requests.token).toHaveLength(1)
  })
})

describe('the answer of the token endpoint', () => {
  const answered = async (answer: () => Response) => {
    const { server, endpoint, grant } = await scene('accounts')
    server.hostile.token = answer
    const error = await errorOf(() => redeemCode(endpoint, grant))
    expect(server.requests.token).toHaveLength(1)
    return error
  }
  const good = { access_token: secret('access-token-of-a-hostile-answer'), token_type: 'Bearer' }

  test.each<[string, () => Response, string]>([
    ['HTML that could be parsed', () => HttpResponse.html(JSON.stringify(good)), 'body'],
    ['text', () => HttpResponse.text(JSON.stringify(good)), 'body'],
    ['an array', () => HttpResponse.json([good]), 'body'],
    ['no JSON', () => new Response('{', { headers: { 'content-type': 'application/json' } }), 'body'],
    ['nothing', () => new Response(), 'body'],
    ['an error beside tokens', () => HttpResponse.json({ ...good, error: 'invalid_grant' }), 'error'],
    ['no access token', () => HttpResponse.json({ token_type: 'Bearer' }), 'access_token'],
    ['a line break in a token', () => HttpResponse.json({ ...good, access_token: 'a\r\nb' }), 'access_token'],
    ['a token type of another kind', () => HttpResponse.json({ ...good, token_type: 'mac' }), 'token_type'],
    ['constructor', () => HttpResponse.json({ ...good, token_type: 'constructor' }), 'token_type'],
    ['a token bound to a key', () => HttpResponse.json({ ...good, token_type: 'DPoP' }), 'token_type'],
    ['words for a lifetime', () => HttpResponse.json({ ...good, expires_in: '3600abc' }), 'expires_in'],
  ])('is refused when it is %s', async (_name, answer, parameter) => {
    expect(await answered(answer)).toMatchObject({ code: 'token_response_invalid', parameter })
  })

  test.each([201, 202, 204, 206])('is refused with status %i', async (status) => {
    expect(
      await answered(() =>
        status === 204 ? new Response(null, { status }) : HttpResponse.json(good, { status }),
      ),
    ).toMatchObject({ code: 'token_error', status, error: undefined })
  })

  test.each([302, 307])('is not followed elsewhere with status %i', async (status) => {
    expect(await answered(() => HttpResponse.redirect('https://evil.example/', status as 302))).toMatchObject(
      { code: 'response_malformed', parameter: 'status' },
    )
  })

  test('is read to its limit only', async () => {
    expect(await answered(() => HttpResponse.json({ ...good, filler: 'x'.repeat(262_144) }))).toMatchObject({
      code: 'response_malformed',
      parameter: 'body',
    })
  })

  test.each<[string, ResponseInit, string]>([
    ['400', { status: 400 }, 'invalid_grant'],
    ['Application/JSON', { status: 400, headers: { 'content-type': 'Application/JSON' } }, 'invalid_grant'],
    [
      'a problem document',
      { status: 400, headers: { 'content-type': 'application/problem+json' } },
      'invalid_scope',
    ],
    ['a challenge', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }, 'invalid_client'],
    ['500', { status: 500 }, 'server_error'],
  ])('is a typed error with %s', async (_name, init, error) => {
    expect(await answered(() => HttpResponse.json({ error, error_description: 'No.' }, init))).toMatchObject({
      name: 'TokenEndpointError',
      error,
      status: init.status,
      errorDescription: 'No.',
    })
  })

  test.each(['a"b', 'é', 'x'.repeat(129), 7, null, ''])('has no error called %j', async (error) => {
    expect(await answered(() => HttpResponse.json({ error }, { status: 400 }))).toMatchObject({
      code: 'token_error',
      error: undefined,
    })
  })

  test('says what to do: begin again, look at the configuration, or wait', async () => {
    expect(
      await answered(() => HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })),
    ).toMatchObject({
      recovery: 'authorize',
    })
    expect(
      await answered(() => HttpResponse.json({ error: 'invalid_client' }, { status: 401 })),
    ).toMatchObject({
      recovery: 'configure',
    })
    expect(
      await answered(() => new Response(null, { status: 503, headers: { 'retry-after': '7' } })),
    ).toMatchObject({ retryAfterSeconds: 7 })
    expect(
      await answered(
        () =>
          new Response(null, { status: 503, headers: { 'retry-after': 'Sun, 22 Nov 2026 00:00:00 GMT' } }),
      ),
    ).toMatchObject({ retryAfterSeconds: 0 })
    expect(
      await answered(() => new Response(null, { status: 503, headers: { 'retry-after': 'soon' } })),
    ).not.toHaveProperty('retryAfterSeconds')
  })

  test("may say Bearer with a colon where that is the provider's way", async () => {
    const { server, endpoint, grant } = await scene('accounts')
    server.hostile.tokens = (body) => ({ ...body, token_type: 'Bearer:' })
    expect(await redeemCode({ ...endpoint, bearerAliases: ['bearer:'] }, grant)).toMatchObject({
      tokenType: 'bearer',
    })
  })

  test('gives the members that a preset names', async () => {
    const { server, endpoint, grant } = await scene('accounts')
    server.hostile.tokens = (body) => ({ ...body, profile_id: 'p1', other: 'x' })
    expect(await redeemCode({ ...endpoint, extraMembers: ['profile_id'] }, grant)).toMatchObject({
      extra: { profile_id: 'p1' },
    })
  })
})

describe('refreshing', () => {
  const refreshed = async (change: (server: AuthorizationServer) => void, subject?: string) => {
    const { server, endpoint, grant } = await scene()
    const { refreshToken = '' } = await redeemCode(endpoint, grant)
    change(server)
    return { refreshToken, tokens: () => refreshTokens(endpoint, refreshToken, { subject }), server }
  }

  test('sends the refresh token, and asks for no other scope', async () => {
    const { server, tokens, refreshToken } = await refreshed(() => {})
    expect(await tokens()).toMatchObject({ claims: { sub: 'user-1' } })
    expect([...(server.requests.token[1]?.form ?? [])].sort()).toEqual([
      ['client_id', 'client-1'],
      ['grant_type', 'refresh_token'],
      ['refresh_token', refreshToken],
    ])
  })

  /** @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse */
  test('needs neither an ID Token nor a nonce, even where the subject is known', async () => {
    const { tokens } = await refreshed(({ hostile }) => {
      hostile.tokens = ({ id_token: _, refresh_token: __, ...body }) => body
    }, 'user-1')
    expect(await tokens()).toMatchObject({ claims: undefined, refreshToken: undefined })
  })

  test("refuses another user's ID Token", async () => {
    const { tokens } = await refreshed((server) => {
      server.subject = 'user-2'
    }, 'user-1')
    expect(await refusalOf(tokens)).toEqual(invalid('sub'))
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['another issuer', { iss: 'https://evil.example' }, 'iss'],
    ['another audience', { aud: 'client-2' }, 'aud'],
    ['an azp of a stranger', { azp: 'client-2' }, 'azp'],
    ['the hash of another access token', { at_hash: 'jpUUphyUkZCwbQsYhns6aw' }, 'at_hash'],
  ])('refuses an ID Token with %s', async (_name, changes, parameter) => {
    const { tokens } = await refreshed(({ hostile }) => {
      hostile.claims = (claims) => ({ ...claims, ...changes })
    })
    expect(await refusalOf(tokens)).toEqual(invalid(parameter))
  })

  describe.each<[string, (server: AuthorizationServer) => void]>([
    [
      'a time that is wrong',
      ({ hostile }) => {
        const day = 24 * 3600
        hostile.claims = (claims) => ({
          ...claims,
          iat: Number(claims['iat']) - 3 * day,
          exp: Number(claims['exp']) - 3 * day,
        })
      },
    ],
    ['a member that cannot be read', ({ hostile }) => (hostile.tokens = (body) => ({ ...body, scope: 1 }))],
    [
      'an access token that cannot be read',
      ({ hostile }) => (hostile.tokens = (body) => ({ ...body, access_token: 1 })),
    ],
  ])('with %s', (_name, spoil) => {
    const spoiled = (changes: Record<string, unknown>) =>
      refreshed((server) => {
        spoil(server)
        const { claims: change } = server.hostile
        server.hostile.claims = (claims) => ({ ...(change?.(claims) ?? claims), ...changes })
      }, 'user-1')

    test('keeps the new refresh token where the ID Token names the same person', async () => {
      const { tokens, server } = await spoiled({})
      expect(await tokens()).toEqual({
        refreshToken: expect.any(String) as string,
        fault: expect.objectContaining({ recovery: 'resume' }) as Error,
      })
      expect(server.requests.revocation).toEqual([])
    })

    test.each([
      ['person', 'sub', 'user-2'],
      ['server', 'iss', 'https://evil.example'],
      ['client', 'aud', 'client-2'],
    ])('refuses one about another %s, and revokes it', async (_what, claim, value) => {
      const { tokens, server } = await spoiled({ [claim]: value })
      expect(await refusalOf(tokens)).toEqual(invalid(claim))
      expect(server.requests.revocation[0]?.form.get('token_type_hint')).toBe('refresh_token')
    })
  })

  test.each([
    [-90, 'wrong by about 90 minutes'],
    [-5 * 60, 'wrong by about 5 hours'],
    [-3 * 24 * 60, 'wrong by about 3 days'],
  ])('says that the connection is kept where the clock is %i minutes off', async (minutes, words) => {
    const { tokens } = await refreshed(({ hostile }) => {
      hostile.claims = (claims) => ({
        ...claims,
        iat: Number(claims['iat']) + minutes * 60,
        exp: Number(claims['iat']) + minutes * 60 + 1,
      })
    }, 'user-1')
    const { fault } = (await tokens()) as { readonly fault?: ValidationError }
    expect(fault).toBeInstanceOf(ValidationError)
    expect(fault?.message).toBe(
      `The ID Token has no acceptable exp: the clock of this device is probably ${words}, so correct it. The connection is kept; try again later.`,
    )
  })

  test('refuses an ID Token with times that cannot be read', async () => {
    const { tokens, server } = await refreshed(({ hostile }) => {
      hostile.claims = (claims) => ({ ...claims, sub: 'user-2', exp: 'soon' as unknown as number })
    }, 'user-1')
    expect(await refusalOf(tokens)).toEqual(invalid('id_token'))
    expect(server.requests.revocation).not.toEqual([])
  })

  test('refuses an ID Token with a wrong time and a bad signature', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const { tokens } = await refreshed(({ hostile }) => {
      hostile.idToken = (claims) =>
        new SignJWT({ ...claims, iat: 1, exp: 2 })
          .setProtectedHeader({ alg: 'ES256', kid: 'key-1' })
          .sign(privateKey)
    }, 'user-1')
    expect(await refusalOf(tokens)).toEqual(invalid('signature'))
  })

  test('refuses an ID Token with a bad signature', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const { tokens } = await refreshed(({ hostile }) => {
      hostile.idToken = (claims) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'key-1' }).sign(privateKey)
    })
    expect(await refusalOf(tokens)).toEqual(invalid('signature'))
  })

  describe.each<[string, (server: AuthorizationServer) => void]>([
    ['its keys cannot be fetched', ({ hostile }) => (hostile.jwks = () => HttpResponse.error())],
    [
      'its keys are answered with 503',
      ({ hostile }) => (hostile.jwks = () => HttpResponse.json({}, { status: 503 })),
    ],
    [
      'nobody publishes its key yet',
      ({ hostile }) => (hostile.header = (header) => ({ ...header, kid: 'key-2' })),
    ],
  ])('with an ID Token that cannot be checked because %s', (_name, outOfReach) => {
    /** A refresh with keys of which the client knows none yet. */
    const unchecked = async (change: (server: AuthorizationServer) => void = () => {}) => {
      const { server, endpoint, grant } = await scene()
      const { refreshToken = '' } = await redeemCode({ ...endpoint, idToken: 'unchecked' }, grant)
      outOfReach(server)
      change(server)
      return { server, tokens: () => refreshTokens(endpoint, refreshToken, { subject: 'user-1' }) }
    }

    test('gives the new refresh token and nothing else', async () => {
      let issued: Record<string, unknown> = {}
      const { tokens } = await unchecked(({ hostile }) => {
        hostile.tokens = (body) => (issued = body)
      })
      expect(await tokens()).toEqual({ refreshToken: issued['refresh_token'] })
      expect(issued['refresh_token']).toEqual(expect.any(String))
    })

    test('keeps the old refresh token where no new one came', async () => {
      const { tokens } = await unchecked(({ hostile }) => {
        hostile.tokens = ({ refresh_token: _, ...body }) => body
      })
      expect(await tokens()).toEqual({ refreshToken: undefined })
    })

    test.each([
      ['another person', { sub: 'user-2' }, 'sub'],
      ['another issuer', { iss: 'https://evil.example' }, 'iss'],
      ['another access token', { at_hash: 'jpUUphyUkZCwbQsYhns6aw' }, 'at_hash'],
    ])('refuses one that names %s', async (_claim, changes, parameter) => {
      const { tokens } = await unchecked(({ hostile }) => {
        hostile.claims = (claims) => ({ ...claims, ...changes })
      })
      expect(await refusalOf(tokens)).toEqual(invalid(parameter))
    })
  })

  test('with a spent refresh token is an error of the server', async () => {
    const { tokens } = await refreshed(() => {})
    await tokens()
    expect(await errorOf(tokens)).toMatchObject({ code: 'token_error', error: 'invalid_grant' })
  })
})

test('a token of the client itself comes by client_credentials', async () => {
  const { server, endpoint } = await scene()
  server.hostile.token = () => HttpResponse.json({ access_token: 'abc', token_type: 'Bearer' })
  expect(await requestClientCredentials(endpoint, { scope: 'accounts:read', sub: 'user-1' })).toMatchObject({
    accessToken: 'abc',
  })
  expect(Object.fromEntries(server.requests.token[0]?.form ?? [])).toEqual({
    client_id: 'client-1',
    grant_type: 'client_credentials',
    scope: 'accounts:read',
    sub: 'user-1',
  })
})

describe('with DPoP', () => {
  async function bound() {
    const all = await scene('accounts offline_access')
    const keys = await oauth.generateKeyPair('ES256', { extractable: true })
    const dpop = oauth.DPoP({}, keys)
    all.server.hostile.tokens = (body) => ({ ...body, token_type: 'DPoP' })
    return { ...all, keys, endpoint: { ...all.endpoint, dpop } }
  }
  const nonceError = () =>
    HttpResponse.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'dpop-nonce': 'n1' } })

  test('the request carries a proof of the key, for this address', async () => {
    const { server, endpoint, grant, keys } = await bound()
    expect(await redeemCode(endpoint, grant)).toMatchObject({ tokenType: 'dpop' })
    const proof = server.requests.token[0]?.headers.get('dpop') ?? ''
    const { payload } = await jwtVerify(proof, keys.publicKey, { typ: 'dpop+jwt' })
    expect(payload).toMatchObject({
      htm: 'POST',
      htu: 'https://as.example/token',
      jti: expect.any(String) as string,
    })
    expect(decodeProtectedHeader(proof).jwk).not.toHaveProperty('d')
  })

  test("is sent once more with the server's nonce, and no more than once", async () => {
    const { server, endpoint, grant } = await bound()
    let refusals = 1
    server.hostile.token = () => (refusals-- > 0 ? nonceError() : undefined)
    expect(await redeemCode(endpoint, grant)).toMatchObject({ tokenType: 'dpop' })
    expect(server.requests.token).toHaveLength(2)

    server.hostile.token = nonceError
    const next = await consent(server, 'accounts')
    expect(await errorOf(() => redeemCode(endpoint, next))).toMatchObject({ error: 'use_dpop_nonce' })
    expect(server.requests.token).toHaveLength(4)
  })

  test('a token that is not bound is refused', async () => {
    const { server, endpoint, grant } = await bound()
    server.hostile.tokens = (body) => body
    expect(await refusalOf(() => redeemCode(endpoint, grant))).toEqual({
      code: 'token_response_invalid',
      parameter: 'token_type',
    })
  })
})
