import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/protocol/digest.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { startAuthorizationServer, type AuthorizationServer } from './support/authorization-server.js'
import { begin, connect, startReplica, type Replica } from './support/replicas.js'

/** Seconds after which nobody waits for a refresh or a redemption that somebody else has begun. */
const leaseSeconds = 60

/** Longer than the server's access tokens live. */
const anHour = 3600

let redis: RedisServer
let server: AuthorizationServer
let replicas: Replica[] = []

beforeAll(async () => {
  redis = await startRedis()
})

const connectRedis = () =>
  createClient({ url: redis.url })
    .on('error', () => undefined)
    .connect()

beforeEach(async () => {
  const client = await connectRedis()
  await client.flushDb()
  client.destroy()
})

afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()))
  replicas = []
  await server.close()
})

afterAll(() => redis.close())

interface Setup {
  readonly rotates?: boolean
  readonly keys?: readonly string[]
  readonly impatient?: boolean
}

/** Two replicas on one Redis, before one authorization server. */
async function start({ rotates = true, ...setup }: Setup = {}): Promise<readonly [Replica, Replica]> {
  server = await startAuthorizationServer({ rotates })
  const common = { redis: redis.url, server: server.url, rotatesRefreshTokens: rotates, ...setup }
  const [one, two] = await Promise.all([startReplica(common), startReplica({ ...common, impatient: false })])
  replicas = [one, two]
  return [one, two]
}

const askToken = (replica: Replica, id: string, rejected?: string) =>
  replica.call('POST', `/connections/${id}/access-token`, rejected === undefined ? {} : { rejected })

/** What the API accepts after a refresh that both replicas are asked for. */
async function expectUsable(replica: Replica, id: string): Promise<void> {
  const { status, body } = await askToken(replica, id)
  expect(status).toBe(200)
  expect(server.isNewest(body.access_token)).toBe(true)
  // The refresh token that is kept is the good one, too.
  const next = await askToken(replica, id, await sha256(body.access_token))
  expect(next.status).toBe(200)
  expect(server.isNewest(next.body.access_token)).toBe(true)
}

async function expectReauthorization(replica: Replica, id: string): Promise<void> {
  const { status, body } = await askToken(replica, id)
  expect([status, body.error]).toEqual([409, 'reauthorization_required'])
  const { body: list } = await replica.call('GET', '/connections')
  expect(list.connections.find((connection) => connection.id === id)?.status).toBe('reauthorization_required')
}

describe('two replicas of the backend on one Redis', () => {
  test('refresh once for 200 callers, round after round, and lose no token', async () => {
    const [one, two] = await start()
    const { id, accessToken } = await connect(one, server)
    let current = accessToken
    for (let round = 1; round <= 5; round += 1) {
      const rejected = await sha256(current)
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) => askToken(index % 2 ? one : two, id, rejected)),
      )
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      const tokens = new Set(answers.map(({ body }) => body.access_token))
      expect(tokens.size).toBe(1)
      expect(server.count('refresh_token')).toBe(round)
      const [token = ''] = tokens
      expect(server.isNewest(token)).toBe(true)
      current = token
    }
    await expectUsable(two, id)
  })

  test.each([
    ['kept in Redis', { keys: [] }],
    ['sealed for the page', {}],
  ])('spend a code once when both are sent it at once, with a transaction %s', async (_, setup) => {
    const [one, two] = await start(setup)
    const proof = await begin(one, server)
    const answers = await Promise.all(
      [one, two, one, two].map((replica) => replica.call('POST', '/basis/token', proof)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(new Set(answers.map(({ body }) => body.connection.id)).size).toBe(1)
    expect(server.count('authorization_code')).toBe(1)
    const late = await two.call('POST', '/basis/token', proof)
    expect(late.body.connection.id).toBe(answers[0]?.body.connection.id)
    expect(server.count('authorization_code')).toBe(1)
  })

  test('leave the removal of everything to Redis', async () => {
    const [one] = await start()
    await connect(one, server)
    const client = await connectRedis()
    const keys = await client.keys('*')
    const lives: Record<string, number> = {}
    for (const key of keys) lives[key.split(':')[1] ?? ''] = (await client.pTTL(key)) / 1000
    client.destroy()
    expect(lives).toEqual({
      connection: expect.closeTo(2 * 365 * 86_400, -3) as number,
      connections: expect.closeTo(2 * 365 * 86_400, -3) as number,
      // As long as the code could come, and as long again as its page may ask once more.
      transaction: expect.toSatisfy((life: number) => life > 900 && life < 7200) as number,
    })
  })
})

describe('a replica that is killed in the middle of a refresh', () => {
  test.each(['before', 'after'] as const)(
    'whose request had arrived, %s it was answered, leaves a connection that says it must be renewed',
    async (when) => {
      const [one, two] = await start()
      const { id, accessToken } = await connect(one, server)
      const hold = server.hold(when)
      const lost = Promise.allSettled([askToken(one, id, await sha256(accessToken))])
      await hold.reached
      await one.kill()
      await lost
      hold.release()
      // Until then the other waits for it, in vain; it sends no token that may have been used.
      await two.pass(anHour)
      await expectReauthorization(two, id)
      expect(server.count('refresh_token')).toBe(1)
    },
  )

  test.each(['before', 'after'] as const)(
    'whose request had arrived, %s it was answered, loses nothing where refresh tokens may be used again',
    async (when) => {
      const [one, two] = await start({ rotates: false })
      const { id, accessToken } = await connect(one, server)
      const hold = server.hold(when)
      const lost = Promise.allSettled([askToken(one, id, await sha256(accessToken))])
      await hold.reached
      await one.kill()
      await lost
      hold.release()
      await two.pass(anHour)
      await expectUsable(two, id)
    },
  )

  test('leaves the access token in use to those who have no reason to refuse it', async () => {
    const [one, two] = await start()
    const { id, accessToken } = await connect(one, server)
    const hold = server.hold('before')
    const lost = Promise.allSettled([askToken(one, id, await sha256(accessToken))])
    await hold.reached
    await one.kill()
    await lost
    expect((await askToken(two, id)).body.access_token).toBe(accessToken)
    hold.release()
  })
})

describe('a replica that is killed in the middle of a redemption', () => {
  test('leaves the code to the other, once, if it was not used', async () => {
    const [one, two] = await start()
    const proof = await begin(one, server)
    const hold = server.hold('before')
    const lost = Promise.allSettled([one.call('POST', '/basis/token', proof)])
    await hold.reached
    await one.kill()
    await lost
    await two.pass(leaseSeconds)
    const { status, body } = await two.call('POST', '/basis/token', proof)
    hold.release()
    expect(status).toBe(200)
    await expectUsable(two, body.connection.id)
  })
})

describe('a Redis that is killed in the middle of a refresh', () => {
  test.each(['before', 'after'] as const)(
    'and comes back gets the new tokens, when it dies %s the server has answered',
    async (when) => {
      const [one, two] = await start()
      const { id, accessToken } = await connect(one, server)
      const hold = server.hold(when)
      const asked = askToken(one, id, await sha256(accessToken))
      await hold.reached
      await redis.kill()
      hold.release()
      await redis.restart()
      const { status, body } = await asked
      expect(status).toBe(200)
      expect(body.access_token).not.toBe(accessToken)
      await expectUsable(two, id)
    },
  )

  test('and stays away leaves a connection that says it must be renewed', async () => {
    const [one, two] = await start({ impatient: true })
    const { id, accessToken } = await connect(one, server)
    const hold = server.hold('after')
    const asked = askToken(one, id, await sha256(accessToken))
    await hold.reached
    await redis.kill()
    hold.release()
    const { status, body } = await asked
    expect([status, body.error]).toEqual([503, 'backend_unavailable'])
    await redis.restart()
    await two.pass(anHour)
    await expectReauthorization(two, id)
    expect(server.count('refresh_token')).toBe(1)
  })
})
