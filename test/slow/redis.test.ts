import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisPrograms, startRedis, type RedisServer } from '../support/redis-server.js'
import { describeKillTests } from './support/kill-tests.js'
import { startPair } from './support/pair.js'
import { connect } from './support/replicas.js'

describe.each(redisPrograms)('%s', (program) => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await startRedis({}, program)
  })

  afterAll(() => redis.close())

  const connectRedis = () =>
    createClient({ url: redis.url })
      .on('error', () => undefined)
      .connect()

  async function clear(): Promise<void> {
    const client = await connectRedis()
    await client.flushDb()
    client.destroy()
  }

  describeKillTests(
    'on one Redis',
    () =>
      Promise.resolve({ kind: 'redis', at: redis.url, server: redis, clear, close: () => Promise.resolve() }),
    { hasServer: true },
  )

  test('the removal of everything is left to the server', async () => {
    await clear()
    const pair = await startPair({ kind: 'redis', at: redis.url })
    await connect(pair.one, pair.server)
    const client = await connectRedis()
    const keys = await client.keys('*')
    const lives: Record<string, number> = {}
    for (const key of keys) lives[key.split(':')[1] ?? ''] = (await client.pTTL(key)) / 1000
    client.destroy()
    await pair.close()
    expect(lives).toEqual({
      canary: expect.closeTo(10 * 365 * 86_400, -4) as number,
      connection: expect.closeTo(2 * 365 * 86_400, -3) as number,
      connections: expect.closeTo(2 * 365 * 86_400, -3) as number,
      // Where the provider's webhooks find it.
      webhook: expect.closeTo(2 * 365 * 86_400, -3) as number,
      // As long as the code could come, and as long again as its page may ask once more.
      transaction: expect.toSatisfy((life: number) => life > 900 && life < 7200) as number,
    })
  })
})
