import type { Context } from '../context.js'
import { Refusal } from '../http/refusal.js'
import type { ConnectionRecord } from './record.js'

/** A bank's limit of requests that no person has caused. */
export interface UnattendedLimit {
  /**
   * Requests for one connection within any 24 hours: refreshes, and requests of `connections.fetch`. 1 to 1000. What your server asks
   * with a token of `connections.accessToken` is not seen here: count it yourself, or use `fetch`.
   */
  readonly requestsPerDay: number
}

const daySeconds = 86_400

/** Seconds to wait until a request may be made without a person; 0 where it may be made now. */
export function unattendedWait(context: Context, record: ConnectionRecord): number {
  const { attended, unattended, now } = context
  const limit = attended ? undefined : unattended.get(record.provider)
  if (limit === undefined) return 0
  const times = recentTimes(record, now())
  const freedBy = times[times.length - limit]
  return freedBy === undefined ? 0 : freedBy + daySeconds - now()
}

/**
 * The connection with one more request counted.
 *
 * @throws {Refusal} `rate_limited` when it is one too many.
 */
export function countUnattended(context: Context, record: ConnectionRecord): ConnectionRecord {
  if (context.attended || !context.unattended.has(record.provider)) return record
  const wait = unattendedWait(context, record)
  if (wait > 0)
    throw new Refusal('rate_limited', {
      description:
        'The limit of requests for this connection without a person is reached. Wait before the next one.',
      reason: 'unattended',
      connection: record.id,
      retryAfterSeconds: wait,
    })
  const now = context.now()
  return { ...record, unattendedAt: [...recentTimes(record, now), now] }
}

/** Where the clock was set back, what lies ahead counts, too: rather one request too few. */
const recentTimes = ({ unattendedAt = [] }: ConnectionRecord, now: number): readonly number[] =>
  unattendedAt.filter((at) => at > now - daySeconds)
