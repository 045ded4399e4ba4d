import type { Fetch } from '../../protocol/http.js'

/** Node's error codes for a connection that was never made. */
const neverSent = /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/

/** Watches whether a request may have reached the server although no answer came. */
export function watchRequests(fetch: Fetch): {
  readonly fetch: Fetch
  readonly mayHaveArrived: () => boolean
} {
  let arrived = false
  return {
    fetch: async (url, init) => {
      // Metadata and keys are read; what is posted uses something up.
      const posted = init.method === 'POST'
      try {
        const response = await fetch(url, init)
        arrived ||= posted
        return response
      } catch (error) {
        const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined
        arrived ||= posted && !neverSent.test(String(cause?.code))
        throw error
      }
    },
    mayHaveArrived: () => arrived,
  }
}
