import { setTimeout } from 'node:timers/promises'
import { createClient, createClientPool, createSentinel } from 'redis'
import { redisStore, type RedisClient, type RedisWait } from 'countersign/backend'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { redisPrograms, startRedis, type RedisServer } from '../../support/redis-server.js'
import { settled } from '../../support/until.js'
import { createBench } from '../support/bench.js'
import { createUpstream } from '../support/upstream.js'
import { describeStore } from './store-contract.js'

describe.each(redisPrograms)('with %s', (program) => {
  let redis: RedisServer
  const clients: { destroy(): void }[] = []

  const connect = async () => {
    const client = createClient({ url: redis.url })
    client.on('error', () => undefined)
    await client.connect()
    clients.push(client)
    return client
  }

  beforeAll(async () => {
    redis = await startRedis({}, program)
  })

  afterAll(async () => {
    for (const client of clients) client.destroy()
    await redis.close()
  })

  describeStore('the Redis store', async () => {
    const [one, two] = [await connect(), await connect()]
    await one.flushDb()
    return {
      store: redisStore(one),
      other: redisStore(two),
      pass: (seconds) => setTimeout(seconds * 1000),
    }
  })

  test('several replicas refresh once', async () => {
    const upstream = createUpstream(() => Date.now() / 1000)
    const keys = [Buffer.alloc(32, 7).toString('base64url')]
    const open = async () =>
      createBench({ upstream, store: redisStore(await connect()), backend: { keys, rateLimit: 'off' } })
    const replicas = await Promise.all([open(), open(), open()])
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

  test('Redis holds no token in the clear when there are keys', async () => {
    const client = await connect()
    await client.flushDb()
    const keys = [Buffer.alloc(32, 7).toString('base64url')]
    const bench = await createBench({ store: redisStore(client), backend: { keys } })
    const { accessToken } = await bench.connect()
    const held = await Promise.all((await client.keys('*')).map((key) => client.hGetAll(key)))
    expect(held.length).toBeGreaterThan(1)
    expect(JSON.stringify(held)).not.toContain(accessToken)
  })

  test.each([
    ['its key is missing', { keys: [Buffer.alloc(32, 8).toString('base64url')] }, undefined],
    ['its value is missing', undefined, 'value'],
  ])('a record stays in Redis where %s', async (_name, changes, field) => {
    const client = await connect()
    await client.flushDb()
    const keys = [Buffer.alloc(32, 7).toString('base64url')]
    const { id } = await (await createBench({ store: redisStore(client), backend: { keys } })).connect()
    const names = await client.keys('countersign:connection*')
    expect(names).toHaveLength(2)
    if (field) for (const name of names) await client.hDel(name, field)
    const hold = () => Promise.all(names.map((name) => client.hGetAll(name)))
    const held = await hold()
    const bench = await createBench({ store: redisStore(client), backend: { keys, ...changes } })
    for (const [method, path, body] of [
      ['GET', '/connections'],
      ['DELETE', `/connections/${id}`],
      ['POST', `/connections/${id}/access-token`, {}],
    ] as [string, string, object?][])
      expect((await bench.call(method, path, body)).body.error).toBe('backend_unavailable')
    expect(await hold()).toEqual(held)
  })

  test('a Redis that is gone is the backend’s own failure', async () => {
    const client = await connect()
    const bench = await createBench({ store: redisStore(client), backend: { unsealed: true } })
    client.destroy()
    const { status, body } = await bench.call('GET', '/connections')
    expect([status, body.error]).toEqual([503, 'backend_unavailable'])
  })
})

describe('the option `wait`', () => {
  const client = {
    hmGet: () => Promise.resolve([]),
    eval: () => Promise.resolve(1),
    del: () => Promise.resolve(0),
    wait: () => Promise.resolve(1),
  }
  const wait = { replicas: 1, milliseconds: 500 }

  test.each([
    [{ ...client, wait: undefined }, wait, 'needs the client of one server'],
    [{ ...client, masters: [] }, wait, 'For a cluster set `min-replicas-to-write`'],
    [
      { ...client, execute: () => undefined },
      wait,
      'give the client of `createClient`, connected to the primary',
    ],
    [
      { ...client, acquire: () => undefined },
      wait,
      'give the client of `createClient`, connected to the primary',
    ],
    [client, { replicas: 0, milliseconds: 500 }, 'whole numbers above 0'],
    [client, { replicas: 1, milliseconds: 0.5 }, 'whole numbers above 0'],
    [client, { replicas: 1, seconds: 1 }, 'has no option "seconds"'],
  ])('is refused where it cannot be kept: %#', (given, options, sentence) => {
    expect(() => redisStore(given as RedisClient, { wait: options as RedisWait })).toThrow(sentence)
  })

  test.each([
    ['pool', () => createClientPool()],
    [
      'client of sentinels',
      () => createSentinel({ name: 'primary', sentinelRootNodes: [{ host: 'localhost', port: 1 }] }),
    ],
  ])('a %s is refused, since its waits confirm nothing', (_name, create) => {
    const given: unknown = create()
    expect(() => redisStore(given as RedisClient, { wait })).toThrow(TypeError)
    expect(() => redisStore(given as RedisClient)).not.toThrow()
  })

  test.each([undefined, 'none', 0])('an answer of %s confirms no write', async (answer) => {
    const store = redisStore({ ...client, wait: () => Promise.resolve(answer) }, { wait })
    await expect(store.put('key', 'value', null, 1)).rejects.toThrow(`${String(answer)} of 1 replicas`)
  })

  /** A store whose test answers each WAIT, and the commands that it has sent. */
  function openWaiting() {
    const sent: string[] = []
    const answers: ((confirmed: number) => void)[] = []
    const send = <T>(command: string, answer: T): Promise<T> => {
      sent.push(command)
      return Promise.resolve(answer)
    }
    const given: RedisClient = {
      hmGet: () => send('HMGET', ['value', 'version']),
      eval: () => send('EVAL', 1),
      del: () => send('DEL', 1),
      wait: () => send('WAIT', undefined).then(() => new Promise((resolve) => answers.push(resolve))),
    }
    const store = redisStore(given, { wait })
    return {
      store,
      put: (key: string) => store.put(key, 'value', null, 1),
      count: (command: string) => sent.filter((each) => each === command).length,
      /** Answers the WAIT that was sent first. */
      async answer(confirmed: number) {
        await settled()
        answers.shift()?.(confirmed)
        await settled()
      },
    }
  }

  test('a key whose later write is not confirmed is not read, though an earlier one is confirmed', async () => {
    const { store, put, count, answer } = openWaiting()
    const [earlier, later] = [put('key'), put('key')]
    const failing = expect(later).rejects.toThrow('0 of 1 replicas')
    await answer(1)
    expect(await earlier).toBe(true)
    const reading = expect(store.get('key')).rejects.toThrow('0 of 1 replicas')
    await answer(0)
    await failing
    await answer(0)
    await reading
    expect(count('HMGET')).toBe(0)
  })

  test('one WAIT at a time is under way, and confirms every write that was sent before it', async () => {
    const { store, put, count, answer } = openWaiting()
    const first = put('key 0')
    const others = Promise.all(['key 1', 'key 2', 'key 3', 'key 4'].map(put))
    await settled()
    expect([count('EVAL'), count('WAIT')]).toEqual([5, 1])
    await answer(1)
    expect(await first).toBe(true)
    expect(count('WAIT')).toBe(2)
    await answer(1)
    expect(await others).toEqual([true, true, true, true])
    await store.get('key 4')
    expect([count('EVAL'), count('WAIT'), count('HMGET')]).toEqual([5, 2, 1])
  })

  test('after a WAIT that failed, writes are refused without one, and reads of other keys are not held up', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(0)
    const { store, put, count, answer } = openWaiting()
    const refusal = '0 of 1 replicas have confirmed it within 500 ms'
    const refused = ['key 1', 'key 2', 'key 3'].map((key) => expect(put(key)).rejects.toThrow(refusal))
    await answer(0)
    await Promise.all(refused)
    for (const key of ['key 1', 'key 4', 'key 5']) await expect(put(key)).rejects.toThrow(refusal)
    for (const key of ['key 2', 'key 5']) await expect(store.get(key)).rejects.toThrow(refusal)
    expect(await store.get('key 6')).toEqual({ value: 'value', version: 'version' })
    // Each write has left, since it may be all there is of a token. Nothing was sent for a read that was refused.
    expect([count('WAIT'), count('EVAL'), count('HMGET')]).toEqual([1, 6, 1])
  })

  test('one caller asks again after a pause, until replicas confirm', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    const { store, put, count, answer } = openWaiting()
    const refusal = '0 of 1 replicas'
    const refused = expect(put('key 1')).rejects.toThrow(refusal)
    await answer(0)
    await refused

    clock.mockReturnValue(1000)
    const asking = expect(store.get('key 1')).rejects.toThrow(refusal)
    await settled()
    await expect(put('key 2')).rejects.toThrow(refusal)
    await expect(store.get('key 1')).rejects.toThrow(refusal)
    expect(count('WAIT')).toBe(2)
    await answer(0)
    await asking
    await expect(put('key 2')).rejects.toThrow(refusal)
    expect(count('WAIT')).toBe(2)

    clock.mockReturnValue(2000)
    const confirmed = put('key 3')
    await answer(1)
    expect(await confirmed).toBe(true)
    // From now on all is as before: what was not confirmed is, before it is read.
    const reading = store.get('key 1')
    await answer(1)
    expect(await reading).toEqual({ value: 'value', version: 'version' })
    expect(count('WAIT')).toBe(4)
  })

  test('a connection that breaks during a WAIT refuses no later write', async () => {
    let waits = 0
    const broken = () => (waits++ ? Promise.resolve(1) : Promise.reject(new Error('Socket closed')))
    const store = redisStore({ ...client, wait: broken }, { wait })
    await expect(store.put('key', 'value', null, 1)).rejects.toThrow('Socket closed')
    expect(await store.put('key', 'value', null, 1)).toBe(true)
  })
})
