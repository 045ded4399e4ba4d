import { createBackend, memoryStore, stitch } from 'countersign/backend'
import { exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

const createStitchBackend = (mode: 'mediated' | 'bff') =>
  createBackend({
    origins: [app],
    store: memoryStore(),
    session: () => ({ subject: 'robin' }),
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

const call = (method: string, path: string, body?: object) =>
  new Request(`${app}/connect${path}`, {
    method,
    headers: { origin: app, countersign: '1', ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })

async function connect(backend: (request: Request) => Promise<Response>) {
  const verifier = createCodeVerifier()
  const [state, nonce] = [createState(), createState()]
  const begun = await backend(
    call('POST', '/stitch/authorization', {
      state,
      nonce,
      code_challenge: await calculateCodeChallenge(verifier),
      redirect_uri: redirectUri,
    }),
  )
  expect(begun.status).toBe(201)
  const { authorization_url: url } = (await begun.json()) as { authorization_url: string }
  const visitor = createVisitor(bank.origin)
  await visitor.open(url)
  await visitor.signIn()
  const back = await visitor.press('approve', [
    ['scope', 'accounts'],
    ['scope', 'balances'],
    ['scope', 'offline_access'],
  ])
  return {
    code: back.url.searchParams.get('code'),
    state: back.url.searchParams.get('state'),
    code_verifier: verifier,
  }
}

test('connects at a real authorization server', async () => {
  const backend = createStitchBackend('mediated')
  const redeemed = await backend(call('POST', '/stitch/token', await connect(backend)))
  expect(redeemed.status).toBe(200)
  expect(await redeemed.json()).toMatchObject({
    connection: { provider: 'stitch', status: 'connected', missing_scope: '', details: { idp: 'local' } },
    token_type: 'Bearer',
  })
})
