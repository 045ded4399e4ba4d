// The relying party tests of the OpenID Foundation's conformance suite, written as tests of our own under its names: the suite is
// not run here. The server has real keys; each module says what it does wrong. docs/security.md says which do not apply.
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { createScene, type Scene } from '../support/app.js'
import type { AuthorizationServer } from '../support/authorization-server.js'
import { openNetwork } from '../support/network.js'
import { outcome } from '../support/outcome.js'
import { describe as said, errorOf } from '../support/refusal.js'
import { secret } from '../support/secrets.js'
import { until } from '../support/until.js'
import { announceAlgorithms, connectAtBackend } from './backend.js'

const network = openNetwork()

type Change = (server: AuthorizationServer) => void | Promise<void>

const claims =
  (changes: JWTPayload): Change =>
  ({ hostile }) => {
    hostile.claims = (good) => ({ ...good, ...changes })
  }

/** Signs with a key of this algorithm, and publishes it, or another one. */
const signed =
  (alg: string, { publish = true, named = true } = {}): Change =>
  async ({ hostile }) => {
    const own = await generateKeyPair(alg, { extractable: true })
    const other = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK((publish ? own : other).publicKey)), alg, use: 'sig', kid: 'key-2' }
    hostile.jwks = () => HttpResponse.json({ keys: [jwk] })
    hostile.idToken = ({ at_hash: _at, s_hash: _s, ...good }) =>
      new SignJWT(good).setProtectedHeader({ alg, ...(named && { kid: 'key-2' }) }).sign(own.privateKey)
  }

const unsigned: Change = ({ hostile }) => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  hostile.idToken = (good) => `${encode({ alg: 'none' })}.${encode(good)}.`
}

const accepted: readonly (readonly [module: string, change: Change])[] = [
  ['oidcc-client-test', () => undefined],
  ['oidcc-client-test-discovery-openid-config', () => undefined],
  ['oidcc-client-test-discovery-jwks-uri-keys', () => undefined],
  ['oidcc-client-test-idtoken-sig-rs256', signed('RS256')],
  ['oidcc-client-test-kid-absent-single-jwks', signed('ES256', { named: false })],
  ['oidcc-client-test-signing-key-rotation-just-before-signing', (server) => server.rotateKeys('key-2')],
]

const refused: readonly (readonly [module: string, change: Change, parameter: string])[] = [
  ['oidcc-client-test-invalid-iss', claims({ iss: 'https://evil.example' }), 'iss'],
  ['oidcc-client-test-missing-sub', claims({ sub: undefined } as never), 'sub'],
  ['oidcc-client-test-invalid-aud', claims({ aud: 'client-2' }), 'aud'],
  ['oidcc-client-test-missing-aud', claims({ aud: undefined } as never), 'aud'],
  ['oidcc-client-test-missing-iat', claims({ iat: undefined } as never), 'iat'],
  ['oidcc-client-test-nonce-invalid', claims({ nonce: 'another' }), 'nonce'],
  ['oidcc-client-test-idtoken-sig-none', unsigned, 'alg'],
  ['oidcc-client-test-invalid-sig-rs256', signed('RS256', { publish: false }), 'signature'],
  ['oidcc-client-test-invalid-sig-es256', signed('ES256', { publish: false }), 'signature'],
  [
    'oidcc-client-test-invalid-sig-hs256',
    ({ hostile }) => {
      hostile.idToken = (good) =>
        new SignJWT(good).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode('x'.repeat(32)))
    },
    'alg',
  ],
]

/** Two keys, and a token that does not say by which of them it was signed. */
const withoutKid: Change = async ({ hostile }) => {
  const pairs = [
    await generateKeyPair('ES256', { extractable: true }),
    await generateKeyPair('ES256', { extractable: true }),
  ] as const
  const jwks = await Promise.all(
    pairs.map(async ({ publicKey }, index) => ({
      ...(await exportJWK(publicKey)),
      ...{ alg: 'ES256', use: 'sig', kid: `key-${String(index + 2)}` },
    })),
  )
  hostile.jwks = () => HttpResponse.json({ keys: jwks })
  hostile.idToken = (good) => new SignJWT(good).setProtectedHeader({ alg: 'ES256' }).sign(pairs[0].privateKey)
}

/** Connects in a page; the server does something wrong from the moment in which the person is at it. */
async function connectInPage(change: Change) {
  const scene = createScene(network)
  announceAlgorithms(scene.server)
  const url = await scene.consent()
  await change(scene.server)
  const app = scene.open(url)
  return { scene, app, state: await outcome(app) }
}

describe('a page', () => {
  test.each(accepted)('%s', async (_module, change) => {
    const { scene, state } = await connectInPage(change)
    expect(state.status).toBe('connected')
    expect(new URL(scene.server.requests.discovery[0]?.url ?? '').pathname).toBe(
      '/.well-known/openid-configuration',
    )
    expect(scene.server.requests.jwks.length).toBeGreaterThan(0)
  })

  test.each(refused)('%s', async (_module, change, parameter) => {
    const { scene, state } = await connectInPage(change)
    expect('error' in state && said(state.error)).toEqual({ code: 'id_token_invalid', parameter })
    expect(scene.open().client.connections.get()).not.toMatchObject({ connections: [{}] })
  })

  test('oidcc-client-test-kid-absent-multiple-jwks', async () => {
    const { state } = await connectInPage(withoutKid)
    expect(state.status).toBe('failed')
  })

  test('oidcc-client-test-discovery-issuer-mismatch', async () => {
    const scene = createScene(network)
    scene.server.hostile.metadata = (document) => ({ ...document, issuer: 'https://evil.example' })
    const state = await scene.open().client.authorization('bank').authorizeAsync()
    expect('error' in state && said(state.error)).toEqual({ code: 'metadata_invalid', parameter: 'issuer' })
  })

  test('oidcc-client-test-signing-key-rotation', async () => {
    const { scene } = await connectInPage(() => undefined)
    await scene.server.rotateKeys('key-2')
    expect((await outcome(scene.open(await scene.consent()))).status).toBe('connected')
  })

  /** Connected, and the access token has ended. */
  async function ended() {
    const { scene, app } = await connectInPage(() => undefined)
    const tokens = await until(app.client.tokens('bank'), 'connected')
    const before = await tokens.getAccessToken()
    scene.browser.clock.advance(3600)
    return { scene, tokens, before }
  }

  test('oidcc-client-test-refresh-token', async () => {
    const { tokens, before } = await ended()
    expect(await tokens.getAccessToken()).not.toBe(before)
  })

  test.each<[string, JWTPayload]>([
    ['oidcc-client-test-refresh-token-invalid-issuer', { iss: 'https://evil.example' }],
    ['oidcc-client-test-refresh-token-invalid-sub', { sub: 'user-2' }],
    ['oidcc-client-test-refresh-token-invalid-aud', { aud: 'client-2' }],
  ])('%s', async (_module, changes) => {
    const { scene, tokens } = await ended()
    await claims(changes)(scene.server)
    await errorOf(tokens.getAccessToken)
    expect(scene.server.requests.api).toEqual([])
  })

  const userinfoOf = async (change: (scene: Scene) => void = () => undefined) => {
    const { scene, app } = await connectInPage(() => undefined)
    change(scene)
    const { userinfo } = await until(app.client.tokens('bank'), 'connected')
    return { scene, userinfo }
  }

  test('oidcc-client-test-userinfo-bearer-header', async () => {
    const { scene, userinfo } = await userinfoOf()
    await userinfo()
    const [request] = scene.server.requests.userinfo
    expect(request?.headers.get('authorization')).toMatch(/^Bearer [\w-]+$/)
    expect(new URL(request?.url ?? '').search).toBe('')
  })

  test('oidcc-client-test-scope-userinfo-claims', async () => {
    const { userinfo } = await userinfoOf()
    expect(await userinfo()).toEqual({ sub: 'user-1', name: 'Ada' })
  })

  test('oidcc-client-test-userinfo-invalid-sub', async () => {
    const { userinfo } = await userinfoOf(({ server }) => {
      server.hostile.userinfo = () => HttpResponse.json({ sub: 'user-2' })
    })
    expect(said(await errorOf(userinfo))).toEqual({ code: 'response_malformed', parameter: 'sub' })
  })
})

describe('a backend', () => {
  test.each(accepted)('%s', async (_module, change) => {
    const { status, server } = await connectAtBackend(network, change)
    expect(status).toBe(200)
    expect(server.requests.jwks.length).toBeGreaterThan(0)
  })

  test.each(refused)('%s', async (_module, change, parameter) => {
    const { status, reason, connections } = await connectAtBackend(network, change)
    expect({ status, reason }).toEqual({ status: 502, reason: `id_token_invalid:${parameter}` })
    expect(connections).toEqual([])
  })

  test('oidcc-client-test-kid-absent-multiple-jwks', async () => {
    const { status, connections } = await connectAtBackend(network, withoutKid)
    expect(status).not.toBe(200)
    expect(connections).toEqual([])
  })

  test('oidcc-client-test-discovery-issuer-mismatch', async () => {
    const begun = connectAtBackend(network, () => undefined, {
      before: ({ hostile }) => {
        hostile.metadata = (document) => ({ ...document, issuer: 'https://evil.example' })
      },
    })
    expect(await begun).toMatchObject({ status: 502, reason: 'metadata_invalid:issuer' })
  })

  test('oidcc-client-test-signing-key-rotation', async () => {
    const { accessToken, expire, server } = await connectAtBackend(network, () => undefined)
    await server.rotateKeys('key-2')
    expire()
    expect((await accessToken()).status).toBe(200)
    expect(server.requests.jwks.length).toBe(2)
  })

  test('oidcc-client-test-refresh-token', async () => {
    const { accessToken, expire } = await connectAtBackend(network, () => undefined)
    const before = await accessToken()
    expire()
    const { status, body } = await accessToken()
    expect([before.status, status]).toEqual([200, 200])
    expect(body['access_token']).not.toBe(before.body['access_token'])
  })

  test.each<[string, JWTPayload]>([
    ['oidcc-client-test-refresh-token-invalid-issuer', { iss: 'https://evil.example' }],
    ['oidcc-client-test-refresh-token-invalid-sub', { sub: 'user-2' }],
    ['oidcc-client-test-refresh-token-invalid-aud', { aud: 'client-2' }],
  ])('%s', async (_module, changes) => {
    const { accessToken, expire, server, refusal } = await connectAtBackend(network, () => undefined)
    await claims(changes)(server)
    expire()
    const { body } = await accessToken()
    expect(body).toMatchObject({ error: 'reauthorization_required' })
    expect(body).not.toHaveProperty('access_token')
    expect(refusal()).toBe('id_token_invalid')
  })

  test('oidcc-client-test-client-secret-basic', async () => {
    const clientSecret = secret('secret:of the client')
    const { server } = await connectAtBackend(network, () => undefined, { provider: { clientSecret } })
    const [request] = server.requests.token
    const credentials = request?.headers.get('authorization')?.replace(/^Basic /, '') ?? ''
    expect(Buffer.from(credentials, 'base64').toString()).toBe('client%2D1:secret%3Aof+the+client')
    expect(String(request?.form)).not.toContain('client_id')
    expect(String(request?.form)).not.toContain('secret')
  })
})
