// The relying party modules of FAPI 2.0 (fapi2-security-profile-final-client-test-…), as tests of our own under their names: the suite is
// not run here. A backend with `fapi: true` meets a server of the profile; each module says what that does wrong. Real mutual TLS with
// a real server is in test/providers/oidc/fapi.test.ts. docs/security.md says which modules do not apply.
import type { Fetch } from 'countersign/backend'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { createClientCertificate } from '../../demo/banks/certificates.js'
import { noteThumbprint } from '../../src/protocol/client-certificate.js'
import { createScene } from '../support/app.js'
import type { AuthorizationServer } from '../support/authorization-server.js'
import { openNetwork } from '../support/network.js'
import { outcome } from '../support/outcome.js'
import { describe as said } from '../support/refusal.js'
import { connectAtBackend, type Module } from './backend.js'
import {
  createFapiServer,
  hasCertificate,
  mtlsOrigin,
  presentCertificate,
  requestUriSeconds,
} from './fapi-server.js'

const network = openNetwork()

type Change = (server: AuthorizationServer) => void | Promise<void>

const keys = generateKeyPair('ES256', { extractable: true })

/** Authentication of the client, by the names of the suite. */
const authentications = {
  private_key_jwt: async () => ({ privateKey: (await keys).privateKey, keyId: 'client-key' }),
  mtls: () => Promise.resolve({ authentication: 'tls_client_auth' }),
}

/** Connects at a backend with `fapi: true`. */
async function connect(
  change: Change = () => undefined,
  module: Module & { readonly aliases?: boolean; readonly client?: keyof typeof authentications } = {},
) {
  const { aliases = true, client = 'private_key_jwt', before, provider, ...more } = module
  const fapi = createFapiServer(network, { aliases })
  const connected = await connectAtBackend(network, change, {
    async before(server) {
      fapi.open(server)
      await before?.(server)
    },
    provider: {
      ...(await authentications[client]()),
      fapi: true,
      mode: 'bff',
      fetch: presentCertificate,
      origins: [mtlsOrigin, 'http://127.0.0.1'],
      api: 'https://as.example/api/',
      routes: [{ method: 'GET', path: '/accounts' }],
      ...provider,
    },
    pushed: fapi.pushed,
    ...more,
  })
  return { ...connected, fapi }
}

const claims =
  (changes: Record<string, unknown>): Change =>
  ({ hostile }) => {
    hostile.claims = (good) => ({ ...good, ...changes })
  }

const body =
  (changes: Record<string, unknown>): Change =>
  ({ hostile }) => {
    hostile.tokens = (good) => ({ ...good, ...changes })
  }

const unsigned: Change = ({ hostile }) => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  hostile.idToken = (good) => `${encode({ alg: 'none' })}.${encode(good)}.`
}

/** The server's metadata says that it signs by RS256, too: the profile alone refuses it. */
const signedByRs256: Change = async ({ hostile }) => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', kid: 'key-2' }
  hostile.jwks = () => HttpResponse.json({ keys: [jwk] })
  hostile.idToken = (good) =>
    new SignJWT(good).setProtectedHeader({ alg: 'RS256', kid: 'key-2' }).sign(privateKey)
}

const seconds = () => Math.floor(Date.now() / 1000)

describe('fapi2-security-profile-final-client-test', () => {
  test.each(['private_key_jwt', 'mtls'] as const)('-happy-path with %s', async (client) => {
    const { status, connections, authorizationUrl, fapi, fromApi, server } = await connect(undefined, {
      client,
    })
    expect({ status, connections }).toMatchObject({ status: 200, connections: [{ status: 'connected' }] })
    expect((await fromApi('/accounts')).status).toBe(200)
    expect([...new URL(authorizationUrl).searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
    expect(fapi.requests.map(({ origin, path }) => origin + path)).toEqual([
      `${mtlsOrigin}/par`,
      `${mtlsOrigin}/token`,
    ])
    expect([...fapi.requests, ...server.requests.api].every(hasCertificate)).toBe(true)
    const [pushed] = fapi.requests
    expect(pushed?.form.get('code_challenge_method')).toBe('S256')
    expect(pushed?.form.has('client_assertion')).toBe(client === 'private_key_jwt')
  })

  test('-happy-path-no-mtls-endpoint-aliases', async () => {
    const { status, fapi, server } = await connect(undefined, { aliases: false })
    expect(status).toBe(200)
    expect(fapi.requests.map(({ origin, path }) => origin + path)).toEqual(['https://as.example/par'])
    expect([...fapi.requests, ...server.requests.token].every(hasCertificate)).toBe(true)
  })

  test('-discovery-issuer-mismatch', async () => {
    const { status, reason, fapi } = await connect(undefined, {
      before: ({ hostile }) => {
        hostile.metadata = (document) => ({ ...document, issuer: 'https://evil.example' })
      },
    })
    expect({ status, reason }).toEqual({ status: 502, reason: 'metadata_invalid:issuer' })
    expect(fapi.requests).toEqual([])
  })

  test.each<[module: string, change: Change]>([
    ['valid-aud-as-array', claims({ aud: ['client-1'] })],
    ['token-endpoint-response-without-expires_in', body({ expires_in: undefined })],
    ['token-type-case-insensitivity', body({ token_type: 'bEaReR' })],
  ])('-%s', async (_module, change) => {
    const { status, fromApi } = await connect(change)
    expect(status).toBe(200)
    expect((await fromApi('/accounts')).status).toBe(200)
  })

  test.each<[module: string, change: () => Change, parameter: string]>([
    ['invalid-iss', () => claims({ iss: 'https://evil.example' }), 'iss'],
    ['invalid-missing-iss', () => claims({ iss: undefined }), 'iss'],
    ['invalid-aud', () => claims({ aud: 'client-2' }), 'aud'],
    ['invalid-missing-aud', () => claims({ aud: undefined }), 'aud'],
    ['invalid-secondary-aud', () => claims({ aud: ['client-1', 'client-2'] }), 'aud'],
    ['invalid-null-alg', () => unsigned, 'alg'],
    ['invalid-alternate-alg', () => signedByRs256, 'alg'],
    ['invalid-expired-exp', () => claims({ exp: seconds() - 600 }), 'exp'],
    ['invalid-missing-exp', () => claims({ exp: undefined }), 'exp'],
    ['invalid-nonce', () => claims({ nonce: 'another' }), 'nonce'],
    ['invalid-missing-nonce', () => claims({ nonce: undefined }), 'nonce'],
  ])('-%s', async (_module, change, parameter) => {
    const { status, reason, connections, server } = await connect(change())
    expect({ status, reason }).toEqual({ status: 502, reason: `id_token_invalid:${parameter}` })
    expect(connections).toEqual([])
    expect(server.requests.api).toEqual([])
  })

  test.each<[module: string, iss: string | undefined]>([
    ['invalid-authorization-response-iss', 'https://evil.example'],
    ['remove-authorization-response-iss', undefined],
  ])('-%s', async (_module, iss) => {
    const { status, reason, connections, server } = await connect(undefined, {
      response: (told) => {
        told['iss'] = iss
      },
    })
    expect({ status, reason }).toEqual({ status: 409, reason: 'issuer_mismatch' })
    expect(connections).toEqual([])
    expect(server.requests.token).toEqual([])
  })

  describe.each<[module: string, state: string | undefined, code: string, answer: number]>([
    ['ensure-authorization-response-with-invalid-state-fails', 'x'.repeat(43), 'state_unknown', 409],
    ['ensure-authorization-response-with-invalid-missing-state-fails', undefined, 'state_missing', 400],
  ])('-%s', (_module, state, code, answer) => {
    test('at the backend', async () => {
      const { status, connections, server } = await connect(undefined, {
        response: (told) => {
          told['state'] = state
        },
      })
      expect(status).toBe(answer)
      expect(connections).toEqual([])
      expect(server.requests.token).toEqual([])
    })

    test('in the page', async () => {
      const scene = createScene(network)
      const back = new URL(await scene.consent())
      if (state === undefined) back.searchParams.delete('state')
      else back.searchParams.set('state', state)
      const ended = await outcome(scene.open(back.href))
      expect('error' in ended && said(ended.error)).toEqual({ code })
      expect(scene.server.requests.token).toEqual([])
    })
  })
})

describe('a server that does not announce what FAPI 2.0 requires', () => {
  test.each<[member: string, value: unknown]>([
    ['authorization_response_iss_parameter_supported', undefined],
    ['tls_client_certificate_bound_access_tokens', false],
    ['code_challenge_methods_supported', undefined],
    ['pushed_authorization_request_endpoint', undefined],
  ])('is refused before anybody is sent away: %s', async (member, value) => {
    const { status, reason, fapi } = await connect(undefined, {
      aliases: false,
      before: ({ metadata }) => {
        metadata[member] = value
      },
    })
    expect({ status, reason }).toEqual({ status: 502, reason: `metadata_invalid:${member}` })
    expect(fapi.requests).toEqual([])
  })

  test('is refused where an endpoint that sees the certificate is plain http, on this machine too', async () => {
    const { reason } = await connect(undefined, {
      before: ({ metadata }) => {
        metadata['mtls_endpoint_aliases'] = { token_endpoint: 'http://127.0.0.1/token' }
      },
    })
    expect(reason).toBe('metadata_invalid:token_endpoint')
  })
})

describe('a pushed authorization request', () => {
  test('is good for as long as the server says, and the page is told', async () => {
    expect((await connect()).expiresIn).toBe(requestUriSeconds)
  })
})

describe('an access token', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const jwt = (payload: object) => `${encode({ alg: 'ES256', typ: 'at+jwt' })}.${encode(payload)}.c2ln`

  /** Has the server issue this access token. */
  const issue =
    (accessToken: string): Change =>
    ({ hostile }) => {
      hostile.claims = ({ at_hash: _at, ...good }) => good
      hostile.tokens = (good) => ({ ...good, access_token: accessToken })
    }

  test.each([
    ['is no JWT', 'opaque.token'],
    ['is encrypted', `${encode({ alg: 'dir', enc: 'A256GCM' })}..aXY.Y2lwaGVy.dGFn`],
    ['is bound to a certificate', jwt({ cnf: { 'x5t#S256': 'a'.repeat(43) } })],
  ])('that %s is taken', async (_what, accessToken) => {
    expect((await connect(issue(accessToken))).status).toBe(200)
  })

  test.each([
    ['says that it is bound to nothing', jwt({ sub: 'user-1' })],
    ['is bound to a DPoP key', jwt({ cnf: { jkt: 'a'.repeat(43) } })],
    ['has a confirmation that is none', jwt({ cnf: { 'x5t#S256': '' } })],
  ])('that %s is refused, and ended at the server', async (_what, accessToken) => {
    const { status, reason, connections, fapi } = await connect(issue(accessToken))
    expect({ status, reason }).toEqual({ status: 502, reason: 'token_response_invalid:access_token' })
    expect(connections).toEqual([])
    const revoked = fapi.requests
      .filter(({ path }) => path === '/revoke')
      .map(({ form }) => form.get('token'))
    expect(revoked).toContain(accessToken)
  })

  test('that is bound to another certificate than the one of mtlsFetch is refused', async () => {
    const certificate = await createClientCertificate('client')
    const own: Fetch = (...request) => presentCertificate(...request)
    noteThumbprint(own, certificate.thumbprint)
    const bound = (thumbprint: string) =>
      connect(issue(jwt({ cnf: { 'x5t#S256': thumbprint } })), { provider: { fetch: own } })
    expect((await bound(certificate.thumbprint)).status).toBe(200)
    expect((await bound('a'.repeat(43))).reason).toBe('token_response_invalid:access_token')
  })

  test('of a refresh that is bound to nothing is withheld, and the connection is kept', async () => {
    const { server, expire, fromApi, refusal } = await connect()
    const { hostile } = server
    expire()
    await issue(jwt({ sub: 'user-1' }))(server)
    expect((await fromApi('/accounts')).status).toBe(502)
    expect(refusal()).toBe('token_response_invalid:access_token')
    expect(server.requests.api).toEqual([])
    delete hostile.claims
    delete hostile.tokens
    expect((await fromApi('/accounts')).status).toBe(200)
  })
})

describe('fapi2-security-profile-final-client-test with `sender_constrain: dpop`', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const jwt = (payload: object) => `${encode({ alg: 'ES256', typ: 'at+jwt' })}.${encode(payload)}.c2ln`

  /** Has the server answer token requests so. */
  const answer =
    (changes: object): Change =>
    ({ hostile }) => {
      hostile.claims = ({ at_hash: _at, ...good }) => good
      hostile.tokens = (good) => ({ ...good, token_type: 'DPoP', ...changes })
    }

  const connectByKey = (change: Change = answer({}), before: Change = () => undefined) =>
    connect(change, {
      aliases: false,
      before(server) {
        delete server.metadata['tls_client_certificate_bound_access_tokens']
        server.metadata['dpop_signing_alg_values_supported'] = ['ES256', 'PS256']
        return before(server)
      },
      provider: { dpop: true, fetch: undefined },
    })

  const proofOf = ({ headers }: { readonly headers: Headers }) => {
    const proof = headers.get('dpop') ?? ''
    return { ...decodeJwt<{ htu: string }>(proof), key: decodeProtectedHeader(proof).jwk }
  }

  test('-happy-path', async () => {
    const { status, fapi, fromApi, server } = await connectByKey()
    expect(status).toBe(200)
    expect((await fromApi('/accounts')).status).toBe(200)
    const seen = [...fapi.requests, ...server.requests.token, ...server.requests.api]
    expect(seen).toHaveLength(3)
    expect(seen.some(hasCertificate)).toBe(false)
    const [first, ...more] = seen.map(proofOf)
    for (const { key } of more) expect(key).toEqual(first?.key)
    expect(seen.map(proofOf).map(({ htu }) => htu)).toEqual([
      'https://as.example/par',
      'https://as.example/token',
      'https://as.example/api/accounts',
    ])
    expect(server.requests.api[0]?.headers.get('authorization')).toMatch(/^DPoP /)
  })

  test.each(['DPoP', 'dpop', 'dPoP'])('-token-type-case-insensitivity: %s', async (type) => {
    expect((await connectByKey(answer({ token_type: type }))).status).toBe(200)
  })

  test('a bearer token is refused', async () => {
    const { reason, connections } = await connectByKey(answer({ token_type: 'Bearer' }))
    expect({ reason, connections }).toEqual({ reason: 'token_response_invalid:token_type', connections: [] })
  })

  test.each([
    ['says that it is bound to nothing', jwt({ sub: 'user-1' })],
    ['is bound to another key', jwt({ cnf: { jkt: 'a'.repeat(43) } })],
    ['is bound to a certificate', jwt({ cnf: { 'x5t#S256': 'a'.repeat(43) } })],
  ])('an access token that %s is refused', async (_what, accessToken) => {
    const { status, reason, connections } = await connectByKey(answer({ access_token: accessToken }))
    expect({ status, reason }).toEqual({ status: 502, reason: 'token_response_invalid:access_token' })
    expect(connections).toEqual([])
  })

  test('an access token of a refresh that is bound to nothing is withheld, and the connection is kept', async () => {
    const { server, expire, fromApi, refusal } = await connectByKey()
    expire()
    await answer({ access_token: jwt({ sub: 'user-1' }) })(server)
    expect((await fromApi('/accounts')).status).toBe(502)
    expect(refusal()).toBe('token_response_invalid:access_token')
    expect(server.requests.api).toEqual([])
    await answer({})(server)
    expect((await fromApi('/accounts')).status).toBe(200)
  })

  test.each([undefined, ['RS256']])('a server that takes proofs by %j is refused', async (algorithms) => {
    const { reason, fapi } = await connectByKey(undefined, ({ metadata }) => {
      metadata['dpop_signing_alg_values_supported'] = algorithms
    })
    expect(reason).toBe('metadata_invalid:dpop_signing_alg_values_supported with ES256')
    expect(fapi.requests).toEqual([])
  })
})
