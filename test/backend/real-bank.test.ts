import { createBackend, memoryStore, stitch } from 'countersign/backend'
import { exportJWK, generateKeyPair } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startStitch } from '../../demo/banks/stitch.js'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../src/protocol/pkce.js'
import { createVisitor } from '../demo/banks/visitor.js'

const app = 'https://app.example'
const redirectUri = `${app}/callback/stitch`

let bank: Awaited<ReturnType<typeof startStitch>>
let privateKey: CryptoKey

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: false })
  privateKey = pair.privateKey
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
  bank = await startStitch({ redirectUris: [redirectUri], jwks: { keys: [jwk] } })
})
afterAll(() => bank.close())

let passed = 0
afterEach(() => {
  passed = 0
  bank.control.reset()
})

function createStitchBackend(mode: 'mediated' | 'bff') {
  const started = Math.floor(Date.now() / 1000)
  const handle = createBackend({
    origins: [app],
    store: memoryStore(),
    session: () => ({ subject: 'robin' }),
    clock: { now: () => started + passed },
    providers: {
      stitch: stitch({
        mode,
        clientId: bank.clientId,
        redirectUri,
        scope: 'openid accounts balances offline_access',
        privateKey,
        keyId: 'k1',
        issuer: bank.issuer,
        authorizationEndpoint: `${bank.origin}/connect/authorize`,
        tokenEndpoint: `${bank.origin}/connect/token`,
        api: `${bank.origin}/`,
        details: ['idp'],
      }),
    },
  })
  return async (method: string, path: string, body?: object): Promise<{ status: number; body: Answers }> => {
    const response = await handle(
      new Request(`${app}/connect${path}`, {
        method,
        headers: { origin: app, countersign: '1', ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
    return { status: response.status, body: (await response.json()) as Answers }
  }
}

/** What the answers of these tests hold. */
interface Answers {
  readonly authorization_url: string
  readonly connection: { readonly id: string; readonly scope: string; readonly missing_scope: string }
  readonly access_token: string
  readonly error: string
  readonly data: { readonly user: { readonly bankAccounts: readonly object[] } }
}

type Call = ReturnType<typeof createStitchBackend>

async function connect(call: Call, granted = ['accounts', 'balances', 'offline_access']) {
  const verifier = createCodeVerifier()
  const [state, nonce] = [createState(), createState()]
  const { body } = await call('POST', '/stitch/authorization', {
    state,
    nonce,
    code_challenge: await calculateCodeChallenge(verifier),
    redirect_uri: redirectUri,
  })
  const visitor = createVisitor(bank.origin)
  await visitor.open(body.authorization_url)
  await visitor.signIn()
  const back = await visitor.press(
    'approve',
    granted.map((scope) => ['scope', scope] as const),
  )
  const proof = { code: back.url.searchParams.get('code'), state, code_verifier: verifier }
  const redeemed = await call('POST', '/stitch/token', proof)
  return { proof, ...redeemed }
}

const query = { query: 'query { user { bankAccounts { name accountNumber } } }' }

test('connects, and answers the same request with the same connection', async () => {
  const call = createStitchBackend('mediated')
  const { status, body, proof } = await connect(call)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    connection: { provider: 'stitch', status: 'connected', missing_scope: '', details: { idp: 'local' } },
    token_type: 'Bearer',
    expires_in: 3599,
  })
  expect((await call('POST', '/stitch/token', proof)).body).toEqual(body)
})

test('tells what the person left out', async () => {
  const { body } = await connect(createStitchBackend('mediated'), ['accounts'])
  expect(body.connection).toMatchObject({
    scope: 'openid accounts',
    missing_scope: 'balances offline_access',
  })
})

test('refreshes with the rotated token, once for many, and the new token works', async () => {
  const call = createStitchBackend('mediated')
  const { body } = await connect(call)
  const ask = () => call('POST', `/connections/${body.connection.id}/access-token`, {})
  for (let round = 0; round < 2; round += 1) {
    passed += 3595
    const answers = await Promise.all(Array.from({ length: 10 }, ask))
    expect(new Set(answers.map((answer) => answer.body.access_token)).size).toBe(1)
    const response = await fetch(`${bank.origin}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${answers[0]!.body.access_token}`,
      },
      body: JSON.stringify(query),
    })
    expect(((await response.json()) as Answers).data.user.bankAccounts.length).toBeGreaterThan(0)
  }
})

test('connects and refreshes on, whenever the bank changes its signing key', async () => {
  const call = createStitchBackend('mediated')
  const { id } = (await connect(call)).body.connection
  await bank.control.act('rotateKeys')
  expect((await connect(call)).status).toBe(200)
  // Within a minute after keys were last fetched, or not.
  for (const seconds of [3595, 30, 3595]) {
    await bank.control.act('rotateKeys')
    passed += seconds
    const { body } = await call('POST', `/connections/${id}/access-token`, {})
    expect(body.access_token).toEqual(expect.any(String))
  }
})

test('refreshes on with the rotated token after the keys of the bank were out of reach', async () => {
  const call = createStitchBackend('mediated')
  const { id } = (await connect(call)).body.connection
  const ask = () => call('POST', `/connections/${id}/access-token`, {})
  passed += 3595
  for (const jwks of ['dropped', { status: 503 }, { status: 200, body: '<html></html>' }] as const) {
    bank.control.next({ jwks })
    expect(await ask()).toMatchObject({ status: 504, body: { error: 'provider_unavailable' } })
  }
  expect((await ask()).status).toBe(200)
})

test('a lost answer of a refresh asks for the person once the bank has refused the second request', async () => {
  const call = createStitchBackend('mediated')
  const { id } = (await connect(call)).body.connection
  passed += 3595
  bank.control.next({ refresh: 'lost-reply' })
  const ask = async () => (await call('POST', `/connections/${id}/access-token`, {})).body.error
  expect(await ask()).toBe('provider_unavailable')
  passed += 30
  expect(await ask()).toBe('reauthorization_required')
})

test('a bank that drops the connection of a token request lets the same request be sent once more', async () => {
  const call = createStitchBackend('mediated')
  bank.control.next({ token: 'dropped' })
  const { body, proof } = await connect(call)
  expect(body.error).toBe('provider_unavailable')
  expect((await call('POST', '/stitch/token', proof)).status).toBe(200)
})

test('reads accounts in bff mode, also after the API refused the token', async () => {
  const call = createStitchBackend('bff')
  const { body } = await connect(call)
  expect(body).not.toHaveProperty('access_token')
  const ask = () => call('POST', `/connections/${body.connection.id}/resource/graphql`, query)
  expect((await ask()).body.data.user.bankAccounts.length).toBeGreaterThan(0)
  await bank.control.act('expireAccessTokens')
  expect((await ask()).body.data.user.bankAccounts.length).toBeGreaterThan(0)
})
