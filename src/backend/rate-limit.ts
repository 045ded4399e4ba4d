/** What is counted. */
export interface RateLimitRequest {
  readonly subject: string
  readonly action: 'authorization' | 'token' | 'access-token' | 'connections' | 'resource'
}

/**
 * Counts a request. Gives 0 when it may go on, otherwise the seconds to wait. Several replicas count together only with
 * one of your own over a shared store; what your proxy limits by address stays there.
 */
export type RateLimit = (request: RateLimitRequest) => number | Promise<number>

/** How many requests a user may make at once, and how many a minute after that. */
const limits: Readonly<Record<RateLimitRequest['action'], number>> = {
  authorization: 30,
  token: 30,
  'access-token': 120,
  connections: 120,
  resource: 300,
}

/** How many users are remembered. */
const maximumBuckets = 10_000

interface Bucket {
  readonly tokens: number
  readonly at: number
}

/** A token bucket for each user and action, in this process's memory. */
export function createRateLimit(now: () => number): RateLimit {
  const buckets = new Map<string, Bucket>()
  return ({ subject, action }) => {
    const perMinute = limits[action]
    const key = `${action} ${subject}`
    const { tokens, at } = buckets.get(key) ?? { tokens: perMinute, at: now() }
    const available = Math.min(perMinute, tokens + (Math.max(0, now() - at) * perMinute) / 60)
    // Moved to the end, so that the first is the one that has been quiet for longest.
    buckets.delete(key)
    const first = buckets.keys().next()
    if (buckets.size >= maximumBuckets && !first.done) buckets.delete(first.value)
    buckets.set(key, { tokens: available >= 1 ? available - 1 : available, at: now() })
    return available >= 1 ? 0 : ((1 - available) * 60) / perMinute
  }
}
