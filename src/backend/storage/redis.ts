import { checkOptions, type OptionForms } from '../../protocol/options.js'
import type { RedisClient } from './redis-client.js'
import { createConfirmedWrites, type ConfirmedWrites, type RedisWait } from './redis-replicas.js'
import type { Store } from './store.js'

/** The part of a cluster's client that lists keys, for `reseal`. */
interface RedisCluster {
  readonly masters: readonly unknown[]
  nodeClient(master: unknown): Required<RedisClient> | Promise<Required<RedisClient>>
}

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** Beginning of every key. @defaultValue `countersign:` */
  readonly prefix?: string
  /**
   * Counts a write only once this many replicas have it, so a promoted replica has everything: `{ replicas: 1,
   * milliseconds: 500 }`. Where they do not confirm it in time, the request is `backend_unavailable`, and nothing is sent to a
   * provider. A client of one server, not of a cluster. @defaultValue no replica is waited for
   */
  readonly wait?: RedisWait
}

/** Number of keys that a server looks at for one answer to a scan. */
const scanCount = 500

const forms = { prefix: 'string', wait: 'object' } satisfies OptionForms<RedisStoreOptions>

/** Compares and sets in one step, so that two replicas never use one refresh token. */
const compareAndSet = `
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'value', ARGV[2], 'version', ARGV[3])
redis.call('EXPIREAT', KEYS[1], ARGV[4])
return 1`

/**
 * A store in Redis 6 or later, for several replicas of the backend. The client is yours: connect it, and give it an `error`
 * listener, without which Node ends the process when Redis goes away.
 *
 * Let Redis write to disk (`appendonly yes`, `appendfsync always`), let it refuse writes rather than evict keys
 * (`maxmemory-policy noeviction`), and read from the primary: a refresh token that was replaced and then lost means that the
 * person must connect again. Every operation touches one key, so a cluster (`createCluster`) needs no hash tags. Give
 * `createBackend` its `keys`, so that Redis holds no token in the clear.
 *
 * @throws {TypeError} for what is no client, and for an option that is wrong or unknown.
 * @example
 * ```ts
 * import { redisStore, type RedisClient } from 'countersign/backend'
 *
 * // import { createClient } from 'redis'
 * // const client = await createClient({ url: '…' }).on('error', report).connect()
 * declare const client: RedisClient
 *
 * const store = redisStore(client)
 * ```
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  const { hmGet, eval: evaluate, del } = Object(client) as Partial<RedisClient>
  if ([hmGet, evaluate, del].some((method) => typeof method !== 'function'))
    throw new TypeError(
      'redisStore needs a client of the `redis` package, version 5 or later, with `hmGet`, `eval` and `del`: give the one that you have connected.',
    )
  checkOptions('redisStore', options, forms)
  const { prefix = 'countersign:' } = options
  const confirmed = options.wait && confirmedWrites(client, options.wait)
  return {
    async get(key) {
      await confirmed?.settle(prefix + key)
      const [value, version] = await client.hmGet(prefix + key, ['value', 'version'])
      if (value == null && version == null) return undefined
      // Half of it is not nothing: what lacks its value cannot be read, and is not written over.
      return { value: value ?? '', version: version ?? '' }
    },

    async put(key, value, expectedVersion, expiresAt) {
      // Never used before, so that a value made anew is not taken for the one that expired in its place.
      const version = crypto.randomUUID()
      const values = [expectedVersion ?? '', value, version, String(Math.ceil(expiresAt))]
      const written = await (confirmed
        ? confirmed.write(compareAndSet, prefix + key, values)
        : client.eval(compareAndSet, { keys: [prefix + key], arguments: values }))
      return Number(written) === 1
    },

    async delete(key) {
      await client.del(prefix + key)
    },

    async *keys() {
      for await (const server of serversOf(client)) {
        const found = server.scanIterator({ MATCH: `${escapeGlob(prefix)}*`, COUNT: scanCount })
        // Some versions of the client give keys one by one, some by the page.
        for await (const page of found) for (const key of [page].flat()) yield key.slice(prefix.length)
      }
    },
  }
}

/** @throws {TypeError} for a client that cannot wait, and for numbers that mean nothing */
function confirmedWrites(client: RedisClient, options: RedisWait): ConfirmedWrites {
  checkOptions('redisStore: `wait`', options, { replicas: 'number', milliseconds: 'number' })
  if (![options.replicas, options.milliseconds].every((count) => Number.isInteger(count) && count > 0))
    throw new TypeError(
      'redisStore: `wait` needs whole numbers above 0, such as { replicas: 1, milliseconds: 500 }.',
    )
  if (typeof client.wait !== 'function' || 'masters' in client)
    throw new TypeError(
      'redisStore: `wait` needs the client of one server, from `createClient`: a command that waits goes to one server only. For a cluster set `min-replicas-to-write` on each server.',
    )
  // Those of `createClientPool` and `createSentinel`: Redis waits for what was written on the same connection.
  if ('execute' in client || 'acquire' in client)
    throw new TypeError(
      'redisStore: `wait` needs a client with one connection, and this one has several, so a wait may confirm nothing: give the client of `createClient`, connected to the primary.',
    )
  return createConfirmedWrites(client as RedisClient & Required<Pick<RedisClient, 'wait'>>, options)
}

/** The clients of all servers that hold keys. @throws {TypeError} for a client that cannot list them */
async function* serversOf(client: RedisClient): AsyncIterable<Required<RedisClient>> {
  const { masters, nodeClient } = client as Partial<RedisCluster>
  if (masters && nodeClient) {
    for (const master of masters) yield await nodeClient.call(client, master)
  } else if (client.scanIterator) {
    yield client as Required<RedisClient>
  } else {
    throw new TypeError('This Redis client lists no keys: give redisStore one with `scanIterator`.')
  }
}

const escapeGlob = (text: string): string => text.replaceAll(/[*?[\]\\^]/g, '\\$&')
