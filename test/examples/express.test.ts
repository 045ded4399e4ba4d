import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../src/protocol/pkce.js'
import { hostilePath } from '../support/hostile-paths.js'

const examples = `${import.meta.dirname}/../../examples/express`
const load = async <Module>(file: string): Promise<Module> => (await import(`${examples}/${file}`)) as Module

const app = 'https://app.example'
const issuer = 'https://as.example'

let server: Server | undefined
afterEach(() => server?.close())

interface Settings {
  /** The person who signs in, and what a revocation comes to. */
  person: string | undefined
  revocation: object
}

/** The example with a provider that says who has signed in. */
async function start() {
  const { createApp } = await load<{ createApp: (options: object) => RequestListener }>('app.js')
  const settings: Settings = { person: 'anna', revocation: { revoked: true } }
  const revoked: unknown[] = []
  const bank = {
    mode: 'mediated',
    redirectUri: `${app}/callback/bank`,
    scope: 'accounts',
    authorizationUrl: () => `${issuer}/authorize`,
    redeem: (code: string) =>
      Promise.resolve({
        accessToken: `access-${code}`,
        refreshToken: `refresh-${code}`,
        expiresAt: Date.now() / 1000 + 300,
        person: settings.person,
      }),
    revoke: (token: unknown) => {
      revoked.push(token)
      return Promise.resolve(settings.revocation)
    },
  }
  server = createServer(
    createApp({ origins: [app], session: () => 'robin', perMinute: Infinity, providers: { bank } }),
  )
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/connect`

  async function call(method: string, path: string, body?: object) {
    const response = await fetch(base + path, {
      method,
      headers: { origin: app, countersign: '1', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, never> }
  }
  async function connect(code: string, connection?: string) {
    const verifier = createCodeVerifier()
    const state = createState()
    await call('POST', '/bank/authorization', {
      state,
      code_challenge: await calculateCodeChallenge(verifier),
      redirect_uri: bank.redirectUri,
      ...(connection !== undefined && { connection }),
    })
    return call('POST', '/bank/token', { code, state, code_verifier: verifier })
  }
  return { settings, revoked, call, connect }
}

describe('the Express example', () => {
  test('renews a connection for the same person', async () => {
    const { connect } = await start()
    const { id } = (await connect('one')).body['connection'] as unknown as { id: string }
    expect((await connect('two', id)).body['connection']).toMatchObject({ id })
  })

  test('renews nothing for another person, whose tokens are revoked', async () => {
    const { settings, revoked, connect, call } = await start()
    const { id } = (await connect('one')).body['connection'] as unknown as { id: string }
    settings.person = 'ben'
    expect(await connect('two', id)).toMatchObject({ status: 409, body: { error: 'other_person' } })
    expect(revoked).toEqual(['refresh-two'])
    const token = await call('POST', `/connections/${id}/access-token`, {})
    expect(token.body).toMatchObject({ access_token: 'access-one' })
  })

  test('renews nothing where nobody says who has signed in, and revokes nothing', async () => {
    const { settings, revoked, connect } = await start()
    const { id } = (await connect('one')).body['connection'] as unknown as { id: string }
    settings.person = undefined
    expect(await connect('two', id)).toMatchObject({ status: 409, body: { error: 'person_unknown' } })
    expect(revoked).toEqual([])
  })

  test.each([{ revoked: true }, { revoked: false, reason: 'no_endpoint' }])(
    'says what came of disconnecting: %j',
    async (result) => {
      const { settings, connect, call } = await start()
      const { id } = (await connect('one')).body['connection'] as unknown as { id: string }
      settings.revocation = result
      expect(await call('DELETE', `/connections/${id}`)).toEqual({ status: 200, body: result })
    },
  )
})

describe('a path of the Express example', () => {
  /** The part of the example that asks the API, with everything that it sends. */
  async function createTarget() {
    const { createResources } = await load<{
      createResources: (
        connections: object,
        providers: object,
      ) => (request: object, response: object) => Promise<void>
    }>('resources.js')
    const sent: string[] = []
    vi.stubGlobal('fetch', (url: URL) => {
      sent.push(url.href)
      return Promise.resolve(Response.json({}))
    })
    const handle = createResources(
      {
        find: () => ({ provider: 'bank' }),
        usableToken: () => Promise.resolve({ accessToken: 'access' }),
      },
      {
        bank: {
          mode: 'bff',
          api: 'https://api.bank.example/v3',
          resources: [
            { method: 'GET', path: 'accounts/{accountId}' },
            { method: 'GET', path: '{customerId}/transactions' },
          ],
        },
      },
    )
    const answer = {
      removeHeader: () => answer,
      status: () => answer,
      type: () => answer,
      send: () => answer,
    }
    const get = (path: string) =>
      handle({ method: 'GET', url: `/${path}`, subject: 'robin', params: { id: 'c-1' } }, answer)
    return { get, sent }
  }

  test('leads nowhere but to the API, however it is written', async () => {
    const { get, sent } = await createTarget()
    await fc.assert(
      fc.asyncProperty(hostilePath, async (path) => {
        await get(path).catch((error: unknown) => {
          expect(error).toMatchObject({
            error: expect.stringMatching(/^(?:not_found|invalid_request)$/) as string,
          })
        })
      }),
      { numRuns: 1000, examples: [['http:evil.example/transactions'], ['accounts/c:80']] },
    )
    expect(sent.length).toBeGreaterThanOrEqual(2)
    for (const url of sent)
      expect(url).toMatch(
        /^https:\/\/api\.bank\.example\/v3\/(?:accounts\/[\w.~:-]+|[\w.~:-]+\/transactions)\??$/,
      )
  })
})

describe('an ID Token in the Express example', () => {
  const good = { iss: issuer, aud: 'client-1', sub: 'anna', nonce: 'n1', exp: Date.now() / 1000 + 60 }

  /** Reads ID Tokens that are signed with a key of the provider. */
  async function reader() {
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'k1' }]
    server = createServer((_request, response) => response.end(JSON.stringify({ keys })))
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const jwksUri = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/jwks`
    const { readIdToken } = await load<{
      readIdToken: (token: unknown, client: object, expected: object) => Promise<{ sub: string }>
    }>('id-token.js')
    const read = async (token: unknown) => {
      const { sub } = await readIdToken(token, { issuer, clientId: 'client-1', jwksUri }, { nonce: 'n1' })
      return sub
    }
    const sign = (claims: object) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(privateKey)
    return { read, sign }
  }

  test('says who has signed in', async () => {
    const { read, sign } = await reader()
    expect(await read(await sign(good))).toBe('anna')
    expect(await read(await sign({ ...good, aud: ['client-1'], azp: 'client-1' }))).toBe('anna')
  })

  test.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'client-2' }],
    ['another azp', { azp: 'client-2' }],
    ['another nonce', { nonce: 'n2' }],
    ['no nonce', { nonce: undefined }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['an end that has passed', { exp: 1 }],
  ])('with %s is refused', async (_what, claims) => {
    const { read, sign } = await reader()
    await expect(read(await sign({ ...good, ...claims }))).rejects.toMatchObject({ error: 'provider_error' })
  })

  test('that another key has signed, or none, is refused', async () => {
    const { read, sign } = await reader()
    const [header = '', payload = ''] = (await sign(good)).split('.')
    const { sign: signOther } = await reader()
    const [, , signature = ''] = (await signOther(good)).split('.')
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
    for (const token of [
      `${header}.${payload}.${signature}`,
      `${unsigned}.${payload}.`,
      undefined,
      7,
      '',
      'a.b.c',
    ])
      await expect(read(token)).rejects.toThrow()
  })
})
