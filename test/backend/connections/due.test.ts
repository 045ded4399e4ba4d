import {
  memoryStore,
  type BackendConnections,
  type DueConnection,
  type Redemption,
  type Store,
} from 'countersign/backend'
import { describe, expect, test } from 'vitest'
import { createBench, type Bench, type BenchOptions } from '../support/bench.js'
import { refusalOf } from '../support/refusal-of.js'
import { leaksOf } from '../../support/secrets.js'

const day = 86_400

const refreshes = ({ upstream }: Bench) =>
  upstream.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token')

/** A bench without a rate limit. Its connections must be used within sixty days. */
const open = (options: BenchOptions = {}) =>
  createBench({ ...options, backend: { rateLimit: 'off', ...options.backend } })

const nowOf = (bench: Bench): number => Math.floor(Date.now() / 1000) + bench.passed

async function all(due: AsyncIterable<DueConnection>): Promise<DueConnection[]> {
  const found: DueConnection[] = []
  for await (const connection of due) found.push(connection)
  return found
}

/** Those that must be used within so many days. */
const within = (
  bench: Bench,
  days: number,
  { connections }: { connections: BackendConnections } = bench.handle,
) => all(connections.due({ renewBefore: nowOf(bench) + days * day }))

const idsOf = (found: readonly DueConnection[]): string[] => found.map(({ id }) => id)

/** Answers the next refresh. */
function answerRefresh(bench: Bench, response: () => Response): void {
  bench.upstream.next.push(({ form }) =>
    form.get('grant_type') === 'refresh_token' ? response() : undefined,
  )
}

/** A store, and the keys that were read from it and written to it. */
function watch(store: Store = memoryStore()): { store: Store; read: string[]; written: string[] } {
  const read: string[] = []
  const written: string[] = []
  return {
    read,
    written,
    store: {
      ...store,
      get(key) {
        read.push(key)
        return store.get(key)
      },
      put(key, ...rest) {
        written.push(key)
        return store.put(key, ...rest)
      },
    },
  }
}

describe('the connections that are due', () => {
  test('are those of all users whose renewBy is before the given time', async () => {
    const bench = await open()
    const robins = await bench.connect()
    bench.passed += 5 * day
    const kims = await bench.connect({ subject: 'kim' })
    expect(await within(bench, 50)).toEqual([])
    bench.passed += 44 * day
    expect(await within(bench, 12)).toEqual([
      expect.objectContaining({ subject: 'robin', id: robins.id, provider: 'stitch' }),
    ])
    const found = await within(bench, 17)
    expect(new Set(idsOf(found))).toEqual(new Set([robins.id, kims.id]))
    expect(leaksOf(found)).toEqual([])
  })

  test('come whole, however many there are', async () => {
    const bench = await open()
    const ids = new Set<string>()
    for (let index = 0; index < 150; index += 1)
      ids.add((await bench.connect({ subject: `user-${String(index)}` })).id)
    bench.passed += 50 * day
    expect(new Set(idsOf(await within(bench, 14)))).toEqual(ids)
  })

  test('are late for a week, for a job that stood still', async () => {
    const bench = await open()
    const { id } = await bench.connect()
    bench.passed += 67 * day
    expect(idsOf(await within(bench, 1))).toEqual([id])
  })

  test('are those before, not those after, to the second', async () => {
    const bench = await open()
    const { id } = await bench.connect()
    bench.passed += 50 * day
    const { renewBy = 0 } = (await bench.handle.connections.find({ subject: 'robin', id })) ?? {}
    expect(await all(bench.handle.connections.due({ renewBefore: renewBy }))).toEqual([])
    expect(await all(bench.handle.connections.due({ renewBefore: renewBy + 1 }))).toHaveLength(1)
  })

  test.each([undefined, {}, { renewBefore: 'soon' }, { renewBefore: NaN }, { renewBefore: Date.now() }])(
    'cannot be asked for by %j',
    async (options) => {
      const { handle } = await open()
      expect(() => handle.connections.due(options as never)).toThrow(
        /`renewBefore` is a time in epoch seconds/,
      )
    },
  )
})

describe('what is not due', () => {
  test('is a connection that was used since', async () => {
    const bench = await open()
    const { id } = await bench.connect()
    bench.passed += 50 * day
    await bench.call('POST', `/connections/${id}/access-token`, {})
    expect(await within(bench, 14)).toEqual([])
  })

  test('is one that was ended', async () => {
    const bench = await open()
    const { id } = await bench.connect()
    bench.passed += 50 * day
    await bench.handle.connections.disconnect({ subject: 'robin', id })
    expect(await within(bench, 14)).toEqual([])
  })

  test('is one that only the person can renew', async () => {
    const bench = await open()
    await bench.connect()
    bench.passed += 50 * day
    const [connection] = await within(bench, 14)
    answerRefresh(bench, () => Response.json({ error: 'invalid_grant' }, { status: 400 }))
    expect((await refusalOf(connection?.renew())).error).toBe('reauthorization_required')
    expect(await within(bench, 14)).toEqual([])
  })

  test('is one without a refresh token', async () => {
    const bench = await open()
    await bench.connect({ granted: 'openid accounts' })
    bench.passed += 50 * day
    expect(await within(bench, 14)).toEqual([])
  })

  test('is one that lives no longer by use: a job does not refresh it day after day', async () => {
    const bench = await open({ stitch: { refreshTokenAbsoluteSeconds: 70 * day } })
    await bench.connect()
    bench.passed += 50 * day
    const [first] = await within(bench, 14)
    await first?.renew()
    // Its end is that of the grant by now: a refresh moved it for the last time.
    bench.passed += 10 * day
    const [second] = await within(bench, 14)
    await second?.renew()
    bench.passed += 2 * day
    expect(await within(bench, 14)).toEqual([])
    expect(refreshes(bench)).toHaveLength(2)
  })

  test('is one of another client: its tokens go to no server but their own', async () => {
    const store = memoryStore()
    const one = await open({ store })
    const other = await open({ store, stitch: { clientId: 'another' } })
    const { id } = await one.connect()
    one.passed += 50 * day
    other.passed += 50 * day
    expect(await within(other, 14)).toEqual([])
    expect(idsOf(await within(one, 14))).toEqual([id])
  })

  test('is one whose consent has ended, or ends before it would have to be used', async () => {
    let consentExpiresAt = 0
    const bench = await createConsented(() => consentExpiresAt)
    const begun = nowOf(bench)
    consentExpiresAt = begun + 59 * day
    await bench.connect({ subject: 'ends-first' })
    consentExpiresAt = begun + 61 * day
    const { id } = await bench.connect({ subject: 'ends-later' })
    bench.passed += 55 * day
    expect(idsOf(await within(bench, 14))).toEqual([id])
    bench.passed += 6 * day
    expect(await within(bench, 14)).toEqual([])
  })
})

/** A bench whose provider says when consents end. */
async function createConsented(consentExpiresAt: () => number): Promise<Bench> {
  const plain = await open()
  const provider = plain.provider
  return open({
    backend: {
      providers: {
        stitch: {
          ...provider,
          redeem: async (redemption: Redemption, context) => ({
            ...(await provider.redeem(redemption, context)),
            consentExpiresAt: consentExpiresAt(),
          }),
        },
      },
      fetch: plain.upstream.fetch,
    },
    upstream: plain.upstream,
  })
}

describe('the renewal of one that is due', () => {
  test('uses the refresh token, and the connection lasts from then on', async () => {
    const bench = await open()
    const { id } = await bench.connect()
    bench.passed += 50 * day
    const [due] = await within(bench, 14)
    const renewed = await due?.renew()
    expect(renewed).toMatchObject({ subject: 'robin', id, status: 'connected' })
    expect(renewed?.renewBy).toBe((due?.renewBy ?? 0) + 50 * day)
    expect(refreshes(bench)).toHaveLength(1)
    expect(await within(bench, 14)).toEqual([])
  })

  test('is made also while the access token is still good', async () => {
    const bench = await open()
    bench.upstream.tokens = ({ expires_in: _unknown, ...body }) => body
    await bench.connect()
    bench.passed += 50 * day
    const [due] = await within(bench, 14)
    await due?.renew()
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('is one for two replicas that run the job at once, and for a page beside them', async () => {
    const store = memoryStore()
    const one = await open({ store })
    const two = await open({ store, upstream: one.upstream })
    const { id } = await one.connect()
    one.passed += 50 * day
    two.passed += 50 * day
    const due = [...(await within(one, 14)), ...(await within(two, 14))]
    expect(idsOf(due)).toEqual([id, id])
    const used = await Promise.allSettled([
      ...due.map((connection) => connection.renew()),
      one.call('POST', `/connections/${id}/access-token`, {}),
    ])
    expect(refreshes(one)).toHaveLength(1)
    expect(used.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  })

  test('sends nothing where somebody was faster, however long ago the handle was made', async () => {
    const bench = await open()
    await bench.connect()
    bench.passed += 50 * day
    const [first] = await within(bench, 14)
    const [second] = await within(bench, 14)
    await first?.renew()
    bench.passed += 7200
    expect(await second?.renew()).toMatchObject({ status: 'connected' })
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('is not repeated within a day by a job that looks further ahead than connections last', async () => {
    const bench = await open()
    await bench.connect()
    bench.passed += 2 * day
    for (let run = 0; run < 3; run += 1)
      for (const connection of await within(bench, 90)) await connection.renew()
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('that fails for a while leaves the connection due', async () => {
    const bench = await open()
    const { id } = await bench.connect()
    bench.passed += 50 * day
    const [due] = await within(bench, 14)
    answerRefresh(bench, () => Response.json({ error: 'temporarily_unavailable' }, { status: 503 }))
    expect((await refusalOf(due?.renew())).error).toBe('provider_unavailable')
    expect(idsOf(await within(bench, 14))).toEqual([id])
  })

  test('of a connection that was ended meanwhile is refused', async () => {
    const bench = await open()
    const { id } = await bench.connect()
    bench.passed += 50 * day
    const [due] = await within(bench, 14)
    await bench.handle.connections.disconnect({ subject: 'robin', id })
    expect((await refusalOf(due?.renew())).error).toBe('unknown_connection')
  })
})

describe('the index', () => {
  const placesIn = (keys: readonly string[]) => keys.filter((key) => /^due:\d+:\d+$/.test(key))
  const daysIn = (keys: readonly string[]) => keys.filter((key) => /^due:\d+$/.test(key))

  test('has no record that all connections of a day share', async () => {
    const { store, written } = watch()
    const bench = await open({ store })
    for (let index = 0; index < 40; index += 1) await bench.connect({ subject: `user-${String(index)}` })
    expect(placesIn(written)).toHaveLength(40)
    expect(new Set(placesIn(written)).size).toBeGreaterThan(20)
    // That of the day names shards only.
    expect(daysIn(written).length).toBeLessThanOrEqual(new Set(placesIn(written)).size)
  })

  test('costs a job a read for each day and for each shard in use', async () => {
    const { store, read, written } = watch({ ...memoryStore(), inProcess: false })
    const bench = await open({ store, backend: { unsealed: true } })
    const ids = new Set<string>()
    for (const subject of ['robin', 'kim', 'sam']) ids.add((await bench.connect({ subject })).id)
    bench.passed += 50 * day
    read.length = 0
    expect(new Set(idsOf(await within(bench, 14)))).toEqual(ids)
    expect(daysIn(read)).toHaveLength(29)
    expect(new Set(placesIn(read))).toEqual(new Set(placesIn(written)))
    expect(placesIn(read)).toHaveLength(new Set(placesIn(written)).size)
    // The record that tells whether all shards are named, and the connections.
    expect(read.length).toBeLessThanOrEqual(1 + 29 + 3 + 3)
  })

  test('is written once a week for a connection that is used every hour', async () => {
    const { store, written } = watch()
    const bench = await open({ store })
    const { id } = await bench.connect()
    const before = placesIn(written).length
    for (let hours = 0; hours < 28 * 24; hours += 2) {
      bench.passed += 7200
      await bench.call('POST', `/connections/${id}/access-token`, {})
    }
    expect(refreshes(bench)).toHaveLength(336)
    expect(placesIn(written).length - before).toBe(4)
  })

  test('loses the entries that are out of date when it is read, and its records end by themselves', async () => {
    const expiries = new Map<string, number>()
    const store = memoryStore()
    const bench = await open({
      store: {
        ...store,
        put(key, value, version, expiresAt) {
          expiries.set(key, expiresAt)
          return store.put(key, value, version, expiresAt)
        },
      },
    })
    const { id } = await bench.connect()
    const [key = ''] = placesIn([...expiries.keys()])
    expect(expiries.get(key)).toBeLessThan(nowOf(bench) + 76 * day)
    bench.passed += 20 * day
    await bench.call('POST', `/connections/${id}/access-token`, {})
    bench.passed += 30 * day
    expect((await store.get(key))?.value).toContain(id)
    await within(bench, 14)
    expect((await store.get(key))?.value).not.toContain(id)
  })

  test('that cannot be written costs nobody a connection, and comes back within a week of use', async () => {
    const store = memoryStore()
    let fails = true
    const bench = await open({
      store: {
        ...store,
        put: (key, ...rest) =>
          fails && key.startsWith('due:') ? Promise.reject(new Error('full')) : store.put(key, ...rest),
      },
    })
    const { id } = await bench.connect()
    fails = false
    bench.passed += 7 * day
    await bench.call('POST', `/connections/${id}/access-token`, {})
    bench.passed += 50 * day
    expect(idsOf(await within(bench, 14))).toEqual([id])
  })

  test('that was lost is made anew from the store’s keys', async () => {
    const store = memoryStore()
    const bench = await open({ store })
    const { id } = await bench.connect()
    for await (const key of store.keys?.() ?? []) if (key.startsWith('due:')) await store.delete(key)
    bench.passed += 50 * day
    expect(await within(bench, 14)).toEqual([])
    expect(await bench.handle.connections.reindex()).toBe(1)
    expect(idsOf(await within(bench, 14))).toEqual([id])
  })

  test('that is on no list of its user is put back there by reindex', async () => {
    const store = memoryStore()
    const bench = await open({ store })
    const { id } = await bench.connect()
    for await (const key of store.keys?.() ?? []) if (key.startsWith('connections:')) await store.delete(key)
    expect(await bench.handle.connections.list({ subject: 'robin' })).toEqual([])
    await bench.handle.connections.reindex()
    expect(await bench.handle.connections.list({ subject: 'robin' })).toMatchObject([{ id }])
  })

  test('cannot be made anew where the store lists no keys', async () => {
    const { keys: _none, ...store } = memoryStore()
    const bench = await open({ store })
    await expect(bench.handle.connections.reindex()).rejects.toThrow(/no `keys\(\)`/)
  })

  test('passes over what it cannot read, tells the log, and leaves it as it is', async () => {
    const store = memoryStore()
    const bench = await open({ store })
    const robins = await bench.connect()
    const kims = await bench.connect({ subject: 'kim' })
    const key = `connection:${robins.id}`
    const { version = '' } = (await store.get(key)) ?? {}
    await store.put(key, 'damaged', version, nowOf(bench) + 90 * day)
    bench.passed += 50 * day
    for (let run = 0; run < 2; run += 1) expect(idsOf(await within(bench, 14))).toEqual([kims.id])
    expect(bench.events.at(-1)).toMatchObject({ name: 'record_unreadable', connection: robins.id })
  })

  test('goes on without the record of a day that cannot be read: all shards are looked at', async () => {
    const { store, written } = watch()
    const bench = await open({ store })
    const robins = await bench.connect()
    for (const key of new Set(daysIn(written))) await damage(store, key)
    const kims = await bench.connect({ subject: 'kim' })
    for (const key of new Set(daysIn(written))) await damage(store, key)
    bench.passed += 50 * day
    expect(new Set(idsOf(await within(bench, 14)))).toEqual(new Set([robins.id, kims.id]))
    expect(bench.events).toContainEqual(
      expect.objectContaining({ name: 'record_unreadable', record: 'due', reason: 'damaged' }),
    )
  })

  test('of a renewed connection is that of its new end', async () => {
    const bench = await open()
    const { id } = await bench.connect()
    bench.passed += 30 * day
    await bench.connect({ body: { connection: id } })
    bench.passed += 25 * day
    expect(await within(bench, 14)).toEqual([])
    bench.passed += 25 * day
    expect(idsOf(await within(bench, 14))).toEqual([id])
  })
})

/** Puts something in the place of a record that no backend has written. */
async function damage(store: Store, key: string): Promise<void> {
  const { version = null } = (await store.get(key)) ?? {}
  await store.put(key, 'damaged', version, Date.now() / 1000 + 400 * day)
}

describe('entries of an earlier version, whose days name no shards', () => {
  /** A store of an earlier version: a connection of Robin's in it, and the keys that are read from then on. */
  async function createEarlier() {
    const { store, read } = watch({ ...memoryStore(), inProcess: false })
    const backend = { unsealed: true }
    const earlier = await open({ store, backend })
    const { id } = await earlier.connect()
    for await (const key of store.keys?.() ?? []) if (/^due:\d+$/.test(key)) await store.delete(key)
    const { value = '', version = null } = (await store.get('canary')) ?? {}
    const { namesAllShards: _none, ...canary } = JSON.parse(value) as { namesAllShards?: true }
    await store.put('canary', JSON.stringify(canary), version, Date.now() / 1000 + 400 * day)
    const bench = await open({ store, backend, upstream: earlier.upstream })
    bench.passed += 50 * day
    return { bench, store, read, id }
  }

  const countDue = (keys: readonly string[]) => keys.filter((key) => key.startsWith('due:')).length

  test('are found by reading all shards, until reindex has named those in use', async () => {
    const { bench, read, id } = await createEarlier()
    read.length = 0
    expect(idsOf(await within(bench, 14))).toEqual([id])
    expect(countDue(read)).toBe(29 * 64)
    await bench.handle.connections.reindex()
    read.length = 0
    expect(idsOf(await within(bench, 14))).toEqual([id])
    expect(countDue(read)).toBe(29 + 1)
  })

  test('are found beside new ones while both versions run', async () => {
    const { bench, id } = await createEarlier()
    bench.passed -= 50 * day
    const kims = await bench.connect({ subject: 'kim' })
    bench.passed += 50 * day
    expect(new Set(idsOf(await within(bench, 14)))).toEqual(new Set([id, kims.id]))
  })

  test('are found after a reindex that failed midway', async () => {
    const { bench, store, id } = await createEarlier()
    const failing = await open({
      store: {
        ...store,
        put: (key, ...rest) =>
          /^due:\d+$/.test(key) ? Promise.reject(new Error('full')) : store.put(key, ...rest),
      },
      backend: { unsealed: true },
    })
    expect((await refusalOf(failing.handle.connections.reindex())).error).toBe('backend_unavailable')
    expect(idsOf(await within(bench, 14))).toEqual([id])
  })

  test('are named by reindex also where the connection cannot be read just then', async () => {
    const { bench, store, id } = await createEarlier()
    const key = `connection:${id}`
    const { value = '' } = (await store.get(key)) ?? {}
    await damage(store, key)
    expect(await bench.handle.connections.reindex()).toBe(0)
    const { version = null } = (await store.get(key)) ?? {}
    await store.put(key, value, version, Date.now() / 1000 + 400 * day)
    expect(idsOf(await within(bench, 14))).toEqual([id])
  })
})

test('a job ends when the backend closes', async () => {
  const bench = await open()
  await bench.connect()
  await bench.connect({ subject: 'kim' })
  bench.passed += 50 * day
  const run = async () => {
    for await (const connection of bench.handle.connections.due({ renewBefore: nowOf(bench) + 14 * day })) {
      await bench.handle.close()
      expect((await refusalOf(connection.renew())).details.reason).toBe('closing')
    }
  }
  expect((await refusalOf(run())).details.reason).toBe('closing')
})

test('reindex stops when the backend closes, which waits for one connection and not for all', async () => {
  const store = memoryStore()
  const bench = await open({ store })
  for (const subject of ['robin', 'kim', 'sam']) await bench.connect({ subject })
  const filed: string[] = []
  let isClosed: Promise<void> | undefined
  const watched = await open({
    store: {
      ...store,
      get(key) {
        if (key.startsWith('connection:')) {
          filed.push(key)
          isClosed ??= watched.handle.close()
        }
        return store.get(key)
      },
    },
  })
  const refusal = await refusalOf(watched.handle.connections.reindex())
  expect(refusal).toMatchObject({ error: 'backend_unavailable', details: { reason: 'closing' } })
  await isClosed
  expect(new Set(filed).size).toBe(1)
})

test('reindex refuses where the store cannot list its keys, without the words of its error', async () => {
  const store: Store = {
    ...memoryStore(),
    // eslint-disable-next-line require-yield -- a store that fails at once
    async *keys() {
      await Promise.reject(new Error('redis://user:password@db'))
    },
  }
  const bench = await open({ store })
  const refusal = await refusalOf(bench.handle.connections.reindex())
  expect(refusal.error).toBe('backend_unavailable')
  expect(JSON.stringify([refusal, refusal.cause])).not.toContain('password')
})

describe('a bank’s limit of requests without a person', () => {
  const graphql = { method: 'POST', body: JSON.stringify({ query: '{ user { id } }' }) } as const
  const limited = (requestsPerDay: number) =>
    open({ mode: 'bff', backend: { unattended: { stitch: { requestsPerDay } } } })

  test('counts requests to the API and refreshes of a connection within any 24 hours', async () => {
    const bench = await limited(3)
    const { id } = await bench.connect()
    const robins = { subject: 'robin', id }
    const { connections } = bench.handle
    await connections.fetch(robins, '/graphql', graphql)
    bench.passed += 3600
    await connections.fetch(robins, '/graphql', graphql)
    expect(refreshes(bench)).toHaveLength(1)
    const refusal = await refusalOf(connections.fetch(robins, '/graphql', graphql))
    expect(refusal).toMatchObject({
      error: 'rate_limited',
      details: { reason: 'unattended', connection: id },
    })
    expect(refusal.details.retryAfterSeconds).toBe(day - 3600)
    bench.passed += day - 3601
    expect((await refusalOf(connections.fetch(robins, '/graphql', graphql))).error).toBe('rate_limited')
    bench.passed += 1
    expect(bench.upstream.to('/graphql')).toHaveLength(2)
  })

  test('counts a request that is repeated with another token, too', async () => {
    const bench = await limited(2)
    const { id } = await bench.connect()
    bench.upstream.expireAccessTokens()
    const refusal = await refusalOf(
      bench.handle.connections.fetch({ subject: 'robin', id }, '/graphql', graphql),
    )
    expect(refusal.error).toBe('rate_limited')
    expect(bench.upstream.to('/graphql')).toHaveLength(1)
  })

  test('is not forgotten when the person renews the connection', async () => {
    const bench = await limited(1)
    const { id } = await bench.connect()
    await bench.handle.connections.fetch({ subject: 'robin', id }, '/graphql', graphql)
    await bench.connect({ body: { connection: id } })
    const again = bench.handle.connections.fetch({ subject: 'robin', id }, '/graphql', graphql)
    expect((await refusalOf(again)).error).toBe('rate_limited')
  })

  test('refuses no page that asks at the same time as a job', async () => {
    const bench = await open({ backend: { unattended: { stitch: { requestsPerDay: 1 } } } })
    const { id } = await bench.connect()
    bench.passed += 3600
    await bench.handle.connections.accessToken({ subject: 'robin', id })
    bench.passed += 3600
    const [job, page] = await Promise.all([
      refusalOf(bench.handle.connections.accessToken({ subject: 'robin', id })),
      bench.call('POST', `/connections/${id}/access-token`, {}),
    ])
    expect(job.error).toBe('rate_limited')
    expect(page.status).toBe(200)
  })

  test('is one for all replicas', async () => {
    const store = memoryStore()
    const options: BenchOptions = {
      store,
      mode: 'bff',
      backend: { unattended: { stitch: { requestsPerDay: 4 } } },
    }
    const one = await open(options)
    const two = await open({ ...options, upstream: one.upstream })
    const { id } = await one.connect()
    const asked = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? one : two).handle.connections.fetch({ subject: 'robin', id }, '/graphql', graphql),
      ),
    )
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    expect(one.upstream.to('/graphql')).toHaveLength(4)
  })

  test('does not hold for pages, and what they do is not counted', async () => {
    const bench = await limited(1)
    const { id } = await bench.connect()
    for (let index = 0; index < 3; index += 1) {
      const { status } = await bench.call(
        'POST',
        `/connections/${id}/resource/graphql`,
        JSON.parse(graphql.body),
      )
      expect(status).toBe(200)
    }
    await bench.handle.connections.fetch({ subject: 'robin', id }, '/graphql', graphql)
    await bench.call('POST', `/connections/${id}/resource/graphql`, JSON.parse(graphql.body))
    expect(bench.upstream.to('/graphql')).toHaveLength(5)
  })

  test('is kept to by the job: a connection that has used it up is not due until later', async () => {
    const bench = await limited(1)
    bench.upstream.tokens = ({ expires_in: _unknown, ...body }) => body
    const { id } = await bench.connect()
    bench.passed += 50 * day
    await bench.handle.connections.fetch({ subject: 'robin', id }, '/graphql', graphql)
    expect(await within(bench, 14)).toEqual([])
    bench.passed += day
    const [due] = await within(bench, 14)
    expect(await due?.renew()).toMatchObject({ id, status: 'connected' })
  })

  test.each([
    [{ other: { requestsPerDay: 4 } }, /"other", which is not among `providers`/],
    [{ stitch: { requestsPerDay: 0 } }, /whole number from 1 to 1000/],
    [{ stitch: { requestsPerDay: 1.5 } }, /whole number from 1 to 1000/],
    [{ stitch: {} }, /requestsPerDay/],
    [{ stitch: { perDay: 4 } }, /perDay/],
  ])('is refused at the start where it is %j', async (unattended, sentence) => {
    await expect(open({ backend: { unattended } as never })).rejects.toThrow(sentence)
  })
})
