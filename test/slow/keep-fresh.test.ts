// examples/keep-fresh on a real Redis, in two replicas.
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { askToken, leaseSeconds, startPair, type Pair, type PairSetup } from './support/pair.js'
import { connect } from './support/replicas.js'

const day = 86_400
const number = 24

let redis: RedisServer
let pair: Pair

beforeAll(async () => {
  redis = await startRedis()
})

beforeEach(async () => {
  const client = await createClient({ url: redis.url })
    .on('error', () => undefined)
    .connect()
  await client.flushDb()
  client.destroy()
})

afterEach(() => pair.close())

afterAll(() => redis.close())

/** Two replicas with connections that nobody has used for fifty of sixty days. */
async function startOld(setup: PairSetup = {}): Promise<readonly string[]> {
  pair = await startPair({ kind: 'redis', at: redis.url }, { lastsDays: 60, ...setup })
  const ids: string[] = []
  for (let index = 0; index < number; index += 1)
    ids.push((await connect(index % 2 ? pair.one : pair.two, pair.server)).id)
  await pass(50 * day)
  return ids
}

const pass = (seconds: number) => Promise.all([pair.one.pass(seconds), pair.two.pass(seconds)])

const refreshed = (): number => pair.server.count('refresh_token')

/** Those whose stored tokens the server still knows: it ends a grant whose refresh token is used twice. */
async function usable(ids: readonly string[]): Promise<readonly string[]> {
  await pass(3700)
  const answers = await Promise.all(ids.map((id) => askToken(pair.two, id)))
  return ids.filter((_, index) => answers[index]?.status === 200)
}

test('both replicas run the job at once, and every connection is refreshed once', async () => {
  const ids = await startOld()
  const reports = await Promise.all([pair.one.keepFresh(), pair.two.keepFresh()])
  expect(refreshed()).toBe(number)
  expect(reports.map(({ later, ended }) => [later, ended])).toEqual([
    [0, 0],
    [0, 0],
  ])
  await Promise.all([pair.one.keepFresh(), pair.two.keepFresh()])
  expect(refreshed()).toBe(number)
  expect(await usable(ids)).toEqual(ids)
})

/** Kills the first replica with a refresh under way, after it has done some. */
async function killMidway(when: 'before' | 'after'): Promise<void> {
  const job = pair.one.keepFresh({ concurrency: 1 }).catch(() => 'killed')
  await expect.poll(refreshed, { interval: 1 }).toBeGreaterThan(2)
  const hold = pair.server.hold(when)
  await hold.reached
  await pair.one.kill()
  expect(await job).toBe('killed')
  hold.release()
}

test.each(['before', 'after'] as const)(
  'a replica that is killed %s an answer leaves the rest to the other, which sends the refresh token under way once more',
  async (when) => {
    const ids = await startOld()
    await killMidway(when)
    expect(refreshed()).toBeLessThan(number)
    await pair.two.pass(leaseSeconds)
    const report = await pair.two.keepFresh()
    // One answer is lost with the process: its refresh token is spent here, which the second request finds out.
    expect(report).toMatchObject({ later: 0, ended: 1 })
    expect(refreshed()).toBe(number + 1)
    const [lost, ...more] = await lostOf(ids)
    expect([lost !== undefined, more]).toEqual([true, []])
  },
)

async function lostOf(ids: readonly string[]): Promise<readonly string[]> {
  const { body } = await pair.two.call('GET', '/connections')
  const lost = body.connections.filter(({ status }) => status === 'reauthorization_required')
  await pair.two.pass(3700)
  const answers = await Promise.all(ids.map((id) => askToken(pair.two, id)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(ids.length - lost.length)
  return lost.map(({ id }) => id)
}

test('a replica that is killed loses nothing where refresh tokens may be used again', async () => {
  const ids = await startOld({ rotates: false })
  await killMidway('before')
  await pair.two.pass(leaseSeconds)
  expect(await pair.two.keepFresh()).toMatchObject({ later: 0, ended: 0 })
  expect(refreshed()).toBe(number + 1)
  expect(await lostOf(ids)).toEqual([])
})

test('a Redis that is killed in the middle and comes back costs no connection', async () => {
  const ids = await startOld()
  const job = pair.one.keepFresh({ concurrency: 1 })
  await expect.poll(refreshed, { interval: 1 }).toBeGreaterThan(2)
  const hold = pair.server.hold('after')
  await hold.reached
  await redis.kill()
  hold.release()
  await redis.restart()
  expect(await job).toEqual({ renewed: number, later: 0, ended: 0 })
  expect(refreshed()).toBe(number)
  expect(await usable(ids)).toEqual(ids)
})
