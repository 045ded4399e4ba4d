import { memoryStore, Refusal, type BackendConnections, type ConnectionHandle } from 'countersign/backend'
import { describe, expect, test } from 'vitest'
import { createBench, type Bench } from '../support/bench.js'
import { leaksOf } from '../../support/secrets.js'
import { refusalOf } from '../support/refusal-of.js'

const refreshes = ({ upstream }: Bench) =>
  upstream.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token')

/** A connection of robin's, and what the server can do with it. */
async function open(mode: 'mediated' | 'bff' = 'mediated') {
  const bench = await createBench({ mode, backend: { rateLimit: 'off' } })
  const { id, accessToken } = await bench.connect()
  const { connections } = bench.handle
  return { bench, connections, id, accessToken, robins: { subject: 'robin', id } }
}

const graphql = {
  method: 'POST',
  body: JSON.stringify({ query: '{ user { id } }' }),
} as const

describe('the list of a user’s connections', () => {
  test('is that of the user’s pages, and holds no token', async () => {
    const { bench, connections, id } = await open()
    const {
      body: {
        connections: [shown],
      },
    } = await bench.call('GET', '/connections')
    const [connection] = await connections.list({ subject: 'robin' })
    expect(connection).toEqual({
      subject: 'robin',
      id,
      provider: 'stitch',
      status: 'connected',
      scope: shown?.scope,
      missingScope: '',
      createdAt: shown?.created_at,
      renewBy: shown?.renew_by,
      details: {},
    })
    expect(leaksOf(connection)).toEqual([])
    expect(await connections.list({ subject: 'mallory' })).toEqual([])
  })

  test('asks nothing of the provider, whatever the state of the connections', async () => {
    const { bench, connections } = await open()
    bench.passed += 86_400
    const before = bench.upstream.requests.length
    await connections.list({ subject: 'robin' })
    expect(bench.upstream.requests).toHaveLength(before)
  })
})

test('one connection is found by its user and its id together', async () => {
  const { connections, robins, id } = await open()
  expect(await connections.find(robins)).toMatchObject({ ...robins, status: 'connected' })
  expect(await connections.find({ subject: 'mallory', id })).toBeUndefined()
  expect(await connections.find({ subject: 'robin', id: '../connection' })).toBeUndefined()
})

describe('a connection of another user', () => {
  const uses: Record<
    string,
    (connections: BackendConnections, handle: ConnectionHandle) => Promise<unknown>
  > = {
    accessToken: (connections, handle) => connections.accessToken(handle),
    fetch: (connections, handle) => connections.fetch(handle, '/graphql', graphql),
    disconnect: (connections, handle) => connections.disconnect(handle),
  }

  test.each(Object.keys(uses))('does not exist for %s', async (use) => {
    const { bench, connections, robins, id } = await open('bff')
    const before = bench.upstream.requests.length
    const refusal = await refusalOf(uses[use]?.(connections, { subject: 'mallory', id }))
    expect(refusal.error).toBe('unknown_connection')
    expect(bench.upstream.requests).toHaveLength(before)
    expect(await connections.find(robins)).toBeDefined()
  })

  test.each([undefined, null, {}, { subject: '' }, { subject: 1 }, { subject: 'a'.repeat(256) }])(
    'cannot be meant by %j: the user must be named',
    async (user) => {
      const { connections, id } = await open()
      const given = user && { ...user, id }
      for (const call of [
        connections.list(given as never),
        connections.find(given as never),
        connections.accessToken(given as never),
        connections.fetch(given as never, '/graphql'),
        connections.disconnect(given as never),
      ])
        await expect(call).rejects.toThrow(/^connections\.\w+: `subject` is missing/)
    },
  )

  test('cannot be meant by a user alone, where one connection is to be used', async () => {
    const { connections } = await open()
    await expect(connections.accessToken({ subject: 'robin' } as never)).rejects.toThrow(/`id` is missing/)
  })
})

describe('an access token for the server', () => {
  test('is the one that pages have, until it ends', async () => {
    const { bench, connections, robins, accessToken } = await open()
    const expiresAt = bench.upstream.expiresIn + Math.floor(Date.now() / 1000)
    const given = await connections.accessToken(robins)
    expect(given.accessToken).toBe(accessToken)
    expect(given.expiresAt).toBeGreaterThan(expiresAt - 60)
    expect(refreshes(bench)).toHaveLength(0)
  })

  test('is that of one refresh, for jobs and pages together', async () => {
    const { bench, connections, robins, id, accessToken } = await open()
    bench.passed += 3600
    const given = await Promise.all([
      ...Array.from({ length: 20 }, async () => (await connections.accessToken(robins)).accessToken),
      ...Array.from(
        { length: 20 },
        async () => (await bench.call('POST', `/connections/${id}/access-token`, {})).body.access_token,
      ),
    ])
    expect(new Set(given).size).toBe(1)
    expect(given).not.toContain(accessToken)
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('is replaced once when the API has refused it', async () => {
    const { bench, connections, robins, accessToken } = await open()
    const second = await connections.accessToken(robins, { rejected: accessToken })
    expect(second.accessToken).not.toBe(accessToken)
    expect(await connections.accessToken(robins, { rejected: accessToken })).toEqual(second)
    expect(refreshes(bench)).toHaveLength(1)
  })

  test('is replaced as often as the server says that it was refused: no page asks', async () => {
    const { bench, connections, robins, accessToken } = await open()
    let rejected = accessToken
    for (let times = 1; times <= 4; times += 1) {
      const given = await connections.accessToken(robins, { rejected })
      expect(given.accessToken).not.toBe(rejected)
      rejected = given.accessToken
    }
    expect(refreshes(bench)).toHaveLength(4)
  })

  test('is there in bff mode, too, in which no page has one', async () => {
    const { connections, robins } = await open('bff')
    expect((await connections.accessToken(robins)).accessToken).toMatch(/./)
  })

  test('is not there when the grant has ended, and the connection says so', async () => {
    const { bench, connections, robins } = await open()
    bench.passed += 3600
    bench.upstream.next.push(({ form }) =>
      form.get('grant_type') === 'refresh_token'
        ? Response.json({ error: 'invalid_grant' }, { status: 400 })
        : undefined,
    )
    const refusal = await refusalOf(connections.accessToken(robins))
    expect(refusal.error).toBe('reauthorization_required')
    expect(refusal.details.connection).toBe(robins.id)
    expect(await connections.find(robins)).toMatchObject({ status: 'reauthorization_required' })
  })
})

describe('a request of the server to the API', () => {
  test('goes through the routes of the provider, with the token added', async () => {
    const { bench, connections, robins } = await open('bff')
    const response = await connections.fetch(robins, '/graphql', graphql)
    expect(response.status).toBe(200)
    expect(await response.json()).toHaveProperty('data.echo.query', '{ user { id } }')
    expect(bench.upstream.to('/graphql')[0]?.headers.get('content-type')).toBe('application/json')
  })

  test('has its token replaced once where the API refuses it', async () => {
    const { bench, connections, robins } = await open('bff')
    bench.upstream.expireAccessTokens()
    const response = await connections.fetch(robins, 'graphql', graphql)
    expect(await response.json()).toHaveProperty('data')
    expect(refreshes(bench)).toHaveLength(1)
  })

  test.each([
    '/accounts',
    '//graphql',
    '/graphql/../connect/token',
    '/graphql#a',
    'https://evil.example/graphql',
    '/\\evil.example/graphql',
    'http:evil.example/graphql',
    '',
  ])('to %j is not sent', async (path) => {
    const { bench, connections, robins } = await open('bff')
    const before = bench.upstream.requests.length
    expect((await refusalOf(connections.fetch(robins, path, graphql))).error).toBe('not_found')
    expect(bench.upstream.requests).toHaveLength(before)
  })

  test('is not sent with a query that the route does not take, or by another method', async () => {
    const { connections, robins } = await open('bff')
    expect((await refusalOf(connections.fetch(robins, '/graphql?a=1', graphql))).error).toBe(
      'invalid_request',
    )
    expect((await refusalOf(connections.fetch(robins, '/graphql'))).error).toBe('method_not_allowed')
  })

  test('is a TypeError where path or body cannot be meant', async () => {
    const { connections, robins } = await open('bff')
    await expect(connections.fetch(robins, new URL('https://a.example/') as never)).rejects.toThrow(/`path`/)
    await expect(connections.fetch(robins, '/graphql', { body: {} as never })).rejects.toThrow(
      /JSON\.stringify/,
    )
  })

  test('is sent in mediated mode, too, in which pages ask the API themselves', async () => {
    const { bench, connections, robins } = await open()
    const path = `/connections/${robins.id}/resource/graphql`
    expect((await bench.call('POST', path, JSON.parse(graphql.body))).body.error).toBe('not_found')
    expect((await connections.fetch(robins, '/graphql', graphql)).status).toBe(200)
  })
})

test('a connection that the server ends is gone for the page, and revoked where that is possible', async () => {
  const { bench, connections, robins } = await open()
  expect(await connections.disconnect(robins)).toEqual({ revoked: false, reason: 'no_endpoint' })
  expect(await connections.find(robins)).toBeUndefined()
  expect((await bench.call('GET', '/connections')).body.connections).toEqual([])
  expect(bench.events.at(-1)).toMatchObject({ name: 'disconnected', attended: false, connection: robins.id })
})

describe('the events of what the server does', () => {
  test('say that no person was there, name the user as those of pages do, and have an id of their own', async () => {
    const { bench, connections, robins } = await open('bff')
    await bench.call('POST', `/connections/${robins.id}/resource/graphql`, JSON.parse(graphql.body))
    await connections.fetch(robins, '/graphql', graphql)
    await connections.fetch(robins, '/graphql', graphql)
    const events = bench.events.filter(({ name }) => name === 'resource_requested')
    expect(events.map(({ attended }) => attended)).toEqual([undefined, false, false])
    expect(new Set(events.map(({ subject }) => subject)).size).toBe(1)
    expect(new Set(events.map(({ correlation }) => correlation)).size).toBe(3)
    const sent = bench.upstream.to('/graphql').map(({ headers }) => headers.get('x-fapi-interaction-id'))
    expect(sent).toEqual(events.map(({ correlation }) => correlation))
  })

  test('tell of failures, without what is secret', async () => {
    const { bench, connections, id } = await open()
    await refusalOf(connections.accessToken({ subject: 'mallory', id }))
    expect(bench.events.at(-1)).toMatchObject({
      name: 'refused',
      error: 'unknown_connection',
      attended: false,
    })
    expect(leaksOf(bench.events)).toEqual([])
  })
})

test('a store that fails is backend_unavailable, and its own error stays inside', async () => {
  const store = memoryStore()
  let fails = false
  const bench = await createBench({
    store: {
      ...store,
      get: (key) => (fails ? Promise.reject(new Error('password in the URL')) : store.get(key)),
    },
  })
  const { id } = await bench.connect()
  fails = true
  const refusal = await refusalOf(bench.handle.connections.find({ subject: 'robin', id }))
  expect(refusal.error).toBe('backend_unavailable')
  expect(JSON.stringify([refusal, refusal.cause, bench.events])).not.toContain('password')
})

test('a backend that closes waits for what its server does, and takes no more', async () => {
  const { bench, connections, robins } = await open()
  bench.passed += 3600
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  bench.upstream.next.push(async ({ form }) => {
    if (form.get('grant_type') === 'refresh_token') await released
    return undefined
  })
  const given = connections.accessToken(robins)
  await expect.poll(() => refreshes(bench)).toHaveLength(1)
  let isClosed = false
  const closed = bench.handle.close().then(() => (isClosed = true))
  expect((await refusalOf(connections.list({ subject: 'robin' }))).details.reason).toBe('closing')
  expect(isClosed).toBe(false)
  release()
  expect((await given).accessToken).toMatch(/./)
  await closed
})

test('a refusal is told from other errors by its class', async () => {
  const { connections, id } = await open()
  await expect(connections.accessToken({ subject: 'mallory', id })).rejects.toBeInstanceOf(Refusal)
})
