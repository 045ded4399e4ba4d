// `dpop: true` of the backend against real oidc-providers: one that is plain OpenID Connect, and one with its FAPI 2.0 profile on. The
// page's own DPoP is in oidc.test.ts.
import {
  createBackend,
  defineBackendProvider,
  memoryStore,
  oauthClient,
  oidc as oidcBackend,
} from 'countersign/backend'
import { oidc } from 'countersign/providers'
import { randomBytes } from 'node:crypto'
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startStandard } from '../../../demo/banks/standard.js'
import { callbackOf, createScene } from '../scene.js'
import { startFapiBank, type FapiBank, type FapiBankOptions } from './fapi-bank.js'

const redirectUri = callbackOf('bank')
const scope = 'openid accounts offline_access'
const routes = [{ method: 'GET', path: '/accounts' }] as const
const app = 'https://app.example'

const secret = (): string => randomBytes(32).toString('base64url')

/** A bank, and an app whose backend has its tokens bound to a key. */
async function openScene(
  open: () => Promise<{
    readonly bank: Pick<FapiBank, 'origin' | 'issuer' | 'clientId' | 'requests' | 'close'>
    readonly options: object
    /** The path below which its endpoints are. */
    readonly mount: string
    readonly demandNonces: () => void
  }>,
) {
  const { bank, options, mount, demandNonces } = await open()
  onTestFinished(() => bank.close())
  let secondsLater = 0
  const { clientId, issuer } = bank
  const common = { clientId, issuer, scope, mode: 'bff' } as const
  const makeProvider = (changes: object = {}) =>
    oidcBackend({ ...common, redirectUri, dpop: true, routes, ...options, ...changes } as never)
  const backendOptions = { store: memoryStore(), subjectKeySecret: secret(), keys: [secret()] }
  const scene = createScene({
    name: 'bank',
    bank,
    backendOptions,
    secondsLater: () => secondsLater,
    provider: oidc({
      ...common,
      requireIss: true,
      authorizationEndpoint: `${issuer}/${mount === '' ? 'authorize' : 'auth'}`,
    }),
    backend: makeProvider(),
  })
  const wait = (seconds: number) => {
    secondsLater += seconds
  }
  /** Another process of the same app, or with other options. */
  const openReplica = (changes?: object) =>
    createBackend({
      origins: [app],
      session: () => ({ subject: 'robin' }),
      providers: { bank: makeProvider(changes) },
      ...backendOptions,
    })
  return { ...scene, bank, mount, demandNonces, wait, openReplica, store: backendOptions.store }
}

/** A bank with nothing of its own, and a client with a secret. */
async function openStandard(bankOptions: { readonly demandsDpop?: boolean } = {}) {
  const clientSecret = secret()
  const bank = await startStandard({ redirectUris: [redirectUri], clientSecret, ...bankOptions })
  const demandNonces = () => {
    bank.control.next({ dpopNonce: true })
  }
  return { bank, options: { clientSecret, api: `${bank.origin}/` }, mount: '', demandNonces }
}

/** A bank that keeps to FAPI 2.0, and a client with a key of its own. */
const openFapi = (accessTokens: FapiBankOptions['accessTokens']) => async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'client-key', alg: 'ES256', use: 'sig' }
  const bank = await startFapiBank({
    ...{ redirectUri, method: 'private_key_jwt', jwks: { keys: [jwk] }, boundTo: 'key' },
    ...(accessTokens && { accessTokens }),
  })
  const options = { fapi: true, privateKey, keyId: 'client-key', api: bank.api }
  return { bank, options, mount: '/fapi', demandNonces: bank.demandNonces }
}

type Scene = Awaited<ReturnType<typeof openScene>>

/** Thumbprints and nonces of the proofs of the requests to some paths. */
const proofsTo = ({ bank, mount }: Scene, ...paths: string[]) =>
  Promise.all(
    paths
      .flatMap((path) => bank.requests.find(mount + path))
      .map(async ({ headers }) => {
        const proof = String(headers['dpop'])
        const { jwk } = decodeProtectedHeader(proof)
        return { key: await calculateJwkThumbprint(jwk as never), nonce: decodeJwt(proof)['nonce'] }
      }),
  )

const banks = [
  ['OpenID Connect', () => openStandard()],
  ['FAPI 2.0 with access tokens that are a JWT', openFapi('jwt')],
  ['FAPI 2.0 with access tokens that are opaque', openFapi('opaque')],
] as const

describe.each(banks)('a backend with `dpop` at a bank of %s', (_what, open) => {
  test('connects, reads, refreshes and ends the grant, with proofs of one key', async () => {
    const scene = await openScene(open)
    const { tokens, connection } = await scene.connect()
    expect(connection.missingScope).toEqual([])
    expect((await tokens.fetch('/accounts')).status).toBe(200)
    scene.wait(3700)
    expect((await tokens.fetch('/accounts')).status).toBe(200)
    const proofs = await proofsTo(scene, '/par', '/token', '/accounts')
    expect(proofs).toHaveLength(5)
    expect(new Set(proofs.map(({ key }) => key)).size).toBe(1)
    for (const { headers } of scene.bank.requests.find(`${scene.mount}/accounts`))
      expect(headers.authorization).toMatch(/^DPoP /)
    expect(await tokens.disconnect()).toEqual({ revoked: true })
  })

  test('reads with the same token after a restart, and in another replica', async () => {
    const scene = await openScene(open)
    const { connection } = await scene.connect()
    const handle = { subject: 'robin', id: connection.id }
    for (const replica of [scene.openReplica(), scene.openReplica()])
      expect((await replica.connections.fetch(handle, '/accounts')).status).toBe(200)
    expect((await proofsTo(scene, '/token')).length).toBe(1)
    expect(new Set((await proofsTo(scene, '/token', '/accounts')).map(({ key }) => key)).size).toBe(1)
  })

  test('gives no token to the app’s own server, which could not use it', async () => {
    const scene = await openScene(open)
    const { connection } = await scene.connect()
    await expect(
      scene.backend?.connections.accessToken({ subject: 'robin', id: connection.id }),
    ).rejects.toMatchObject({ error: 'not_found', details: { reason: 'bound_access_token' } })
  })
})

describe.each(banks.slice(0, 2))(
  'where the server asks for its nonce in proofs, at a bank of %s',
  (_what, open) => {
    test('a backend sends each request once more, with the nonce', async () => {
      const scene = await openScene(open)
      scene.demandNonces()
      const { tokens } = await scene.connect()
      expect((await tokens.fetch('/accounts')).status).toBe(200)
      scene.wait(3700)
      expect((await tokens.fetch('/accounts')).status).toBe(200)
      for (const path of ['/par', '/token', '/accounts']) {
        const [first, ...more] = await proofsTo(scene, path)
        // The nonce of the first answer is used for whatever comes next at the same place.
        if (path === '/par') expect(first?.nonce).toBeUndefined()
        expect(more.every(({ nonce }) => typeof nonce === 'string')).toBe(true)
        expect(more.length).toBeGreaterThan(0)
      }
    })
  },
)

test('the key lies in the store, sealed, and in nothing that a page is told', async () => {
  const { connect, store, requests } = await openScene(() => openStandard())
  await connect()
  const keys: string[] = []
  for await (const key of store.keys?.() ?? []) keys.push(key)
  const name = keys.find((key) => key.startsWith('provider:bank:dpop:'))
  const { value } = (await store.get(name ?? '')) ?? { value: '' }
  expect(value).not.toBe('')
  expect(value).not.toMatch(/"(?:kty|crv|d)"/)
  expect(requests.every(({ text }) => !text.includes('"kty"'))).toBe(true)
})

test('a page that would use the tokens is refused at the start', () => {
  const own = { issuer: 'https://as.example', clientId: 'client-1', redirectUri, scope }
  const sentence = /bound to a key of the backend, so a page cannot use them: set `mode: 'bff'`/
  expect(() => oidcBackend({ ...own, dpop: true, authentication: 'none' })).toThrow(sentence)
  const client = oauthClient({
    issuer: own.issuer,
    clientId: own.clientId,
    authentication: 'none',
    dpop: true,
  })
  const define = (mode: 'mediated' | 'bff') =>
    defineBackendProvider({ label: 'Example Bank', mode, redirectUri, scope, client })
  expect(() => define('mediated')).toThrow(sentence)
  expect(define('bff').mode).toBe('bff')
})

test('nobody is sent to a server that offers no such tokens', async () => {
  const clientSecret = secret()
  const bank = await startStandard({ redirectUris: [redirectUri], clientSecret, dpop: false })
  const open = () =>
    Promise.resolve({
      ...{ bank, mount: '', demandNonces: () => undefined },
      options: { clientSecret, api: `${bank.origin}/` },
    })
  const scene = await openScene(open)
  await expect(scene.leave()).rejects.toMatchObject({ code: 'provider_error' })
  expect(scene.backendEvents.find(({ name }) => name === 'refused')?.reason).toBe(
    'metadata_invalid:dpop_signing_alg_values_supported with ES256',
  )
})

test('when `dpop` is switched off and on again, the next request refreshes first, and none is refused', async () => {
  const scene = await openScene(() => openStandard({ demandsDpop: false }))
  const { connection } = await scene.connect()
  const handle = { subject: 'robin', id: connection.id }
  for (const dpop of [true, false, true]) {
    const { connections } = scene.openReplica({ dpop })
    for (let time = 0; time < 2; time += 1)
      expect((await connections.fetch(handle, '/accounts')).status).toBe(200)
  }
  const asked = scene.bank.requests
    .find('/accounts')
    .map(({ headers }) => headers.authorization?.split(' ')[0])
  expect(asked).toEqual(['DPoP', 'DPoP', 'Bearer', 'Bearer', 'DPoP', 'DPoP'])
  // The code, and a refresh for each change.
  expect(scene.bank.requests.find('/token')).toHaveLength(3)
})

test('replicas that disagree about `dpop` do not refresh for pages without end', async () => {
  const scene = await openScene(() => openStandard({ demandsDpop: false }))
  const { connection } = await scene.connect()
  const replicas = [false, true].map((dpop) => scene.openReplica({ dpop }))
  const url = `${app}/connect/connections/${connection.id}/resource/accounts`
  const headers = { origin: app, countersign: '1' }
  const statuses: number[] = []
  for (let time = 0; time < 5; time += 1)
    for (const replica of replicas) statuses.push((await replica(new Request(url, { headers }))).status)
  expect(statuses.slice(0, 2)).toEqual([200, 200])
  // The code, and two refreshes within a minute.
  expect(scene.bank.requests.find('/token')).toHaveLength(3)
})

test('a provider of one’s own has the same, and asks the API itself with a proof', async () => {
  const { bank, options } = await openStandard()
  onTestFinished(() => bank.close())
  const { clientId, issuer } = bank
  const client = oauthClient({ clientId, issuer, clientSecret: options.clientSecret, dpop: true })
  let secondsLater = 0
  const scene = createScene({
    name: 'bank',
    bank,
    secondsLater: () => secondsLater,
    provider: oidc({ clientId, issuer, scope, mode: 'bff', authorizationEndpoint: `${issuer}/authorize` }),
    backend: defineBackendProvider({
      ...{ label: 'Example Bank', mode: 'bff', redirectUri, scope, client },
      resources: { base: options.api, routes },
      async readDetails({ accessToken = '' }, context) {
        const send = await client.presentToken?.(accessToken, context.fetch, context)
        const answer = await send?.(`${options.api}accounts`, { method: 'GET', headers: {} })
        return { seen: answer?.status ?? 0 }
      },
    }),
  })
  const { tokens } = await scene.connect()
  expect((await tokens.fetch('/accounts')).status).toBe(200)
  secondsLater = 1000
  const { connections } = (await (await scene.call('/connections')).json()) as {
    connections: { details: object }[]
  }
  expect(connections.map(({ details }) => details)).toEqual([{ seen: 200 }])
  expect(bank.requests.find('/accounts')).toHaveLength(2)
  for (const { headers } of bank.requests.find('/accounts')) expect(headers.authorization).toMatch(/^DPoP /)
})
