import { createHash, randomBytes } from 'node:crypto'
import { memoryStore, type BackendProvider, type Store } from 'countersign/backend'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { nodeCrypto } from '../../../src/backend/crypto/node-crypto.js'
import { app, createBench, redirectUri, type Bench } from '../support/bench.js'
import { settled } from '../../support/until.js'
import { createUpstream, networkFailure, tokenEndpoint, type UpstreamRequest } from '../support/upstream.js'

afterEach(() => {
  vi.useRealTimers()
})

const hash = (token: string | undefined): string =>
  createHash('sha256')
    .update(token ?? '')
    .digest('base64url')

const isRefresh = ({ form }: UpstreamRequest): boolean => form.get('grant_type') === 'refresh_token'
const refreshes = ({ upstream }: Bench) => upstream.requests.filter(isRefresh)

/** Every token that was issued, in the order of the answers. */
function watchIssued({ upstream }: Bench) {
  const issued: { readonly access: string; readonly refresh: string }[] = []
  upstream.tokens = (body) => {
    issued.push({ access: body['access_token'] as string, refresh: body['refresh_token'] as string })
    return body
  }
  return issued
}

const ask = (bench: Bench, id: string, rejected?: string) =>
  bench.call('POST', `/connections/${id}/access-token`, rejected === undefined ? {} : { rejected })

const statusOf = async (bench: Bench) => (await bench.call('GET', '/connections')).body.connections[0]?.status

/** A connection whose access token has ended. */
async function createEnded(store?: Store): Promise<{ bench: Bench; id: string; accessToken: string }> {
  const bench = await createBench({ backend: { rateLimit: 'off' }, ...(store && { store }) })
  const connected = await bench.connect()
  bench.passed += 3600
  return { bench, ...connected }
}

describe('an access token', () => {
  test('is the stored one until ten seconds before its end, because a refresh opens a session at the bank', async () => {
    const bench = await createBench()
    const { id, accessToken } = await bench.connect()
    for (const seconds of [0, 3000, 589]) {
      bench.passed += seconds
      const { body } = await ask(bench, id)
      expect(body).toMatchObject({ access_token: accessToken, token_type: 'Bearer' })
    }
    expect(refreshes(bench)).toHaveLength(0)
    bench.passed += 1
    expect((await ask(bench, id)).body.access_token).not.toBe(accessToken)
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('says how long it is good for', async () => {
    const bench = await createBench()
    const { id } = await bench.connect()
    bench.passed += 600
    const { body } = await ask(bench, id)
    expect(body.expires_in).toBeGreaterThanOrEqual(2998)
    expect(body.expires_in).toBeLessThanOrEqual(3000)
  })

  test('that the API refused is replaced once, and not again for whoever still holds the old one', async () => {
    const bench = await createBench()
    const { id, accessToken } = await bench.connect()
    const { body } = await ask(bench, id, hash(accessToken))
    expect(body.access_token).not.toBe(accessToken)
    expect((await ask(bench, id, hash(accessToken))).body.access_token).toBe(body.access_token)
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('that is said to be refused again and again is replaced twice a minute and ten times an hour', async () => {
    const bench = await createBench({ backend: { rateLimit: 'off' } })
    const { id, ...connected } = await bench.connect()
    let { accessToken } = connected
    const replaced = async (): Promise<boolean> => {
      const { status, body } = await ask(bench, id, hash(accessToken))
      expect(status).toBe(200)
      const isAnother = body.access_token !== accessToken
      accessToken = body.access_token
      return isAnother
    }
    const thrice = async () => [await replaced(), await replaced(), await replaced()]
    expect(await thrice()).toEqual([true, true, false])
    for (let minutes = 1; minutes <= 6; minutes += 1) {
      bench.passed += 60
      const isWithin = minutes < 5
      expect(await thrice()).toEqual([isWithin, isWithin, false])
    }
    bench.passed += 3240
    expect(await replaced()).toBe(true)
    expect(refreshes(bench)).toHaveLength(11)
  })

  test('that is being replaced is waited for, even by the last replacement within a minute', async () => {
    const bench = await createBench({ backend: { rateLimit: 'off' } })
    const { id, accessToken } = await bench.connect()
    const { body: first } = await ask(bench, id, hash(accessToken))
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    bench.upstream.next.push(async (request) => {
      if (isRefresh(request)) await released
      return undefined
    })
    const askAgain = () => ask(bench, id, hash(first.access_token))
    const early = askAgain()
    await expect.poll(() => refreshes(bench)).toHaveLength(2)
    const late = askAgain()
    const answeredBefore = await Promise.race([late, settled()])
    release()
    const tokens = (await Promise.all([early, late])).map(({ body }) => body.access_token)
    expect(answeredBefore).toBeUndefined()
    expect(new Set(tokens).size).toBe(1)
    expect(tokens[0]).not.toBe(first.access_token)
    expect(refreshes(bench)).toHaveLength(2)
  })

  test('that nobody issued does not cause a refresh when it is said to be refused', async () => {
    const bench = await createBench()
    const { id, accessToken } = await bench.connect()
    expect((await ask(bench, id, hash('other'))).body.access_token).toBe(accessToken)
    const { body } = await ask(bench, id, 'not-a-hash')
    expect(body.error).toBe('invalid_request')
    expect(refreshes(bench)).toHaveLength(0)
  })

  test('of somebody else’s connection does not exist', async () => {
    const bench = await createBench()
    const { id } = await bench.connect()
    const answer = await bench.call('POST', `/connections/${id}/access-token`, {}, { subject: 'mallory' })
    expect(answer).toMatchObject({ status: 404, body: { error: 'unknown_connection' } })
    for (const made of ['A'.repeat(22), '..', '%2e%2e', 'a b', '__proto__']) {
      expect((await ask(bench, made)).status).toBe(404)
    }
  })

  test('does not exist for pages in bff mode', async () => {
    const bench = await createBench({ mode: 'bff' })
    const { id, accessToken } = await bench.connect()
    expect(accessToken).toBeUndefined()
    expect((await ask(bench, id)).body.error).toBe('not_found')
  })

  test('whose end the provider does not tell is good until it is refused', async () => {
    const bench = await createBench()
    bench.upstream.tokens = ({ expires_in: _unknown, ...body }) => body
    const { id, accessToken } = await bench.connect()
    bench.passed += 1_000_000
    const { body } = await ask(bench, id)
    expect(body).toEqual({ access_token: accessToken, token_type: 'Bearer' })
    expect((await ask(bench, id, hash(accessToken))).body.access_token).not.toBe(accessToken)
  })
})

/** @see attack 69: the rotation race */
describe('a refresh', () => {
  test('is one, for 200 callers at once', async () => {
    const { bench, id, accessToken } = await createEnded()
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(bench, id)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const tokens = new Set(answers.map(({ body }) => body.access_token))
    expect(tokens.size).toBe(1)
    expect(tokens.has(accessToken)).toBe(false)
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('is waited for in this process without asking the store', async () => {
    const store = memoryStore()
    const operations = { reads: 0, writes: 0 }
    const { bench, id } = await createEnded({
      ...store,
      get(key) {
        operations.reads += 1
        return store.get(key)
      },
      put(...parameters) {
        operations.writes += 1
        return store.put(...parameters)
      },
    })
    Object.assign(operations, { reads: 0, writes: 0 })
    await Promise.all(Array.from({ length: 200 }, () => ask(bench, id)))
    // The lease, that the refresh token will be sent, and the tokens.
    expect(operations.writes).toBe(3)
    // Each caller looks at the connection before it waits.
    expect(operations.reads).toBeLessThan(420)
  })

  test('is one, for 200 callers at four replicas with one store', async () => {
    const upstream = createUpstream(() => Date.now() / 1000)
    const store = memoryStore()
    const open = () => createBench({ upstream, store, backend: { rateLimit: 'off' } })
    const replicas = await Promise.all([open(), open(), open(), open()])
    upstream.expiresIn = 5
    const { id } = await replicas[0].connect()
    upstream.expiresIn = 3600
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => ask(replicas[index % 4]!, id)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(1)
    expect(upstream.requests.filter(isRefresh)).toHaveLength(1)
  })

  test('uses each refresh token once, and the newest', async () => {
    const { bench, id } = await createEnded()
    for (let round = 0; round < 3; round += 1) {
      expect((await ask(bench, id)).status).toBe(200)
      bench.passed += 3600
    }
    const used = refreshes(bench).map(({ form }) => form.get('refresh_token'))
    expect(new Set(used).size).toBe(3)
  })

  test('costs one opening and three sealings: the connection is not opened again while nobody has changed it', async () => {
    const bench = await createBench({ backend: { keys: [randomBytes(32).toString('base64url')] } })
    const { id, accessToken } = await bench.connect()
    const opened = vi.spyOn(nodeCrypto!, 'createDecipheriv')
    const sealed = vi.spyOn(nodeCrypto!, 'createCipheriv')
    expect((await ask(bench, id, hash(accessToken))).body.access_token).not.toBe(accessToken)
    expect(opened).toHaveBeenCalledTimes(1)
    // With the lease in it, with the note that it will be sent, and with the new tokens.
    expect(sealed).toHaveBeenCalledTimes(3)
  })

  test('keeps the old refresh token where the answer has none', async () => {
    const { bench, id } = await createEnded()
    bench.upstream.tokens = ({ refresh_token: _none, ...body }) => body
    expect((await ask(bench, id)).status).toBe(200)
    bench.passed += 3600
    await ask(bench, id)
    const [first, second] = refreshes(bench).map(({ form }) => form.get('refresh_token'))
    expect(second).toBe(first)
  })

  test('stores its tokens before anybody gets them: without a store, nobody does', async () => {
    const store = memoryStore()
    let broken = false
    const { bench, id } = await createEnded({
      ...store,
      put: (...parameters) => (broken ? Promise.reject(new Error('secret-dsn')) : store.put(...parameters)),
    })
    bench.upstream.next.push((request) => {
      if (isRefresh(request)) broken = true
      return undefined
    })
    vi.useFakeTimers().setTimerTickMode('nextTimerAsync')
    const answer = await ask(bench, id)
    expect(answer).toMatchObject({ status: 503, body: { error: 'backend_unavailable' } })
    expect(answer.text + JSON.stringify(bench.events)).not.toContain('secret-dsn')
    expect(refreshes(bench)).toHaveLength(1)
  })

  test.each([
    ['has written nothing', false],
    ['has written, and lost the answer', true],
  ])('tries again to store its tokens while the store fails over and %s', async (_name, writes) => {
    const store = memoryStore()
    let failures = 0
    const { bench, id } = await createEnded({
      ...store,
      async put(...parameters) {
        if (failures === 0) return store.put(...parameters)
        failures -= 1
        if (writes) await store.put(...parameters)
        throw new Error('away')
      },
    })
    bench.upstream.next.push((request) => {
      if (isRefresh(request)) failures = writes ? 1 : 6
      return undefined
    })
    vi.useFakeTimers().setTimerTickMode('nextTimerAsync')
    const { status, body } = await ask(bench, id)
    expect([status, failures]).toEqual([200, 0])
    expect((await ask(bench, id)).body.access_token).toBe(body.access_token)
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('asks for no scope, so that it cannot widen one', async () => {
    const { bench, id } = await createEnded()
    await ask(bench, id)
    const names = [...refreshes(bench)[0]!.form.keys()].sort()
    expect(names).toEqual([
      'client_assertion',
      'client_assertion_type',
      'client_id',
      'grant_type',
      'refresh_token',
    ])
  })

  test('whose ID Token has a wrong signature of a known key ends the connection', async () => {
    const { bench, id } = await createEnded()
    bench.upstream.tokens = (body) => {
      const [header = '', payload = '', signature = ''] = (body['id_token'] as string).split('.')
      const wrong = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
      return { ...body, id_token: [header, payload, wrong].join('.') }
    }
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    expect(await statusOf(bench)).toBe('reauthorization_required')
  })

  test('whose ID Token names another person ends the connection', async () => {
    const { bench, id } = await createEnded()
    bench.upstream.subject = 'user/test/bank/2'
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    expect(await statusOf(bench)).toBe('reauthorization_required')
  })

  test.each([
    ['another nonce', 'nonce', { nonce: 'of another request' }],
    ['an earlier auth_time', 'auth_time', { auth_time: 999_999_999 }],
  ])('whose ID Token has %s than the first one ends the connection', async (_what, claim, changes) => {
    const bench = await createBench({ backend: { rateLimit: 'off' } })
    const signedIn = { auth_time: 1_000_000_000 }
    bench.upstream.claims = (claims) => ({ ...claims, ...signedIn })
    const { id } = await bench.connect()
    bench.passed += 3600
    expect((await ask(bench, id)).status).toBe(200)
    bench.passed += 3600
    bench.upstream.claims = (claims) => ({ ...claims, ...signedIn, ...changes })
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    expect(await statusOf(bench)).toBe('reauthorization_required')
    expect(bench.events).toContainEqual(
      expect.objectContaining({ name: 'reauthorization_required', reason: `id_token_invalid:${claim}` }),
    )
  })

  /** Servers whose sessions are shared by several apps move it on when the person signs in again. */
  test('whose ID Token has a later auth_time than the first one is handed out', async () => {
    const bench = await createBench({ backend: { rateLimit: 'off' } })
    let signedInAt = 1_000_000_000
    bench.upstream.claims = (claims) => ({ ...claims, auth_time: signedInAt })
    const { id } = await bench.connect()
    for (const later of [1_000_003_000, 1_000_002_000]) {
      bench.passed += 3600
      signedInAt = later
      expect((await ask(bench, id)).status).toBe(200)
    }
    expect(await statusOf(bench)).toBe('connected')
    expect(bench.upstream.to('/connect/revocation')).toEqual([])
  })

  test('whose ID Token was issued days ago is not handed out, and costs nothing but this refresh', async () => {
    const { bench, id } = await createEnded()
    bench.upstream.claims = (claims) => ({ ...claims, iat: Number(claims.iat) - 90_000 })
    expect((await ask(bench, id)).body.error).toBe('provider_error')
    expect(await statusOf(bench)).toBe('connected')
    bench.upstream.claims = (claims) => claims
    expect((await ask(bench, id)).status).toBe(200)
  })

  /** @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse */
  test('without an ID Token goes on, and the person stays known', async () => {
    const { bench, id } = await createEnded()
    bench.upstream.tokens = ({ id_token: _none, ...body }) => body
    expect((await ask(bench, id)).status).toBe(200)
    bench.upstream.tokens = (body) => body
    bench.upstream.subject = 'user/test/bank/2'
    await expect(bench.connect({ body: { connection: id } })).rejects.toThrow('other_person')
  })

  test.each([false, true])(
    'for another person is not kept, even if the provider lets it pass (repeatable: %s)',
    async (refreshRepeatable) => {
      const sub = { redeem: 'person-1', refresh: 'person-2' }
      const tokens = (accessToken: string) => ({
        accessToken,
        tokenType: 'bearer' as const,
        expiresInSeconds: 3600,
        refreshToken: `${accessToken}-refresh`,
        idToken: undefined,
        scope: undefined,
        extra: {},
      })
      const trusting: BackendProvider = {
        label: 'Trusting',
        mode: 'mediated',
        redirectUris: [redirectUri],
        scope: 'accounts',
        refreshRepeatable,
        authorize: ({ state, codeChallenge }) => Promise.resolve({ url: `${app}/?${state}${codeChallenge}` }),
        redeem: () => Promise.resolve({ tokens: tokens('first'), sub: sub.redeem }),
        refresh: async (_connection, { fetch }) => {
          await fetch(tokenEndpoint, { method: 'POST' })
          return { tokens: tokens('second'), sub: sub.refresh }
        },
      }
      const bench = await createBench({ backend: { providers: { stitch: trusting } } })
      const { id } = await bench.connect({ body: { nonce: undefined } })
      bench.passed += 3600
      expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
      sub.refresh = 'person-1'
      expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    },
  )

  test.each([1, 61, 400])(
    'is good when the server changes its key %i s after it was last looked at',
    async (seconds) => {
      const bench = await createBench()
      const { id, accessToken } = await bench.connect()
      bench.passed += seconds
      await bench.upstream.rotateKeys('server-2')
      expect((await ask(bench, id, hash(accessToken))).body.access_token).toEqual(expect.any(String))
      expect(await statusOf(bench)).toBe('connected')
      expect(bench.upstream.to('/jwks')).toHaveLength(2)
    },
  )

  test('goes on after three changes of the key, the name of which stays the same', async () => {
    const bench = await createBench()
    const { id, ...connected } = await bench.connect()
    let { accessToken } = connected
    for (const seconds of [11, 61, 400]) {
      bench.passed += seconds
      await bench.upstream.rotateKeys()
      const { body } = await ask(bench, id, hash(accessToken))
      expect(body.access_token).not.toBe(accessToken)
      accessToken = body.access_token
    }
    expect(refreshes(bench)).toHaveLength(3)
  })
})

describe('a refresh while the server’s keys are out of reach', () => {
  const keysAnswer = (bench: Bench, make: () => Response) =>
    bench.upstream.next.push(({ url }) => (url.endsWith('/jwks') ? make() : undefined))

  test.each<[string, () => Response]>([
    ['offline', () => networkFailure('ECONNREFUSED')],
    ['not answered in time', () => networkFailure('UND_ERR_HEADERS_TIMEOUT')],
    ['503', () => new Response(null, { status: 503 })],
    ['429', () => Response.json({}, { status: 429 })],
    ['HTML', () => new Response('<html></html>', { headers: { 'content-type': 'text/html' } })],
  ])(
    '(%s) keeps the new refresh token, gives nobody the access token, and is tried again',
    async (_name, answer) => {
      const bench = await createBench({ backend: { rateLimit: 'off' } })
      const issued = watchIssued(bench)
      const { id } = await bench.connect()
      bench.passed += 3600
      for (let round = 0; round < 2; round += 1) {
        keysAnswer(bench, answer)
        const failed = await ask(bench, id)
        expect(failed).toMatchObject({ status: 504, body: { error: 'provider_unavailable' } })
        expect(await statusOf(bench)).toBe('connected')
      }
      bench.upstream.next.length = 0
      const { status, body } = await ask(bench, id)
      expect([status, body.access_token]).toEqual([200, issued[3]?.access])
      // Each time with the one that came last.
      expect(refreshes(bench).map(({ form }) => form.get('refresh_token'))).toEqual(
        issued.slice(0, 3).map(({ refresh }) => refresh),
      )
      expect(bench.events).toContainEqual(expect.objectContaining({ name: 'refused', reason: 'no_keys' }))
      expect(bench.events.filter(({ name }) => name === 'tokens_refreshed')).toHaveLength(1)
    },
  )

  test('keeps the refresh token also of a new key that nobody publishes yet', async () => {
    const bench = await createBench()
    const issued = watchIssued(bench)
    const { id, accessToken } = await bench.connect()
    await bench.upstream.rotateKeys('server-2')
    keysAnswer(bench, () => Response.json({ keys: [] }))
    expect((await ask(bench, id, hash(accessToken))).body.error).toBe('provider_unavailable')
    bench.passed += 10
    // The token that the API refused is not given out again either.
    expect((await ask(bench, id)).body.access_token).toBe(issued[2]?.access)
  })

  test('keeps the old refresh token where the answer has none', async () => {
    const bench = await createBench({ backend: { rateLimit: 'off' } })
    const issued = watchIssued(bench)
    const { id } = await bench.connect()
    bench.passed += 3600
    bench.upstream.tokens = ({ refresh_token: _none, ...body }) => body
    keysAnswer(bench, () => new Response(null, { status: 503 }))
    expect((await ask(bench, id)).body.error).toBe('provider_unavailable')
    await ask(bench, id)
    const used = refreshes(bench).map(({ form }) => form.get('refresh_token'))
    expect(used).toEqual([issued[0]?.refresh, issued[0]?.refresh])
  })

  test('is one for everybody who waits, and none of them gets its token', async () => {
    const { bench, id } = await createEnded()
    keysAnswer(bench, () => new Response(null, { status: 503 }))
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(bench, id)))
    expect(new Set(answers.map(({ body }) => body.error))).toEqual(new Set(['provider_unavailable']))
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('is seen by another replica, which goes on with the new refresh token', async () => {
    const upstream = createUpstream(() => Date.now() / 1000)
    const store = memoryStore()
    const first = await createBench({ upstream, store })
    upstream.expiresIn = 5
    const issued = watchIssued(first)
    const { id } = await first.connect()
    const second = await createBench({ upstream, store })
    keysAnswer(second, () => new Response(null, { status: 503 }))
    expect((await ask(second, id)).body.error).toBe('provider_unavailable')
    expect((await ask(first, id)).body.access_token).toBe(issued[2]?.access)
    expect(refreshes(first).at(-1)?.form.get('refresh_token')).toBe(issued[1]?.refresh)
  })

  test('gives nothing in bff mode either: the API is not asked', async () => {
    const bench = await createBench({ mode: 'bff' })
    const { id } = await bench.connect()
    const query = () =>
      bench.call('POST', `/connections/${id}/resource/graphql`, { query: '{ user { id } }' })
    bench.passed += 3600
    keysAnswer(bench, () => new Response(null, { status: 503 }))
    expect((await query()).body.error).toBe('provider_unavailable')
    expect(bench.upstream.to('/graphql')).toEqual([])
    expect((await query()).status).toBe(200)
  })

  test('revokes the new refresh token when the connection is forgotten meanwhile', async () => {
    const revocationEndpoint = 'https://secure.bank.example/connect/revocation'
    const bench = await createBench({ stitch: { revocationEndpoint } })
    const issued = watchIssued(bench)
    const { id } = await bench.connect()
    bench.passed += 3600
    bench.upstream.next.push(async ({ url }) => {
      if (!url.endsWith('/jwks')) return undefined
      await bench.call('DELETE', `/connections/${id}`)
      return new Response(null, { status: 503 })
    })
    expect((await ask(bench, id)).body.error).toBe('unknown_connection')
    const revoked = bench.upstream.to('/connect/revocation').map(({ form }) => form.get('token'))
    expect(revoked).toContain(issued[1]?.refresh)
  })

  test('still ends the connection when the ID Token names another person', async () => {
    const { bench, id } = await createEnded()
    bench.upstream.subject = 'user/test/bank/2'
    keysAnswer(bench, () => new Response(null, { status: 503 }))
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
  })
})

describe('a refresh that fails', () => {
  const answerRefresh = (bench: Bench, make: () => Response) =>
    bench.upstream.next.push((request) => (isRefresh(request) ? make() : undefined))

  /** @see attack 70 */
  test('because the grant is dead, ends the connection, without another try', async () => {
    const { bench, id } = await createEnded()
    answerRefresh(bench, () => Response.json({ error: 'invalid_grant' }, { status: 400 }))
    for (let round = 0; round < 3; round += 1) {
      const { status, body } = await ask(bench, id)
      expect(status).toBe(409)
      expect(body).toMatchObject({ error: 'reauthorization_required', connection: id })
    }
    expect(refreshes(bench)).toHaveLength(1)
    expect(await statusOf(bench)).toBe('reauthorization_required')
    expect(bench.events).toContainEqual(
      expect.objectContaining({ name: 'reauthorization_required', connection: id, reason: 'invalid_grant' }),
    )
  })

  test.each([503, 429])('with %i keeps the connection and may be tried again', async (status) => {
    const { bench, id } = await createEnded()
    answerRefresh(bench, () => new Response('<h1>busy</h1>', { status, headers: { 'retry-after': '7' } }))
    const failed = await ask(bench, id)
    expect(failed).toMatchObject({ status: 504, body: { error: 'provider_unavailable' } })
    expect(failed.headers.get('retry-after')).toBe('7')
    expect(failed.text).not.toContain('busy')
    expect((await ask(bench, id)).status).toBe(200)
  })

  test.each([500, 502, 504])(
    'with %i may have been processed: it is sent again half a minute later',
    async (status) => {
      const { bench, id } = await createEnded()
      answerRefresh(bench, () => new Response('<h1>busy</h1>', { status }))
      expect(await ask(bench, id)).toMatchObject({ status: 504, body: { error: 'provider_unavailable' } })
      expect(await ask(bench, id)).toMatchObject({ status: 504, body: { error: 'provider_unavailable' } })
      expect(refreshes(bench)).toHaveLength(1)
      bench.passed += 30
      expect((await ask(bench, id)).status).toBe(200)
    },
  )

  test('because the client is not known, keeps the connection and blames no person', async () => {
    const { bench, id } = await createEnded()
    answerRefresh(bench, () => Response.json({ error: 'invalid_client' }, { status: 401 }))
    expect(await ask(bench, id)).toMatchObject({ status: 502, body: { error: 'provider_error' } })
    expect(bench.events.at(-1)).toMatchObject({ reason: 'invalid_client' })
    expect((await ask(bench, id)).status).toBe(200)
  })

  test('before it was sent keeps the connection and may be tried again', async () => {
    for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT']) {
      const { bench, id } = await createEnded()
      answerRefresh(bench, () => networkFailure(code))
      expect((await ask(bench, id)).body.error).toBe('provider_unavailable')
      bench.upstream.next.length = 0
      expect((await ask(bench, id)).status).toBe(200)
    }
  })

  const brokenOff = () =>
    new Response(new ReadableStream({ pull: () => networkFailure() }), {
      headers: { 'content-type': 'application/json' },
    })

  /** @see attack 71: the answer is lost, the token is used */
  test.each<[string, () => Response]>([
    ['that never comes', () => networkFailure('ECONNRESET')],
    ['that breaks off', brokenOff],
    ['of a gateway (502)', () => new Response('<h1>Bad gateway</h1>', { status: 502 })],
    ['of a gateway (504)', () => new Response(null, { status: 504 })],
  ])('with an answer %s is sent once more, 30 seconds later and no sooner', async (_what, make) => {
    const { bench, id } = await createEnded()
    answerRefresh(bench, make)
    expect((await ask(bench, id)).body.error).toBe('provider_unavailable')
    bench.upstream.next.length = 0
    bench.passed += 29
    const early = await ask(bench, id)
    expect([early.status, early.body.error, early.headers.get('retry-after')]).toEqual([
      504,
      'provider_unavailable',
      '1',
    ])
    expect(refreshes(bench)).toHaveLength(1)
    expect(await statusOf(bench)).toBe('connected')
    bench.passed += 1
    // It had not been processed.
    expect((await ask(bench, id)).status).toBe(200)
    const sent = refreshes(bench).map(({ form }) => form.get('refresh_token'))
    expect(sent).toEqual([sent[0], sent[0]])
  })

  test('without an answer a second time is tried hourly, for ever, and only a refusal ends it', async () => {
    const { bench, id } = await createEnded()
    const never = () => {
      bench.upstream.next.length = 0
      answerRefresh(bench, () => networkFailure('ECONNRESET'))
    }
    never()
    await ask(bench, id)
    never()
    bench.passed += 30
    const failed = { status: 504, body: { error: 'provider_unavailable', connection: id } }
    expect(await ask(bench, id)).toMatchObject(failed)
    expect(await statusOf(bench)).toBe('failed')
    for (let days = 1; days <= 10; days += 1) {
      never()
      bench.passed += 24 * 3600
      expect(await ask(bench, id)).toMatchObject(failed)
      expect(await ask(bench, id)).toMatchObject(failed)
      expect(refreshes(bench)).toHaveLength(2 + days)
    }
    bench.upstream.next.length = 0
    answerRefresh(bench, () => Response.json({ error: 'invalid_grant' }, { status: 400 }))
    bench.passed += 3600
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    expect(await statusOf(bench)).toBe('reauthorization_required')
    expect((await bench.connect({ body: { connection: id } })).id).toBe(id)
  })

  test('whose first request was processed after all ends with the refusal of the second', async () => {
    const { bench, id } = await createEnded()
    const { fetch } = bench.upstream
    answerRefresh(bench, () => networkFailure('ECONNRESET'))
    await ask(bench, id)
    bench.upstream.next.length = 0
    // The server has it replaced: what it got first is spent.
    const [{ form } = { form: new URLSearchParams() }] = refreshes(bench)
    await fetch(tokenEndpoint, { method: 'POST', body: form })
    bench.passed += 30
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
  })

  /** A process that dies when its refresh has been sent. */
  async function dieMidway(store: Store, upstream: ReturnType<typeof createUpstream>, passed = 0) {
    let arrived: () => void = () => undefined
    const sent = new Promise<void>((resolve) => (arrived = resolve))
    const hanging = await createBench({
      upstream: {
        ...upstream,
        fetch: async (url, init) => {
          if (url !== tokenEndpoint) return upstream.fetch(url, init)
          arrived()
          return new Promise<never>(() => undefined)
        },
      },
      store,
    })
    hanging.passed = passed
    return { dies: (id: string) => Promise.race([ask(hanging, id), sent]) }
  }

  test('in a process that died is sent once more by another, and then tried hourly', async () => {
    const upstream = createUpstream(() => Date.now() / 1000)
    const store = memoryStore()
    const first = await createBench({ upstream, store })
    upstream.expiresIn = 5
    const { id } = await first.connect()
    await (await dieMidway(store, upstream)).dies(id)
    await (await dieMidway(store, upstream, 361)).dies(id)
    const other = await createBench({ upstream, store })
    other.passed = 722
    expect((await ask(other, id)).body).toMatchObject({ error: 'provider_unavailable', connection: id })
    expect(await statusOf(other)).toBe('failed')
    expect(upstream.requests.filter(isRefresh)).toHaveLength(0)
    other.passed += 3600
    upstream.expiresIn = 3600
    expect((await ask(other, id)).status).toBe(200)
  })

  test('in a process that died before it was sent costs nothing', async () => {
    const upstream = createUpstream(() => Date.now() / 1000)
    const store = memoryStore()
    const first = await createBench({ upstream, store })
    upstream.expiresIn = 5
    const { id } = await first.connect()
    let arrived: () => void = () => undefined
    const looked = new Promise<void>((resolve) => (arrived = resolve))
    const dying = await createBench({
      upstream: { ...upstream, fetch: () => (arrived(), new Promise<never>(() => undefined)) },
      store,
    })
    void ask(dying, id)
    await looked
    const other = await createBench({ upstream, store })
    other.passed = 61
    expect((await ask(other, id)).status).toBe(200)
  })

  test('with tokens of another person has them revoked', async () => {
    const revocationEndpoint = 'https://secure.bank.example/connect/revocation'
    const bench = await createBench({ stitch: { revocationEndpoint } })
    const { id } = await bench.connect()
    bench.passed += 3600
    const issued: unknown[] = []
    bench.upstream.tokens = (body) => (issued.push(body['refresh_token']), body)
    bench.upstream.subject = 'user/test/bank/2'
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    const revoked = bench.upstream.to('/connect/revocation').map(({ form }) => form.get('token'))
    expect(revoked).toContain(issued[0])
    expect(bench.events).toContainEqual(
      expect.objectContaining({ name: 'reauthorization_required', reason: 'id_token_invalid:sub' }),
    )
  })

  test.each<[string, object]>([
    ['a scope that is a list', { scope: ['accounts'] }],
    ['an expires_in that is no number', { expires_in: 'soon' }],
    ['an ID Token over 64 KiB', { id_token: 'a'.repeat(65_537) }],
  ])(
    'with %s keeps the new refresh token; the second such answer ends the connection',
    async (_what, fault) => {
      const { bench, id } = await createEnded()
      const issued: unknown[] = []
      bench.upstream.tokens = (body) => (issued.push(body['refresh_token']), { ...body, ...fault })
      expect((await ask(bench, id)).body.error).toBe('provider_error')
      expect(await statusOf(bench)).toBe('connected')
      bench.passed += 600
      expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
      expect(refreshes(bench)[1]?.form.get('refresh_token')).toBe(issued[0])
      bench.upstream.tokens = (body) => body
      bench.passed += 3600
      // The one that came last is tried, and revives it.
      expect((await ask(bench, id)).status).toBe(200)
      expect(refreshes(bench)[2]?.form.get('refresh_token')).toBe(issued[1])
    },
  )
})

describe('a connection', () => {
  test('without a refresh token lives until its access token ends', async () => {
    const bench = await createBench()
    const { id, accessToken } = await bench.connect({ granted: 'openid accounts' })
    expect((await ask(bench, id)).body.access_token).toBe(accessToken)
    expect(await statusOf(bench)).toBe('connected')
    bench.passed += 3600
    expect(await statusOf(bench)).toBe('reauthorization_required')
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    expect(refreshes(bench)).toHaveLength(0)
  })

  test('forgotten during a refresh stays forgotten, and what was just issued is revoked', async () => {
    const revocationEndpoint = 'https://secure.bank.example/connect/revocation'
    const bench = await createBench({ stitch: { revocationEndpoint } })
    const { id } = await bench.connect()
    bench.passed += 3600
    let issued = ''
    bench.upstream.tokens = (body) => {
      issued = body['refresh_token'] as string
      return body
    }
    bench.upstream.next.push((request) => {
      if (isRefresh(request)) void bench.call('DELETE', `/connections/${id}`)
      return undefined
    })
    const { body } = await ask(bench, id)
    expect(body.error).toBe('unknown_connection')
    expect((await bench.call('GET', '/connections')).body.connections).toEqual([])
    const revoked = bench.upstream.to('/connect/revocation').map(({ form }) => form.get('token'))
    expect(revoked).toContain(issued)
  })

  test.each([
    ['gets no answer', true],
    ['finds the connection gone before it sends anything', false],
  ])(
    'forgotten during a refresh leaves its refresh token to that refresh, which %s',
    async (_what, isSent) => {
      const revocationEndpoint = 'https://secure.bank.example/connect/revocation'
      const inner = memoryStore()
      let disconnect: (() => Promise<unknown>) | undefined
      const store: Store = {
        ...inner,
        async put(key, value, ...rest) {
          // The second write of a refresh says that it is sent.
          if (!isSent && value.includes('"sent":true')) await disconnect?.()
          return inner.put(key, value, ...rest)
        },
      }
      const bench = await createBench({ store, stitch: { revocationEndpoint } })
      const issued = watchIssued(bench)
      const { id } = await bench.connect()
      bench.passed += 3600
      const revoked = () => bench.upstream.to('/connect/revocation').map(({ form }) => form.get('token'))
      let early: readonly unknown[] = []
      disconnect = async () => {
        disconnect = undefined
        await bench.call('DELETE', `/connections/${id}`)
        early = revoked()
      }
      bench.upstream.next.push(async (request) => {
        if (!isRefresh(request)) return undefined
        await disconnect?.()
        return new Response(null, { status: 503 })
      })
      expect((await ask(bench, id)).body.error).toBe('unknown_connection')
      expect(early).toEqual([issued[0]?.access])
      expect(revoked()).toContain(issued[0]?.refresh)
    },
  )

  test('renewed by the person during a refresh gives the newer token, to whoever waits for the older', async () => {
    const bench = await createBench()
    const { id } = await bench.connect()
    bench.passed += 3600
    const proof = await bench.begin({ body: { connection: id } })
    let renewed: string | undefined
    bench.upstream.next.push(async (request) => {
      if (isRefresh(request)) renewed = (await bench.redeem(proof)).body.access_token
      return undefined
    })
    const { body } = await ask(bench, id)
    expect(refreshes(bench)).toHaveLength(1)
    expect(body.access_token).toBe(renewed)
    expect((await ask(bench, id)).body.access_token).toBe(renewed)
  })

  test('disconnected is forgotten first, whatever the provider answers', async () => {
    const revocationEndpoint = 'https://secure.bank.example/connect/revocation'
    const cases: [() => Response, object][] = [
      [() => new Response(null, { status: 200 }), { revoked: true }],
      [() => new Response(null, { status: 204 }), { revoked: true }],
      [
        () => Response.json({ error: 'unsupported_token_type' }, { status: 400 }),
        { revoked: false, reason: 'refused' },
      ],
      [() => new Response(null, { status: 503 }), { revoked: false, reason: 'unreachable' }],
      [() => networkFailure(), { revoked: false, reason: 'unreachable' }],
    ]
    for (const [make, result] of cases) {
      const bench = await createBench({ stitch: { revocationEndpoint } })
      const { id } = await bench.connect()
      const respond = ({ url }: UpstreamRequest) => (url === revocationEndpoint ? make() : undefined)
      bench.upstream.next.push(respond, respond)
      expect((await bench.call('DELETE', `/connections/${id}`)).body).toEqual(result)
      expect((await bench.call('GET', '/connections')).body.connections).toEqual([])
      const hints = bench.upstream.to('/connect/revocation').map(({ form }) => form.get('token_type_hint'))
      expect(hints[0]).toBe('refresh_token')
    }
  })

  test('says why it was not revoked where the provider has no endpoint for it', async () => {
    const bench = await createBench()
    const { id } = await bench.connect()
    expect((await bench.call('DELETE', `/connections/${id}`)).body).toEqual({
      revoked: false,
      reason: 'no_endpoint',
    })
  })
})
