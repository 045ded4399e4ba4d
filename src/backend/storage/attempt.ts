import type { Fetch } from '../../protocol/http.js'
import type { Conclusion } from './lease.js'

/**
 * Seconds that one attempt may take at the provider, by a timer that no clock moves: half of the leases under which attempts
 * are made, so that the other half is left for storing what came of it.
 */
const attemptSeconds = 30

/** Node's error codes for a connection that was never made. */
const neverSent = /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/

/** One attempt at something that is good for one use, such as a code or a refresh token. */
export interface Attempt {
  /** The same `fetch`, for the requests of this attempt only. */
  readonly through: (fetch: Fetch) => Fetch
  /** True where requests were made, and none of them used anything up. */
  readonly isUnsent: () => boolean
  /** True where a request that uses something up may have reached the server. */
  readonly mayHaveArrived: () => boolean
  /** True where the right to send was lost: nothing was sent. */
  readonly isOvertaken: () => boolean
  /** @throws the error of the store, where it could not be noted that something would be sent: nothing was sent. */
  readonly checkStore: () => void
}

/**
 * Begins an attempt, right after its lease was claimed. Directly before its first request that uses something up the store is
 * told, by compare and swap: whoever has lost the lease meanwhile sends nothing.
 *
 * @param now Epoch seconds.
 * @param noteSent Notes under the lease that something will be sent.
 */
export function beginAttempt(now: () => number, noteSent: () => Promise<Conclusion>): Attempt {
  const deadline = AbortSignal.timeout(attemptSeconds * 1000)
  const until = now() + attemptSeconds
  let noting: Promise<Conclusion> | undefined
  let failure: { readonly error: unknown } | undefined
  const seen = { requests: false, posted: false, arrived: false, overtaken: false }

  async function askToSend(): Promise<void> {
    noting ??= noteSent()
    try {
      seen.overtaken = (await noting) !== 'written'
    } catch (error) {
      failure = { error }
      throw error
    }
    if (seen.overtaken) throw new Error('overtaken')
    // Storing may have taken longer than others wait.
    deadline.throwIfAborted()
    // Timers stop while the machine sleeps, and meanwhile the lease may have expired for others.
    if (now() > until) throw new Error('late')
    seen.posted = true
  }

  return {
    through: (fetch) => async (url, init) => {
      seen.requests = true
      // Metadata and keys are read; what is posted uses something up.
      const isPost = init.method === 'POST'
      if (isPost) await askToSend()
      const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline
      try {
        const response = await fetch(url, { ...init, signal })
        seen.arrived ||= isPost
        return response
      } catch (error) {
        const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined
        seen.arrived ||= isPost && !neverSent.test(String(cause?.code))
        throw error
      }
    },
    isUnsent: () => seen.requests && !seen.posted,
    mayHaveArrived: () => seen.arrived,
    isOvertaken: () => seen.overtaken,
    checkStore() {
      if (failure) throw failure.error
    },
  }
}
