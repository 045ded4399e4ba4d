import type { Platform } from '../../platform/platform.js'
import { metadataHeaders, metadataUrl } from '../../protocol/metadata-request.js'
import { plainRequest } from '../../protocol/plain-request.js'
import { metadataKey } from '../records/keys.js'

/** What the first click of a page has of a server's metadata by the time that the code which reads it is here. */
export interface EarlyMetadata {
  /** The record of it; `undefined` where there is none. */
  readonly stored: unknown
  /** The server's answer, where nothing was stored. Nothing of it has been checked. */
  readonly answer?: Promise<Response>
  /** Gives the answer up when it aborts. */
  readonly limit?: AbortController
}

/**
 * Looks for a server's metadata, and asks the server where none is stored, while the code of the channel is still on its way:
 * one way to the server less before the person leaves.
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
  // Whoever waits for it says what is wrong.
  answer.catch(() => undefined)
  return { stored, answer, limit }
}
