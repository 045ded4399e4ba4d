// The same stories at the kit's servers and at the demo's, which are oidc-provider: the kit is never kinder than a real server.
import { createHash } from 'node:crypto'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { oidc, stitch } from 'countersign/providers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standard as standardKind } from '../../src/testing/kinds/standard.js'
import { stitch as stitchKind } from '../../src/testing/kinds/stitch.js'
import type { Kind, ProviderSetup } from '../../src/testing/kinds/kind.js'
import { PageError } from '../../src/testing/servers/authorization-request.js'
import { createKeyPair } from '../../src/testing/servers/jwt.js'
import { createServer } from '../../src/testing/servers/server.js'
import { openStandard, openStitch, redirectUri, type App, type Parameters } from '../demo/banks/support.js'

const verifier = 'a-code-verifier-of-forty-three-characters-0'
const challenge = createHash('sha256').update(verifier).digest('base64url')

/** A server that is asked directly, whichever it is. */
interface Place {
  /** A person opens a request and approves: the parameters they come back with, or `page` where they are sent nowhere. */
  authorize(parameters?: Parameters): Promise<Record<string, string> | 'page'>
  post(endpoint: 'token' | 'revocation', form: Parameters): Promise<Answer>
  api(accessToken: string | undefined): Promise<number>
  /** Credentials of the client; further claims replace those of its assertion. */
  credentials(claims?: Record<string, unknown>): Promise<Parameters>
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

const form = (parameters: Parameters) =>
  new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )

const read = async (response: Response): Promise<Answer> => {
  const text = await response.text()
  return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : {} }
}

/** The demo's bank, over HTTP. */
function real(
  app: App,
  api: (token: string | undefined) => Promise<Response>,
  credentials: Place['credentials'],
): Place {
  return {
    async authorize(parameters) {
      const first = await app.open(parameters)
      const toApp = ({ url }: { readonly url: URL }) => url.href.startsWith(redirectUri)
      // Errors about an unusable response_type arrive in the fragment.
      const { searchParams, hash } = first.url
      if (toApp(first)) return Object.fromEntries([...searchParams, ...new URLSearchParams(hash.slice(1))])
      if (first.status >= 400) return 'page'
      const stop = await app.decide('approve', undefined, parameters)
      return toApp(stop) ? Object.fromEntries(stop.url.searchParams) : 'page'
    },
    async post(endpoint, parameters) {
      const document = await app.discover()
      const url = endpoint === 'token' ? document.token_endpoint : document.revocation_endpoint
      return read(await fetch(url, { method: 'POST', body: form(parameters) }))
    },
    api: async (token) => (await api(token)).status,
    credentials,
  }
}

/** The kit's, without a network. */
async function kit(
  kind: Kind,
  provider: ProviderSetup['provider'],
  api: { method: string; url: string; body?: string },
  sign: (claims: Record<string, unknown>) => Promise<Parameters>,
  key?: CryptoKey,
): Promise<Place> {
  const { dialect, authentication } = await kind({
    name: 'bank',
    provider,
    redirectUri,
    clientKey: await createKeyPair(),
    fetchWithCertificate: fetch,
    now: () => Date.now() / 1000,
  })
  const { clientId, label, scope } = provider
  const registered = key ? { method: 'private_key_jwt' as const, key } : authentication
  const server = createServer(
    dialect,
    [{ name: 'bank', label, clientId, redirectUri, authentication: registered }],
    { now: () => Date.now() / 1000, takeTampering: () => undefined },
  )
  const ask = (method: string, url: string, headers: Record<string, string>, body = '') => {
    const endpoint = server.endpointOf(new URL(url))!
    const request = { method, url: new URL(url), headers: new Headers(headers), body, certificate: false }
    return server.answer(request, endpoint)
  }
  return {
    async authorize(parameters = {}) {
      const url = new URL(dialect.endpoints.authorization)
      url.search = form({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope,
        state: 'abc',
        nonce: 'xyz',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...parameters,
      }).toString()
      try {
        const request = await server.open(url)
        const response = new URL(server.end(request, { kind: 'approve', approval: {} }))
        return Object.fromEntries(response.searchParams)
      } catch (error) {
        if (error instanceof PageError) return 'page'
        throw error
      }
    },
    post: async (endpoint, parameters) =>
      read(
        await ask(
          'POST',
          dialect.endpoints[endpoint] ?? '',
          { 'content-type': 'application/x-www-form-urlencoded' },
          form(parameters).toString(),
        ),
      ),
    api: async (token) =>
      (
        await ask(
          api.method,
          api.url,
          {
            'content-type': 'application/json',
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          },
          api.body,
        )
      ).status,
    credentials: (claims = {}) => sign(claims),
  }
}

const query = JSON.stringify({ query: '{ user { bankAccounts { name } } }' })
const closing: (() => Promise<void>)[] = []
afterAll(() => Promise.all(closing.map((close) => close())))

/** Both servers of one kind. */
const kinds = {
  async standard() {
    const app = await openStandard({ dpop: false, par: false })
    closing.push(() => app.bank.close())
    const client = () => Promise.resolve({ client_id: app.bank.clientId })
    const issuer = 'https://kit.example'
    const provider = oidc({
      issuer,
      clientId: app.bank.clientId,
      scope: 'openid accounts offline_access',
      api: `${issuer}/api`,
    })
    const accounts = (token: string | undefined) =>
      fetch(`${app.bank.origin}/accounts`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      })
    return {
      real: real(app, accounts, client),
      kit: await kit(standardKind, provider, { method: 'GET', url: `${issuer}/api/accounts` }, client),
    }
  },

  async stitch() {
    const app = await openStitch()
    closing.push(() => app.bank.close())
    const origin = 'https://kit.example'
    const provider = stitch({
      clientId: app.bank.clientId,
      scope: 'openid accounts balances offline_access',
      authorizationEndpoint: `${origin}/connect/authorize`,
      api: `${origin}/`,
    })
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const assertion = (jwt: string) => ({
      client_id: app.bank.clientId,
      client_assertion: jwt,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    const sign = async (claims: Record<string, unknown>) => {
      const exp = Math.floor(Date.now() / 1000) + 60
      const { clientId } = app.bank
      const good = {
        iss: clientId,
        sub: clientId,
        aud: `${origin}/connect/token`,
        jti: crypto.randomUUID(),
        exp,
      }
      return assertion(
        await new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg: 'RS256' }).sign(privateKey),
      )
    }
    const graphql = (token: string | undefined) =>
      fetch(`${app.bank.origin}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: query,
      })
    return {
      real: real(app, graphql, async (claims) => assertion(await app.signAssertion(claims))),
      kit: await kit(
        stitchKind,
        provider,
        { method: 'POST', url: `${origin}/graphql`, body: query },
        sign,
        publicKey,
      ),
    }
  },
}

type Both = Awaited<ReturnType<(typeof kinds)[keyof typeof kinds]>>

/** Claims that a server may leave out: the kit has them at every bank, so that they are checked. */
const optionalClaims = /^(?:acr|nbf|at_hash|s_hash|auth_time)$/

/** What a place answers to a story. */
type Story = (place: Place) => Promise<unknown>

const codeOf = async (place: Place) => {
  const response = await place.authorize()
  if (response === 'page' || !response['code']) throw new Error('no code came')
  return response['code']
}

const redeem = async (place: Place, more: Parameters = {}) =>
  place.post('token', {
    grant_type: 'authorization_code',
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...(!('code' in more) && { code: await codeOf(place) }),
    ...(await place.credentials()),
    ...more,
  })

const refresh = async (place: Place, refresh_token: unknown) =>
  place.post('token', {
    grant_type: 'refresh_token',
    refresh_token: String(refresh_token),
    ...(await place.credentials()),
  })

const verdict = ({ status, body }: Answer) => ({ status, error: body['error'] })
const keysOf = (object: object) => Object.keys(object).sort()

const stories: Record<string, Story> = {
  'a request without code_challenge': async (place) =>
    errorOf(await place.authorize({ code_challenge: undefined })),
  'a request with a plain code_challenge': async (place) =>
    errorOf(await place.authorize({ code_challenge_method: 'plain' })),
  'a request for a token': async (place) => errorOf(await place.authorize({ response_type: 'token' })),
  'another redirect URI': (place) => place.authorize({ redirect_uri: `${redirectUri}/other` }),
  'an unknown client': (place) => place.authorize({ client_id: 'somebody' }),
  'a code': async (place) => keysOf((await place.authorize()) as object),
  'a code that is redeemed': async (place) => {
    const { status, body } = await redeem(place)
    return [status, keysOf(body)]
  },
  'a code without its verifier': async (place) => verdict(await redeem(place, { code_verifier: undefined })),
  'a code with another verifier': async (place) =>
    verdict(await redeem(place, { code_verifier: verifier.replace('0', '1') })),
  'a code with another redirect URI': async (place) =>
    verdict(await redeem(place, { redirect_uri: `${redirectUri}/other` })),
  'a made-up code': async (place) => verdict(await redeem(place, { code: 'made-up' })),
  'a code that is redeemed twice, and what it had given': async (place) => {
    const code = await codeOf(place)
    const first = await redeem(place, { code })
    return [
      first.status,
      verdict(await redeem(place, { code })),
      await place.api(first.body['access_token'] as string),
      verdict(await refresh(place, first.body['refresh_token'])),
    ]
  },
  'a refresh token that is used twice, and what it had given': async (place) => {
    const first = await redeem(place)
    const second = await refresh(place, first.body['refresh_token'])
    return [
      second.status,
      keysOf(second.body),
      verdict(await refresh(place, first.body['refresh_token'])),
      verdict(await refresh(place, second.body['refresh_token'])),
      await place.api(second.body['access_token'] as string),
    ]
  },
  'a made-up refresh token': async (place) => verdict(await refresh(place, 'made-up')),
  'an unknown grant type': async (place) =>
    verdict(await place.post('token', { grant_type: 'password', ...(await place.credentials()) })),
  'another client id': async (place) => verdict(await redeem(place, { client_id: 'somebody' })),
  'an ID Token': async (place) => {
    const { body } = await redeem(place)
    const { nonce, aud, ...claims } = decodeJwt(body['id_token'] as string)
    return [nonce, typeof aud, keysOf(claims).filter((name) => !optionalClaims.test(name))]
  },
  'the API, without a token, with a made-up one, and with a good one': async (place) => {
    const { body } = await redeem(place)
    return [
      await place.api(undefined),
      await place.api('made-up'),
      await place.api(body['access_token'] as string),
    ]
  },
}

const errorOf = (response: Record<string, string> | 'page') =>
  response === 'page' ? 'page' : { error: response['error'], state: response['state'] }

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('%s', (name) => {
  let both: Both
  beforeAll(async () => {
    both = await kinds[name]()
  })

  test.each(Object.entries(stories))('%s: the kit answers as oidc-provider does', async (_, story) => {
    expect(await story(both.kit)).toEqual(await story(both.real))
  })
})

describe('a client that authenticates by an assertion', () => {
  let both: Both
  beforeAll(async () => {
    both = await kinds.stitch()
  })

  test.each<[string, (place: Place) => Promise<Parameters>]>([
    ['none', async () => ({ client_assertion: undefined, client_assertion_type: undefined })],
    ['one for another audience', (place) => place.credentials({ aud: 'https://somebody.example' })],
    ['one that has expired', (place) => place.credentials({ exp: Math.floor(Date.now() / 1000) - 600 })],
    ['one of another client', (place) => place.credentials({ iss: 'somebody', sub: 'somebody' })],
    ['one without an id', (place) => place.credentials({ jti: undefined })],
    [
      'one with a broken signature',
      async (place) => {
        const { client_assertion = '', ...more } = await place.credentials()
        return { ...more, client_assertion: client_assertion.slice(0, -8) + 'AAAAAAAA' }
      },
    ],
  ])('%s: the kit answers as oidc-provider does', async (_, credentials) => {
    const story: Story = async (place) => verdict(await redeem(place, await credentials(place)))
    expect(await story(both.kit)).toEqual(await story(both.real))
  })

  test('one that was used before: the kit answers as oidc-provider does', async () => {
    const story: Story = async (place) => {
      const credentials = await place.credentials()
      return [(await redeem(place, credentials)).status, verdict(await redeem(place, credentials))]
    }
    expect(await story(both.kit)).toEqual(await story(both.real))
  })
})

test('the kit is stricter than oidc-provider about credentials that are not registered', async () => {
  const { kit } = await kinds.standard()
  expect(verdict(await redeem(kit, { client_secret: 'guessed' }))).toEqual({
    status: 401,
    error: 'invalid_client',
  })
})
