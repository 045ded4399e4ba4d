import { correlationHeader } from '../../protocol/contract.js'
import type { Fetch } from '../../protocol/http.js'
import { actorTypeHeader } from './facts.js'

/**
 * Gives a request that has none the id by which the data provider's log finds it, and requests to the FDX API the party that acts: the
 * person, who is at the app's page, unless the request says otherwise.
 *
 * @param base Base URL of the FDX API.
 * @see https://openid.net/specs/openid-financial-api-part-1-1_0.html#section-6.2.2
 */
export function withFdxHeaders(fetch: Fetch, base: string): Fetch {
  return (url, init) => {
    const headers = new Headers(init.headers)
    if (!headers.has(correlationHeader)) headers.set(correlationHeader, crypto.randomUUID())
    if (url.startsWith(base) && !headers.has(actorTypeHeader)) headers.set(actorTypeHeader, 'USER')
    return fetch(url, { ...init, headers })
  }
}
