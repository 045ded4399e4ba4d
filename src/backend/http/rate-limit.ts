import { checkOptions } from '../../protocol/options.js'
import { createFairShares } from './fair-shares.js'
import { setLast } from './set-last.js'
import { Refusal } from './refusal.js'

/** Kinds of requests that are counted apart. */
export type RateLimitAction =
  'authorization' | 'token' | 'access-token' | 'connections' | 'institutions' | 'resource'

/** One thing to count. A request is counted by its address, by its user, and by the provider that it has asked. */
export interface RateLimitRequest {
  /**
   * `address`: every request from an address, before its session is looked up. `subject`: one user's requests.
   * `provider`: this backend's own requests to a provider for all users together, so none that the store answers.
   */
  readonly by: 'address' | 'subject' | 'provider'
  /**
   * The address (of IPv6 its /64 network), the subject, or the provider's name. `unknown` is the address of all requests that
   * have none and carry no session that is known to be one.
   */
  readonly key: string
  readonly action: RateLimitAction
  /** For `provider`: the user for whom it is asked, so that a few cannot use up what is there for all. */
  readonly subject?: string
}

/**
 * Counts a request. Gives 0 when it may go on, otherwise the seconds to wait. Several replicas count together only with
 * one of your own over a shared store.
 *
 * @example
 * ```ts
 * import type { RateLimit } from 'countersign/backend'
 *
 * // Redis: INCR the key, and EXPIRE it after a minute.
 * declare const increment: (key: string, seconds: number) => Promise<number>
 *
 * const perMinute = { address: 600, subject: 60, provider: 3000 }
 *
 * const rateLimit: RateLimit = async ({ by, key, action }) =>
 *   (await increment(`rate:${by}:${key}:${action}`, 60)) <= perMinute[by] ? 0 : 60
 * ```
 */
export type RateLimit = (request: RateLimitRequest) => number | Promise<number>

/** Requests at once, and requests a minute after that. */
export type RateLimits = {
  readonly [By in RateLimitRequest['by']]?: Partial<Readonly<Record<RateLimitAction, number>>>
}

const perUser: Readonly<Record<RateLimitAction, number>> = {
  authorization: 30,
  token: 30,
  'access-token': 120,
  connections: 120,
  institutions: 120,
  resource: 300,
}

/** An office shares an address; a provider is asked by all. */
const times: Readonly<Record<RateLimitRequest['by'], number>> = { address: 10, subject: 1, provider: 20 }

/** Number of addresses that are remembered, and of users. */
const maximumBuckets = 10_000

interface Bucket {
  readonly tokens: number
  readonly at: number
}

/**
 * Token buckets in this process's memory. A user has 30 requests a minute for `authorization` and `token`, 120 for
 * `access-token`, `connections` and `institutions`, 300 for `resource`; an address has ten times as many, a provider twenty times. When less
 * than half of a provider's are left, no user gets more than an equal share of them.
 *
 * @param limits Other numbers; `Infinity` for what is not to be counted.
 * @param now Epoch seconds. @defaultValue the system's clock
 * @throws {TypeError} for limits that are no numbers, and for kinds that are not counted.
 * @example
 * ```ts
 * import { memoryRateLimit } from 'countersign/backend'
 *
 * const rateLimit = memoryRateLimit({ provider: { authorization: 3000, token: 3000 } })
 * ```
 */
export function memoryRateLimit(
  limits: RateLimits = {},
  now: () => number = () => Date.now() / 1000,
): RateLimit {
  checkLimits(limits)
  if (typeof now !== 'function')
    throw new TypeError('memoryRateLimit: the clock must be a function that gives epoch seconds.')
  // Each for itself: who comes from many addresses must not have users forgotten.
  const all: Readonly<Record<RateLimitRequest['by'], Map<string, Bucket>>> = {
    address: new Map(),
    subject: new Map(),
    provider: new Map(),
  }
  const shares = createFairShares(now)
  return ({ by, key, action, subject }) => {
    const perMinute = limits[by]?.[action] ?? perUser[action] * times[by]
    if (perMinute === Infinity) return 0
    const buckets = all[by]
    const name = `${action} ${key}`
    const { tokens, at } = buckets.get(name) ?? { tokens: perMinute, at: now() }
    const available = Math.min(perMinute, tokens + (Math.max(0, now() - at) * perMinute) / 60)
    const wait = available >= 1 ? 0 : ((1 - available) * 60) / perMinute
    const budget = { name, perMinute, available }
    const turn = wait > 0 || subject === undefined ? wait : shares.take(budget, subject)
    // Moved to the end, so that the first is the one that has been quiet for longest.
    setLast(buckets, name, { tokens: turn > 0 ? available : available - 1, at: now() }, maximumBuckets)
    return turn
  }
}

function checkLimits(limits: RateLimits): void {
  const allOf = <Form>(names: object, form: Form): Record<string, Form> =>
    Object.fromEntries(Object.keys(names).map((name) => [name, form]))
  checkOptions('memoryRateLimit', limits, allOf(times, 'object' as const))
  for (const [by, perMinute] of Object.entries({ ...limits }))
    checkOptions(`memoryRateLimit: \`${by}\``, Object(perMinute) as object, allOf(perUser, 'number' as const))
}

/** Counts a request. @throws {Refusal} `rate_limited` when it is one too many. */
export async function countRequest(
  { rateLimit }: { readonly rateLimit: RateLimit },
  request: RateLimitRequest,
): Promise<void> {
  const wait = await rateLimit(request)
  if (wait > 0)
    throw new Refusal('rate_limited', {
      retryAfterSeconds: wait,
      reason: `${request.by}:${request.action}`,
    })
}
