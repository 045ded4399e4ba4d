// A replica that is promoted: what it may lack, and what `wait` does about it.
import { createClient } from 'redis'
import { redisStore, type RedisStoreOptions } from 'countersign/backend'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createBench } from '../backend/support/bench.js'
import { createUpstream } from '../backend/support/upstream.js'
import { redisPrograms, startRedis, type RedisProgram, type RedisServer } from '../support/redis-server.js'
import { eventually } from '../support/until.js'
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js'

const wait = { replicas: 1, milliseconds: 3000 }
const keys = [Buffer.alloc(32, 7).toString('base64url')]
const later = () => Date.now() / 1000 + 3600

const opened: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

async function openClient({ url }: RedisServer) {
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: 20 } })
  client.on('error', () => undefined)
  await client.connect()
  opened.push({
    close() {
      client.destroy()
      return Promise.resolve()
    },
  })
  return client
}

/** A server and its replica, which hears of writes through a line that can be held. */
async function startReplicated(program: RedisProgram) {
  const primary = await startRedis({}, program)
  opened.push(primary)
  const line: TcpProxy = await startTcpProxy(primary.port)
  opened.push(line)
  const replica = await startRedis({ replicaof: `127.0.0.1 ${String(line.port)}` }, program)
  opened.push(replica)
  const control = await openClient(replica)
  const writer = await openClient(primary)
  await vi.waitFor(
    async () => {
      expect(await writer.wait(1, 100)).toBe(1)
    },
    { timeout: 60_000 },
  )
  return {
    line,
    /** Number of WAITs that the primary has been sent by all clients. */
    countWaits: async () => Number(/cmdstat_wait:calls=(\d+)/.exec(await writer.info('commandstats'))?.[1]),
    open: async (options?: RedisStoreOptions) => redisStore(await openClient(primary), options),
    /** The primary is gone for good, and the replica takes its place with what it has. */
    async promote(options?: RedisStoreOptions) {
      await primary.kill()
      await control.sendCommand(['REPLICAOF', 'NO', 'ONE'])
      return redisStore(await openClient(replica), options)
    },
  }
}

describe.each(redisPrograms)('with a replica of %s', (program) => {
  test('a write that waited is there when the replica is promoted', async () => {
    const { line, open, promote } = await startReplicated(program)
    const store = await open({ wait: { replicas: 1, milliseconds: 30_000 } })
    line.hold()
    let isWritten = false
    const writing = store.put('connection:1', 'token', null, later()).then((written) => {
      isWritten = true
      return written
    })
    // The primary has it long before.
    const onPrimary = await open()
    await vi.waitFor(async () => {
      expect(await onPrimary.get('connection:1')).toMatchObject({ value: 'token' })
    })
    expect(isWritten).toBe(false)
    line.release()
    expect(await writing).toBe(true)
    expect(await (await promote()).get('connection:1')).toMatchObject({ value: 'token' })
  })

  test('a write that did not wait may be missing then', async () => {
    const { line, open, promote } = await startReplicated(program)
    line.hold()
    expect(await (await open()).put('connection:1', 'token', null, later())).toBe(true)
    expect(await (await promote()).get('connection:1')).toBeUndefined()
  })

  test('a write that no replica confirms fails, and is not read before one has it', async () => {
    const { line, open } = await startReplicated(program)
    const store = await open({ wait })
    line.hold()
    await expect(store.put('connection:1', 'token', null, later())).rejects.toThrow(
      `Redis has written, but 0 of 1 replicas have confirmed it within ${String(wait.milliseconds)} ms.`,
    )
    await expect(store.get('connection:1')).rejects.toThrow('0 of 1 replicas')
    // Of what is confirmed nothing is held up, and another process may read.
    expect(await store.get('connection:2')).toBeUndefined()
    line.release()
    await eventually(async () => {
      expect(await store.get('connection:1')).toMatchObject({ value: 'token' })
    })
  })

  test('forty writes that no replica confirms take one WAIT, are refused, and are there when a replica has them', async () => {
    const { line, open, countWaits } = await startReplicated(program)
    const store = await open({ wait })
    const before = await countWaits()
    line.hold()
    const ended = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) => store.put(`connection:${index}`, 'token', null, later())),
    )
    expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(40)
    expect((await countWaits()) - before).toBe(1)
    line.release()
    await eventually(async () => {
      expect(await store.get('connection:39')).toMatchObject({ value: 'token' })
    })
  })

  test('no refresh token is sent while a replica that must confirm is away, and none is lost by its promotion', async () => {
    const { line, open, promote } = await startReplicated(program)
    const upstream = createUpstream(() => Date.now() / 1000)
    const refreshes = () => upstream.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token')
    const backend = { keys, rateLimit: 'off' } as const
    const bench = await createBench({ upstream, store: await open({ wait }), backend })
    upstream.expiresIn = 5
    const { id } = await bench.connect()
    upstream.expiresIn = 3600
    line.hold()
    const refused = await bench.call('POST', `/connections/${id}/access-token`, {})
    expect([refused.status, refused.body.error]).toEqual([503, 'backend_unavailable'])
    expect(refreshes()).toHaveLength(0)
    line.release()
    // What was claimed for the refused request ends by itself.
    bench.passed += 61
    const answer = await eventually(async () => {
      const found = await bench.call('POST', `/connections/${id}/access-token`, {})
      expect(found.status).toBe(200)
      return found
    })
    expect(refreshes()).toHaveLength(1)

    const after = await createBench({ upstream, store: await promote(), backend })
    const kept = await after.call('POST', `/connections/${id}/access-token`, {})
    expect([kept.status, kept.body.access_token]).toEqual([200, answer.body.access_token])
    expect(refreshes()).toHaveLength(1)
  })

  /** A refresh whose last write no replica has, and the backend over the replica that is promoted then. */
  async function loseLastWrite() {
    const { line, open, promote } = await startReplicated(program)
    const upstream = createUpstream(() => Date.now() / 1000)
    const backend = { keys, rateLimit: 'off' } as const
    const confirmed = await open({ wait: { replicas: 1, milliseconds: 30_000 } })
    const before = await createBench({ upstream, store: confirmed, backend })
    upstream.expiresIn = 5
    const { id } = await before.connect()
    upstream.expiresIn = 3600
    const unconfirmed = await createBench({ upstream, store: await open(), backend })
    line.hold()
    expect((await unconfirmed.call('POST', `/connections/${id}/access-token`, {})).status).toBe(200)
    const after = await createBench({ upstream, store: await promote(), backend })
    const sent = () =>
      upstream.requests.flatMap(({ form }) =>
        form.get('grant_type') === 'refresh_token' ? [form.get('refresh_token')] : [],
      )
    return {
      after,
      id,
      upstream,
      sent,
      demand: () => after.call('POST', `/connections/${id}/access-token`, {}),
    }
  }

  test('a spent refresh token that a promotion brings back is good where the provider accepts its repeat', async () => {
    const { demand, sent, upstream } = await loseLastWrite()
    upstream.next.push(({ form }) =>
      form.get('refresh_token') === sent()[0]
        ? Response.json({
            ...{ access_token: 'access-token-of-repeat', token_type: 'Bearer', expires_in: 3600 },
            refresh_token: 'refresh-token-of-repeat',
          })
        : undefined,
    )
    expect((await demand()).status).toBe(200)
    const [first, second] = sent()
    expect(second).toBe(first)
    // What the repeat has given is stored.
    expect((await demand()).status).toBe(200)
    expect(sent()).toHaveLength(2)
  })

  test('a spent refresh token that a promotion brings back costs no connection where the provider refuses it: the person renews it', async () => {
    const { after, demand, id } = await loseLastWrite()
    const refused = await demand()
    expect([refused.status, refused.body.error, refused.body.connection]).toEqual([
      409,
      'reauthorization_required',
      id,
    ])
    const list = async () => (await after.call('GET', '/connections')).body.connections
    expect(await list()).toMatchObject([{ id, status: 'reauthorization_required' }])
    const { body } = await after.redeem(await after.begin({ body: { connection: id } }))
    expect(body.connection).toMatchObject({ id, status: 'connected' })
    expect((await demand()).status).toBe(200)
  })
})
