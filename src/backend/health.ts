/** The state of a backend, for a load balancer and for people. It names no secret, address or user. */
export interface BackendHealth {
  /** Whether requests can be served: answer 200 or 503 by it. `true` for a store that is `unwritable`, which serves a part of them. */
  readonly ok: boolean
  /**
   * `ok`: the store answers and takes writes, and `keys` belong to it. `unwritable`: it answers and takes no writes, as one that is
   * full or a standby: tokens that are good are given out, nothing is connected or refreshed. `unreachable`: it does not answer, or
   * not within the time. `misconfigured`: `keys` do not belong to it, or a provider's key cannot be used; the rejection of `ready`
   * has the remedy.
   */
  readonly store: 'ok' | 'unwritable' | 'unreachable' | 'misconfigured'
  /** Milliseconds that the store took to answer. */
  readonly milliseconds: number
  /** Requests under way. */
  readonly underWay: number
  /** Whether `close` has been called. */
  readonly closing: boolean
}

/** Options of a health check. */
export interface HealthOptions {
  /** Milliseconds that the store may take. @defaultValue 2000 */
  readonly timeoutMilliseconds?: number
}
