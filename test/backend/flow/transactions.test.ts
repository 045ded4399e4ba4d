import { randomBytes } from 'node:crypto'
import { memoryStore, Refusal, type BackendProvider } from 'countersign/backend'
import { describe, expect, test, vi } from 'vitest'
import { nodeCrypto } from '../../../src/backend/crypto/node-crypto.js'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../../src/protocol/pkce.js'
import { app, createBench, redirectUri, type Bench, type BenchOptions, type Proof } from '../support/bench.js'
import { clientId, createUpstream, networkFailure, tokenEndpoint } from '../support/upstream.js'

const key = (): string => randomBytes(32).toString('base64url')

const tokenRequests = ({ upstream }: Bench) => upstream.to('/connect/token').length

/** Two processes of one backend, with one store and one bank. */
async function createReplicas(options: BenchOptions = {}): Promise<readonly [Bench, Bench]> {
  const upstream = createUpstream(() => Date.now() / 1000)
  const store = memoryStore()
  const common = { ...options, upstream, store }
  return [await createBench(common), await createBench(common)]
}

const refusal = (bench: Bench, error: string) => ({
  error,
  reason: bench.events.filter(({ name }) => name === 'refused').at(-1)?.reason,
})

const sealingKey = key()

describe.each([
  ['kept in the store', () => ({})],
  ['sealed for the page to carry', () => ({ backend: { keys: [sealingKey] } })],
])('a transaction %s', (_name, options: () => BenchOptions) => {
  const open = () => createBench(options())

  test('is redeemed for the connection and an access token', async () => {
    const bench = await open()
    const { status, body } = await bench.redeem(await bench.begin())
    expect(status).toBe(200)
    expect(body).toMatchObject({
      connection: { provider: 'stitch', status: 'connected', missing_scope: '' },
      token_type: 'Bearer',
      expires_in: 3600,
    })
    expect(Object.keys(body).sort()).toEqual(['access_token', 'connection', 'expires_in', 'token_type'])
  })

  test('says what was not granted', async () => {
    const bench = await open()
    const { body } = await bench.redeem(await bench.begin({ granted: 'balances openid' }))
    expect(body.connection).toMatchObject({
      scope: 'balances openid',
      missing_scope: 'accounts offline_access',
    })
  })

  test.each([1, 61, 400])(
    'is redeemed although the provider has changed its key %i s after it was last looked at',
    async (seconds) => {
      const bench = await open()
      await bench.connect()
      bench.passed += seconds
      await bench.upstream.rotateKeys('server-2')
      expect((await bench.redeem(await bench.begin())).status).toBe(200)
      expect(tokenRequests(bench)).toBe(2)
      expect(bench.upstream.to('/jwks')).toHaveLength(2)
    },
  )

  /** @see attack 2: the victim's account in the app gets the attacker's bank */
  test('of another user is refused before the code is spent', async () => {
    const bench = await open()
    const proof = await bench.begin({ subject: 'mallory' })
    const { status, body } = await bench.redeem(proof, { subject: 'robin' })
    expect(status).toBe(409)
    expect({ ...refusal(bench, body.error), requests: tokenRequests(bench) }).toEqual({
      error: 'transaction_invalid',
      reason: 'unknown',
      requests: 0,
    })
    expect((await bench.redeem(proof, { subject: 'mallory' })).status).toBe(200)
  })

  /** @see attack 96 */
  test.each([
    ['another verifier', () => ({ code_verifier: createCodeVerifier() }), 'verifier'],
    ['another state', () => ({ state: createState() }), 'unknown'],
  ] as [string, () => Partial<Proof>, string][])(
    'with %s is refused before the code is spent',
    async (_, change, reason) => {
      const bench = await open()
      const proof = await bench.begin()
      const { body } = await bench.redeem({ ...proof, ...change() })
      expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason })
      expect(tokenRequests(bench)).toBe(0)
      expect((await bench.redeem(proof)).status).toBe(200)
    },
  )

  test('of another provider is refused', async () => {
    const bench = await open()
    const proof = await bench.begin()
    const { body } = await bench.call('POST', '/other/token', proof)
    expect(body.error).toBe('unknown_provider')
    expect(tokenRequests(bench)).toBe(0)
  })

  test('is no transaction of another provider that the backend has', async () => {
    const store = memoryStore()
    const bench = await createBench({ ...options(), store })
    const proof = await bench.begin()
    const redeem = vi.fn<BackendProvider['redeem']>(() => Promise.reject(new Error('unused')))
    const other: BackendProvider = {
      mode: 'mediated',
      label: 'Other',
      scope: 'openid',
      redirectUris: ['https://app.example/callback/other'],
      authorize: () => Promise.reject(new Error('unused')),
      redeem,
    }
    const beside = await createBench({
      ...options(),
      store,
      backend: { ...options().backend, providers: { other } },
    })
    const { body } = await beside.call('POST', '/other/token', proof)
    expect(refusal(beside, body.error)).toEqual({ error: 'transaction_invalid', reason: 'unknown' })
    expect(redeem).not.toHaveBeenCalled()
    expect((await bench.redeem(proof)).status).toBe(200)
  })

  test('that has expired is refused before the code is spent', async () => {
    const bench = await open()
    const proof = await bench.begin()
    bench.passed += 900
    expect((await bench.redeem(await bench.begin())).status).toBe(200)
    bench.passed += 61
    const { body } = await bench.redeem(proof)
    expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason: 'unknown' })
    expect(tokenRequests(bench)).toBe(1)
  })

  test('answers the same request with the same connection, and spends the code once', async () => {
    const bench = await open()
    const proof = await bench.begin()
    const first = await bench.redeem(proof)
    const again = await bench.redeem(proof)
    expect(again.body).toEqual(first.body)
    expect(tokenRequests(bench)).toBe(1)
    expect((await bench.call('GET', '/connections')).body.connections).toHaveLength(1)
  })

  test('that is done gives nothing to another verifier', async () => {
    const bench = await open()
    const proof = await bench.begin()
    await bench.redeem(proof)
    const { status, body } = await bench.redeem({ ...proof, code_verifier: createCodeVerifier() })
    expect(status).toBe(409)
    expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason: 'verifier' })
  })

  test('that was begun again expires all the same', async () => {
    const bench = await open()
    const proof = await bench.begin()
    bench.upstream.next.push(() => networkFailure('ECONNREFUSED'))
    expect((await bench.redeem(proof)).body.error).toBe('provider_unavailable')
    bench.upstream.next.length = 0
    bench.passed += 961
    const { body } = await bench.redeem(proof)
    expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason: 'expired' })
    expect(tokenRequests(bench)).toBe(0)
  })

  test('in processes that die is tried again once, and then over', async () => {
    const upstream = createUpstream(() => Date.now() / 1000)
    const common = { ...options(), store: memoryStore() }
    let sent: () => void = () => undefined
    const hanging = {
      ...upstream,
      fetch: (url: string, init: RequestInit) => {
        if (url !== tokenEndpoint) return upstream.fetch(url, init)
        sent()
        return new Promise<never>(() => undefined)
      },
    }
    const first = await createBench({ ...common, upstream: hanging })
    const proof = await first.begin()
    for (const passed of [0, 361]) {
      const dying = await createBench({ ...common, upstream: hanging })
      dying.passed = passed
      const arrived = new Promise<void>((resolve) => (sent = resolve))
      void dying.redeem(proof)
      await arrived
    }
    const third = await createBench({ ...common, upstream })
    third.passed = 722
    const { body } = await third.redeem(proof)
    expect(refusal(third, body.error)).toEqual({ error: 'transaction_invalid', reason: 'spent' })
    expect(tokenRequests(third)).toBe(0)
  })

  test('answers the same request later with a token that is good then', async () => {
    const bench = await open()
    bench.upstream.expiresIn = 300
    const proof = await bench.begin()
    const first = await bench.redeem(proof)
    bench.passed += 300
    const again = await bench.redeem(proof)
    expect(again.body.connection.id).toBe(first.body.connection.id)
    expect(again.body.access_token).not.toBe(first.body.access_token)
    expect(again.body.expires_in).toBe(300)
  })

  test('lets those who ask while it is under way wait for the one redemption', async () => {
    const bench = await open()
    const proof = await bench.begin()
    const answers = await Promise.all(Array.from({ length: 12 }, () => bench.redeem(proof)))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(tokenRequests(bench)).toBe(1)
  })

  test('lets another replica wait, too', async () => {
    const [here, there] = await createReplicas(options())
    const proof = await here.begin()
    const [first, second] = await Promise.all([here.redeem(proof), there.redeem(proof)])
    expect(second.body.connection).toEqual(first.body.connection)
    expect(second.body.access_token).toBe(first.body.access_token)
    expect(tokenRequests(here)).toBe(1)
  })

  test('whose code the provider refuses is over: 400, then 409 without another request', async () => {
    const bench = await open()
    const proof = { ...(await bench.begin()), code: 'never-issued' }
    expect((await bench.redeem(proof)).body.error).toBe('invalid_grant')
    const { body } = await bench.redeem(proof)
    expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason: 'spent' })
    expect(tokenRequests(bench)).toBe(1)
  })

  test('whose request nobody answered may be sent once more, and no third time', async () => {
    const bench = await open()
    const proof = await bench.begin()
    bench.upstream.next.push(
      () => networkFailure(),
      () => networkFailure(),
    )
    // Discovery is the first request; it fails before anything is sent.
    expect((await bench.redeem(proof)).body.error).toBe('provider_unavailable')
    bench.upstream.next.length = 0
    expect((await bench.redeem(proof)).status).toBe(200)
    const other = await bench.begin()
    bench.upstream.next.push(
      () => networkFailure(),
      () => networkFailure(),
    )
    expect((await bench.redeem(other)).body.error).toBe('provider_unavailable')
    expect((await bench.redeem(other)).body.error).toBe('provider_unavailable')
    const { body } = await bench.redeem(other)
    expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason: 'spent' })
    expect(tokenRequests(bench)).toBe(3)
  })

  test('renews a connection in place', async () => {
    const bench = await open()
    const { id, accessToken } = await bench.connect()
    const renewed = await bench.connect({ body: { connection: id } })
    expect(renewed.id).toBe(id)
    expect(renewed.accessToken).not.toBe(accessToken)
    expect((await bench.call('GET', '/connections')).body.connections).toHaveLength(1)
  })

  test('can be redeemed after the store failed before anything was sent', async () => {
    const plain = await createBench(options())
    let failures = 1
    const provider: BackendProvider = {
      ...plain.provider,
      redeem(redemption, context) {
        if (failures-- > 0) throw new Refusal('backend_unavailable')
        return plain.provider.redeem(redemption, context)
      },
    }
    const bench = await createBench({
      upstream: plain.upstream,
      backend: { ...options().backend, providers: { stitch: provider } },
    })
    const proof = await bench.begin()
    expect((await bench.redeem(proof)).status).toBe(503)
    expect((await bench.redeem(proof)).status).toBe(200)
    expect(tokenRequests(bench)).toBe(1)
  })

  test('that renews a connection while it is disconnected: what comes of it is neither lost nor left at the bank', async () => {
    const store = memoryStore()
    let renew: (() => Promise<unknown>) | undefined
    const bench = await createBench({
      ...options(),
      store: {
        ...store,
        async delete(key) {
          const now = key.startsWith('connection:') ? renew : undefined
          renew = undefined
          await now?.()
          await store.delete(key)
        },
      },
    })
    const { id } = await bench.connect()
    const proof = await bench.begin({ body: { connection: id } })
    renew = () => bench.redeem(proof)
    expect((await bench.call('DELETE', `/connections/${id}`)).status).toBe(200)
    const { connections } = (await bench.call('GET', '/connections')).body
    expect(connections).toHaveLength(1)
    expect(connections[0]?.id).not.toBe(id)
    expect((await bench.redeem(proof)).body.connection.id).toBe(connections[0]?.id)
  })

  test('renews nothing when another person has signed in at the bank: their tokens are revoked and not kept', async () => {
    const revocationEndpoint = 'https://secure.bank.example/connect/revocation'
    const bench = await createBench({ ...options(), stitch: { revocationEndpoint } })
    const revoked = () =>
      bench.upstream.to('/connect/revocation').map(({ form }) => form.get('token_type_hint'))
    const accept = ({ url }: { url: string }) => (url === revocationEndpoint ? new Response() : undefined)
    bench.upstream.next.push(accept, accept)
    const { id, accessToken } = await bench.connect()
    bench.upstream.subject = 'user/test/bank/2'
    const proof = await bench.begin({ body: { connection: id } })
    const { status, body } = await bench.redeem(proof)
    expect(status).toBe(409)
    expect(refusal(bench, body.error)).toEqual({ error: 'other_person' })
    expect(body.error_description).toMatch(/^The person who signed in /)
    expect(revoked()).toEqual(['refresh_token', 'access_token'])

    const { connections } = (await bench.call('GET', '/connections')).body
    expect(connections.map((connection) => connection.id)).toEqual([id])
    const kept = await bench.call('POST', `/connections/${id}/access-token`, {})
    expect(kept.body.access_token).toBe(accessToken)

    // The code is spent, so the same request is not another one at the provider.
    const again = await bench.redeem(proof)
    expect(refusal(bench, again.body.error)).toEqual({ error: 'transaction_invalid', reason: 'spent' })
    expect(tokenRequests(bench)).toBe(2)
  })

  test.each([
    ['its issuer', {}],
    ['no issuer, so that its signature is not checked', { issuer: undefined, idToken: 'unverified' }],
  ] as [string, object][])(
    'is of the same person, whatever scope the page asks for: an ID Token with %s',
    async (_which, stitch) => {
      const bench = await createBench({ ...options(), stitch })
      const { id, accessToken } = await bench.connect()
      bench.upstream.subject = 'user/test/bank/2'
      const less = { connection: id, scope: 'accounts offline_access' }
      await expect(bench.connect({ body: { ...less, nonce: undefined } })).rejects.toThrow('invalid_request')
      const { status, body } = await bench.redeem(await bench.begin({ body: less }))
      expect(status).toBe(409)
      expect(refusal(bench, body.error)).toEqual({ error: 'other_person' })
      const kept = await bench.call('POST', `/connections/${id}/access-token`, {})
      expect(kept.body.access_token).toBe(accessToken)
    },
  )

  test('renews nothing of a known person where nothing says who has signed in: what was issued is not kept', async () => {
    const store = memoryStore()
    const upstream = createUpstream(() => Date.now() / 1000)
    const bench = await createBench({ ...options(), store, upstream })
    const { id, accessToken } = await bench.connect()
    const before = (await bench.call('GET', '/connections')).body.connections
    const revocationEndpoint = 'https://secure.bank.example/connect/revocation'
    const unchecked = { issuer: undefined, idToken: 'unchecked', revocationEndpoint } as object
    const silent = await createBench({ ...options(), store, upstream, stitch: unchecked })
    const { status, body } = await silent.redeem(await silent.begin({ body: { connection: id } }))
    expect(status).toBe(409)
    expect(refusal(silent, body.error)).toEqual({ error: 'person_unknown' })
    expect(body.error_description).toMatch(/does not say who has signed in/)
    // It may be the same person, whose grant must not end.
    expect(upstream.to('/connect/revocation')).toEqual([])
    expect((await bench.call('GET', '/connections')).body.connections).toEqual(before)
    const kept = await bench.call('POST', `/connections/${id}/access-token`, {})
    expect(kept.body.access_token).toBe(accessToken)
    expect((await bench.connect({ body: { connection: id } })).id).toBe(id)
  })

  test('says that nothing proves whose account it is, until something does', async () => {
    const store = memoryStore()
    const upstream = createUpstream(() => Date.now() / 1000)
    const unchecked = { issuer: undefined, idToken: 'unchecked' } as object
    const silent = await createBench({ ...options(), store, upstream, stitch: unchecked })
    const list = async (bench: Bench) => (await bench.call('GET', '/connections')).body.connections
    const { id } = await silent.connect()
    expect(await list(silent)).toMatchObject([{ id, identity: 'unproven' }])
    expect(await silent.handle.connections.list({ subject: 'robin' })).toMatchObject([
      { id, identity: 'unproven' },
    ])
    const unverified = { issuer: undefined, idToken: 'unverified' } as object
    const bench = await createBench({ ...options(), store, upstream, stitch: unverified })
    await bench.connect({ body: { connection: id } })
    const [renewed] = await list(bench)
    expect(renewed?.id).toBe(id)
    expect(renewed).not.toHaveProperty('identity')
  })

  test('renews a connection of nobody that is known, where the provider has no ID Tokens', async () => {
    const unchecked = { issuer: undefined, idToken: 'unchecked' } as object
    const bench = await createBench({ ...options(), stitch: unchecked })
    const { id } = await bench.connect()
    bench.upstream.subject = 'user/test/bank/2'
    expect((await bench.connect({ body: { connection: id } })).id).toBe(id)
  })

  test('of a connection without a known person learns it when it is renewed', async () => {
    const store = memoryStore()
    const upstream = createUpstream(() => Date.now() / 1000)
    const unchecked = { issuer: undefined, idToken: 'unchecked' } as object
    const silent = await createBench({ ...options(), store, upstream, stitch: unchecked })
    const { id } = await silent.connect()
    const bench = await createBench({ ...options(), store, upstream })
    expect((await bench.connect({ body: { connection: id } })).id).toBe(id)
    upstream.subject = 'user/test/bank/2'
    await expect(bench.connect({ body: { connection: id } })).rejects.toThrow('other_person')
  })

  test('cannot renew a connection at another provider', async () => {
    const store = memoryStore()
    const bench = await createBench({ ...options(), store })
    const { id } = await bench.connect()
    const provider: BackendProvider = {
      label: 'Plain',
      mode: 'mediated',
      redirectUris: [redirectUri],
      scope: 'accounts',
      authorize: () => Promise.resolve({ url: 'https://plain.example/' }),
      redeem: () => Promise.resolve({}),
    }
    const { backend } = options()
    const other = await createBench({ store, backend: { ...backend, providers: { plain: provider } } })
    const { body } = await other.call('POST', '/plain/authorization', {
      state: createState(),
      code_challenge: createState(),
      redirect_uri: redirectUri,
      connection: id,
    })
    expect(body.error).toBe('unknown_connection')
  })

  test('cannot renew what is not the user’s', async () => {
    const bench = await open()
    const { id } = await bench.connect()
    await expect(bench.begin({ subject: 'mallory', body: { connection: id } })).rejects.toThrow(
      'unknown_connection',
    )
    await expect(bench.begin({ body: { connection: ['x'] } })).rejects.toThrow('unknown_connection')
  })
})

/** A bench whose provider has the ID Token confirm what the page asks of the sign-in. */
async function createConfirming() {
  const stitch = { redirectUri: [redirectUri, `${app}/callback/other`] }
  const { provider } = await createBench({ stitch })
  return createBench({
    stitch,
    backend: { providers: { stitch: { ...provider, confirmsAuthentication: true } } },
  })
}

describe('an authorization request', () => {
  const good = async () => ({
    state: createState(),
    code_challenge: await calculateCodeChallenge(createCodeVerifier()),
    nonce: createState(),
    redirect_uri: redirectUri,
  })

  test('is answered with a URL that holds what the page sent, and nothing secret', async () => {
    const { call } = await createBench()
    const body = await good()
    const { body: answer } = await call('POST', '/stitch/authorization', {
      ...body,
      scope: 'accounts openid',
    })
    expect(answer.expires_in).toBe(900)
    expect(answer.transaction).toBeUndefined()
    const url = new URL(answer.authorization_url)
    expect(url.origin + url.pathname).toBe('https://secure.bank.example/connect/authorize')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'test-4e1f2a86',
      response_type: 'code',
      scope: 'accounts openid',
      code_challenge_method: 'S256',
      ...body,
    })
    expect(url.search).toContain('accounts%20openid')
  })

  test('asks for openid although the page leaves it out, where the backend’s scope has it', async () => {
    const { call } = await createBench()
    const body = { ...(await good()), scope: 'balances accounts' }
    const { authorization_url: url } = (await call('POST', '/stitch/authorization', body)).body
    expect(new URL(url).searchParams.get('scope')).toBe('balances accounts openid')
  })

  /** @see attack 85: the page says who the person is, or what the client may do */
  test.each([
    ['client_id', { client_id: 'other' }, 'unknown_member'],
    ['aud', { aud: 'https://other.example' }, 'unknown_member'],
    ['exp', { exp: 9_999_999_999 }, 'unknown_member'],
    ['user_email', { user_email: 'ceo@example.com' }, 'unknown_member'],
    ['an input that the provider does not take', { input: { user_email: 'ceo@example.com' } }, 'input'],
    ['an input that is not an object', { input: ['sub'] }, 'input'],
    ['another redirect_uri', { redirect_uri: 'https://app.example/callback/stitch?x' }, 'redirect_uri'],
    ['a redirect_uri of another host', { redirect_uri: 'https://evil.example/' }, 'redirect_uri'],
    ['no redirect_uri', { redirect_uri: undefined }, 'redirect_uri'],
    ['more scope than the backend allows', { scope: 'openid transactions' }, 'scope'],
    ['an empty scope', { scope: ' ' }, 'scope'],
    ['a scope that is a list', { scope: ['openid'] }, 'scope'],
    ['no nonce beside openid', { nonce: undefined }, 'nonce'],
    ['no nonce, and no openid that would need one', { nonce: undefined, scope: 'accounts' }, 'nonce'],
    ['a short state', { state: 'a'.repeat(42) }, 'parameters'],
    ['a long state', { state: 'a'.repeat(44) }, 'parameters'],
    ['a challenge with other characters', { code_challenge: '+'.repeat(43) }, 'parameters'],
    ['a challenge that is a number', { code_challenge: 1 }, 'parameters'],
    ['a nonce that is an object', { nonce: {} }, 'parameters'],
    ['a way of signing in that this provider cannot ask for', { acr_values: 'phr' }, 'authentication'],
    ['an age of the sign-in that this provider cannot ask for', { max_age: 60 }, 'authentication'],
    ['a way of signing in that is null', { acr_values: null }, 'authentication'],
  ])('with %s is refused', async (_name, change, reason) => {
    const bench = await createBench()
    const { status, body } = await bench.call('POST', '/stitch/authorization', {
      ...(await good()),
      ...change,
    })
    expect(status).toBe(400)
    expect(refusal(bench, body.error)).toEqual({ error: 'invalid_request', reason })
    expect(bench.upstream.requests).toEqual([])
  })

  /** @see attack 88: a provider that is no provider */
  test.each([
    '__proto__',
    'constructor',
    'hasOwnProperty',
    '..%2fstitch',
    'https:%2f%2fevil.example',
    'STITCH',
  ])('for the provider %s is refused without any request', async (name) => {
    const { call, upstream } = await createBench()
    const { status, body } = await call('POST', `/${name}/authorization`, await good())
    expect([status, body.error]).toEqual([404, 'unknown_provider'])
    expect(upstream.requests).toEqual([])
  })

  test('may be sent again by a page that did not see the answer, and by nobody else', async () => {
    const bench = await createBench()
    const body = await good()
    const again = () => bench.call('POST', '/stitch/authorization', body)
    expect((await again()).status).toBe(201)
    expect((await again()).status).toBe(201)
    const other = { ...body, code_challenge: (await good()).code_challenge }
    const { body: answer } = await bench.call('POST', '/stitch/authorization', other)
    expect(refusal(bench, answer.error)).toEqual({ error: 'transaction_invalid', reason: 'state_reused' })
  })

  test('does not take the place of one that was begun at another server', async () => {
    const store = memoryStore()
    const [before, changed] = [
      await createBench({ store }),
      await createBench({ store, stitch: { clientId: 'test-other' } }),
    ]
    const body = await good()
    expect((await before.call('POST', '/stitch/authorization', body)).status).toBe(201)
    const { body: answer } = await changed.call('POST', '/stitch/authorization', body)
    expect(refusal(changed, answer.error)).toEqual({ error: 'transaction_invalid', reason: 'state_reused' })
  })

  test.each([
    ['nonce', () => ({ nonce: createState() })],
    ['scope', () => ({ scope: 'openid accounts' })],
    ['redirect URI', () => ({ redirect_uri: `${app}/callback/other` })],
    ['way of signing in', () => ({ acr_values: 'phr' })],
  ] as [string, () => object][])('does not replace the %s of one that has begun', async (_what, change) => {
    const bench = await createConfirming()
    const body = await good()
    expect((await bench.call('POST', '/stitch/authorization', body)).status).toBe(201)
    const { body: answer } = await bench.call('POST', '/stitch/authorization', { ...body, ...change() })
    expect(refusal(bench, answer.error)).toEqual({ error: 'transaction_invalid', reason: 'state_reused' })
  })

  test.each([
    ['two spaces', { acr_values: 'phr  phrh' }],
    ['no value', { acr_values: '' }],
    ['a quote', { acr_values: 'a"b' }],
    ['a list', { acr_values: ['phr'] }],
    ['257 characters', { acr_values: 'a'.repeat(257) }],
    ['a negative age', { max_age: -1 }],
    ['half a second', { max_age: 0.5 }],
    ['an age as text', { max_age: '60' }],
    ['nothing that could confirm it', { max_age: 60, scope: 'accounts', nonce: undefined }],
  ])('for another way of signing in with %s is refused', async (_name, change) => {
    const bench = await createConfirming()
    const { status, body } = await bench.call('POST', '/stitch/authorization', {
      ...(await good()),
      ...change,
    })
    expect([status, body.error]).toEqual([400, 'invalid_request'])
  })

  test('that is sent again does not let its code be sent a third time', async () => {
    const bench = await createBench({ backend: { rateLimit: 'off' } })
    const body = await good()
    const verifier = createCodeVerifier()
    const request = { ...body, code_challenge: await calculateCodeChallenge(verifier) }
    const begin = () => bench.call('POST', '/stitch/authorization', request)
    const code = bench.upstream.visit((await begin()).body.authorization_url)
    for (let times = 0; times < 3; times += 1) {
      bench.upstream.next.push(({ url }) => (url === tokenEndpoint ? networkFailure() : undefined))
      await bench.redeem({ code, state: body.state, code_verifier: verifier })
      await begin()
    }
    expect(tokenRequests(bench)).toBe(2)
  })

  /** @see attack 86: initialization tokens and pushed requests without end */
  test('over the limit makes the provider do nothing; one that fails does not count', async () => {
    let authorized = 0
    let works = true
    const provider: BackendProvider = {
      label: 'Plain',
      mode: 'mediated',
      redirectUris: [redirectUri],
      scope: 'accounts',
      authorize: () => {
        authorized += 1
        return works ? Promise.resolve({ url: 'https://plain.example/' }) : Promise.reject(new Error('no'))
      },
      redeem: () => Promise.resolve({}),
    }
    const { call } = await createBench({ backend: { rateLimit: 'off', providers: { plain: provider } } })
    const begin = async () => (await call('POST', '/plain/authorization', await good())).status
    works = false
    for (let count = 0; count < 45; count += 1) expect(await begin()).toBe(503)
    works = true
    for (let count = 0; count < 40; count += 1) expect(await begin()).toBe(201)
    expect(await begin()).toBe(429)
    expect(authorized).toBe(85)
  })

  test('is refused while the user has too many others pending in the store', async () => {
    const bench = await createBench({ backend: { rateLimit: 'off' } })
    const proofs = []
    for (let count = 0; count < 40; count += 1) proofs.push(await bench.begin())
    const { status, headers, body } = await bench.call('POST', '/stitch/authorization', await good())
    expect([status, body.error]).toEqual([429, 'rate_limited'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(800)
    expect((await bench.begin({ subject: 'sam' })).code).toBeDefined()
    await bench.redeem(proofs[0]!)
    expect((await bench.begin()).code).toBeDefined()
  })
})

describe('a token request', () => {
  test.each([
    ['a verifier of 42 characters', { code_verifier: 'a'.repeat(42) }],
    ['a verifier of 129 characters', { code_verifier: 'a'.repeat(129) }],
    ['a verifier with other characters', { code_verifier: `${'a'.repeat(43)}+` }],
    ['a verifier that is a list', { code_verifier: ['a'.repeat(43)] }],
    ['a verifier in Unicode', { code_verifier: 'ａ'.repeat(43) }],
    ['an empty code', { code: '' }],
    ['a code of 4097 characters', { code: 'a'.repeat(4097) }],
    ['a code with a line break', { code: 'a\r\nb' }],
    ['no code', { code: undefined }],
    ['a code that is a number', { code: 1 }],
    ['a handle that is an object', { transaction: {} }],
    ['an iss that is a list', { iss: [] }],
    [
      'another redirect_uri than at the beginning',
      { redirect_uri: 'https://app.example/other' },
      'unknown_member',
    ],
  ] as [string, object, string?][])('with %s is refused', async (_name, change, reason = 'parameters') => {
    const bench = await createBench()
    const { body } = await bench.call('POST', '/stitch/token', { ...(await bench.begin()), ...change })
    expect(refusal(bench, body.error)).toEqual({ error: 'invalid_request', reason })
    expect(tokenRequests(bench)).toBe(0)
  })

  test('may have a code of 4096 characters', async () => {
    const bench = await createBench()
    const { body } = await bench.redeem({ ...(await bench.begin()), code: 'a'.repeat(4096) })
    // As far as the bank, which has never issued it.
    expect(body.error).toBe('invalid_grant')
  })

  test('whose response came from another issuer is refused before the code is spent', async () => {
    const bench = await createBench()
    const proof = await bench.begin()
    const { body } = await bench.call('POST', '/stitch/token', { ...proof, iss: 'https://evil.example' })
    expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason: 'issuer_mismatch' })
    expect(tokenRequests(bench)).toBe(0)
    expect((await bench.redeem(proof)).status).toBe(200)
  })
})

/** @see attack 78: a script in the page that goes its own way */
describe('a script’s own flow', () => {
  const ownUrl = (state: string, challenge: string): string => {
    const url = new URL('https://secure.bank.example/connect/authorize')
    const parameters = {
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid accounts',
      state,
      nonce: createState(),
      code_challenge: challenge,
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return url.href
  }

  test('has a code that this backend does not redeem, because it has not begun it', async () => {
    const bench = await createBench()
    const state = createState()
    const verifier = createCodeVerifier()
    const code = bench.upstream.visit(ownUrl(state, await calculateCodeChallenge(verifier)))
    const { body } = await bench.redeem({ code, state, code_verifier: verifier })
    expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason: 'unknown' })
    expect(tokenRequests(bench)).toBe(0)
  })

  test('has a code that the provider does not redeem for the verifier of another transaction', async () => {
    const bench = await createBench()
    const proof = await bench.begin()
    const verifier = createCodeVerifier()
    const code = bench.upstream.visit(ownUrl(proof.state, await calculateCodeChallenge(verifier)))
    const own = await bench.redeem({ ...proof, code, code_verifier: verifier })
    expect(refusal(bench, own.body.error)).toEqual({ error: 'transaction_invalid', reason: 'verifier' })
    expect((await bench.redeem({ ...proof, code })).body.error).toBe('invalid_grant')
    expect((await bench.call('GET', '/connections')).body.connections).toEqual([])
  })
})

/** @see attack 93: handles of other users, providers and keys */
describe('a sealed transaction', () => {
  test('fits the contract’s 2 kB, and shows nothing', async () => {
    const bench = await createBench({ backend: { keys: [key()] } })
    const { transaction = '' } = await bench.begin()
    expect(transaction.length).toBeLessThanOrEqual(2048)
    const readable = transaction.split('.').map((part) => Buffer.from(part, 'base64url').toString())
    expect(readable.join()).not.toMatch(/callback|openid|accounts/)
  })

  test('leaves nothing in the store before it is redeemed', async () => {
    const puts: string[] = []
    const store = memoryStore()
    const watched = {
      ...store,
      put: (...parameters: Parameters<typeof store.put>) => {
        puts.push(parameters[0])
        return store.put(...parameters)
      },
    }
    const bench = await createBench({ store: watched, backend: { keys: [key()] } })
    await bench.begin()
    expect(puts).toEqual([])
  })

  test.each([
    ['changed', (handle: string) => `${handle.slice(0, -2)}${handle.endsWith('AA') ? 'BB' : 'AA'}`],
    ['cut', (handle: string) => handle.slice(0, -8)],
    ['of another version', (handle: string) => `2${handle.slice(1)}`],
    ['made up', () => 'x'],
    ['left out', () => undefined],
  ])('that is %s is refused', async (_name, change) => {
    const bench = await createBench({ backend: { keys: [key()] } })
    const { transaction = '', ...proof } = await bench.begin()
    const { body } = await bench.redeem({ ...proof, ...{ transaction: change(transaction) } } as Proof)
    expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason: 'unknown' })
    expect(tokenRequests(bench)).toBe(0)
  })

  test('of one transaction does not serve another', async () => {
    const bench = await createBench({ backend: { keys: [key()] } })
    const [one, other] = [await bench.begin(), await bench.begin()]
    const { body } = await bench.redeem({ ...one, transaction: other.transaction! })
    expect(refusal(bench, body.error)).toEqual({ error: 'transaction_invalid', reason: 'unknown' })
  })

  test('opens after a new key was put in front, and no more when its key is gone', async () => {
    const [first, second] = [key(), key()]
    const upstream = createUpstream(() => Date.now() / 1000)
    const benchWith = (keys: string[]) => createBench({ upstream, backend: { keys } })
    const proofs = await Promise.all([1, 2].map(async () => (await benchWith([first])).begin()))
    const rotated = await benchWith([second, first])
    expect((await rotated.redeem(proofs[0]!)).status).toBe(200)
    const gone = await benchWith([second])
    expect((await gone.redeem(proofs[1]!)).body.error).toBe('transaction_invalid')
  })

  test('costs one opening and seven sealings: what was just written is not opened again', async () => {
    const bench = await createBench({ backend: { keys: [key()] } })
    const proof = await bench.begin()
    const opened = vi.spyOn(nodeCrypto!, 'createDecipheriv')
    const sealed = vi.spyOn(nodeCrypto!, 'createCipheriv')
    expect((await bench.redeem(proof)).status).toBe(200)
    expect(opened).toHaveBeenCalledTimes(1)
    // The lease, that the code will be sent, the connection, the list of connections, the index of those to use in time with the
    // record of its day, and that it is done.
    expect(sealed).toHaveBeenCalledTimes(7)
  })

  test('is used once, although the page carries it', async () => {
    const bench = await createBench({ backend: { keys: [key()] } })
    const proof = await bench.begin()
    await bench.redeem(proof)
    bench.passed += 890
    await bench.redeem(proof)
    expect(tokenRequests(bench)).toBe(1)
  })
})

describe('a user with 200 connections', () => {
  test('begins no other before one is disconnected, and loses none', async () => {
    const bench = await createBench({ backend: { rateLimit: 'off' } })
    const listed = async () => (await bench.call('GET', '/connections')).body.connections.map(({ id }) => id)
    const { id: first } = await bench.connect()
    for (let count = 2; count <= 199; count += 1) await bench.connect()
    // Two are under way when there is room for one.
    const [one, other] = [await bench.begin(), await bench.begin()]
    for (const proof of [one, other]) expect((await bench.redeem(proof)).status).toBe(200)
    const ids = await listed()
    expect(ids).toHaveLength(201)
    expect(ids[0]).toBe(first)
    const begun = bench.events.filter(({ name }) => name === 'authorization_begun').length
    await expect(bench.begin()).rejects.toThrow('too_many_connections')
    expect(bench.events.filter(({ name }) => name === 'authorization_begun')).toHaveLength(begun)
    expect((await bench.connect({ body: { connection: first } })).id).toBe(first)
    expect(
      (await bench.call('GET', '/connections', undefined, { subject: 'mallory' })).body.connections,
    ).toEqual([])
    await bench.begin({ subject: 'mallory' })
    for (const id of ids.slice(1, 3)) await bench.call('DELETE', `/connections/${id}`)
    expect((await bench.connect()).id).toMatch(/^[\w-]{22}$/)
    expect(await listed()).toHaveLength(200)
  })
})
