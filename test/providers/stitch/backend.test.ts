import { createBackend, memoryStore, stitch } from 'countersign/backend'
import { decodeJwt, decodeProtectedHeader, exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import { describe, expect, test } from 'vitest'
import { app, createBench, redirectUri, scope, type Bench } from '../../backend/support/bench.js'
import { clientId, clientKeys, clientSecret, issuer, tokenEndpoint } from '../../backend/support/upstream.js'
import { leaksOf } from '../../support/secrets.js'

const base64url = (text: string) => Buffer.from(text).toString('base64url')
const base = { clientId, redirectUri, scope, idToken: 'unchecked' } as const
const tokenForm = ({ upstream }: Bench, index = 0) => upstream.to('/connect/token')[index]!.form

describe('the client assertion', () => {
  test('is made for one token request: fixed audience, a minute at most, never the same twice', async () => {
    const bench = await createBench()
    const { id } = await bench.connect()
    bench.passed += 3600
    await bench.call('POST', `/connections/${id}/access-token`, {})
    const assertions = [tokenForm(bench, 0), tokenForm(bench, 1)].map(
      (form) => form.get('client_assertion') ?? '',
    )
    const [first, second] = assertions.map((assertion) => decodeJwt(assertion))
    expect(decodeProtectedHeader(assertions[0]!)).toEqual({ alg: 'RS256', kid: 'client', typ: 'JWT' })
    expect(first).toMatchObject({ iss: clientId, sub: clientId, aud: tokenEndpoint })
    expect(first!.exp! - first!.iat!).toBeLessThanOrEqual(60)
    expect(first!.exp! - Date.now() / 1000).toBeLessThanOrEqual(60)
    expect(first!.jti).toMatch(/^[\w-]{22,}$/)
    expect(second!.jti).not.toBe(first!.jti)
  })

  test('takes its audience and type from the options', async () => {
    const { privateKey } = await clientKeys
    const bench = await createBench({
      stitch: {
        privateKey,
        keyId: 'client',
        assertionAudience: 'https://audience.example',
        assertionType: 'client-authentication+jwt',
      },
    })
    await bench.redeem(await bench.begin())
    const assertion = tokenForm(bench).get('client_assertion') ?? ''
    expect(decodeProtectedHeader(assertion).typ).toBe('client-authentication+jwt')
    expect(decodeJwt(assertion).aud).toBe('https://audience.example')
  })

  /** @see attack 87: metadata that has the client sign for another server (CVE-2025-27370) */
  test('is not for whom the metadata says', async () => {
    const bench = await createBench()
    bench.upstream.next.push(({ url }) =>
      url.endsWith('/openid-configuration')
        ? Response.json({ issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/evil` })
        : undefined,
    )
    expect((await bench.redeem(await bench.begin())).status).toBe(200)
    expect(decodeJwt(tokenForm(bench).get('client_assertion') ?? '').aud).toBe(tokenEndpoint)
    expect(bench.upstream.to('/evil')).toEqual([])
  })

  test('is not made for a server whose metadata names another issuer', async () => {
    const bench = await createBench()
    bench.upstream.next.push(({ url }) =>
      url.endsWith('/openid-configuration') ? Response.json({ issuer: 'https://honest.example' }) : undefined,
    )
    const { body } = await bench.redeem(await bench.begin())
    expect(body.error).toBe('provider_error')
    expect(bench.events.at(-1)).toMatchObject({ reason: 'metadata_invalid:issuer' })
    expect(bench.upstream.to('/connect/token')).toEqual([])
  })

  /** @see attack 86: the backend as a signing service */
  test('reaches no page, by whatever answer', async () => {
    const bench = await createBench()
    const texts: string[] = []
    const proof = await bench.begin()
    for (const body of [proof, { ...proof, code: 'x' }]) texts.push((await bench.redeem(body)).text)
    const { body } = await bench.call('GET', '/connections')
    const id = body.connections[0]?.id ?? ''
    for (const path of ['assertion', 'sign', 'client-credentials', 'client_assertion']) {
      texts.push((await bench.call('POST', `/stitch/${path}`, {})).text)
    }
    bench.passed += 3600
    texts.push((await bench.call('POST', `/connections/${id}/access-token`, {})).text)
    texts.push(JSON.stringify(bench.events))
    expect(texts.join()).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/)
  })
})

describe('the client', () => {
  test('can have its key as JWK or PEM', async () => {
    const { privateKey } = await clientKeys
    const { key_ops: _operations, ...jwk } = await exportJWK(privateKey)
    const pem = await exportPKCS8(privateKey)
    for (const key of [jwk, { ...jwk, use: 'sig', key_ops: ['sign'] }, pem, `Bag Attributes\n${pem}`]) {
      const bench = await createBench({ stitch: { privateKey: key as JsonWebKey, keyId: 'client' } })
      expect((await bench.redeem(await bench.begin())).status).toBe(200)
    }
  })

  test('can authenticate with a secret in the body', async () => {
    const bench = await createBench({
      stitch: { privateKey: undefined, keyId: undefined, clientSecret } as object,
    })
    expect((await bench.redeem(await bench.begin())).status).toBe(200)
    expect(tokenForm(bench).get('client_secret')).toBe(clientSecret)
    expect(tokenForm(bench).has('client_assertion')).toBe(false)
  })

  test('sends each parameter of the token request once', async () => {
    const bench = await createBench()
    const proof = await bench.begin()
    await bench.redeem(proof)
    const form = tokenForm(bench)
    expect([...form.keys()].sort()).toEqual([
      'client_assertion',
      'client_assertion_type',
      'client_id',
      'code',
      'code_verifier',
      'grant_type',
      'redirect_uri',
    ])
    expect(form.get('redirect_uri')).toBe(redirectUri)
    expect(form.get('code_verifier')).toBe(proof.code_verifier)
  })
})

describe('a key that cannot be used rejects ready', () => {
  const readyWith = (privateKey: CryptoKey | JsonWebKey | string) =>
    createBackend({
      origins: [app],
      store: memoryStore(),
      session: () => null,
      providers: { stitch: stitch({ ...base, privateKey, keyId: 'k' }) },
    }).ready

  const rsa = (modulusLength: number) =>
    crypto.subtle.generateKey(
      {
        name: 'RSASSA-PKCS1-v1_5',
        modulusLength,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: 'SHA-256',
      },
      true,
      ['sign', 'verify'],
    )

  test('of 1024 bits, in every form', async () => {
    const { privateKey } = await rsa(1024)
    const jwk = await crypto.subtle.exportKey('jwk', privateKey)
    const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64')
    const pem = `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----`
    for (const key of [privateKey, jwk, pem]) await expect(readyWith(key)).rejects.toThrow(/2048 bits/)
  })

  test.each([
    ['the public half', async () => (await clientKeys).publicKey],
    ['the public half as JWK', async () => exportJWK((await clientKeys).publicKey)],
    ['no PEM', () => 'secret-canary'],
    ['an empty PEM', () => '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----'],
    [
      'another kind of key',
      async () => exportJWK((await generateKeyPair('EdDSA', { extractable: true })).privateKey),
    ],
  ] as [string, () => Promise<CryptoKey> | string][])('that is %s', async (_name, make) => {
    const error: unknown = await readyWith(await make()).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toMatch(/private key/)
    expect(String(error)).not.toContain('canary')
  })

  test('and every request is answered as the backend’s own failure', async () => {
    const bench = await createBench({ stitch: { privateKey: 'none', keyId: 'k' } })
    expect(await bench.call('GET', '/connections')).toMatchObject({
      status: 503,
      body: { error: 'backend_unavailable' },
    })
    await expect(
      Promise.resolve(bench.handle as { ready?: Promise<void> }).then((handle) => handle.ready),
    ).rejects.toThrow()
  })
})

describe('options that cannot work throw with the remedy', () => {
  const make = (options: object) => () => stitch({ ...base, clientSecret, ...options })
  test.each([
    ['no issuer, and no word about it', { idToken: undefined }, /issuer.*unverified/],
    ['no openid', { scope: 'accounts' }, /openid/],
    ['no clientId', { clientId: '' }, /clientId/],
    ['no key and no secret', { clientSecret: undefined }, /privateKey.*clientSecret/],
    ['a key without its id', { clientSecret: undefined, privateKey: 'pem' }, /keyId/],
    ['an endpoint over http', { tokenEndpoint: 'http://bank.example/token' }, /tokenEndpoint/],
    ['an API that is not a URL', { api: 'graphql' }, /api/],
    ['details that say who the person is', { details: ['sub'] }, /details/],
    ['an issuer over http', { idToken: undefined, issuer: 'http://bank.example' }, /issuer/],
  ])('%s', (_name, options, message) => {
    expect(make(options)).toThrow(TypeError)
    expect(make(options)).toThrow(message)
  })
})

describe('the ID Token', () => {
  test.each([
    ['for another client', { aud: 'other' }],
    ['of another issuer', { iss: 'https://other.example' }],
    ['with another nonce', { nonce: 'other' }],
    ['for another access token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    ['that has expired', { exp: 1 }],
    ['that is old', { iat: 1_000_000 }],
    ['for another party', { azp: 'other' }],
  ])('%s is refused, and nothing is stored', async (_name, change) => {
    const bench = await createBench()
    bench.upstream.claims = (claims) => ({ ...claims, ...change })
    const { status, body } = await bench.redeem(await bench.begin())
    expect([status, body.error]).toEqual([502, 'provider_error'])
    expect(bench.events.at(-1)?.reason).toBe(`id_token_invalid:${Object.keys(change)[0]}`)
    expect((await bench.call('GET', '/connections')).body.connections).toEqual([])
  })

  test('that does not come is missed', async () => {
    const bench = await createBench()
    bench.upstream.tokens = ({ id_token: _none, ...body }) => body
    expect((await bench.redeem(await bench.begin())).body.error).toBe('provider_error')
    expect(bench.events.at(-1)?.reason).toBe('id_token_invalid:id_token')
  })

  test('is checked against keys that are given, without discovery', async () => {
    const bench = await createBench({ stitch: { jwksUri: `${issuer}/jwks` } })
    expect((await bench.redeem(await bench.begin())).status).toBe(200)
    expect(bench.upstream.to('/.well-known/openid-configuration')).toEqual([])
  })

  test('is not read where that was chosen', async () => {
    const bench = await createBench({ stitch: { issuer: undefined, idToken: 'unchecked' } as object })
    bench.upstream.claims = (claims) => ({ ...claims, iss: 'http://localhost:5001', aud: 'other' })
    const proof = await bench.begin()
    expect((await bench.call('POST', '/stitch/token', { ...proof, iss: 'https://any.example' })).status).toBe(
      200,
    )
    expect(bench.upstream.to('/.well-known/openid-configuration')).toEqual([])
    expect(bench.upstream.to('/jwks')).toEqual([])
  })

  describe('whose issuer is not known', () => {
    const open = () =>
      createBench({ stitch: { issuer: undefined, idToken: 'unverified', details: ['idp'] } as object })

    test('is checked but for issuer and signature, without any key', async () => {
      const bench = await open()
      bench.upstream.claims = (claims) => ({ ...claims, iss: 'http://localhost:5001' })
      const { status, body } = await bench.redeem(await bench.begin())
      expect([status, body.connection.details]).toEqual([200, { idp: 'local' }])
      expect(bench.upstream.requests.every(({ url }) => url === tokenEndpoint)).toBe(true)
    })

    test.each([
      ['for another client', { aud: 'other' }, 'aud'],
      ['for several, of which this is not the party', { aud: [clientId, 'other'] }, 'aud'],
      ['for another party', { azp: 'other' }, 'azp'],
      ['with another nonce', { nonce: 'other' }, 'nonce'],
      ['without the nonce', { nonce: undefined }, 'nonce'],
      ['for another access token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }, 'at_hash'],
      ['that has expired', { exp: 1 }, 'exp'],
      ['without an end', { exp: undefined }, 'exp'],
      ['that is old', { iat: 1_000_000 }, 'iat'],
      ['without a time', { iat: undefined }, 'iat'],
      ['about nobody', { sub: '' }, 'sub'],
    ])('%s is refused all the same', async (_name, change, claim) => {
      const bench = await open()
      bench.upstream.claims = (claims) => ({ ...claims, ...change }) as typeof claims
      expect((await bench.redeem(await bench.begin())).body.error).toBe('provider_error')
      expect(bench.events.at(-1)?.reason).toBe(`id_token_invalid:${claim}`)
    })

    test.each([
      ['that does not come', undefined, 'id_token'],
      ['that is none', 'a.b.c', 'id_token'],
      ['without a signature', `${btoa('{"alg":"none"}')}.e30.`, 'aud'],
    ])('%s is refused, too', async (_name, idToken, claim) => {
      const bench = await open()
      bench.upstream.tokens = ({ id_token: _other, ...body }) => ({
        ...body,
        ...(idToken && { id_token: idToken }),
      })
      expect((await bench.redeem(await bench.begin())).body.error).toBe('provider_error')
      expect(bench.events.at(-1)?.reason).toBe(`id_token_invalid:${claim}`)
    })

    test('must come with a code, and hold the nonce that was sent or none', async () => {
      const provider = stitch({ ...base, idToken: 'unverified', clientSecret })
      const redemption = {
        session: { subject: 'robin', claims: {} },
        code: 'code',
        codeVerifier: 'v'.repeat(43),
        state: 's'.repeat(43),
        iss: undefined,
        nonce: undefined,
        redirectUri,
        scope,
        data: undefined,
      }
      const now = Math.floor(Date.now() / 1000)
      const claims = { aud: clientId, sub: 'user/1', iat: now, exp: now + 300, nonce: 'nobody-asked' }
      const redeem = (more: object) =>
        provider.redeem(redemption, {
          fetch: () => Promise.resolve(Response.json({ access_token: 'a', token_type: 'Bearer', ...more })),
          now: () => now,
          attended: true,
          subjectKey: (subject) => `key of ${subject}`,
          correlation: 'c0ffee00-0000-4000-8000-000000000000',
          records: undefined as never,
        })
      await expect(redeem({})).rejects.toMatchObject({ code: 'id_token_invalid', parameter: 'id_token' })
      const parts = [{ alg: 'RS256' }, claims].map((part) => base64url(JSON.stringify(part)))
      await expect(redeem({ id_token: `${parts.join('.')}.c2ln` })).rejects.toMatchObject({
        parameter: 'nonce',
      })
    })

    test('of a refresh repeats the nonce of the first one, where it has one', async () => {
      const bench = await open()
      const { id } = await bench.connect()
      bench.passed += 3600
      bench.upstream.claims = (claims) => ({ ...claims, nonce: 'of another request' })
      const { body } = await bench.call('POST', `/connections/${id}/access-token`, {})
      expect(body.error).toBe('reauthorization_required')
    })

    test('of a refresh names the same person, where there is one', async () => {
      const bench = await open()
      const { id } = await bench.connect()
      bench.passed += 3600
      expect((await bench.call('POST', `/connections/${id}/access-token`, {})).status).toBe(200)
      bench.upstream.tokens = ({ id_token: _none, ...body }) => body
      bench.passed += 3600
      expect((await bench.call('POST', `/connections/${id}/access-token`, {})).status).toBe(200)
      bench.upstream.tokens = (body) => body
      bench.upstream.subject = 'user/test/bank/2'
      bench.passed += 3600
      const { body } = await bench.call('POST', `/connections/${id}/access-token`, {})
      expect(body.error).toBe('reauthorization_required')
    })
  })

  test('tells the page the claims that are chosen, and no others', async () => {
    const bench = await createBench({ stitch: { details: ['idp', 'amr'] } })
    const { body } = await bench.redeem(await bench.begin())
    expect(body.connection.details).toEqual({ idp: 'local' })
    const silent = await createBench()
    expect((await silent.redeem(await silent.begin())).body.connection.details).toEqual({})
  })
})

describe('a connection at Stitch', () => {
  const day = 86_400

  test('must be used within the sliding lifetime, which every refresh extends', async () => {
    const bench = await createBench()
    const start = Math.floor(Date.now() / 1000)
    const { id } = await bench.connect()
    const renewBy = async () => (await bench.call('GET', '/connections')).body.connections[0]?.renew_by ?? 0
    expect((await renewBy()) - start).toBeCloseTo(60 * day, -1)
    bench.passed += 30 * day
    await bench.call('POST', `/connections/${id}/access-token`, {})
    expect((await renewBy()) - start).toBeCloseTo(90 * day, -1)
  })

  test('ends for good after the absolute lifetime, counted from the last consent', async () => {
    const bench = await createBench({
      stitch: { refreshTokenSlidingSeconds: 10 * day, refreshTokenAbsoluteSeconds: 15 * day },
    })
    const start = Math.floor(Date.now() / 1000)
    const { id } = await bench.connect()
    const renewBy = async () => (await bench.call('GET', '/connections')).body.connections[0]?.renew_by ?? 0
    bench.passed += 9 * day
    await bench.call('POST', `/connections/${id}/access-token`, {})
    expect((await renewBy()) - start).toBeCloseTo(15 * day, -1)
    await bench.connect({ body: { connection: id } })
    expect((await renewBy()) - start).toBeCloseTo(19 * day, -1)
  })

  test('without offline_access has nothing to renew by', async () => {
    const bench = await createBench()
    const { body } = await bench.redeem(await bench.begin({ granted: 'openid accounts' }))
    expect(body.connection.renew_by).toBeUndefined()
    expect(body.connection.missing_scope).toBe('balances offline_access')
  })

  test('opens no banking session by itself: an hour of asking is no refresh', async () => {
    const bench = await createBench()
    const { id } = await bench.connect()
    for (let minute = 0; minute < 59; minute += 1) {
      bench.passed += 60
      await bench.call('POST', `/connections/${id}/access-token`, {})
    }
    expect(bench.upstream.to('/connect/token')).toHaveLength(1)
  })
})

/** @see attack 94: secrets in answers and logs */
test('no answer but the one that hands over an access token holds a secret, and no event does', async () => {
  const bench = await createBench()
  const proof = await bench.begin()
  const answers = [
    await bench.redeem({ ...proof, code_verifier: 'x'.repeat(43) }),
    await bench.call('POST', '/stitch/token', { ...proof, iss: 'https://evil.example' }),
  ]
  bench.upstream.next.push(({ url, body }) =>
    url === tokenEndpoint
      ? Response.json({ error: 'invalid_request', error_description: `You sent ${body}` }, { status: 400 })
      : undefined,
  )
  answers.push(await bench.redeem(proof), await bench.call('GET', '/connections'))
  const { id } = await bench.connect()
  answers.push(await bench.call('GET', '/connections'))
  bench.upstream.next.push(({ url, body }) =>
    url === tokenEndpoint ? new Response(`<pre>${body}</pre>`, { status: 500 }) : undefined,
  )
  bench.passed += 3600
  answers.push(await bench.call('POST', `/connections/${id}/access-token`, {}))
  answers.push(await bench.call('DELETE', `/connections/${id}`))
  expect(answers.map(({ status }) => status)).toEqual([409, 409, 502, 200, 200, 504, 200])
  for (const { text, headers } of answers) expect(leaksOf([text, [...headers]])).toEqual([])
  // Nor a word of the provider's own.
  for (const { text } of answers) expect(text).not.toContain('You sent')
  expect(leaksOf(bench.events)).toEqual([])
  expect(bench.events.length).toBeGreaterThan(5)
})
