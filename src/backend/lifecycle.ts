import type { Context } from './context.js'
import { Refusal } from './http/refusal.js'

/** Seconds after which another replica answers in the place of one that is closing. */
const secondsToReplace = 1

/** The state of a backend, for a load balancer and for people. It names no secret, address or user. */
export interface BackendHealth {
  /** Whether requests can be served: answer 200 or 503 by it. */
  readonly ok: boolean
  /**
   * `ok`: the store answers, and `keys` belong to it. `unreachable`: it does not answer, or not within the time.
   * `misconfigured`: `keys` do not belong to it, or a provider's key cannot be used; the rejection of `ready` has the remedy.
   */
  readonly store: 'ok' | 'unreachable' | 'misconfigured'
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

/** Counts the requests under way, and lets them end. */
export interface Lifecycle {
  /** @throws {Refusal} `backend_unavailable` once `close` has been called. */
  readonly checkOpen: () => void
  /** Keeps `close` waiting until the work has ended. */
  readonly track: <T>(work: Promise<T>) => Promise<T>
  readonly health: (options?: HealthOptions) => Promise<BackendHealth>
  /** Resolves when nothing is under way any more. */
  readonly close: () => Promise<void>
}

export function createLifecycle(context: Pick<Context, 'ready' | 'ping'>): Lifecycle {
  const underWay = new Set<Promise<unknown>>()
  let closing = false

  async function lookAtStore(milliseconds: number): Promise<BackendHealth['store']> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<'unreachable'>((resolve) => {
      timer = setTimeout(resolve, milliseconds, 'unreachable')
    })
    const looked = context
      .ready()
      .then(() => context.ping())
      .then(
        () => 'ok' as const,
        (error: unknown) => (error instanceof TypeError ? 'misconfigured' : 'unreachable'),
      )
    try {
      return await Promise.race([looked, late])
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    checkOpen() {
      if (closing)
        throw new Refusal('backend_unavailable', { reason: 'closing', retryAfterSeconds: secondsToReplace })
    },

    track(work) {
      underWay.add(work)
      const end = (): void => void underWay.delete(work)
      work.then(end, end)
      return work
    },

    async health({ timeoutMilliseconds = 2000 } = {}) {
      const begun = performance.now()
      const store = await lookAtStore(timeoutMilliseconds)
      return {
        ok: store === 'ok' && !closing,
        store,
        milliseconds: Math.round(performance.now() - begun),
        underWay: underWay.size,
        closing,
      }
    },

    async close() {
      closing = true
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}
