import { createClient } from 'redis'
import { startRedis } from '../../test/support/redis-server.js'
import { startPostgresStore } from '../../test/slow/support/postgres-store.js'
import type { SharedStore } from '../../test/slow/support/store-location.js'

async function startRedisStore(): Promise<SharedStore> {
  const redis = await startRedis()
  return {
    kind: 'redis',
    at: redis.url,
    async clear() {
      const client = createClient({ url: redis.url }).on('error', () => undefined)
      await client.connect()
      await client.flushDb()
      client.destroy()
    },
    close: () => redis.close(),
  }
}

/** Starts the stores that replicas share, on servers of their own. */
export const sharedStores: readonly (() => Promise<SharedStore>)[] = [startPostgresStore, startRedisStore]
