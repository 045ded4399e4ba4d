import type { Context } from './context.js'
import type { BackendHealth, HealthOptions } from './health.js'
import { Refusal } from './http/refusal.js'

/** Seconds after which another replica answers in the place of one that is closing. */
const secondsToReplace = 1

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

export function createLifecycle(context: Pick<Context, 'lookAtStore'>): Lifecycle {
  const underWay = new Set<Promise<unknown>>()
  let closing = false

  async function lookAtStore(milliseconds: number): Promise<BackendHealth['store']> {
    let timer: ReturnType<typeof setTimeout> | undefined
    let known: BackendHealth['store'] = 'unreachable'
    const late = new Promise<BackendHealth['store']>((resolve) => {
      timer = setTimeout(() => {
        resolve(known)
      }, milliseconds)
    })
    const looked = context.lookAtStore(() => (known = 'unwritable'))
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
        ok: (store === 'ok' || store === 'unwritable') && !closing,
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
