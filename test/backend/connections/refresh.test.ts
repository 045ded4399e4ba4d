import { memoryStore } from 'countersign/backend'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../../src/protocol/digest.js'
import { createBench, type Bench } from '../support/bench.js'
import { api, createUpstream, issuer, type UpstreamRequest } from '../support/upstream.js'

const hour = 3600

const isRefresh = ({ form }: UpstreamRequest): boolean => form.get('grant_type') === 'refresh_token'
const refreshes = ({ upstream }: Bench) => upstream.requests.filter(isRefresh)
const ask = (bench: Bench, id: string) => bench.call('POST', `/connections/${id}/access-token`, {})
const statusOf = async (bench: Bench) => (await bench.call('GET', '/connections')).body.connections[0]?.status

/** What refreshes are answered from now on; `undefined`: as a good server does. */
type Script = (() => Response) | undefined

/** A connection whose access token has ended, at a server that answers refreshes as told. */
async function ended(store = memoryStore()) {
  let script: Script
  const upstream = createUpstream(() => now())
  const good = upstream.fetch
  const scripted = {
    ...upstream,
    fetch: async (url: string, init: RequestInit) => {
      const form = new URLSearchParams(init.body instanceof URLSearchParams ? init.body : '')
      if (script && form.get('grant_type') === 'refresh_token') {
        upstream.requests.push({ url, method: 'POST', headers: new Headers(init.headers), form, body: '' })
        return script()
      }
      return good(url, init)
    },
  }
  const bench = await createBench({ upstream: scripted, store, backend: { rateLimit: 'off' } })
  const started = Math.floor(Date.now() / 1000)
  const now = (): number => started + bench.passed
  const { id } = await bench.connect()
  bench.passed += hour
  return {
    bench,
    id,
    store,
    answer: (next: Script) => {
      script = next
    },
  }
}

const refuse = (error: string) => () => Response.json({ error }, { status: 400 })
const nothing = () => new Response(null, { status: 400 })

describe('a refresh token that is refused', () => {
  test.each(['invalid_request', 'access_denied', 'token_expired'])(
    'by %s ends at the second refusal, ten minutes after the first',
    async (error) => {
      const { bench, id, answer } = await ended()
      answer(refuse(error))
      for (const seconds of [0, 60, 539]) {
        bench.passed += seconds
        expect(await ask(bench, id)).toMatchObject({ status: 502, body: { error: 'provider_error' } })
        expect(await statusOf(bench)).toBe('connected')
      }
      bench.passed += 1
      expect(await ask(bench, id)).toMatchObject({
        status: 409,
        body: { error: 'reauthorization_required', connection: id },
      })
      expect(await statusOf(bench)).toBe('reauthorization_required')
      expect(refreshes(bench)).toHaveLength(4)
      expect(bench.events).toContainEqual(
        expect.objectContaining({
          name: 'reauthorization_required',
          connection: id,
          reason: 'refused_twice',
        }),
      )
    },
  )

  test.each(['invalid_grant', 'invalid_token'])('by %s ends at once, and for good', async (error) => {
    const { bench, id, answer } = await ended()
    answer(refuse(error))
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    answer(undefined)
    bench.passed += 2 * hour
    expect(await statusOf(bench)).toBe('reauthorization_required')
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    expect(refreshes(bench)).toHaveLength(1)
  })

  test.each([
    'invalid_client',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_scope',
    'invalid_target',
    'invalid_dpop_proof',
    'temporarily_unavailable',
    'server_error',
  ])('by %s never ends', async (error) => {
    const { bench, id, answer } = await ended()
    answer(refuse(error))
    for (let times = 0; times < 4; times += 1) {
      bench.passed += hour
      expect((await ask(bench, id)).status).toBeGreaterThanOrEqual(502)
      expect(await statusOf(bench)).toBe('connected')
    }
    answer(undefined)
    expect((await ask(bench, id)).status).toBe(200)
  })

  async function stopped() {
    const all = await ended()
    all.answer(refuse('invalid_request'))
    await ask(all.bench, all.id)
    all.bench.passed += 600
    await ask(all.bench, all.id)
    return all
  }

  test('is tried once an hour, and a success revives the connection: the list finds it out', async () => {
    const { bench, id, answer } = await stopped()
    for (let times = 0; times < 3; times += 1) {
      expect(await statusOf(bench)).toBe('reauthorization_required')
      expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    }
    expect(refreshes(bench)).toHaveLength(2)
    bench.passed += hour
    expect(await statusOf(bench)).toBe('reauthorization_required')
    expect(await statusOf(bench)).toBe('reauthorization_required')
    expect(refreshes(bench)).toHaveLength(3)
    bench.passed += hour
    answer(undefined)
    expect(await statusOf(bench)).toBe('connected')
    expect((await ask(bench, id)).status).toBe(200)
    expect(refreshes(bench)).toHaveLength(4)
    expect(bench.events.filter(({ name }) => name === 'reauthorization_required')).toHaveLength(1)
  })

  test('is tried by whoever asks for an access token, too', async () => {
    const { bench, id, answer } = await stopped()
    bench.passed += hour
    answer(undefined)
    expect((await ask(bench, id)).status).toBe(200)
  })

  test('is tried once by replicas that are asked at once', async () => {
    const { bench, id, store } = await stopped()
    bench.passed += hour
    const other = await createBench({ upstream: bench.upstream, store, backend: { rateLimit: 'off' } })
    other.passed = bench.passed
    const asked = [bench, other].flatMap((one) => [ask(one, id), ask(one, id)])
    for (const { body } of await Promise.all(asked)) expect(body.error).toBe('reauthorization_required')
    expect(refreshes(bench)).toHaveLength(3)
  })

  test('stays as it was where a try gets no answer for now', async () => {
    const { bench, id, answer } = await stopped()
    bench.passed += hour
    answer(() => new Response(null, { status: 503 }))
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    bench.passed += hour
    answer(undefined)
    expect((await ask(bench, id)).status).toBe(200)
  })

  test('is kept for seven days', async () => {
    const { bench, id, answer, store } = await stopped()
    bench.passed += 7 * 24 * hour
    answer(undefined)
    expect(await statusOf(bench)).toBe('reauthorization_required')
    expect((await ask(bench, id)).body.error).toBe('reauthorization_required')
    expect(refreshes(bench)).toHaveLength(2)
    expect((await store.get(`connection:${id}`))?.value).not.toContain(
      refreshes(bench)[0]?.form.get('refresh_token'),
    )
  })

  test('is replaced when the person renews the connection', async () => {
    const { bench, id, answer } = await stopped()
    answer(undefined)
    expect((await bench.connect({ body: { connection: id } })).id).toBe(id)
    expect(await statusOf(bench)).toBe('connected')
    bench.passed += hour
    answer(refuse('invalid_request'))
    expect((await ask(bench, id)).body.error).toBe('provider_error')
    expect(await statusOf(bench)).toBe('connected')
  })

  test('is not ended by the next refusal after a success', async () => {
    const { bench, id, answer } = await ended()
    answer(refuse('invalid_request'))
    await ask(bench, id)
    answer(undefined)
    bench.passed += hour
    expect((await ask(bench, id)).status).toBe(200)
    bench.passed += hour
    answer(refuse('invalid_request'))
    expect((await ask(bench, id)).body.error).toBe('provider_error')
    expect(await statusOf(bench)).toBe('connected')
  })
})

describe('an answer that is no OAuth answer', () => {
  test.each<[string, () => Response]>([
    ['400 and nothing', nothing],
    ['a page', () => new Response('<h1>Hello</h1>', { headers: { 'content-type': 'text/html' } })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: `${issuer}/login` } })],
    ['a page with 404', () => new Response('<h1>404</h1>', { status: 404 })],
  ])('never ends a connection, and the second is reported: %s', async (_what, make) => {
    const { bench, id, answer } = await ended()
    answer(make)
    const first = await ask(bench, id)
    expect(first).toMatchObject({ status: 502, body: { error: 'provider_error' } })
    expect(first.body).not.toHaveProperty('connection')
    // The provider may be at it still.
    bench.passed += 20
    const second = await ask(bench, id)
    expect(second).toMatchObject({ status: 504, body: { error: 'provider_unavailable' } })
    expect(second.headers.get('retry-after')).toBe('10')
    expect(second.body).not.toHaveProperty('connection')
    expect(refreshes(bench)).toHaveLength(1)
    expect(await statusOf(bench)).toBe('connected')
    bench.passed += 10
    // By naming the connection, the answer says that its status has changed.
    const failed = { status: 504, body: { error: 'provider_unavailable', connection: id } }
    expect(await ask(bench, id)).toMatchObject(failed)
    expect(await statusOf(bench)).toBe('failed')
    expect(await ask(bench, id)).toMatchObject(failed)
    expect(refreshes(bench)).toHaveLength(2)
    expect(bench.events).toContainEqual(
      expect.objectContaining({ name: 'refresh_failed', connection: id, reason: 'refresh_unanswered' }),
    )
    for (let days = 0; days < 10; days += 1) {
      bench.passed += 24 * hour
      expect(await statusOf(bench)).toBe('failed')
    }
    expect(refreshes(bench)).toHaveLength(12)
    bench.passed += hour
    answer(undefined)
    expect(await statusOf(bench)).toBe('connected')
    expect((await ask(bench, id)).status).toBe(200)
  })

  test('of the API’s own server leaves the requests of bff mode their sentence', async () => {
    const bench = await createBench({ mode: 'bff', backend: { rateLimit: 'off' } })
    const { id } = await bench.connect()
    bench.passed += hour
    for (let times = 0; times < 2; times += 1)
      bench.upstream.next.push((request) => (isRefresh(request) ? nothing() : undefined))
    const query = () =>
      bench.call('POST', `/connections/${id}/resource/graphql`, { query: '{ user { id } }' })
    await query()
    bench.passed += 30
    expect((await query()).body).toMatchObject({ error: 'provider_unavailable', connection: id })
    bench.passed += hour
    expect((await query()).status).toBe(200)
    expect(bench.upstream.to(new URL(`${api}graphql`).pathname)).toHaveLength(1)
  })
})

test('a record of before, without a note of refusals, is read as it is', async () => {
  const { bench, id, answer, store } = await ended()
  const key = `connection:${id}`
  const entry = await store.get(key)
  expect(entry?.value).not.toContain('trouble')
  answer(refuse('invalid_request'))
  await ask(bench, id)
  expect((await store.get(key))?.value).toContain('refusedAt')
  answer(undefined)
  await ask(bench, id)
  expect((await store.get(key))?.value).not.toContain('refusedAt')
})

describe('a failover of the store that brings a spent refresh token back', () => {
  test('costs this connection its grant alone: the others stay, and a renewal keeps its id', async () => {
    const { bench, id, store } = await ended()
    const other = (await bench.connect()).id
    const key = `connection:${id}`
    const before = await store.get(key)
    expect((await ask(bench, id)).status).toBe(200)
    // The store's successor never saw the write that followed the refresh.
    await store.delete(key)
    await store.put(key, before?.value ?? '', null, Date.now())
    const answer = await ask(bench, id)
    expect([answer.status, answer.body.error]).toEqual([409, 'reauthorization_required'])
    expect(refreshes(bench)).toHaveLength(2)
    expect((await ask(bench, other)).status).toBe(200)
    const { connections } = (await bench.call('GET', '/connections')).body
    expect(connections.map((one) => [one.id, one.status])).toEqual([
      [id, 'reauthorization_required'],
      [other, 'connected'],
    ])
    const renewed = await bench.redeem(await bench.begin({ body: { connection: id } }))
    expect(renewed.body.connection).toMatchObject({ id, status: 'connected' })
  })

  test('costs nothing while the access token of before is good', async () => {
    const { bench, id, store } = await ended()
    expect((await ask(bench, id)).status).toBe(200)
    const key = `connection:${id}`
    const before = await store.get(key)
    const { access_token: token } = (await ask(bench, id)).body
    await bench.call('POST', `/connections/${id}/access-token`, { rejected: await sha256(token) })
    await store.delete(key)
    await store.put(key, before?.value ?? '', null, Date.now())
    expect((await ask(bench, id)).body.access_token).toBe(token)
    expect(await statusOf(bench)).toBe('connected')
  })
})
