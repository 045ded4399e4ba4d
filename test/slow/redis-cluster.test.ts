import { execFile } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { redisStore } from 'countersign/backend'
import { createCluster } from 'redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeStore } from '../backend/storage/store-contract.js'
import { freePort } from '../support/free-port.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'

const run = promisify(execFile)
const servers: RedisServer[] = []
const clients: { destroy(): void }[] = []

async function isReady(port: number): Promise<boolean> {
  const { stdout } = await run('redis-cli', ['-p', String(port), 'cluster', 'info'])
  return stdout.includes('cluster_state:ok')
}

async function open() {
  const client = createCluster({ rootNodes: servers.map(({ url }) => ({ url })) })
  client.on('error', () => undefined)
  await client.connect()
  clients.push(client)
  return client
}

beforeAll(async () => {
  for (let node = 0; node < 3; node += 1)
    servers.push(await startRedis({ 'cluster-enabled': 'yes', 'cluster-port': String(await freePort()) }))
  const addresses = servers.map(({ port }) => `127.0.0.1:${String(port)}`)
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'])
  for (const { port } of servers) while (!(await isReady(port))) await setTimeout(50)
})

afterAll(async () => {
  for (const client of clients) client.destroy()
  await Promise.all(servers.map((server) => server.close()))
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
