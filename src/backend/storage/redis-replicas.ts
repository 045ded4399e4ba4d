import type { RedisClient } from './redis-client.js'

/** How many replicas must have a write before it counts. */
export interface RedisWait {
  /** Number of replicas that must have received a write. */
  readonly replicas: number
  /** Milliseconds after which a write that they have not received is reported as failed. */
  readonly milliseconds: number
}

/** Writes that count only when replicas have them. */
export interface ConfirmedWrites {
  /** Runs a script that writes under a key, and waits. @throws {Error} where too few replicas have confirmed it in time */
  readonly write: (script: string, key: string, values: readonly string[]) => Promise<unknown>
  /** Before a key is read: where its last write is not confirmed, it waits for that. @throws as `write` */
  readonly settle: (key: string) => Promise<void>
}

/** The largest number of keys whose unconfirmed write is remembered; those of an outage, not of a day. */
const maximumUnconfirmed = 10_000

/**
 * Milliseconds for which no WAIT is sent after one that failed, if it did not take longer itself: meanwhile the connection is
 * free for reads.
 */
const minimumPause = 1000

/** Writes again what is there, so that there is something to wait for, on whatever connection. */
const touch = `
local version = redis.call('HGET', KEYS[1], 'version')
if version then redis.call('HSET', KEYS[1], 'version', version) end`

/**
 * Waits for replicas. Redis has carried out a write when it begins to wait, so one that is not confirmed may be there all the
 * same: its key is remembered, and this process does not read it before replicas have it, lest it go on with what a
 * promoted replica lacks.
 */
export function createConfirmedWrites(
  client: RedisClient & Required<Pick<RedisClient, 'wait'>>,
  options: RedisWait,
): ConfirmedWrites {
  const replicas = createReplicaWait(client, options)
  /** The last write under each key. */
  const unconfirmed = new Map<string, symbol>()

  async function write(script: string, key: string, values: readonly string[]): Promise<unknown> {
    const id = Symbol(key)
    remember(key, id)
    // Both leave at once, on one connection: a server waits for what came before on the same one. A write that is refused leaves
    // too, since it may hold tokens that exist nowhere else.
    const [result] = await Promise.all([
      client.eval(script, { keys: [key], arguments: [...values] }),
      replicas.confirm(),
    ])
    // A later write under this key, which is under way or has failed, is not confirmed by that.
    if (unconfirmed.get(key) === id) unconfirmed.delete(key)
    return result
  }

  function remember(key: string, id: symbol): void {
    unconfirmed.set(key, id)
    const [oldest] = unconfirmed.keys()
    if (unconfirmed.size > maximumUnconfirmed && oldest !== undefined) unconfirmed.delete(oldest)
  }

  return {
    write,
    async settle(key) {
      if (!unconfirmed.has(key)) return
      replicas.checkReachable()
      await write(touch, key, [])
    },
  }
}

/** Whether replicas have what was sent. */
interface ReplicaWait {
  /** Resolves when replicas have all that was sent before. @throws {Error} where too few confirm it in time */
  confirm(): Promise<void>
  /** @throws {Error} that of the last WAIT, where it failed and it is not this caller's turn to send the next */
  checkReachable(): void
}

/**
 * Sends WAIT, one at a time: while Redis waits, it answers nothing else on the connection. After one that failed, the next is
 * sent by one caller after a pause, and the others are refused with its error.
 *
 * @see https://redis.io/docs/latest/commands/wait/
 */
function createReplicaWait(
  client: Required<Pick<RedisClient, 'wait'>>,
  { replicas, milliseconds }: RedisWait,
): ReplicaWait {
  let current: Promise<void> | undefined
  let next: Promise<void> | undefined
  let failure: { readonly error: Error; readonly pauseUntil: number } | undefined

  function checkReachable(): void {
    if (failure && (current || performance.now() < failure.pauseUntil)) throw failure.error
  }

  async function send(): Promise<void> {
    const confirmed = await client.wait(replicas, milliseconds)
    // Not `<`: what is no number confirms nothing.
    if (!(Number(confirmed) >= replicas)) {
      const error = new Error(
        `Redis has written, but ${String(confirmed)} of ${String(replicas)} replicas have confirmed it within ${String(milliseconds)} ms. See that they run and are connected.`,
      )
      failure = { error, pauseUntil: performance.now() + Math.max(minimumPause, milliseconds) }
      throw error
    }
    failure = undefined
  }

  function start(): Promise<void> {
    current = send().finally(() => {
      current = undefined
    })
    return current
  }

  return {
    checkReachable,
    async confirm() {
      checkReachable()
      if (!current) return start()
      // What was sent after the current WAIT needs another, and all of it only one.
      next ??= current
        .finally(() => {
          next = undefined
        })
        .then(() => current ?? start())
      return next
    },
  }
}
