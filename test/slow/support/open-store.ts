import { postgresStore, redisStore, type Store } from 'countersign/backend'
import { sqliteStore } from 'countersign/backend/node'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { openSqlite } from '../../support/open-sqlite.js'
import { clusterClient } from './redis-cluster.js'
import type { StoreLocation } from './store-location.js'

/**
 * Opens a store as a backend does.
 *
 * @param isImpatient Whether a client that waits for its server to come back gives up at once instead.
 */
export async function openStore({ kind, at }: StoreLocation, isImpatient = false): Promise<Store> {
  if (kind === 'durable-objects') throw new Error('Durable Objects are in workerd only')
  if (kind === 'sqlite') return sqliteStore(await openSqlite(at))
  if (kind === 'postgres') {
    const pool = new Pool({ connectionString: at, connectionTimeoutMillis: 5000, max: 20 })
    // Without a listener Node would end the process when an idle connection breaks.
    pool.on('error', () => undefined)
    return postgresStore(pool)
  }
  if (kind === 'redis-cluster') {
    const cluster = clusterClient(at, isImpatient)
    await cluster.connect()
    return redisStore(cluster)
  }
  const client = createClient({
    url: at,
    disableOfflineQueue: isImpatient,
    socket: { reconnectStrategy: 20 },
  })
  client.on('error', () => undefined)
  await client.connect()
  return redisStore(client)
}
