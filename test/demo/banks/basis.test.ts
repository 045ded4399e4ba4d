import { createHash, createHmac } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startBasis, type BasisBank } from '../../../demo/banks/basis.js'
import { institutions } from '../../../src/testing/quirks/basis-institutions.js'
import { appOrigin, redirectUri, type Parameters } from './support.js'
import { createVisitor, type Stop } from './visitor.js'

const verifier = 'a-code-verifier-of-forty-three-characters-0'
const [platform] = institutions[0]!.platforms
const platformId = platform!.id

let bank: BasisBank

beforeAll(async () => {
  bank = await startBasis({ redirectUris: [redirectUri] })
})

afterEach(() => {
  vi.useRealTimers()
  bank.control.reset()
  bank.requests.clear()
})

afterAll(() => bank.close())

interface TokenOptions {
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, string | undefined>
  readonly key?: Uint8Array
}

/** An initialization token as a good backend signs it, but for what is changed; undefined removes a claim. */
function initToken({ claims = {}, header = {}, key }: TokenOptions = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const payload = {
    exp: iat + 600,
    iat,
    platform_id: platformId,
    client_id: bank.clientId,
    user_email: 'robin@lasagna.example',
    user_name: 'Robin',
    company_ein: '881231234',
    company_name: 'Lasagna Enterprises',
    native_user_id: 'user-1',
    ...claims,
  }
  const { alg = 'HS512', ...others } = { kid: bank.clientId, typ: 'JWT', ...header }
  return new SignJWT(JSON.parse(JSON.stringify(payload)) as Record<string, unknown>)
    .setProtectedHeader({ alg, ...(JSON.parse(JSON.stringify(others)) as object) })
    .sign(key ?? Buffer.from(bank.clientSecret, 'base64'))
}

async function authorizationUrl(parameters: Parameters = {}): Promise<URL> {
  const url = new URL(`${bank.origin}/oauth`)
  const all: Parameters = {
    response_type: 'code',
    client_id: bank.clientId,
    scope: 'profile:read',
    redirect_uri: redirectUri,
    state: 'abc',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    init_token: await initToken(),
    ...parameters,
  }
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value)
  return url
}

const open = async (parameters?: Parameters): Promise<Stop> =>
  createVisitor(bank.origin).open(await authorizationUrl(parameters))

async function decide(action: string, parameters?: Parameters): Promise<Stop> {
  const visitor = createVisitor(bank.origin)
  await visitor.open(await authorizationUrl(parameters))
  await visitor.signIn()
  return visitor.press(action)
}

const code = async (parameters?: Parameters): Promise<string> =>
  (await decide('approve', parameters)).url.searchParams.get('code') ?? ''

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly profile_id: string
  readonly error?: string
}

const basic = (secret = bank.clientSecret) => `Basic ${btoa(`${bank.clientId}:${secret}`)}`

async function requestTokens(parameters: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${bank.origin}/oauth/token`, {
    method: 'POST',
    headers: { authorization: basic(), ...headers },
    body: new URLSearchParams(parameters),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Tokens }
}

const redeem = (code: string, parameters: Record<string, string> = {}, headers?: Record<string, string>) =>
  requestTokens({ grant_type: 'authorization_code', code, code_verifier: verifier, ...parameters }, headers)

const refresh = (refresh_token: string) => requestTokens({ grant_type: 'refresh_token', refresh_token })

const connect = async (parameters?: Parameters): Promise<Tokens> =>
  (await redeem(await code(parameters))).body

const get = (path: string, accessToken: string, headers: Record<string, string> = {}) =>
  fetch(bank.origin + path, { headers: { authorization: `Bearer ${accessToken}`, ...headers } })

async function errorOf(parameters: Parameters): Promise<string | null> {
  const { url } = await open(parameters)
  expect(url.origin + url.pathname).toBe(redirectUri)
  return url.searchParams.get('error')
}

test('issues a secret of 64 bytes that holds every character a form would encode', () => {
  expect(Buffer.from(bank.clientSecret, 'base64')).toHaveLength(64)
  expect(bank.clientSecret).toMatch(/\+/)
  expect(bank.clientSecret).toMatch(/\//)
  expect(bank.clientSecret).toMatch(/=$/)
})

test('redirects an approved request with code and state, and nothing else', async () => {
  const { url } = await decide('approve')
  expect([...url.searchParams.keys()]).toEqual(['code', 'state'])
  expect(url.searchParams.get('state')).toBe('abc')
})

test('does without a state', async () => {
  const { url } = await decide('approve', { state: undefined })
  expect([...url.searchParams.keys()]).toEqual(['code'])
})

test.each(['deny', 'cancel'])('sends a person who presses %s back with access_denied', async (action) => {
  const { url } = await decide(action)
  expect(url.searchParams.get('error')).toBe('access_denied')
})

test('takes the initialization token out of the address bar at once', async () => {
  const { url, headers } = await open()
  expect(url.href).toMatch(/\/connect\/[\w-]+$/)
  expect(headers.get('referrer-policy')).toBe('no-referrer')
})

test('asks for the sign-in of the platform that the token names', async () => {
  expect((await open()).text).toContain(`Sign in to ${platform!.display_name}`)
})

describe('the authorization request', () => {
  test.each([
    ['of an unknown client', { client_id: '00000000-0000-0000-0000-000000000000' }],
    ['without a client', { client_id: undefined }],
    ['without a redirect URI', { redirect_uri: undefined }],
    ['with a redirect URI that is not registered', { redirect_uri: `${redirectUri}/` }],
    ['with a malformed redirect URI', { redirect_uri: 'http://' }],
  ])('%s is refused with a page, before anything else is looked at', async (_what, parameters) => {
    const stop = await open({ response_type: undefined, ...parameters })
    expect([stop.status, stop.url.origin, stop.headers.get('location')]).toEqual([400, bank.origin, null])
    expect(stop.text).toContain('This link does not work')
  })

  test('with two redirect URIs is refused with a page', async () => {
    const url = await authorizationUrl()
    url.searchParams.append('redirect_uri', redirectUri)
    expect((await createVisitor(bank.origin).open(url)).status).toBe(400)
  })

  test('with a repeated parameter is invalid', async () => {
    const url = await authorizationUrl()
    url.searchParams.append('state', 'abc')
    const stop = await createVisitor(bank.origin).open(url)
    expect(stop.url.searchParams.get('error_description')).toBe('Request includes state more than once.')
  })

  test.each([
    ['invalid_request', 'without response_type', { response_type: undefined }],
    ['unsupported_response_type', 'for a token', { response_type: 'token' }],
    ['invalid_request', 'without scope', { scope: undefined }],
    ['invalid_scope', 'for another scope', { scope: 'profile:read openid' }],
    ['invalid_request', 'without a code challenge', { code_challenge: undefined }],
    ['invalid_request', 'with a malformed code challenge', { code_challenge: verifier + '=' }],
    ['invalid_request', 'without an initialization token', { init_token: undefined }],
  ])('is answered with %s %s', async (error, _what, parameters) => {
    expect(await errorOf(parameters)).toBe(error)
  })

  test.each(['S256', 'plain', 'nonsense'])(
    'takes S256 for granted whatever the method %s says',
    async (method) => {
      const { status } = await redeem(await code({ code_challenge_method: method }))
      expect(status).toBe(200)
    },
  )

  test('may carry the token under its newer name', async () => {
    const newer = await startBasis({ redirectUris: [redirectUri], initTokenParam: 'token' })
    const token = await initToken({
      claims: { client_id: newer.clientId },
      key: Buffer.from(newer.clientSecret, 'base64'),
    })
    const url = await authorizationUrl({ init_token: undefined, token })
    const stop = await createVisitor(newer.origin).open(newer.origin + url.pathname + url.search)
    expect(stop.text).toContain('Sign in to')
    await newer.close()
  })
})

describe('the initialization token', () => {
  const descriptionOf = async (init_token: string): Promise<string | null> => {
    const { url } = await open({ init_token })
    expect(url.searchParams.get('error')).toBe('invalid_request')
    return url.searchParams.get('error_description')
  }

  test('that has expired is refused letter by letter as documented', async () => {
    const { url } = await open({ init_token: await initToken({ claims: { exp: 1516249022 } }) })
    expect(url.href).toBe(
      `${redirectUri}?error=invalid_request&error_uri=https%3A%2F%2Fwww.ietf.org%2Farchive%2Fid%2Fdraft-ietf-oauth-v2-1-11.html%23section-4.1.2.1&state=abc&error_description=Request+included+expired+Initialization+Token.`,
    )
  })

  test('expires sooner when told to read it later', async () => {
    bank.control.next({ secondsLater: 601 })
    expect(await descriptionOf(await initToken())).toBe('Request included expired Initialization Token.')
  })

  test('is refused when it is no JWT, unsecured, or signed otherwise', async () => {
    const secret = Buffer.from(bank.clientSecret, 'base64')
    expect(await descriptionOf('a.b')).toBe('Initialization token is malformed.')
    expect(await descriptionOf(new UnsecuredJWT({ client_id: bank.clientId }).encode())).toMatch(
      /signed|malformed/,
    )
    expect(await descriptionOf(await initToken({ header: { alg: 'HS256' }, key: secret }))).toBe(
      'Initialization token is not signed with HS512.',
    )
  })

  test('is refused when the key is the secret’s text and not its bytes', async () => {
    const [header, payload] = (await initToken()).split('.')
    const signature = createHmac('sha512', bank.clientSecret)
      .update(`${header!}.${payload!}`)
      .digest('base64url')
    expect(await descriptionOf(`${header!}.${payload!}.${signature}`)).toBe(
      'Initialization token has an invalid signature.',
    )
  })

  test.each([
    [
      'of another kid',
      { header: { kid: 'another' } },
      'Initialization token has a kid that is not the client_id.',
    ],
    ['of another client', { claims: { client_id: 'another' } }, 'Initialization token is of another client.'],
    ['without an expiry', { claims: { exp: undefined } }, 'Initialization token has no usable exp.'],
    ['without a time of issue', { claims: { iat: undefined } }, 'Initialization token has no usable iat.'],
    ...['user_email', 'user_name', 'company_ein', 'company_name'].map(
      (name): [string, TokenOptions, string] => [
        `without ${name}`,
        { claims: { [name]: undefined } },
        `Initialization token has no ${name}.`,
      ],
    ),
    [
      'that lives for a year',
      { claims: { exp: Math.floor(Date.now() / 1000) + 31_536_000 } },
      'Initialization token lives too long.',
    ],
    [
      'from an hour ahead',
      { claims: { iat: Math.floor(Date.now() / 1000) + 3600, exp: Math.floor(Date.now() / 1000) + 7200 } },
      'Initialization token was issued in the future.',
    ],
    [
      'for an unknown platform',
      { claims: { platform_id: '00000000-0000-0000-0000-000000000000' } },
      'Initialization token names an unknown platform_id.',
    ],
    [
      'with a hyphen in the EIN',
      { claims: { company_ein: '12-3456789' } },
      'Initialization token has a company_ein that is not nine digits.',
    ],
  ] satisfies [string, TokenOptions, string][])('%s is refused', async (_what, options, description) => {
    expect(await descriptionOf(await initToken(options))).toBe(description)
  })

  test('may lack the kid, as in the documentation’s own snippet', async () => {
    const init_token = await initToken({ header: { kid: undefined } })
    expect((await open({ init_token })).text).toContain('Sign in to')
  })
})

describe('the token endpoint', () => {
  test('answers a code with tokens for 60 minutes and the profile_id', async () => {
    const { status, headers, body } = await redeem(await code())
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toEqual({
      access_token: expect.any(String) as string,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.any(String) as string,
      profile_id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
      scope: 'profile:read',
    })
  })

  test('refuses credentials that are form-encoded, as RFC 6749 would have them', async () => {
    const encoded = basic(encodeURIComponent(bank.clientSecret))
    const { status, headers, body } = await redeem(await code(), {}, { authorization: encoded })
    expect([status, body.error]).toEqual([401, 'invalid_client'])
    expect(headers.get('www-authenticate')).toMatch(/^Basic /)
  })

  test('refuses a secret in the body', async () => {
    const parameters = { client_id: bank.clientId, client_secret: bank.clientSecret }
    expect((await redeem(await code(), parameters, { authorization: '' })).status).toBe(401)
  })

  test('takes a code once, with its verifier, within a minute', async () => {
    const used = await code()
    expect((await redeem(used)).status).toBe(200)
    expect((await redeem(used)).body.error).toBe('invalid_grant')
    expect((await redeem(await code(), { code_verifier: 'x'.repeat(43) })).body.error).toBe('invalid_grant')
    const late = await code()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    expect((await redeem(late)).body.error).toBe('invalid_grant')
  })

  test('does without a redirect URI, and refuses another', async () => {
    expect((await redeem(await code(), { redirect_uri: redirectUri })).status).toBe(200)
    expect((await redeem(await code(), { redirect_uri: `${appOrigin}/x` })).body.error).toBe('invalid_grant')
  })

  test('refreshes without replacing the refresh token, and without saying the profile_id again', async () => {
    const { refresh_token } = await connect()
    const { status, body } = await refresh(refresh_token)
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type'])
    expect((await refresh(refresh_token)).status).toBe(200)
  })

  test('replaces refresh tokens when told to, and kills the grant when one is used twice', async () => {
    bank.control.always({ rotate: true })
    const first = await connect()
    const second = await refresh(first.refresh_token)
    expect(second.body.refresh_token).not.toBe(first.refresh_token)
    expect((await refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await refresh(second.body.refresh_token)).body.error).toBe('invalid_grant')
    expect((await get(`/profiles/${first.profile_id}`, second.body.access_token)).status).toBe(401)
  })

  test.each([
    ['unsupported_grant_type', { grant_type: 'password' }],
    ['invalid_request', { grant_type: 'refresh_token' }],
    ['invalid_request', {}],
    ['invalid_scope', { grant_type: 'client_credentials', scope: 'everything' }],
    ['invalid_scope', { grant_type: 'client_credentials' }],
  ] as [string, Record<string, string>][])('answers %s to %o', async (error, parameters) => {
    expect((await requestTokens(parameters)).body.error).toBe(error)
  })

  test('knows nothing of CORS, so that a page cannot read what it answers', async () => {
    const { headers } = await redeem(await code(), {}, { origin: appOrigin })
    expect(headers.get('access-control-allow-origin')).toBeNull()
    const preflight = await fetch(`${bank.origin}/oauth/token`, {
      method: 'OPTIONS',
      headers: { origin: appOrigin },
    })
    expect(preflight.status).toBe(405)
  })
})

describe('the API', () => {
  test('lists institutions to the client itself', async () => {
    const { body } = await requestTokens({ grant_type: 'client_credentials', scope: 'institutions:read' })
    const list = (await (await get('/institutions', body.access_token)).json()) as { institutions: unknown[] }
    expect(list.institutions).toHaveLength(institutions.length)
    const { id } = institutions[0]!
    expect(await (await get(`/institutions/${id}`, body.access_token)).json()).toMatchObject({ id })
    expect((await get('/institutions/none', body.access_token)).status).toBe(404)
  })

  test('lists no institutions to a person’s token', async () => {
    expect((await get('/institutions', (await connect()).access_token)).status).toBe(403)
  })

  test('shows a profile to its own token, readable by the app’s pages alone', async () => {
    const { access_token, profile_id } = await connect()
    const response = await get(`/profiles/${profile_id}`, access_token, { origin: appOrigin })
    expect(response.headers.get('access-control-allow-origin')).toBe(appOrigin)
    expect(await response.json()).toMatchObject({
      id: profile_id,
      company_name: 'Lasagna Enterprises',
      native_user_id: 'user-1',
      connections: [{ platform_id: platformId, signed_in_as: 'Ada Lovelace' }],
    })
    const other = await connect({ init_token: await initToken({ claims: { company_ein: '111111111' } }) })
    expect(other.profile_id).not.toBe(profile_id)
    expect((await get(`/profiles/${profile_id}`, other.access_token)).status).toBe(403)
  })

  test('adds to the profile of a business that comes again', async () => {
    const first = await connect()
    const [, second] = institutions[0]!.platforms
    const again = await connect({ init_token: await initToken({ claims: { platform_id: second!.id } }) })
    expect(again.profile_id).toBe(first.profile_id)
    const profile = (await (await get(`/profiles/${first.profile_id}`, again.access_token)).json()) as {
      connections: { platform_id: string }[]
    }
    expect(profile.connections.map(({ platform_id }) => platform_id)).toEqual([platformId, second!.id])
  })

  test('refuses access tokens that have expired', async () => {
    const { access_token, profile_id } = await connect()
    await bank.control.act('expireAccessTokens')
    expect((await get(`/profiles/${profile_id}`, access_token)).status).toBe(401)
  })
})

describe('the control', () => {
  test('answers alone, for whom it is told', async () => {
    bank.control.next({ automatic: true, person: 'grace' })
    const { body } = await redeem((await open()).url.searchParams.get('code') ?? '')
    expect(await (await get(`/profiles/${body.profile_id}`, body.access_token)).text()).toContain(
      'Grace Hopper',
    )
  })

  test.each(['server_error', 'temporarily_unavailable', 'unauthorized_client'])(
    'answers %s',
    async (error) => {
      bank.control.next({ error })
      expect(await errorOf({})).toBe(error)
    },
  )

  test('keeps the person here when no redirect URI is known', async () => {
    bank.control.next({ unregistered: true })
    expect((await open()).status).toBe(400)
    expect((await open()).status).toBe(200)
  })

  test('makes the answers other than they are', async () => {
    bank.control.next({
      redirect: { state: 'other' },
      tokenResponse: { profile_id: null },
      accessTokenSeconds: 5,
    })
    const { url } = await decide('approve')
    expect(url.searchParams.get('state')).toBe('other')
    const { body } = await redeem(url.searchParams.get('code') ?? '')
    expect(body).not.toHaveProperty('profile_id')
    expect(body).toMatchObject({ expires_in: 5 })
  })

  test('revokes every grant', async () => {
    const { refresh_token } = await connect()
    await bank.control.act('revokeGrants')
    expect((await refresh(refresh_token)).body.error).toBe('invalid_grant')
  })
})
