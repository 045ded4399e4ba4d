import type { Platform } from '../../platform/platform.js'
import { metadataHeaders, metadataUrl } from '../../protocol/metadata-request.js'
import { plainRequest } from '../../protocol/plain-request.js'
import { metadataKey } from '../records/keys.js'

/** A server's metadata, looked up at the first click while the code that reads it is still loading. */
export interface EarlyMetadata {
  /** The stored record; `undefined` if there is none. */
  readonly stored: unknown
  /** The server's answer, if nothing was stored. It has not been checked. */
  readonly answer?: Promise<Response>
  /** Cancels the request. */
  readonly limit?: AbortController
}

/**
 * Looks up a server's metadata while the channel's code is still loading, and asks the server if none is stored. It saves one
 * round trip before the person leaves.
 */
export async function findEarly(
  { database, fetch }: Platform,
  name: string,
  issuer: string,
): Promise<EarlyMetadata> {
  const stored = await database.get(metadataKey(name))
  if (stored !== undefined) return { stored }
  const limit = new AbortController()
  const answer = fetch(metadataUrl(new URL(issuer)), {
    ...plainRequest,
    headers: metadataHeaders,
    signal: limit.signal,
  })
  // The caller that awaits it reports the error.
  answer.catch(() => undefined)
  return { stored, answer, limit }
}
