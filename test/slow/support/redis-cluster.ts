import { execFile } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createCluster } from 'redis'
import { freePort } from '../../support/free-port.js'
import { startRedis, type RedisServer } from '../../support/redis-server.js'
import type { SharedStore } from './store-location.js'

const run = promisify(execFile)

/** A master of a cluster, and its replica. */
export interface Shard {
  /** Resolves when the replica has all that the master has written by now. */
  catchUp(): Promise<void>
  /** The replica hears of nothing any more. */
  cutOff(): Promise<void>
  /** The master ends as by a power failure, and the replica takes its place with what it has. */
  failOver(): Promise<void>
}

/** Three servers that share the keys, each with a replica. */
export interface RedisCluster extends SharedStore {
  /** Where a key lies that is there; `*` stands for any letters. */
  shardOf(key: string): Promise<Shard>
  /** Every server that was ended is back, as the replica of the one that took its place. */
  heal(): Promise<void>
}

/** A client as an app has it, but for the times: it looks for the promoted replica at once. */
export const clusterClient = (urls: string, isImpatient = false) =>
  createCluster({
    rootNodes: urls.split(',').map((url) => ({ url })),
    defaults: { disableOfflineQueue: isImpatient, socket: { reconnectStrategy: 20 } },
    topologyRefreshOnReconnectionAttemptStrategy: 100,
  }).on('error', () => undefined)

/** No server takes another's place by itself, however long one does not answer. */
const patient = { 'cluster-enabled': 'yes', 'cluster-node-timeout': '600000' }

export async function startRedisCluster({ replicas = 1 } = {}): Promise<RedisCluster> {
  const servers: RedisServer[] = []
  for (let node = 0; node < 3 + 3 * replicas; node += 1)
    servers.push(await startRedis({ ...patient, 'cluster-port': String(await freePort()) }))
  const living = new Set(servers)
  const addresses = servers.map(({ port }) => `127.0.0.1:${String(port)}`)
  const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', String(replicas)]
  await run('redis-cli', [...create, '--cluster-yes'])
  await settle()

  /** Waits until all agree that each slot has a server, and each replica its master. */
  async function settle(): Promise<void> {
    for (;;) {
      const states = await Promise.all([...living].map(stateOf))
      const masters = states.filter(({ role }) => role === 'master')
      if (masters.length === 3 && states.every(({ isWhole }) => isWhole)) return
      await setTimeout(50)
    }
  }

  async function ownerOf(key: string): Promise<RedisServer> {
    for (const server of living)
      if ((await ask(server, 'role')).startsWith('master') && (await holds(server, key))) return server
    throw new Error(`no server holds ${key}`)
  }

  async function replicaOf({ port }: RedisServer): Promise<RedisServer> {
    for (const server of living) {
      const info = await ask(server, 'info', 'replication')
      if (info.includes('role:slave') && info.includes(`master_port:${String(port)}\r\n`)) return server
    }
    throw new Error('the server has no replica')
  }

  return {
    kind: 'redis-cluster',
    at: servers.map(({ url }) => url).join(','),
    async shardOf(key) {
      const master = await ownerOf(key)
      const replica = await replicaOf(master)
      return {
        async catchUp() {
          const written = offset(await ask(master, 'info', 'replication'), 'master_repl_offset')
          while (offset(await ask(replica, 'info', 'replication'), 'slave_repl_offset') < written)
            await setTimeout(20)
        },
        async cutOff() {
          await ask(master, 'acl', 'setuser', 'default', '-psync', '-sync')
          await ask(master, 'client', 'kill', 'type', 'replica')
        },
        async failOver() {
          await master.kill()
          living.delete(master)
          await ask(replica, 'cluster', 'failover', 'takeover')
          await settle()
        },
      }
    },
    async heal() {
      for (const server of servers) {
        if (living.has(server)) continue
        await server.restart()
        living.add(server)
      }
      await settle()
    },
    async clear() {
      for (const server of living)
        if ((await ask(server, 'role')).startsWith('master')) await ask(server, 'flushall')
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()))
    },
  }

  /** Role of a server, and whether all is well as it sees it. */
  async function stateOf(server: RedisServer): Promise<{ role: string; isWhole: boolean }> {
    const replication = await ask(server, 'info', 'replication')
    const role = /role:(\w+)/.exec(replication)?.[1] ?? ''
    const ports = new Set([...living].map(({ port }) => String(port)))
    return {
      role,
      isWhole:
        (await ask(server, 'cluster', 'info')).includes('cluster_state:ok') &&
        ownersIn(await ask(server, 'cluster', 'nodes')).every((port) => ports.has(port)) &&
        (role === 'master' || replication.includes('master_link_status:up')),
    }
  }
}

async function ask({ port }: RedisServer, ...command: string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-p', String(port), ...command])
  return stdout
}

/** Whether a server has a key, or one that begins so. */
async function holds(server: RedisServer, key: string): Promise<boolean> {
  const found = await ask(server, '--scan', '--pattern', key)
  return found.trim() !== ''
}

const offset = (info: string, name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1])

/** Ports of the servers that have slots, in the answer to `CLUSTER NODES`: id, address, six more fields, slots. */
const ownersIn = (nodes: string): string[] =>
  nodes
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields.length > 8)
    .map((fields) => /:(\d+)/.exec(fields[1] ?? '')?.[1] ?? '')
