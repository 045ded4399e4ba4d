import { stitch as stitchBackend } from 'countersign/backend'
import { readStitchInteraction, stitch } from 'countersign/providers'
import { jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkAuthorizationUrl } from '../../../src/protocol/authorization-request.js'
import { halfHash } from '../../../src/protocol/id-token.js'
import {
  calculateCodeChallenge,
  createCodeVerifier,
  createNonce,
  createState,
} from '../../../src/protocol/pkce.js'
import { isQuery } from '../../../src/providers/stitch/graphql.js'
import { nobodyAnswers } from '../scene.js'
import { storedTransaction } from '../stored-transaction.js'
import {
  backendOptionsFor,
  createStitchScene,
  openBank,
  presetFor,
  redirectUri,
  scope,
  type Setting,
  type TestBank,
} from './scene.js'

let bank: TestBank

beforeAll(async () => {
  bank = await openBank()
})
afterEach(() => {
  bank.control.reset()
  bank.requests.clear()
})
afterAll(() => bank.close())

const clientId = 'test-18fbd892-3b73-43c3-a854-c6f78c681349'

const tokenRequests = () => bank.requests.find('/connect/token')

/** The documentation's example URL, in the order and the encodings in which it has it. */
const example = {
  encoded:
    'https://secure.stitch.money/connect/authorize?client_id=test-18fbd892-3b73-43c3-a854-c6f78c681349&scope=openid%20offline_access%20transactions%20accounts&response_type=code&redirect_uri=https%3A%2F%2Flocalhost%3A9000%2Freturn&state=2669382d-d6df-4331-a58b-d5743961578b&nonce=5138fa17-ed63-41e5-98b6-047f07efd940&code_challenge=FVF6VCwYJ_XljGdLXVjxs6g-_QRh4_CDutLOf_oIzPw&code_challenge_method=S256',
  plain:
    'https://secure.stitch.money/connect/authorize?client_id=test-18fbd892-3b73-43c3-a854-c6f78c681349&scope=openid offline_access transactions accounts&response_type=code&redirect_uri=https://localhost:9000/return&state=2669382d-d6df-4331-a58b-d5743961578b&nonce=5138fa17-ed63-41e5-98b6-047f07efd940&code_challenge=FVF6VCwYJ_XljGdLXVjxs6g-_QRh4_CDutLOf_oIzPw&code_challenge_method=S256',
}

/** What the page would expect of it. */
const ofExample = {
  endpoint: 'https://secure.stitch.money/connect/authorize',
  client_id: clientId,
  state: '2669382d-d6df-4331-a58b-d5743961578b',
  code_challenge: 'FVF6VCwYJ_XljGdLXVjxs6g-_QRh4_CDutLOf_oIzPw',
  redirect_uri: 'https://localhost:9000/return',
}

describe('the two steps', () => {
  test('stitch 1: sends the person for a code, and the code for tokens', async () => {
    const { connection } = await createStitchScene(bank).connect()
    expect(connection.status).toBe('connected')
    expect(bank.requests.count('/connect/authorize')).toBe(1)
    expect(tokenRequests().map(({ grantType }) => grantType)).toEqual(['authorization_code'])
  })

  test('stitch 2: goes to Stitch’s own endpoints unless told otherwise', async () => {
    const provider = stitch({ clientId, scope })
    expect(provider.authorizationEndpoint).toBe('https://secure.stitch.money/connect/authorize')
    const backend = stitchBackend({
      clientId,
      scope,
      redirectUri,
      clientSecret: 'x',
      idToken: 'unverified',
    })
    const { url } = await backend.authorize(
      {
        session: { subject: 'robin', claims: {} },
        state: 's'.repeat(43),
        codeChallenge: 'c'.repeat(43),
        nonce: 'n'.repeat(43),
        redirectUri,
        scope,
        input: {},
        connection: undefined,
      },
      // It asks nobody.
      undefined as never,
    )
    expect(url).toMatch(/^https:\/\/secure\.stitch\.money\/connect\/authorize\?/)
  })

  test('stitch 2, 23, 34: sends code and refresh token to Stitch’s own token endpoint unless told otherwise', async () => {
    const { asked, context } = nobodyAnswers()
    const backend = stitchBackend({ clientId, scope, redirectUri, clientSecret: 'x', idToken: 'unverified' })
    const code = {
      session: {},
      code: 'c',
      codeVerifier: 'v'.repeat(43),
      state: 's',
      redirectUri,
      scope,
    } as never
    await expect(backend.redeem(code, context)).rejects.toThrow()
    await expect(backend.refresh?.({ refreshToken: 'r' } as never, context)).rejects.toThrow()
    expect(asked).toEqual(Array(2).fill('https://secure.stitch.money/connect/token'))
  })

  test('stitch 2: reaches sign-in and consent', async () => {
    const { status, url } = await createStitchScene(bank).decide('approve')
    expect(status).toBe(303)
    expect(url.searchParams.has('code')).toBe(true)
  })

  test('stitch 4: connects with the scope of the tutorial, and reads accounts and balances', async () => {
    const { connection, tokens } = await createStitchScene(bank).connect()
    expect([...connection.grantedScope].sort()).toEqual(['accounts', 'balances', 'offline_access', 'openid'])
    const response = await tokens.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'query { user { bankAccounts { name currentBalance } } }' }),
    })
    const { data } = (await response.json()) as { data: { user: { bankAccounts: object[] } } }
    expect(data.user.bankAccounts[0]).toEqual({
      name: 'Current Account',
      currentBalance: { quantity: '12874.35', currency: 'ZAR' },
    })
  })
})

describe('the authorization request', () => {
  test('stitch 3: encodes every value, spaces as %20', async () => {
    const { search } = await createStitchScene(bank).leave()
    expect(search).toContain('scope=openid%20accounts%20balances%20offline_access')
    expect(search).toContain(`redirect_uri=${encodeURIComponent(redirectUri)}`)
    expect(search).not.toMatch(/[\s+<>"]/)
  })

  test('stitch 5, 7, 12: names the client, asks for a code, and says S256', async () => {
    const { searchParams } = await createStitchScene(bank).leave()
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: bank.clientId,
      response_type: 'code',
      code_challenge_method: 'S256',
    })
  })

  test('stitch 5, 7, 12: refuses a URL of the backend with another client, response or method', () => {
    for (const [wrong, part] of [
      ['client_id=another', 'client_id'],
      ['response_type=token', 'response_type'],
      ['code_challenge_method=s256', 'code_challenge_method'],
      ['code_challenge_method=plain', 'code_challenge_method'],
    ] as const) {
      const [name = ''] = wrong.split('=')
      const url = example.encoded.replace(new RegExp(`${name}=[^&]*`), wrong)
      expect(() => checkAuthorizationUrl(url, ofExample)).toThrow(
        expect.objectContaining({ code: 'backend_response_invalid', parameter: part }) as Error,
      )
    }
  })

  test('stitch 6: must hold openid, on both sides', () => {
    expect(() => stitch({ clientId, scope: 'accounts' })).toThrow(/openid/)
    expect(() => stitchBackend({ ...backendOptionsFor(bank), scope: 'accounts' })).toThrow(/openid/)
  })

  test('stitch 6: a page gets what it asks for, and cannot ask for more than the backend lists', async () => {
    const scene = createStitchScene(bank)
    const { searchParams } = await scene.leave({ scope: 'openid accounts' })
    expect(searchParams.get('scope')).toBe('openid accounts')
    const without = await scene.leave({ scope: 'accounts' })
    expect(without.searchParams.get('scope')).toBe('accounts openid')
    await expect(scene.leave({ scope: 'openid transactions' })).rejects.toMatchObject({
      code: 'backend_refused',
      recovery: 'configure',
    })
  })

  test('stitch 8: names a redirect URI of the backend’s own list, letter by letter', async () => {
    const { searchParams } = await createStitchScene(bank).leave()
    expect(searchParams.get('redirect_uri')).toBe(redirectUri)
    const other = createStitchScene(bank, { backend: { redirectUri: `${redirectUri}/` } })
    await expect(other.leave()).rejects.toMatchObject({ code: 'backend_refused' })
  })

  test('stitch 8: has plain http on this machine alone', () => {
    const withRedirect = (uri: string) => () => createStitchScene(bank, { backend: { redirectUri: uri } })
    expect(withRedirect('http://localhost:9000/return')).not.toThrow()
    expect(withRedirect('http://app.example/return')).toThrow(TypeError)
  })

  test('stitch 9, 10, 16: carries a nonce and a state of 32 random bytes each, new every time', async () => {
    const scene = createStitchScene(bank)
    const urls = [await scene.leave(), await scene.leave()]
    const values = urls.flatMap(({ searchParams }) => [searchParams.get('nonce'), searchParams.get('state')])
    expect(new Set(values).size).toBe(4)
    for (const value of values) expect(Buffer.from(value ?? '', 'base64url')).toHaveLength(32)
  })

  test('stitch 9: refuses an ID Token of another request, without its nonce or with another', async () => {
    for (const nonce of ['another', null]) {
      bank.control.next({ idToken: { claims: { nonce } } })
      const scene = createStitchScene(bank)
      const { callback } = await scene.comeBack((await scene.decide('approve')).url)
      expect(callback).toMatchObject({ status: 'failed', error: { error: 'provider_error' } })
      expect(scene.backendEvents).toContainEqual(
        expect.objectContaining({ reason: 'id_token_invalid:nonce' }),
      )
    }
  })

  test('stitch 10: sends nothing for a state that this browser does not know', async () => {
    const scene = createStitchScene(bank)
    const { url } = await scene.decide('approve')
    url.searchParams.set('state', createState())
    const { callback } = await scene.comeBack(url)
    expect(callback).toMatchObject({ status: 'failed', error: { code: 'state_unknown' } })
    expect(tokenRequests()).toEqual([])
  })

  test('stitch 11, 13: carries the challenge of a verifier that is new every time and stays here', async () => {
    const scene = createStitchScene(bank)
    const first = await storedTransaction(scene, await scene.leave())
    const url = await scene.leave()
    const { codeVerifier } = await storedTransaction(scene, url)
    expect(codeVerifier).not.toBe(first.codeVerifier)
    expect(codeVerifier).toMatch(/^[\w.~-]{43,128}$/)
    const challenge = url.searchParams.get('code_challenge')
    expect(challenge).toBe(await calculateCodeChallenge(codeVerifier))
    expect(challenge).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(scene.requests)).not.toContain(codeVerifier)
  })

  test('stitch 13, 16: takes verifier, state and nonce from 32 random bytes', () => {
    for (const create of [createCodeVerifier, createState, createNonce]) {
      const values = Array.from({ length: 50 }, create)
      expect(new Set(values).size).toBe(50)
      for (const value of values) expect(value).toMatch(/^[\w-]{43}$/)
    }
  })

  test('stitch 14: makes the documented challenge of the documented verifier', async () => {
    expect(await calculateCodeChallenge('chy0EHtabciY0kjRzCDr113O2slAa-xY_zvdApkXxvw')).toBe(
      'FVF6VCwYJ_XljGdLXVjxs6g-_QRh4_CDutLOf_oIzPw',
    )
  })

  test('stitch 15, 22: keeps verifier, nonce and redirect URI under the state', async () => {
    const scene = createStitchScene(bank)
    const url = await scene.leave()
    expect(await storedTransaction(scene, url)).toMatchObject({
      phase: 'left',
      state: url.searchParams.get('state'),
      nonce: url.searchParams.get('nonce'),
      codeVerifier: expect.any(String) as string,
      redirectUri,
    })
  })

  test('stitch 17: holds exactly the documented parameters, whose order means nothing', async () => {
    const { searchParams } = await createStitchScene(bank).leave()
    const names = [...new URL(example.encoded).searchParams.keys()]
    expect([...searchParams.keys()].sort()).toEqual([...names].sort())
    const reversed = new URL(example.encoded)
    reversed.search = String(new URLSearchParams([...reversed.searchParams].reverse()))
    expect(checkAuthorizationUrl(reversed.href, ofExample)).toBe(reversed.href)
  })

  test('stitch 18: reads both forms of the documented URL alike', () => {
    const [encoded, plain] = [example.encoded, example.plain].map(
      (url) => new URL(checkAuthorizationUrl(url, ofExample)).searchParams,
    )
    expect(Object.fromEntries(plain ?? [])).toEqual(Object.fromEntries(encoded ?? []))
    // The person is sent to the encoded form, whichever came; a mangled one leads nowhere.
    expect(checkAuthorizationUrl(example.plain, ofExample)).not.toMatch(/[ "]/)
    const mangled = example.plain.replace('https://localhost:9000/return', 'https://localhost:9000/retur')
    expect(() => checkAuthorizationUrl(mangled, ofExample)).toThrow(/another redirect_uri/)
  })
})

describe('the authorization response', () => {
  test('stitch 19: is read from the query, and from the fragment where the answer is there', async () => {
    for (const where of ['query', 'fragment']) {
      const scene = createStitchScene(bank)
      const { url } = await scene.decide('approve')
      if (where === 'fragment') {
        url.hash = url.search.slice(1)
        url.search = ''
      }
      const { callback, page } = await scene.comeBack(url)
      expect(callback.status).toBe('connected')
      expect(page.url).toBe(redirectUri)
    }
  })

  test('stitch 20: tells what was granted and what is missing', async () => {
    const scene = createStitchScene(bank, { ticked: ['accounts', 'offline_access'] })
    const { connection } = await scene.connect()
    expect([...connection.grantedScope].sort()).toEqual(['accounts', 'offline_access', 'openid'])
    expect(connection.missingScope).toEqual(['balances'])
  })

  test.each(['mediated', 'bff'] as const)(
    'stitch 20: tells no more than the redirect and the token response agree on, in %s mode',
    async (mode) => {
      const scene = createStitchScene(bank, { mode })
      const { url } = await scene.decide('approve')
      expect(url.searchParams.get('scope')).toBe(scope)
      url.searchParams.set('scope', 'openid accounts payments offline_access')
      const opened = await scene.comeBack(url)
      const { connection } = await scene.connected(opened)
      expect([...connection.grantedScope].sort()).toEqual(['accounts', 'offline_access', 'openid'])
      expect(connection.missingScope).toEqual(['balances'])
      const elsewhere = await scene.connected(scene.open())
      expect(elsewhere.connection).toEqual(connection)
    },
  )

  test('stitch 20: tells no more after a refresh, whose response names all again', async () => {
    bank.control.next({ accessTokenSeconds: 1 })
    const scene = createStitchScene(bank)
    const { url } = await scene.decide('approve')
    url.searchParams.set('scope', 'openid accounts offline_access')
    const { getAccessToken } = (await scene.connected(await scene.comeBack(url))) as unknown as {
      getAccessToken: () => Promise<string>
    }
    bank.control.next({ refreshResponse: { scope: 'openid accounts balances offline_access' } })
    await getAccessToken()
    expect(tokenRequests().map(({ grantType }) => grantType)).toEqual(['authorization_code', 'refresh_token'])
    const listed = (await (await scene.call('/connections')).json()) as { connections: { scope: string }[] }
    expect(listed.connections[0]?.scope.split(' ').sort()).toEqual(['accounts', 'offline_access', 'openid'])
  })

  test.each([
    ['nothing', ''],
    ['too much', 'x'.repeat(2049)],
    ['a control character', 'accounts\u0000'],
  ])('stitch 20: takes nothing away where the scope of the redirect is %s', async (_what, named) => {
    const scene = createStitchScene(bank)
    const { url } = await scene.decide('approve')
    url.searchParams.set('scope', named)
    const { connection } = await scene.connected(await scene.comeBack(url))
    expect(connection.missingScope).toEqual([])
  })

  test('stitch 20: leaves neither session_state nor anything else of the answer in the address', async () => {
    const scene = createStitchScene(bank)
    const { url } = await scene.decide('approve')
    expect([...url.searchParams.keys()]).toEqual(['code', 'scope', 'state', 'session_state'])
    const { page } = await scene.comeBack(url)
    expect(page.url).toBe(redirectUri)
    const stored = JSON.stringify([...(await scene.browser.records()).values()])
    expect(stored).not.toContain(url.searchParams.get('session_state'))
    expect(stored).not.toContain(url.searchParams.get('code'))
  })

  test('stitch 21: with nothing but the state is a person who cancelled', async () => {
    const scene = createStitchScene(bank)
    const { url } = await scene.decide('cancel')
    expect([...url.searchParams.keys()]).toEqual(['state'])
    const { callback } = await scene.comeBack(url)
    expect(callback).toMatchObject({ status: 'cancelled', provider: 'stitch', returnTo: '/' })
    expect(scene.requests.filter(({ url }) => url.endsWith('/stitch/token'))).toEqual([])
    expect(tokenRequests()).toEqual([])
  })

  test('stitch 21: with access_denied is a person who was asked and refused', async () => {
    const scene = createStitchScene(bank)
    const { callback } = await scene.comeBack((await scene.decide('deny')).url)
    expect(callback.status).toBe('denied')
  })
})

describe('the token request', () => {
  test('stitch 22, 23: holds exactly what is documented, with the redirect URI of the first step', async () => {
    await createStitchScene(bank).connect()
    const [request] = tokenRequests()
    const { client_assertion, code, code_verifier, ...fixed } = request?.parameters ?? {}
    expect(fixed).toEqual({
      grant_type: 'authorization_code',
      client_id: bank.clientId,
      redirect_uri: redirectUri,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    expect([code, code_verifier, client_assertion]).toEqual([
      expect.any(String),
      expect.stringMatching(/^[\w-]{43}$/),
      expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    ])
    expect(request?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(request?.headers.authorization).toBeUndefined()
  })

  test('stitch 23, 40: authenticates by an assertion that a standard library verifies', async () => {
    await createStitchScene(bank).connect()
    const { client_assertion: assertion = '' } = tokenRequests()[0]?.parameters ?? {}
    const { payload, protectedHeader } = await jwtVerify(assertion, bank.publicKey, {
      issuer: bank.clientId,
      subject: bank.clientId,
      audience: bank.tokenEndpoint,
      maxTokenAge: 60,
      requiredClaims: ['jti', 'exp'],
    })
    expect(protectedHeader).toEqual({ alg: 'RS256', kid: 'client', typ: 'JWT' })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(60)
    expect(payload.aud).toBe(bank.tokenEndpoint)
  })

  test('stitch 23: makes an assertion for one request, and shows none to the page', async () => {
    bank.control.next({ accessTokenSeconds: 1 })
    const scene = createStitchScene(bank)
    const { tokens } = await scene.connect()
    if ('getAccessToken' in tokens) await tokens.getAccessToken()
    const assertions = tokenRequests().map(({ parameters }) => parameters['client_assertion'])
    expect(new Set(assertions).size).toBe(2)
    const seen = JSON.stringify([scene.requests, scene.pageEvents, scene.backendEvents])
    for (const assertion of assertions) expect(seen).not.toContain(assertion)
    expect(seen).not.toContain('client_assertion')
  })

  test('stitch 23: sends a secret in the form where the client has one', async () => {
    const clientSecret = crypto.randomUUID()
    const options = {
      ...backendOptionsFor(bank),
      privateKey: undefined,
      keyId: undefined,
      clientSecret,
    }
    const scene = createStitchScene(bank, { backend: options as never })
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    // The embedded bank wants an assertion; what was sent is what counts here.
    expect(callback.status).toBe('failed')
    expect(tokenRequests()[0]?.parameters).toMatchObject({
      client_id: bank.clientId,
      client_secret: clientSecret,
    })
    expect(JSON.stringify(scene.requests)).not.toContain(clientSecret)
  })

  test('stitch 24: redeems a code once, however many pages open the answer', async () => {
    const scene = createStitchScene(bank)
    const { url } = await scene.decide('approve')
    const opened = await Promise.all([scene.comeBack(url), scene.comeBack(url), scene.comeBack(url)])
    expect(opened.map(({ callback }) => callback.status)).toEqual(['connected', 'connected', 'connected'])
    expect(tokenRequests()).toHaveLength(1)
  })

  test('stitch 24: says how to go on when the code has been used by somebody else', async () => {
    bank.control.next({ token: { error: 'invalid_grant' } })
    const scene = createStitchScene(bank)
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    expect(callback).toMatchObject({
      status: 'failed',
      error: { code: 'provider_error', error: 'invalid_grant', recovery: 'authorize' },
    })
  })
})

describe('the token response', () => {
  test('stitch 25, 39: gives the page a bearer token that lives for its expires_in', async () => {
    const scene = createStitchScene(bank)
    const before = scene.browser.clock.now()
    const { tokens } = await scene.connect()
    if (!('getAccessToken' in tokens)) throw new Error('There is no access token.')
    expect(await tokens.getAccessToken()).toMatch(/^[\w-]{43}$/)
    expect((tokens.expiresAt ?? 0) - before).toBeGreaterThanOrEqual(3598)
    expect((tokens.expiresAt ?? 0) - before).toBeLessThanOrEqual(3600)
    const [answer] = scene.requests.filter(({ url }) => url.endsWith('/stitch/token'))
    expect(JSON.parse(answer?.text ?? '')).toMatchObject({ token_type: 'Bearer' })
    expect(answer?.text).not.toMatch(/refresh_token|id_token/)
  })

  test('stitch 26: is good without a refresh token; the connection ends with the access token', async () => {
    const later = { seconds: 0 }
    const scene = createStitchScene(bank, {
      ticked: ['accounts', 'balances'],
      secondsLater: () => later.seconds,
    })
    const opened = await scene.connect()
    expect(opened.connection.missingScope).toEqual(['offline_access'])
    later.seconds = 3700
    scene.browser.clock.advance(3700)
    const { tokens } = opened
    if (!('getAccessToken' in tokens)) throw new Error('There is no access token.')
    await expect(tokens.getAccessToken()).rejects.toMatchObject({ code: 'reauthorization_required' })
    expect(opened.client.tokens('stitch').get().status).toBe('reauthorization_required')
    expect(tokenRequests()).toHaveLength(1)
  })

  test('stitch 27: takes the granted scope as a set', async () => {
    bank.control.next({ tokenResponse: { scope: 'offline_access openid balances accounts' } })
    const { connection } = await createStitchScene(bank).connect()
    expect(connection.missingScope).toEqual([])
    expect(connection.grantedScope).toEqual(['offline_access', 'openid', 'balances', 'accounts'])
  })

  test('stitch 28: accepts an ID Token with the documented claims, and tells the page those it is told to', async () => {
    const scene = createStitchScene(bank, { backend: { details: ['idp', 'amr'] } })
    const { connection } = await scene.connect()
    expect(connection.details).toEqual({ idp: 'local', amr: ['pwd'] })
    expect(JSON.stringify(scene.requests)).not.toMatch(/user\/[\w-]+\/fynbos/)
    expect(() => stitchBackend({ ...backendOptionsFor(bank), details: ['sub'] })).toThrow(TypeError)
  })

  test.each([
    ['signed by another', { signature: 'foreign' }, 'signature'],
    ['unsigned', { alg: 'none' }, 'alg'],
    ['for another client', { claims: { aud: 'f5cc94ee-e951-40d3-a31e-794659806230' } }, 'aud'],
    ['too old', { claims: { exp: 1_576_139_198, iat: 1_576_138_898 } }, 'exp'],
  ] as const)('stitch 28: refuses an ID Token that is %s', async (_which, idToken, claim) => {
    bank.control.next({ idToken })
    const scene = createStitchScene(bank)
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    expect(callback).toMatchObject({ status: 'failed', error: { error: 'provider_error' } })
    expect(scene.backendEvents).toContainEqual(
      expect.objectContaining({ reason: `id_token_invalid:${claim}` }),
    )
  })

  test.each([
    ['nXPh9P16drRQLnAmwy9Sf072U81KVNNa6iqduWX6kK4', 'jpUUphyUkZCwbQsYhns6aw'],
    ['ey-K-qPC5Cs0ERd0eDuLJI636rLEnd3Kwi5L1NrVNJY', 'fcZySy2pRbPJ2u0ImNYCeA'],
    ['abc', 'ungWv48Bz-pBQUDeXa4iIw'],
  ])('stitch 29: hashes %s as the documented ID Tokens do', async (value, hash) => {
    expect(await halfHash(value, 'RS256')).toBe(hash)
  })

  test.each(['at_hash', 's_hash'])('stitch 29: refuses an ID Token with another %s', async (claim) => {
    bank.control.next({ idToken: { claims: { [claim]: 'ungWv48Bz-pBQUDeXa4iIw' } } })
    const scene = createStitchScene(bank)
    const { callback } = await scene.comeBack((await scene.decide('approve')).url)
    expect(callback.status).toBe('failed')
    expect(scene.backendEvents).toContainEqual(
      expect.objectContaining({ reason: `id_token_invalid:${claim}` }),
    )
  })

  test('stitch 30: wants to be told the issuer, or that nobody knows it', async () => {
    const { issuer: _issuer, ...unknown } = backendOptionsFor(bank)
    expect(() => stitchBackend(unknown as never)).toThrow(/idToken: 'unverified'/)
    const wrong = createStitchScene(bank, {
      backend: { issuer: 'http://localhost:5001', jwksUri: `${bank.issuer}/.well-known/jwks` } as never,
    })
    const { callback } = await wrong.comeBack((await wrong.decide('approve')).url)
    expect(callback.status).toBe('failed')
    expect(wrong.backendEvents).toContainEqual(expect.objectContaining({ reason: 'id_token_invalid:iss' }))
  })

  const unverified = { issuer: undefined, idToken: 'unverified' } as NonNullable<Setting['backend']>

  test('stitch 30: connects where the issuer is not known, and asks nobody for keys', async () => {
    bank.control.next({ idToken: { claims: { iss: 'http://localhost:5001' } } })
    const scene = createStitchScene(bank, { backend: unverified })
    expect((await scene.connect()).connection).toMatchObject({ status: 'connected', details: {} })
    expect(bank.requests.count(/well-known/)).toBe(0)
  })

  test.each([
    ['another nonce', { nonce: 'of-somebody-else' }, 'nonce'],
    ['no nonce', { nonce: null }, 'nonce'],
    ['another audience', { aud: 'f5cc94ee-e951-40d3-a31e-794659806230' }, 'aud'],
    ['an end in the past', { exp: 1_576_139_198, iat: 1_576_138_898 }, 'exp'],
  ])(
    'stitch 9, 28, 30: shows a failure for an ID Token with %s, the issuer known or not',
    async (_what, claims, claim) => {
      for (const backend of [unverified, {}]) {
        bank.control.next({ idToken: { claims } })
        const scene = createStitchScene(bank, { backend })
        const { callback } = await scene.comeBack((await scene.decide('approve')).url)
        expect(callback).toMatchObject({ status: 'failed', error: { error: 'provider_error' } })
        expect(scene.backendEvents).toContainEqual(
          expect.objectContaining({ reason: `id_token_invalid:${claim}` }),
        )
      }
    },
  )
})

describe('the API', () => {
  const body = JSON.stringify({
    query: 'query ListBankAccounts { user { bankAccounts { name } } }',
    variables: null,
    operationName: 'ListBankAccounts',
  })
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body }

  test('stitch 31, 32: is asked below its base with the bearer token and the body as it is', async () => {
    expect(stitch({ clientId, scope }).api).toBe('https://api.stitch.money/')
    const { tokens } = await createStitchScene(bank).connect()
    const response = await tokens.fetch('/graphql', post)
    expect(response.status).toBe(200)
    const [asked] = bank.requests.find('/graphql')
    expect(asked?.headers.authorization).toMatch(/^Bearer [\w-]{43}$/)
    expect(asked?.headers['content-type']).toBe('application/json')
    expect(asked?.parameters).toMatchObject({ operationName: 'ListBankAccounts' })
  })

  test('stitch 31: gets no cookies unless the app says so, and no token goes elsewhere', async () => {
    const inits: RequestInit[] = []
    const scene = createStitchScene(bank, {
      intercept: (url, init) => {
        if (url.endsWith('/graphql')) inits.push(init)
        return undefined
      },
    })
    const { tokens } = await scene.connect()
    await tokens.fetch('/graphql', post)
    await tokens.fetch('/graphql', { ...post, credentials: 'include' })
    expect(inits.map(({ credentials }) => credentials)).toEqual(['omit', 'include'])
    await expect(tokens.fetch('https://evil.example/graphql', post)).rejects.toMatchObject({
      code: 'resource_not_allowed',
    })
  })

  test.each([
    ['status 401', { status: 401, body: '{}' }],
    [
      'the code beside the errors',
      {
        status: 200,
        body: '{"errors":[{"message":"No."}],"extensions":{"code":"UNAUTHENTICATED"}}',
      },
    ],
    [
      'the code in an error',
      { status: 200, body: '{"errors":[{"message":"No.","extensions":{"code":"UNAUTHENTICATED"}}]}' },
    ],
    [
      'the message alone',
      { status: 200, body: '{"errors":[{"message":"UNAUTHENTICATED: Token is expired or malformed"}]}' },
    ],
  ])('stitch 33: answers %s with one new token and one more request', async (_how, api) => {
    const { tokens } = await createStitchScene(bank).connect()
    bank.control.next({ api })
    const response = await tokens.fetch('/graphql', post)
    expect(await response.json()).toMatchObject({ data: { user: {} } })
    expect(tokenRequests().map(({ grantType }) => grantType)).toEqual(['authorization_code', 'refresh_token'])
    const sent = bank.requests.find('/graphql').map(({ headers }) => headers.authorization)
    expect(new Set(sent).size).toBe(2)
  })

  test('stitch 33: does not go on refreshing when the new token is refused as well', async () => {
    const { tokens } = await createStitchScene(bank).connect()
    bank.control.always({ api: { status: 401, body: '{}' } })
    expect((await tokens.fetch('/graphql', post)).status).toBe(401)
    expect(bank.requests.count('/graphql')).toBe(2)
    expect(tokenRequests()).toHaveLength(2)
  })

  test.each([
    '{"query":"\\u006dutation { pay { id } }"}',
    '{"query":"query { a }\\nmutation { pay { id } }"}',
    '{"query":"\\tmutation{ pay { id } }"}',
    '[{"query":"{ a }"},{"query":"#\\nmutation M { pay { id } }"}]',
    '{"query":"{ a }"',
    7,
  ])('stitch 33: %j is not taken for a query', (body) => {
    expect(isQuery(body)).toBe(false)
  })

  test.each(['{"query":"{ mutations }"}', '{"query":"query Q { _mutation }"}'])(
    'stitch 33: %s is a query',
    (body) => {
      expect(isQuery(body)).toBe(true)
    },
  )

  test('stitch 33: does not send a mutation twice', async () => {
    const { tokens } = await createStitchScene(bank).connect()
    bank.control.next({ api: { status: 401, body: '{}' } })
    const mutation = { ...post, body: JSON.stringify({ query: 'mutation { pay { id } }' }) }
    expect((await tokens.fetch('/graphql', mutation)).status).toBe(401)
    expect(bank.requests.count('/graphql')).toBe(1)
  })

  test('stitch 33: is the backend’s to handle in bff mode, where the page has no token', async () => {
    const scene = createStitchScene(bank, { mode: 'bff' })
    const { tokens } = await scene.connect()
    expect(tokens).not.toHaveProperty('getAccessToken')
    await bank.control.act('expireAccessTokens')
    expect(await (await tokens.fetch('/graphql', post)).json()).toMatchObject({ data: { user: {} } })
    const issued = bank.requests.find('/graphql').map(({ headers }) => headers.authorization?.slice(7))
    expect(new Set(issued).size).toBe(2)
    for (const token of issued) expect(JSON.stringify(scene.requests)).not.toContain(token)
  })
})

describe('the refresh', () => {
  /** A connection whose first access token is over at once. */
  async function expired(setting: Parameters<typeof createStitchScene>[1] = {}) {
    bank.control.next({ accessTokenSeconds: 1 })
    const scene = createStitchScene(bank, setting)
    const opened = await scene.connect()
    const { tokens } = opened
    if (!('getAccessToken' in tokens)) throw new Error('There is no access token.')
    return { ...opened, scene, tokens }
  }

  test('stitch 34: holds exactly what is documented', async () => {
    const { tokens } = await expired()
    await tokens.getAccessToken()
    const { client_assertion, refresh_token, ...fixed } = tokenRequests()[1]?.parameters ?? {}
    expect(fixed).toEqual({
      grant_type: 'refresh_token',
      client_id: bank.clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    expect([client_assertion, refresh_token]).toEqual([expect.any(String), expect.any(String)])
  })

  test('stitch 35: uses a refresh token once, for however many ask, and the new one next time', async () => {
    const { scene, tokens } = await expired()
    bank.control.next({ accessTokenSeconds: 1 })
    const other = await scene.connected(scene.open())
    if (!('getAccessToken' in other)) throw new Error('There is no access token.')
    const pages = [tokens, other, tokens, other]
    const answers = await Promise.all(pages.map(({ getAccessToken }) => getAccessToken()))
    expect(new Set(answers).size).toBe(1)
    expect(tokenRequests()).toHaveLength(2)
    await expect(tokens.getAccessToken()).resolves.toMatch(/^[\w-]{43}$/)
    const used = tokenRequests().flatMap(({ parameters }) => parameters['refresh_token'] ?? [])
    expect(used).toHaveLength(2)
    expect(new Set(used).size).toBe(2)
  })

  test('stitch 35: asks the person again when the refresh token is no longer good', async () => {
    const { tokens, client } = await expired()
    bank.control.next({ refresh: { error: 'invalid_grant' } })
    await expect(tokens.getAccessToken()).rejects.toMatchObject({
      code: 'reauthorization_required',
      recovery: 'authorize',
    })
    expect(client.tokens('stitch').get().status).toBe('reauthorization_required')
  })

  test('stitch 36: tells by when a connection must be used, two months from its last use, two years in all', async () => {
    const before = Math.floor(Date.now() / 1000)
    const { connection } = await createStitchScene(bank).connect()
    expect((connection.renewBy ?? 0) - before).toBeLessThanOrEqual(60 * 24 * 3600 + 5)
    expect((connection.renewBy ?? 0) - before).toBeGreaterThanOrEqual(60 * 24 * 3600)
  })

  test('stitch 36: counts with the durations of the client’s credentials file', async () => {
    const later = { seconds: 0 }
    const backend = { refreshTokenSlidingSeconds: 5000, refreshTokenAbsoluteSeconds: 6000 }
    const scene = createStitchScene(bank, { backend, secondsLater: () => later.seconds })
    const { connection, tokens } = await scene.connect()
    const began = (connection.renewBy ?? 0) - 5000
    later.seconds = 4000
    scene.browser.clock.advance(4000)
    if ('getAccessToken' in tokens) await tokens.getAccessToken()
    const listed = (await (await scene.call('/connections')).json()) as {
      connections: { renew_by: number }[]
    }
    expect((listed.connections[0]?.renew_by ?? 0) - began).toBe(6000)
  })

  test('stitch 37: happens on demand alone: not for a reload, another tab or a good token', async () => {
    const scene = createStitchScene(bank)
    const { tokens } = await scene.connect()
    for (const page of [tokens, await scene.connected(scene.open()), await scene.connected(scene.open())]) {
      if ('getAccessToken' in page) await page.getAccessToken()
    }
    scene.browser.clock.advance(3500)
    if ('getAccessToken' in tokens) await tokens.getAccessToken()
    expect(tokenRequests()).toHaveLength(1)
  })

  test('stitch 38: accepts an ID Token without nonce, s_hash and sid', async () => {
    const { tokens } = await expired()
    expect(await tokens.getAccessToken()).toMatch(/^[\w-]{43}$/)
  })

  test('stitch 38: refuses an ID Token of another person', async () => {
    const { tokens, scene } = await expired()
    bank.control.next({ idToken: { claims: { sub: 'user/another' } } })
    await expect(tokens.getAccessToken()).rejects.toThrow()
    expect(scene.backendEvents).toContainEqual(
      expect.objectContaining({ connection: expect.any(String) as string }),
    )
    const [stored] = ((await (await scene.call('/connections')).json()) as { connections: object[] })
      .connections
    expect(stored).toMatchObject({ status: 'reauthorization_required' })
  })

  test('stitch 39: comes before a token is over', async () => {
    const later = { seconds: 0 }
    const scene = createStitchScene(bank, { secondsLater: () => later.seconds })
    const { tokens } = await scene.connect()
    if (!('getAccessToken' in tokens)) throw new Error('There is no access token.')
    const first = await tokens.getAccessToken()
    later.seconds = 3595
    scene.browser.clock.advance(3595)
    expect(await tokens.getAccessToken()).not.toBe(first)
    expect(tokenRequests()).toHaveLength(2)
  })
})

describe('a bank that wants to see the person again', () => {
  const url = 'https://secure.stitch.money/connect/payment-request/48abfea6'
  const answer = (code: unknown, userInteractionUrl: unknown = url) => ({
    data: null,
    errors: [{ message: 'No.' }, { message: 'Again.', extensions: { code, userInteractionUrl, id: 'x' } }],
  })

  test.each(['USER_INTERACTION_REQUIRED', 'REAUTHORIZATION_REQUIRED'])(
    'stitch 37: is found by %s, and the person comes back to where the app says',
    (code) => {
      expect(readStitchInteraction(answer(code))).toEqual({ code, id: 'x', url })
      const redirected = readStitchInteraction(answer(code, `${url}?a=b`), { redirectUri })
      expect(redirected?.url).toBe(`${url}?a=b&redirect_uri=${encodeURIComponent(redirectUri)}`)
    },
  )

  test.each([
    'https://evil.example/connect/payment-request/1',
    'https://secure.stitch.money.evil.example/connect',
    'https://secure.stitch.money@evil.example/connect',
    'http://secure.stitch.money/connect',
    'javascript:alert(1)//secure.stitch.money',
    '//secure.stitch.money/connect',
    'not a URL',
    '',
    null,
    {},
  ])('stitch 37: is not followed to %j', (elsewhere) => {
    expect(readStitchInteraction(answer('USER_INTERACTION_REQUIRED', elsewhere))).toBeUndefined()
  })

  test.each([
    [null],
    [undefined],
    ['text'],
    [{ data: {} }],
    [{ errors: null }],
    [{ errors: [null, 'text', { extensions: null }] }],
    [answer('FORBIDDEN')],
    [answer(undefined)],
  ])('stitch 37: is not found in %j', (body) => {
    expect(readStitchInteraction(body)).toBeUndefined()
  })

  test('stitch 37: is at the configured authorization endpoint’s origin where that is another', () => {
    const { authorizationEndpoint = '' } = presetFor(bank)
    const at = (where: string) =>
      readStitchInteraction(answer('USER_INTERACTION_REQUIRED', where), { authorizationEndpoint })
    expect(at(`${bank.origin}/connect/user-interaction?id=1`)?.url).toContain(bank.origin)
    expect(at(url)).toBeUndefined()
  })
})

describe('the preset', () => {
  test.each(['clientSecret', 'privateKey', 'clientAssertion', 'cert', 'key'])(
    'refuses %s, which only a backend may have',
    (name) => {
      expect(() => stitch({ clientId, scope, ...{ [name]: 'x' } })).toThrow(new RegExp(`"${name}"`))
    },
  )

  test('refuses the browser mode, which would need the key', () => {
    expect(() => stitch({ clientId, scope, mode: 'browser' as 'mediated' })).toThrow(/mediated.*bff/)
  })

  test('is mediated, or bff when wanted', () => {
    expect(stitch({ clientId, scope }).channel.mode).toBe('mediated')
    expect(presetFor(bank, 'bff').channel.mode).toBe('bff')
  })
})
