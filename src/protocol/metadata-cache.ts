import type { Fetch } from './http.js'
import type { ServerMetadata } from './metadata.js'

/** Seconds for which metadata is kept in memory. */
const keptSeconds = 3600

/** Network and clock for requests to an authorization server. */
export interface RequestContext {
  readonly fetch: Fetch
  /** Epoch seconds. */
  readonly now: () => number
}

/**
 * Loads a server's metadata once an hour for any number of callers; the same object keeps the server's signing keys. A
 * failure is not kept: the next call loads again.
 */
export function cacheMetadata(
  load: (context: RequestContext) => Promise<ServerMetadata>,
): (context: RequestContext) => Promise<ServerMetadata> {
  let known: { readonly server: Promise<ServerMetadata>; readonly until: number } | undefined
  return (context) => {
    if (known && context.now() < known.until) return known.server
    const loading = { server: load(context), until: context.now() + keptSeconds }
    known = loading
    loading.server.catch(() => {
      // Another may have been loaded since.
      if (known === loading) known = undefined
    })
    return loading.server
  }
}
