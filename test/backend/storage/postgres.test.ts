import { setTimeout } from 'node:timers/promises'
import { postgresStore, type PostgresStore } from 'countersign/backend'
import { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { postgresMigration } from '../../support/docs-sql.js'
import { hasPostgres, startPostgres, type PostgresServer } from '../../support/postgres-server.js'
import { createBench } from '../support/bench.js'
import { createUpstream } from '../support/upstream.js'
import { describeStore } from './store-contract.js'

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600

describe.skipIf(!hasPostgres)('with a PostgreSQL server', () => {
  let server: PostgresServer
  const pools: Pool[] = []

  function open(options = ''): Pool {
    const pool = new Pool({ connectionString: server.url, options, max: 5 })
    pool.on('error', () => undefined)
    pools.push(pool)
    return pool
  }

  beforeAll(async () => {
    server = await startPostgres()
    await open().query(postgresMigration())
  })

  beforeEach(async () => {
    await pools[0]?.query('DELETE FROM countersign')
  })

  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()))
    await server.close()
  })

  const pass = (seconds: number) => setTimeout(seconds * 1000)

  describe.each([
    ['the PostgreSQL store', ''],
    ['the PostgreSQL store below serializable isolation', '-c default_transaction_isolation=serializable'],
  ])('two pools', (name, options) => {
    const own: Pool[] = []

    beforeAll(() => {
      own.push(open(options), open(options))
    })

    describeStore(name, () => {
      const [store, other] = own.map((pool) => postgresStore(pool)) as [PostgresStore, PostgresStore]
      return { store, other, pass }
    })
  })

  test('several replicas refresh once', async () => {
    const upstream = createUpstream(() => Date.now() / 1000)
    const keys = [Buffer.alloc(32, 7).toString('base64url')]
    const replica = () =>
      createBench({ upstream, store: postgresStore(open()), backend: { keys, rateLimit: 'off' } })
    const replicas = await Promise.all([replica(), replica(), replica()])
    upstream.expiresIn = 5
    const { id } = await replicas[0].connect()
    upstream.expiresIn = 3600
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        replicas[index % 3]!.call('POST', `/connections/${id}/access-token`, {}),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(1)
    expect(upstream.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token')).toHaveLength(1)
  })

  test('PostgreSQL holds no token in the clear when there are keys', async () => {
    const pool = open()
    const keys = [Buffer.alloc(32, 7).toString('base64url')]
    const bench = await createBench({ store: postgresStore(pool), backend: { keys } })
    const { accessToken } = await bench.connect()
    const { rows } = await pool.query('SELECT * FROM countersign')
    expect(rows.length).toBeGreaterThan(1)
    expect(JSON.stringify(rows)).not.toContain(accessToken)
  })

  test('a removal takes a thousand values that have expired, and nothing else', async () => {
    const pool = open()
    const store = postgresStore(pool)
    await pool.query(
      `INSERT INTO countersign SELECT 'old ' || n, 'x', gen_random_uuid(), now() FROM generate_series(1, 1500) n`,
    )
    await store.put('new', 'x', null, inAnHour())
    expect([await store.removeExpired(), await store.removeExpired(), await store.removeExpired()]).toEqual([
      1000, 500, 0,
    ])
    expect((await store.get('new'))?.value).toBe('x')
  })

  test('removes what has expired by itself once in 256 writes', async () => {
    const pool = open()
    const store = postgresStore(pool)
    await pool.query(`INSERT INTO countersign VALUES ('old', 'x', gen_random_uuid(), now())`)
    for (let write = 0; write < 256; write += 1)
      await store.put(`new ${String(write)}`, 'x', null, inAnHour())
    await expect
      .poll(async () => (await pool.query(`SELECT FROM countersign WHERE key = 'old'`)).rowCount)
      .toBe(0)
  })

  test('a removal finds what has expired by its index', async () => {
    const { rows } = await open('-c enable_seqscan=off').query(
      'EXPLAIN SELECT key FROM countersign WHERE expires_at <= now() ORDER BY expires_at LIMIT 1000',
    )
    expect(JSON.stringify(rows)).toContain('countersign_expires_at')
  })

  test('a table of another name, in a schema of its own, is used', async () => {
    const pool = open()
    await pool.query('CREATE SCHEMA IF NOT EXISTS app')
    await pool.query(
      postgresMigration().replaceAll('countersign', 'app.bank_connections').replace('INDEX app.', 'INDEX '),
    )
    const store = postgresStore(pool, { table: 'app.bank_connections' })
    expect(await store.put('key', 'x', null, inAnHour())).toBe(true)
    expect((await pool.query('SELECT key FROM app.bank_connections')).rows).toEqual([{ key: 'key' }])
  })

  test('a PostgreSQL that is gone is the backend’s own failure', async () => {
    const gone = new Pool({ connectionString: 'postgres://postgres@127.0.0.1:1/postgres' })
    const bench = await createBench({ store: postgresStore(gone), backend: { unsealed: true } })
    const { status, body } = await bench.call('GET', '/connections')
    expect([status, body.error]).toEqual([503, 'backend_unavailable'])
  })

  test('a write whose answer was lost counts as written, and one that never arrived does not', async () => {
    const pool = open()
    const inner = postgresStore(pool)
    let lose: 'answer' | 'request' | undefined
    const losing = {
      ...inner,
      async put(...parameters: Parameters<typeof inner.put>) {
        const lost = lose
        lose = undefined
        if (lost === 'request') throw new Error('connection terminated')
        const written = await inner.put(...parameters)
        if (lost === 'answer') throw new Error('connection terminated')
        return written
      },
    }
    const keys = [Buffer.alloc(32, 7).toString('base64url')]
    const upstream = createUpstream(() => Date.now() / 1000)
    const bench = await createBench({ upstream, store: losing, backend: { keys } })
    upstream.expiresIn = 5
    const { id } = await bench.connect()
    lose = 'request'
    expect((await bench.call('POST', `/connections/${id}/access-token`, {})).status).toBe(503)
    // The claim of the refresh is in the store, although its answer was lost: it is this replica's own.
    lose = 'answer'
    expect((await bench.call('POST', `/connections/${id}/access-token`, {})).status).toBe(200)
  })
})

test.each(['', 'a b', 'a;b', 'a.b.c', '1a', 'x"y', 'ä'])('%j is refused as a table', (table) => {
  expect(() => postgresStore({ query: () => Promise.reject(new Error()) }, { table })).toThrow(
    'name of a table',
  )
})

test('what is no pool is refused with the remedy', () => {
  expect(() => postgresStore('postgres://127.0.0.1' as never)).toThrow('new Pool({ … })')
})
