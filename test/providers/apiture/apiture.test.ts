import { apiture as apitureBackend } from 'countersign/backend'
import { createClient, singleUser } from 'countersign/core'
import { apiture } from 'countersign/providers'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { calculateCodeChallenge, createState } from '../../../src/protocol/pkce.js'
import { createVisitor } from '../../demo/banks/visitor.js'
import { createBrowser } from '../../support/browser.js'
import { until } from '../../support/until.js'
import { nobodyAnswers } from '../scene.js'
import { storedTransaction } from '../stored-transaction.js'
import { createApitureScene, openBank, redirectUri, scope, type TestBank } from './scene.js'

let bank: TestBank

beforeAll(async () => {
  bank = await openBank()
})
afterEach(() => {
  bank.control.reset()
  bank.requests.clear()
})
afterAll(() => bank.close())

const clientId = 'my-client'
const tokenRequests = () => bank.requests.find('/oidc/token')

type Scene = ReturnType<typeof createApitureScene>

/** Whatever the page keeps beyond its life. */
const stored = async ({ browser }: Scene) => JSON.stringify([...(await browser.records())])

/** Claims about who has connected. */
const userinfoOf = async (tokens: Awaited<ReturnType<Scene['connect']>>['tokens']) => {
  if (!('userinfo' in tokens)) throw new Error('There is no userinfo.')
  return (tokens.userinfo as () => Promise<{ readonly sub: string }>)()
}

const accessTokenOf = async ({ tokens }: Awaited<ReturnType<Scene['connect']>>) => {
  if (!('getAccessToken' in tokens)) throw new Error('There is no access token.')
  return tokens.getAccessToken()
}

describe('the client', () => {
  test('apiture 1: asks for a code on behalf of a person, and never for a token of its own', async () => {
    const scene = createApitureScene(bank)
    const { searchParams } = await scene.leave()
    expect(searchParams.get('response_type')).toBe('code')
    await scene.connect()
    expect(tokenRequests().map(({ grantType }) => grantType)).toEqual(['authorization_code'])
  })

  test.each(['browser', 'mediated'] as const)(
    'apiture 2, 3: is public in %s mode: a client id and nothing to authenticate with',
    async (mode) => {
      await createApitureScene(bank, { mode }).connect()
      const [request] = tokenRequests()
      expect(request?.parameters['client_id']).toBe(bank.clientId)
      expect(Object.keys(request?.parameters ?? {}).join()).not.toMatch(/secret|assertion/)
      expect(request?.headers.authorization).toBeUndefined()
    },
  )

  test.each(['clientSecret', 'clientAssertion', 'privateKey', 'cert'])(
    'apiture 3: takes no %s in a page',
    (name) => {
      expect(() => apiture({ clientId, scope, ...{ [name]: 'x' } })).toThrow(new RegExp(`"${name}"`))
    },
  )

  test('apiture 4, 20: names the redirect URI of the portal, letter by letter, in both requests', async () => {
    const scene = createApitureScene(bank)
    const url = await scene.leave()
    expect(url.search).toContain(`redirect_uri=${encodeURIComponent(redirectUri)}`)
    expect(url.searchParams.get('redirect_uri')).toBe(redirectUri)
    await scene.connect()
    expect(tokenRequests()[0]?.parameters['redirect_uri']).toBe(redirectUri)
  })

  test('is not let in with another redirect URI by the bank', async () => {
    const other = await openBank({ redirectUris: ['https://app.example/other'] })
    const { status, url } = await createVisitor(other.origin).open(await createApitureScene(other).leave())
    expect([status, url.origin]).toEqual([400, other.origin])
    await other.close()
  })
})

describe('discovery', () => {
  test('apiture 5: comes first, and says where everything else is', async () => {
    const scene = createApitureScene(bank)
    const url = await scene.leave()
    const [first] = scene.requests
    expect(first?.url).toBe(`${bank.issuer}.well-known/openid-configuration`)
    const document = JSON.parse(first?.text ?? '') as Record<string, string>
    expect(url.href.startsWith(`${document['authorization_endpoint'] ?? ''}?`)).toBe(true)
    await scene.connect()
    expect(scene.requests.map(({ url }) => url)).toContain(document['token_endpoint'])
  })

  test('apiture 5: is asked once for a page, however often the person connects', async () => {
    const scene = createApitureScene(bank)
    const page = scene.open()
    await scene.leave({}, page)
    await scene.leave({ scope: 'openid' }, page)
    expect(bank.requests.count('/oidc/.well-known/openid-configuration')).toBe(1)
  })

  test('apiture 5: says where to ask who has connected, with an ID Token and without', async () => {
    for (const fourProperties of [false, true]) {
      bank.control.next({ fourProperties })
      const { tokens } = await createApitureScene(bank).connect()
      const { sub } = await userinfoOf(tokens)
      expect(sub).toBe('ada')
    }
    expect(bank.requests.count('/oidc/userinfo')).toBe(2)
  })

  test.each([
    ['about another person than the ID Token', '{"sub":"grace"}', false],
    ['about nobody', '{"name":"Ada"}', true],
  ])('apiture 5: uses no answer %s', async (_what, body, fourProperties) => {
    bank.control.next({ fourProperties })
    const headers = { 'content-type': 'application/json' }
    const { tokens } = await createApitureScene(bank, {
      intercept: (url) => (url.endsWith('/userinfo') ? new Response(body, { headers }) : undefined),
    }).connect()
    await expect(userinfoOf(tokens)).rejects.toMatchObject({ code: 'response_malformed', parameter: 'sub' })
  })

  test('apiture 5: with a backend, tells who has connected from the endpoint and the claim that are named', async () => {
    const details = ['sub']
    const named = { details, userinfoEndpoint: `${bank.issuer}userinfo` }
    const { tokens, connection } = await createApitureScene(bank, {
      mode: 'mediated',
      page: named,
      backend: { details },
    }).connect()
    expect(connection.details).toEqual({ sub: 'ada' })
    expect((await userinfoOf(tokens)).sub).toBe('ada')
    const { tokens: inBackend } = await createApitureScene(bank, { mode: 'bff', page: { details } }).connect()
    expect(inBackend).not.toHaveProperty('userinfo')
  })

  test.each(['mediated', 'bff'] as const)(
    'apiture 5: in %s mode, names the option that is missing where the authorization endpoint is another',
    async (mode) => {
      const page = { authorizationEndpoint: `${bank.issuer}login` }
      await expect(createApitureScene(bank, { mode, page }).leave()).rejects.toMatchObject({
        code: 'backend_response_invalid',
        message: expect.stringContaining('`authorizationEndpoint`') as string,
      })
    },
  )

  test.each([
    [6, 'production', 'https://auth.apiture.com/oidc/.well-known/openid-configuration'],
    [7, 'cat', 'https://cat-oidc.apiture-comm-preprod.com/oidc/.well-known/openid-configuration'],
    [8, 'cat2', 'https://cat2-oidc.apiture-comm-preprod.com/oidc/.well-known/openid-configuration'],
  ] as const)(
    'apiture 6, 7, 8, 9: asks at the authority of the environment (%i, %s)',
    async (_number, environment, url) => {
      const asked: string[] = []
      const { platform } = createBrowser().open('/')
      const client = createClient({
        subject: singleUser,
        providers: { apiture: apiture({ clientId, scope, environment }) },
        platform: {
          ...platform,
          fetch: (href) => {
            asked.push(href as string)
            return Promise.reject(new TypeError('no network'))
          },
        },
      })
      const state = await client.authorization('apiture').authorizeAsync()
      expect(state).toMatchObject({ status: 'failed', error: { code: 'network_error' } })
      // Asked, and looked for once more, to tell CORS from no network.
      expect(asked).toEqual([url, url])
    },
  )

  test('apiture 6: is production where nothing is said', () => {
    expect(apiture({ clientId, scope }).issuer).toBe('https://auth.apiture.com/oidc/')
  })

  test.each([
    [undefined, 'https://auth.apiture.com/oidc/.well-known/openid-configuration'],
    ['cat', 'https://cat-oidc.apiture-comm-preprod.com/oidc/.well-known/openid-configuration'],
    ['cat2', 'https://cat2-oidc.apiture-comm-preprod.com/oidc/.well-known/openid-configuration'],
  ] as const)('apiture 6, 7, 8: asks the same authority at the backend (%s)', async (environment, url) => {
    const provider = apitureBackend({ clientId, scope, redirectUri, ...(environment && { environment }) })
    const { asked, context } = nobodyAnswers()
    await expect(provider.refresh?.({ refreshToken: 'r' } as never, context)).rejects.toThrow()
    expect(asked[0]).toBe(url)
  })

  test('apiture 9: compares the issuer with the document’s, the slash at its end included', async () => {
    const withoutSlash = bank.issuer.replace(/\/$/, '')
    const scene = createApitureScene(bank, { page: { issuer: withoutSlash } })
    await expect(scene.leave()).rejects.toMatchObject({ code: 'metadata_invalid', parameter: 'issuer' })
    expect(bank.issuer).toMatch(/\/$/)
    expect((await createApitureScene(bank).leave()).pathname).toBe('/oidc/authorize')
  })

  test('apiture 9: finds the authorization endpoint below any authority where a backend is the client', () => {
    for (const issuer of ['https://id.bank.example/oidc/', 'https://id.bank.example/oidc']) {
      const provider = apiture({ clientId, scope, issuer, mode: 'mediated' })
      expect(provider.authorizationEndpoint).toBe('https://id.bank.example/oidc/authorize')
    }
  })

  test('apiture 9: takes endpoints on another origin only where that is named', async () => {
    const elsewhere = 'https://tokens.bank.example'
    const intercept = async (url: string, init: RequestInit) => {
      if (!url.endsWith('openid-configuration')) return undefined
      const document = (await (await fetch(url, init)).json()) as object
      return Response.json({ ...document, token_endpoint: `${elsewhere}/token` })
    }
    await expect(createApitureScene(bank, { intercept }).leave()).rejects.toMatchObject({
      code: 'metadata_invalid',
      parameter: 'token_endpoint',
    })
    const named = createApitureScene(bank, { intercept, page: { origins: [elsewhere] } })
    expect((await named.leave()).origin).toBe(bank.origin)
  })
})

describe('the scope', () => {
  test('apiture 10, 11, 15: goes along as it is configured, with %20 between its values', async () => {
    const { search, searchParams } = await createApitureScene(bank).leave()
    expect(search).toMatch(/[?&]scope=openid%20offline_access%20banking(?:\/|%2F)read(?:&|$)/)
    expect(search).not.toContain('+')
    expect(searchParams.get('scope')).toBe(scope)
  })

  test('apiture 10: can be less for one request', async () => {
    const scene = createApitureScene(bank)
    const { connection } = await scene.connect({ scope: 'openid' })
    expect(connection.grantedScope).toEqual(['openid'])
  })

  test.each(['browser', 'mediated'] as const)(
    'apiture 12: holds openid in %s mode, also where the page asks for less',
    async (mode) => {
      const { searchParams } = await createApitureScene(bank, { mode }).leave({ scope: 'banking/read' })
      expect(searchParams.get('scope')).toBe('banking/read openid')
      expect(searchParams.get('nonce')).toMatch(/^[\w-]{43}$/)
    },
  )

  test('apiture 12: must hold openid, on both sides', () => {
    expect(() => apiture({ clientId, scope: 'banking/read' })).toThrow(/openid/)
    expect(() => apitureBackend({ clientId, redirectUri, scope: 'banking/read' })).toThrow(/openid/)
  })

  test('apiture 13: without offline_access lets the person connect again when the token is over', async () => {
    const scene = createApitureScene(bank)
    const opened = await scene.connect({ scope: 'openid banking/read' })
    scene.browser.clock.advance(3700)
    await expect(accessTokenOf(opened)).rejects.toMatchObject({ code: 'reauthorization_required' })
    expect(opened.client.tokens('apiture').get().status).toBe('reauthorization_required')
    expect(tokenRequests()).toHaveLength(1)
  })
})

describe('the authorization request', () => {
  test('apiture 14, 16, 17, 18, 19: holds the documented parameters, and the nonce of OpenID', async () => {
    const { searchParams } = await createApitureScene(bank).leave()
    expect(Object.fromEntries(searchParams)).toEqual({
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      scope,
      response_type: 'code',
      client_id: bank.clientId,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge_method: 'S256',
      redirect_uri: redirectUri,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
    })
  })

  test('apiture 14, 22: has a random state and a random verifier of URL-safe characters each time', async () => {
    const scene = createApitureScene(bank)
    const transactions = []
    for (const url of [await scene.leave(), await scene.leave()]) {
      const record = await storedTransaction(scene, url)
      expect(record.codeVerifier).toMatch(/^[\w.~-]{43,128}$/)
      expect(url.searchParams.get('code_challenge')).toBe(await calculateCodeChallenge(record.codeVerifier))
      transactions.push(record)
    }
    expect(new Set(transactions.flatMap(({ state, codeVerifier }) => [state, codeVerifier])).size).toBe(4)
  })

  test('apiture 18, 21: sends the challenge, base64url without padding, ahead, and the verifier after it', async () => {
    const scene = createApitureScene(bank)
    await scene.connect()
    const { code_challenge: challenge = '', ...request } =
      bank.requests.find('/oidc/authorize')[0]?.parameters ?? {}
    const { code_verifier: verifier = '', ...token } = tokenRequests()[0]?.parameters ?? {}
    expect(challenge).toMatch(/^[\w-]{43}$/)
    expect(await calculateCodeChallenge(verifier)).toBe(challenge)
    expect(request).not.toHaveProperty('code_verifier')
    expect(token).not.toHaveProperty('code_challenge')
  })

  test('apiture 23: leads to the bank’s own sign-in, whose credentials the app never sees', async () => {
    const scene = createApitureScene(bank)
    const { text, status } = await createVisitor(bank.origin).open(await scene.leave())
    expect([status, text]).toEqual([200, expect.stringContaining('name="password"') as string])
    await scene.connect()
    expect(JSON.stringify(scene.requests)).not.toMatch(/password|username/)
  })

  test('apiture 24: that is refused never comes back; later the app is told so', async () => {
    const scene = createApitureScene(bank)
    bank.control.next({ refuseRequest: true })
    const { status, url } = await createVisitor(bank.origin).open(await scene.leave())
    expect([status, url.origin]).toEqual([400, bank.origin])
    scene.browser.clock.advance(2 * 3600)
    const { client } = scene.open()
    const { connections, abandoned } = await until(client.connections, 'ready')
    expect(connections).toEqual([])
    expect(abandoned).toMatchObject([{ provider: 'apiture' }])
    await abandoned[0]?.dismissAsync()
    expect(client.connections.get()).toMatchObject({ abandoned: [] })
    expect(await stored(scene)).not.toContain('codeVerifier')
  })
})

describe('the authorization response', () => {
  test('apiture 25: is a redirect with code and state, and becomes a connection', async () => {
    const scene = createApitureScene(bank)
    const { status, url } = await scene.decide('approve')
    expect([302, 303]).toContain(status)
    expect(url.href.startsWith(`${redirectUri}?`)).toBe(true)
    const { callback, page } = await scene.comeBack(url)
    expect(callback).toMatchObject({ status: 'connected', provider: 'apiture' })
    expect(page.url).toBe(redirectUri)
  })

  test('apiture 26: comes when the person has signed in at last; the app hears nothing of a failure', async () => {
    const scene = createApitureScene(bank)
    const visitor = createVisitor(bank.origin)
    await visitor.open(await scene.leave())
    const failed = await visitor.signIn('nobody')
    expect([failed.status, failed.url.origin]).toEqual([401, bank.origin])
    await visitor.signIn()
    const { callback } = await scene.comeBack((await visitor.press('approve')).url)
    expect(callback.status).toBe('connected')
  })

  test('apiture 26: does not come when the person gives up there', async () => {
    const scene = createApitureScene(bank)
    const { url } = await scene.decide('cancel')
    expect(url.origin).toBe(bank.origin)
    expect((await scene.comeBack(redirectUri)).callback.status).toBe('none')
    expect(tokenRequests()).toEqual([])
  })

  test('apiture 27: with another state stops everything, and the true one still counts', async () => {
    const scene = createApitureScene(bank)
    const { url } = await scene.decide('approve')
    const forged = new URL(url)
    forged.searchParams.set('state', createState())
    const { callback } = await scene.comeBack(forged)
    expect(callback).toMatchObject({ status: 'failed', error: { code: 'state_unknown' } })
    expect(tokenRequests()).toEqual([])
    expect((await scene.comeBack(url)).callback.status).toBe('connected')
  })
})

describe('the modes', () => {
  test('apiture 28: are the page alone where nothing is said', async () => {
    expect(apiture({ clientId, scope }).channel.mode).toBe('browser')
    const scene = createApitureScene(bank)
    await scene.connect()
    expect(scene.requests.map(({ url }) => new URL(url).origin)).not.toContain('https://app.example')
  })

  test('apiture 28, 35: let a backend redeem and refresh: the page sees an access token and no more', async () => {
    const later = { seconds: 0 }
    const scene = createApitureScene(bank, { mode: 'mediated', secondsLater: () => later.seconds })
    const opened = await scene.connect()
    const first = await accessTokenOf(opened)
    later.seconds = 3600
    scene.browser.clock.advance(3600)
    expect(await accessTokenOf(opened)).not.toBe(first)
    const [, refresh] = tokenRequests()
    expect(refresh?.grantType).toBe('refresh_token')
    const seen = JSON.stringify(scene.requests) + (await stored(scene))
    expect(seen).not.toContain(refresh?.parameters['refresh_token'] ?? 'none')
    expect(seen).not.toContain('refresh_token')
    expect(scene.requests.map(({ url }) => url)).not.toContain(`${bank.issuer}token`)
  })

  test('apiture 28: keep every token at the backend where it also asks the API', async () => {
    const scene = createApitureScene(bank, { mode: 'bff' })
    const { tokens } = await scene.connect()
    expect(tokens).not.toHaveProperty('getAccessToken')
    const response = await tokens.fetch('/accounts')
    expect(await response.json()).toMatchObject({ items: [{ name: 'Everyday Checking' }, {}] })
    const [asked] = bank.requests.find('/banking/accounts')
    const token = asked?.headers.authorization?.replace('Bearer ', '') ?? ''
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(scene.requests)).not.toContain(token)
    await expect(tokens.fetch('/users')).rejects.toMatchObject({ error: 'not_found', status: 404 })
  })

  test('apiture 28: say what a backend is missing', () => {
    const options = { clientId, redirectUri, scope }
    expect(() => apitureBackend({ ...options, mode: 'bff' })).toThrow(/`api` and `routes`/)
    expect(() => apitureBackend({ ...options, clientId: '' })).toThrow(/apiture: `clientId` is missing/)
    expect(() => apitureBackend({ ...options, issuer: 'http://id.bank.example/' })).toThrow(/issuer/)
  })
})

describe('the token request', () => {
  test('apiture 29: holds exactly the documented values, as a form', async () => {
    const scene = createApitureScene(bank)
    const { url } = await scene.decide('approve')
    await scene.comeBack(url)
    const [request] = tokenRequests()
    expect(request?.parameters).toEqual({
      grant_type: 'authorization_code',
      client_id: bank.clientId,
      code: url.searchParams.get('code'),
      code_verifier: expect.stringMatching(/^[\w-]{43}$/) as string,
      redirect_uri: redirectUri,
    })
    expect(request?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
  })

  test.each(['browser', 'mediated'] as const)(
    'apiture 30: is content with the four documented properties in %s mode',
    async (mode) => {
      bank.control.next({ fourProperties: true })
      const { connection } = await createApitureScene(bank, { mode }).connect()
      expect([...connection.grantedScope].sort()).toEqual(scope.split(' ').sort())
      expect(connection.missingScope).toEqual([])
    },
  )

  test('apiture 30: checks an ID Token where one comes', async () => {
    bank.control.next({ idToken: { signature: 'foreign' } })
    const scene = createApitureScene(bank)
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    expect(callback).toMatchObject({ status: 'failed', error: { code: 'id_token_invalid' } })
  })

  test('apiture 30: insists on an ID Token where the app says that there is one', async () => {
    bank.control.next({ fourProperties: true })
    const scene = createApitureScene(bank, { page: { idToken: 'required' } })
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    expect(callback).toMatchObject({ status: 'failed', error: { code: 'id_token_invalid' } })
  })

  test.each(['browser', 'mediated'] as const)(
    'apiture 30: renews no connection of a known person without an ID Token in %s mode',
    async (mode) => {
      const scene = createApitureScene(bank, {
        mode,
        ...(mode === 'browser' && { page: { persistTokens: true } }),
      })
      const { connection, tokens } = await scene.connect()
      const before = await accessTokenOf({ tokens } as Awaited<ReturnType<Scene['connect']>>)
      bank.control.next({ fourProperties: true })
      const { url } = await scene.decide('approve', { connection: connection.id })
      const { callback, client } = await scene.comeBack(url)
      expect(callback).toMatchObject({
        status: 'failed',
        error: { code: 'person_unknown' },
      })
      const kept = await until(client.tokens('apiture'), 'connected')
      expect(kept.connection).toEqual(connection)
      expect('getAccessToken' in kept && (await kept.getAccessToken())).toBe(before)
    },
  )

  test.each(['browser', 'mediated'] as const)(
    'apiture 31, 32: takes Bearer with a colon for Bearer in %s mode, and writes the header without',
    async (mode) => {
      const scene = createApitureScene(bank, { mode })
      const { tokens } = await scene.connect()
      expect((await tokens.fetch('accounts')).status).toBe(200)
      const [asked] = bank.requests.find('/banking/accounts')
      expect(asked?.headers.authorization).toMatch(/^Bearer [\w-]{43}$/)
    },
  )

  test('apiture 31: refuses a token type that it does not know', async () => {
    for (const token_type of ['MAC', 'Bearer::', 'DPoP', null]) {
      bank.control.next({ tokenResponse: { token_type } })
      const scene = createApitureScene(bank)
      const { callback } = await scene.comeBack((await scene.decide('approve')).url)
      expect(callback).toMatchObject({
        status: 'failed',
        error: { code: 'token_response_invalid', parameter: 'token_type' },
      })
    }
  })
})

describe('the refresh', () => {
  test('apiture 33: comes before the token is over, and not earlier', async () => {
    const scene = createApitureScene(bank)
    const opened = await scene.connect()
    const first = await accessTokenOf(opened)
    scene.browser.clock.advance(3590)
    expect(await accessTokenOf(opened)).toBe(first)
    scene.browser.clock.advance(7)
    expect(await accessTokenOf(opened)).not.toBe(first)
    expect(tokenRequests()).toHaveLength(2)
  })

  test.each([
    ['a new refresh token, which is used from then on', true, 2],
    ['none, and goes on with the first', false, 1],
  ])('apiture 34: holds exactly the documented values, and gets %s', async (_what, rotate, different) => {
    bank.control.always({ rotate })
    const scene = createApitureScene(bank)
    const opened = await scene.connect()
    if (!rotate) bank.control.always({ refreshResponse: { refresh_token: null } })
    for (const seconds of [3600, 7200]) {
      scene.browser.clock.advance(seconds)
      await expect(accessTokenOf(opened)).resolves.toMatch(/^[\w-]{43}$/)
    }
    const refreshes = tokenRequests().slice(1)
    expect(refreshes.map(({ parameters }) => Object.keys(parameters).sort())).toEqual([
      ['client_id', 'grant_type', 'refresh_token'],
      ['client_id', 'grant_type', 'refresh_token'],
    ])
    expect(new Set(refreshes.map(({ parameters }) => parameters['refresh_token'])).size).toBe(different)
  })

  test.each([
    [undefined, 1],
    [false, 1],
    [true, 2],
  ])(
    'apiture 34: with refreshRepeatable %s, whose answer got lost is at once sent %i times in all',
    async (refreshRepeatable, times) => {
      let later = 0
      const scene = createApitureScene(bank, {
        mode: 'mediated',
        secondsLater: () => later,
        ...(refreshRepeatable !== undefined && { backend: { refreshRepeatable } }),
      })
      const opened = await scene.connect()
      bank.control.next({ refresh: 'lost-reply' })
      later = 3600
      scene.browser.clock.advance(3600)
      await expect(accessTokenOf(opened)).rejects.toThrow()
      await accessTokenOf(opened).catch(() => undefined)
      expect(tokenRequests().filter(({ grantType }) => grantType === 'refresh_token')).toHaveLength(times)
    },
  )

  test('apiture 34: that is refused asks for the person again', async () => {
    const scene = createApitureScene(bank)
    const opened = await scene.connect()
    bank.control.next({ refresh: { error: 'invalid_grant' } })
    scene.browser.clock.advance(3600)
    await expect(accessTokenOf(opened)).rejects.toMatchObject({ code: 'reauthorization_required' })
    expect(opened.client.tokens('apiture').get().status).toBe('reauthorization_required')
  })

  test('apiture 35: is of tokens that are in this page’s memory alone', async () => {
    const scene = createApitureScene(bank)
    const opened = await scene.connect()
    scene.browser.clock.advance(3600)
    const secrets = [await accessTokenOf(opened), tokenRequests()[1]?.parameters['refresh_token'] ?? '']
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/)
      expect(await stored(scene)).not.toContain(secret)
    }
    expect(
      (await until(scene.open().client.tokens('apiture'), 'reauthorization_required')).connection.id,
    ).toBe(opened.connection.id)
  })

  test('apiture 35: is of tokens in storage where the app says so', async () => {
    const scene = createApitureScene(bank, { page: { persistTokens: true } })
    const token = await accessTokenOf(await scene.connect())
    expect(await stored(scene)).toContain(token)
    const reloaded = await scene.connected(scene.open())
    expect((await reloaded.fetch('accounts')).status).toBe(200)
    expect(tokenRequests()).toHaveLength(1)
  })

  test('apiture 35: is of tokens in storage that only this browser’s key opens, where the bank offers that', async () => {
    const other = await openBank({ dpop: true })
    const scene = createApitureScene(other, { page: { dpop: true } })
    await scene.connect()
    const reloaded = await scene.connected(scene.open())
    expect((await reloaded.fetch('accounts')).status).toBe(200)
    expect(other.requests.find('/banking/accounts')[0]?.authorizationScheme).toBe('DPoP')
    await other.close()
  })
})
