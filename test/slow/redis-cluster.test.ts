import { setTimeout } from 'node:timers/promises'
import { redisStore } from 'countersign/backend'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeStore } from '../backend/storage/store-contract.js'
import { sha256 } from '../../src/protocol/digest.js'
import { eventually } from '../support/until.js'
import { describeKillTests } from './support/kill-tests.js'
import {
  anHour,
  askToken,
  expectReauthorization,
  expectUsable,
  startPair,
  type Pair,
  type PairSetup,
} from './support/pair.js'
import { clusterClient, startRedisCluster, type RedisCluster, type Shard } from './support/redis-cluster.js'
import { begin, connect, type Replica } from './support/replicas.js'

let cluster: RedisCluster
const clients: { destroy(): void }[] = []

async function open() {
  const client = clusterClient(cluster.at)
  await client.connect()
  clients.push(client)
  return client
}

beforeAll(async () => {
  cluster = await startRedisCluster()
})

afterAll(async () => {
  for (const client of clients) client.destroy()
  await cluster.close()
})

let stores: Promise<[ReturnType<typeof redisStore>, ReturnType<typeof redisStore>]> | undefined

describeStore('the Redis store on a cluster of three', async () => {
  const [store, other] = await (stores ??= Promise.all([open().then(redisStore), open().then(redisStore)]))
  return { store, other, pass: (seconds) => setTimeout(seconds * 1000) }
})

test('keys of one user are spread over the servers, and all of them are listed', async () => {
  const store = redisStore(await open(), { prefix: 'spread:' })
  const names = Array.from({ length: 60 }, (_, index) => `connection:${String(index)}`)
  await Promise.all(names.map((name) => store.put(name, 'x', null, Date.now() / 1000 + 60)))
  const client = await open()
  const sizes = await Promise.all(
    client.masters.map(async (master) => (await (await client.nodeClient(master)).keys('spread:*')).length),
  )
  expect(sizes.every((size) => size > 0)).toBe(true)
  const listed: string[] = []
  for await (const key of store.keys?.() ?? []) listed.push(key)
  expect(listed.sort()).toEqual(names.sort())
})

describeKillTests(
  'on a Redis cluster',
  () => Promise.resolve({ ...cluster, close: () => Promise.resolve() }),
  {
    hasServer: false,
  },
)

describe('a master of a cluster that is killed, and its replica promoted,', () => {
  let pair: Pair

  beforeEach(() => cluster.clear())

  afterEach(async () => {
    await pair.close()
    await cluster.heal()
  })

  const start = async (setup?: PairSetup): Promise<Pair> => (pair = await startPair(cluster, setup))

  const shardOf = (id: string) => cluster.shardOf(`countersign:connection:${id}`)

  /** A replica of the backend has found the server that took the place. */
  const hasFound = (replica: Replica, id: string): Promise<void> =>
    eventually(async () => {
      expect((await askToken(replica, id)).status).toBe(200)
    })

  /** Fails a shard over while the authorization server holds a request. @returns The answer of the replica that asked it. */
  async function failOverDuring<T>(
    when: 'before' | 'after',
    shard: Shard,
    ask: () => Promise<T>,
  ): Promise<T> {
    const hold = pair.server.hold(when)
    const asked = ask()
    await hold.reached
    await shard.catchUp()
    await shard.failOver()
    hold.release()
    return asked
  }

  test.each(['before', 'after'] as const)(
    'in the middle of a refresh gets the new tokens, when it dies %s the authorization server has answered',
    async (when) => {
      const { one, two, server } = await start()
      const { id, accessToken } = await connect(one, server)
      const rejected = await sha256(accessToken)
      const { status, body } = await failOverDuring(when, await shardOf(id), () =>
        askToken(one, id, rejected),
      )
      expect(status).toBe(200)
      expect(body.access_token).not.toBe(accessToken)
      await hasFound(two, id)
      await expectUsable(pair, two, id)
    },
  )

  test('in the middle of a redemption gets the connection', async () => {
    const { one, two, server } = await start()
    // So that the user has a list: the redemption goes on by writing to it.
    await connect(one, server)
    const shard = await cluster.shardOf('countersign:connections:*')
    const proof = await begin(one, server)
    const { status, body } = await failOverDuring('after', shard, () =>
      one.call('POST', '/basis/token', proof),
    )
    expect(status).toBe(200)
    expect(server.count('authorization_code')).toBe(2)
    await hasFound(two, body.connection.id)
    await expectUsable(pair, two, body.connection.id)
  })

  /** The replica lacks the refresh: it heard of nothing when that was written. */
  async function loseRefresh(): Promise<{ readonly id: string; readonly accessToken: string }> {
    const { one, two, server } = pair
    const connection = await connect(one, server)
    const shard = await shardOf(connection.id)
    await shard.catchUp()
    await shard.cutOff()
    const rejected = await sha256(connection.accessToken)
    expect((await askToken(one, connection.id, rejected)).status).toBe(200)
    await shard.failOver()
    await hasFound(two, connection.id)
    return connection
  }

  test('leaves a connection that says it must be renewed, where the replica lacks the last refresh', async () => {
    const { two } = await start()
    const { id, accessToken } = await loseRefresh()
    // It works until the API refuses its token; the bank then sees a refresh token for the second time.
    expect((await askToken(two, id)).body.access_token).toBe(accessToken)
    expect((await askToken(two, id, await sha256(accessToken))).status).toBe(409)
    await expectReauthorization(two, id)
  })

  test('costs nothing where the replica lacks the last refresh and refresh tokens may be used again', async () => {
    const { two } = await start({ rotates: false })
    const { id } = await loseRefresh()
    await two.pass(anHour)
    await expectUsable(pair, two, id)
  })
})
