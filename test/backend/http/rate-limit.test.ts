import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { memoryRateLimit, type RateLimit, type RateLimitRequest } from 'countersign/backend'
import { remoteAddress, toNodeListener } from 'countersign/backend/node'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { addressKey, directAddress, noteSocketAddress } from '../../../src/backend/http/client-address.js'
import { app, createBench, redirectUri, type Bench } from '../support/bench.js'

const clientAddress = (request: Request): string | undefined =>
  request.headers.get('test-address') ?? undefined
/** Nothing is refilled while a test runs. */
const clock = { now: () => 1_800_000_000 }
const from = (address: string) => ({ headers: { 'test-address': address } })
const nobody = { 'test-address': '192.0.2.1', cookie: undefined }

/** Refuses what a test says, from the moment it says so; counts all. */
function createLimit() {
  const counted: RateLimitRequest[] = []
  const limit = {
    refuse: (_request: RateLimitRequest): boolean => false,
    counted,
    rateLimit: (request: RateLimitRequest): number => {
      counted.push(request)
      return limit.refuse(request) ? 7 : 0
    },
  } satisfies {
    refuse: (request: RateLimitRequest) => boolean
    counted: RateLimitRequest[]
    rateLimit: RateLimit
  }
  return limit
}

const reasonOf = ({ events }: Bench) => events.at(-1)?.reason

describe('by user', () => {
  test('counts each on their own, and says how long to wait', async () => {
    const bench = await createBench()
    const ask = (subject: string) => bench.call('POST', '/stitch/token', {}, { subject })
    const answers = await Promise.all(Array.from({ length: 31 }, () => ask('robin')))
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1)
    const { headers, body } = await ask('robin')
    expect(body.error).toBe('rate_limited')
    expect(reasonOf(bench)).toBe('subject:token')
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await ask('sam')).status).toBe(400)
    bench.passed += Number(headers.get('retry-after'))
    expect((await ask('robin')).status).toBe(400)
  })

  test('is asked before the provider is: the next authorization over it signs and sends nothing', async () => {
    const bench = await createBench()
    const begun = await Promise.allSettled(Array.from({ length: 35 }, () => bench.begin()))
    expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(30)
  })
})

describe('by address', () => {
  test('stops a flood without a session before the session is looked up', async () => {
    const session = vi.fn(() => null)
    const bench = await createBench({ backend: { clientAddress, session, clock } })
    const flood = await Promise.all(
      Array.from({ length: 305 }, () => bench.call('POST', '/stitch/authorization', {}, { headers: nobody })),
    )
    expect(flood.filter(({ status }) => status === 401)).toHaveLength(300)
    expect(session).toHaveBeenCalledTimes(300)
    const { status, headers, body } = await bench.call(
      'POST',
      '/stitch/authorization',
      {},
      { headers: nobody },
    )
    expect([status, body.error]).toEqual([429, 'rate_limited'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(reasonOf(bench)).toBe('address:authorization')
    expect((await bench.call('POST', '/stitch/authorization', {}, from('192.0.2.2'))).status).toBe(401)
  })

  test('counts users of one address together, ten times as many as one may have', async () => {
    const bench = await createBench({ backend: { clientAddress, clock } })
    const answers = await Promise.all(
      Array.from({ length: 310 }, (_, index) =>
        bench.call('POST', '/stitch/token', {}, { subject: `user-${index}`, ...from('192.0.2.1') }),
      ),
    )
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(10)
  })

  test('costs nothing a forged request, which is refused before', async () => {
    const { counted, rateLimit } = createLimit()
    const { call } = await createBench({ backend: { clientAddress, rateLimit } })
    await call('POST', '/stitch/token', {}, { headers: { ...nobody, origin: 'https://evil.example' } })
    expect(counted).toEqual([])
  })

  test('believes no header unless it is told to', async () => {
    const { counted, rateLimit } = createLimit()
    const { call } = await createBench({ backend: { rateLimit } })
    const headers = { 'x-forwarded-for': '192.0.2.1', 'x-real-ip': '192.0.2.1', forwarded: 'for=192.0.2.1' }
    await call('GET', '/connections', undefined, { headers })
    expect(counted).toEqual([
      { by: 'address', key: 'unknown', action: 'connections' },
      { by: 'subject', key: 'robin', action: 'connections' },
    ])
  })

  test('where there is none stops a flood without a session, and nobody who has one', async () => {
    const session = vi.fn((request: Request) =>
      request.headers.get('cookie')?.includes('robin') ? { subject: 'robin' } : null,
    )
    const { call } = await createBench({ backend: { session, clock } })
    const flood = (count: number, cookie: (index: number) => string | undefined) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          call('POST', '/stitch/token', {}, { headers: { cookie: cookie(index) } }),
        ),
      )
    expect((await call('POST', '/stitch/token', {})).status).toBe(400)
    const answers = await flood(2000, (index) => (index % 2 === 0 ? undefined : `subject=guess-${index}`))
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(299)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1701)
    expect(session).toHaveBeenCalledTimes(300)
    // Known to have a session, so looked up still.
    expect((await call('POST', '/stitch/token', {})).status).toBe(400)
  })

  test('is asked for no more once a session has been found, by cookie or by Authorization', async () => {
    const { counted, rateLimit } = createLimit()
    const session = () => ({ subject: 'robin' })
    const { call } = await createBench({ backend: { session, rateLimit } })
    for (const headers of [{}, { cookie: undefined, authorization: 'Bearer robin' }, { cookie: undefined }])
      for (let count = 0; count < 3; count += 1) await call('GET', '/connections', undefined, { headers })
    // What has neither is never known.
    expect(counted.filter(({ by }) => by === 'address')).toHaveLength(1 + 1 + 3)
  })

  test.each([
    ['203.0.113.7', {}, '203.0.113.7'],
    ['2001:db8::1', {}, '2001:db8::1'],
    ['203.0.113.7', { 'x-forwarded-for': '192.0.2.1' }, undefined],
    ['203.0.113.7', { forwarded: 'for=192.0.2.1' }, undefined],
    ['203.0.113.7', { via: '1.1 proxy' }, undefined],
    ['127.0.0.1', {}, undefined],
    ['::1', {}, undefined],
    ['::ffff:10.1.2.3', {}, undefined],
    ['172.31.0.1', {}, undefined],
    ['172.32.0.1', {}, '172.32.0.1'],
    ['fd12:3456::1', {}, undefined],
  ])('of the socket %s with the headers %j is by default %s', (socket, headers, address) => {
    const request = new Request(app, { headers })
    expect(directAddress(request)).toBeUndefined()
    noteSocketAddress(request, socket)
    expect(directAddress(request)).toBe(address)
  })

  test('is asked for again once the session is over', async () => {
    const keys: string[] = []
    let isOver = false
    const bench = await createBench({
      backend: {
        session: () => (isOver ? null : { subject: 'robin' }),
        rateLimit: ({ by, key }) => {
          if (by === 'address') keys.push(key)
          return 0
        },
      },
    })
    await bench.call('GET', '/connections')
    await bench.call('GET', '/connections')
    expect(keys).toEqual(['unknown'])
    isOver = true
    expect((await bench.call('GET', '/connections')).status).toBe(401)
    await bench.call('GET', '/connections')
    expect(keys).toEqual(['unknown', 'unknown'])
  })

  test('is that of the socket where Node’s listener is asked, whatever headers say', async () => {
    const { counted, rateLimit } = createLimit()
    const { handle } = await createBench({ backend: { clientAddress: remoteAddress, rateLimit } })
    const server = createServer(toNodeListener(handle))
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const headers = { countersign: '1', 'x-forwarded-for': '192.0.2.1' }
    expect((await fetch(`http://127.0.0.1:${port}/connect/connections`, { headers })).status).toBe(401)
    expect(counted).toEqual([{ by: 'address', key: '127.0.0.1', action: 'connections' }])
    expect(remoteAddress(new Request(app))).toBeUndefined()
  })

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['unknown', 'unknown'],
    ['a'.repeat(100), 'a'.repeat(64)],
  ])('%s is counted as %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })
})

describe('by provider', () => {
  const begin = { state: 'A'.repeat(43), code_challenge: 'B'.repeat(43), nonce: 'C'.repeat(43) }
  const spent = ({ by }: RateLimitRequest): boolean => by === 'provider'

  test('a spent budget begins nothing, and leaves nothing pending', async () => {
    const limit = createLimit()
    const bench = await createBench({ backend: { rateLimit: limit.rateLimit } })
    limit.refuse = spent
    const request = { ...begin, redirect_uri: redirectUri }
    for (let count = 0; count < 50; count += 1) {
      const { status, headers } = await bench.call('POST', '/stitch/authorization', request)
      expect([status, headers.get('retry-after')]).toEqual([429, '7'])
    }
    expect(reasonOf(bench)).toBe('provider:authorization')
    limit.refuse = () => false
    expect((await bench.call('POST', '/stitch/authorization', request)).status).toBe(201)
  })

  test('a spent budget sends no code, and the same request is good afterwards', async () => {
    const limit = createLimit()
    const bench = await createBench({ backend: { rateLimit: limit.rateLimit } })
    const proof = await bench.begin()
    limit.refuse = spent
    for (let count = 0; count < 3; count += 1) expect((await bench.redeem(proof)).status).toBe(429)
    expect(bench.upstream.to('/connect/token')).toEqual([])
    limit.refuse = () => false
    expect((await bench.redeem(proof)).status).toBe(200)
  })

  test('a spent budget gives stored tokens, refreshes none, and keeps the connection', async () => {
    const limit = createLimit()
    const bench = await createBench({ backend: { rateLimit: limit.rateLimit } })
    const { id } = await bench.connect()
    limit.refuse = spent
    const ask = () => bench.call('POST', `/connections/${id}/access-token`, {})
    expect((await ask()).status).toBe(200)
    bench.passed += 3600
    expect((await ask()).body.error).toBe('rate_limited')
    expect(reasonOf(bench)).toBe('provider:access-token')
    limit.refuse = () => false
    expect((await ask()).status).toBe(200)
    expect(bench.upstream.to('/connect/token')).toHaveLength(2)
  })

  test('a spent budget asks nothing of the API', async () => {
    const limit = createLimit()
    const bench = await createBench({ mode: 'bff', backend: { rateLimit: limit.rateLimit } })
    const { id } = await bench.connect()
    limit.refuse = spent
    const { body } = await bench.call('POST', `/connections/${id}/resource/graphql`, { query: '{ me }' })
    expect([body.error, reasonOf(bench)]).toEqual(['rate_limited', 'provider:resource'])
    expect(bench.upstream.to('/graphql')).toEqual([])
  })

  test('a budget is not spent by what reaches no provider: malformed, foreign and repeated requests', async () => {
    const limit = createLimit()
    const bench = await createBench({ backend: { rateLimit: limit.rateLimit } })
    const proof = await bench.begin()
    expect((await bench.redeem(proof)).status).toBe(200)
    const before = limit.counted.filter(spent).length
    await bench.call('POST', '/stitch/authorization', {})
    await bench.redeem(proof)
    await bench.redeem(proof, { subject: 'mallory' })
    await bench.call('GET', '/connections')
    expect(limit.counted.filter(spent)).toHaveLength(before)
    expect(before).toBe(2)
  })

  test('a budget is of all users together, twenty times what one may have', async () => {
    const rateLimit = memoryRateLimit({}, () => 0)
    const request: RateLimitRequest = { by: 'provider', key: 'stitch', action: 'token' }
    const waits = await Promise.all(Array.from({ length: 601 }, async () => rateLimit(request)))
    expect(waits.filter((wait) => wait > 0)).toHaveLength(1)
    expect(await rateLimit({ ...request, key: 'basis' })).toBe(0)
  })

  test.each([20, 200])(
    'cannot be used up for somebody else by %i users who ask all the time',
    async (many) => {
      let seconds = 0
      const rateLimit = memoryRateLimit({}, () => seconds)
      const ask = async (subject: string) =>
        (await rateLimit({ by: 'provider', key: 'stitch', action: 'authorization', subject })) === 0
      let granted = 0
      for (; seconds < 600; seconds += 1) {
        for (let user = 0; user < many; user += 1) if (await ask(`greedy-${user}`)) granted += 1
        if (seconds % 10 === 9) expect(await ask(`somebody-${seconds}`)).toBe(true)
      }
      // They have most of it: what nobody else asks for is not kept from them.
      expect(granted).toBeGreaterThan(600 * 10 * 0.6)
    },
  )

  test('gives one user alone as much as that user may ask for', async () => {
    const rateLimit = memoryRateLimit({}, () => 0)
    const request: RateLimitRequest = { by: 'provider', key: 'stitch', action: 'token', subject: 'robin' }
    for (let count = 0; count < 30; count += 1) expect(await rateLimit(request)).toBe(0)
  })

  test('says when a share allows for the next request, and it does then', async () => {
    let seconds = 0
    const rateLimit = memoryRateLimit({ provider: { token: 60 } }, () => seconds)
    const ask = () => rateLimit({ by: 'provider', key: 'stitch', action: 'token', subject: 'robin' })
    let wait = 0
    while (wait === 0) wait = await ask()
    expect(wait).toBeGreaterThan(1)
    seconds = Math.ceil(wait)
    expect(await ask()).toBe(0)
  })
})

describe('of one’s own', () => {
  test('is asked for the address, then the user, then the provider', async () => {
    const { counted, rateLimit } = createLimit()
    const bench = await createBench({ backend: { clientAddress, rateLimit: async (one) => rateLimit(one) } })
    await bench.begin(from('2001:db8::1'))
    expect(counted).toEqual([
      { by: 'address', key: '2001:db8:0:0::/64', action: 'authorization' },
      { by: 'subject', key: 'robin', action: 'authorization' },
      { by: 'provider', key: 'stitch', action: 'authorization', subject: 'robin' },
    ])
  })

  test('says how long to wait', async () => {
    const { call } = await createBench({ backend: { rateLimit: () => Promise.resolve(6.2) } })
    const { status, headers } = await call('GET', '/connections')
    expect([status, headers.get('retry-after')]).toEqual([429, '7'])
  })

  test('that fails lets nobody in', async () => {
    const { call } = await createBench({ backend: { rateLimit: () => Promise.reject(new Error('down')) } })
    expect((await call('GET', '/connections')).body.error).toBe('backend_unavailable')
  })

  test('is off by name', async () => {
    const { call } = await createBench({ backend: { rateLimit: 'off' } })
    const answers = await Promise.all(Array.from({ length: 50 }, () => call('POST', '/stitch/token', {})))
    expect(answers.every(({ status }) => status === 400)).toBe(true)
  })
})

describe('in memory', () => {
  const user: RateLimitRequest = { by: 'subject', key: 'robin', action: 'token' }

  test('takes other numbers, or none', async () => {
    const limit = memoryRateLimit({ subject: { token: 2, connections: Infinity } }, () => 0)
    const waits = [await limit(user), await limit(user), await limit(user)]
    expect(waits).toEqual([0, 0, 30])
    for (let count = 0; count < 500; count += 1)
      expect(await limit({ ...user, action: 'connections' })).toBe(0)
    expect(await limit({ ...user, action: 'authorization' })).toBe(0)
  })

  test('is not forgotten for a user by requests from ever other addresses', async () => {
    const limit = memoryRateLimit({ subject: { token: 1 } }, () => 0)
    await limit(user)
    for (let count = 0; count < 20_000; count += 1)
      await limit({ by: 'address', key: `2001:db8:${count.toString(16)}:0::/64`, action: 'token' })
    expect(await limit(user)).toBe(60)
  })

  test('remembers ten thousand and forgets who has been quiet for longest', async () => {
    const limit = memoryRateLimit({ subject: { token: 1 } }, () => 0)
    const ask = (key: string) => limit({ ...user, key })
    await ask('quiet')
    await ask('loud')
    for (let count = 0; count < 9_998; count += 1) await ask(`user-${count}`)
    expect(await ask('loud')).toBe(60)
    await ask('one more')
    expect(await ask('quiet')).toBe(0)
    expect(await ask('loud')).toBe(60)
  })
})
