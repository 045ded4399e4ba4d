import { correlationHeader } from '../protocol/contract.js'
import type { Fetch } from '../protocol/http.js'
import type { Context } from './context.js'
import type { BackendProvider, ProviderContext } from './provider.js'
import { leaseRecord } from './storage/lease.js'

/** The context that a provider's methods are given. */
export function providerContext(context: Context, provider: BackendProvider): ProviderContext {
  const { fetch, now, providers, records, subjectKey, attended, correlation = crypto.randomUUID() } = context
  const [name = ''] = [...providers].find(([, candidate]) => candidate === provider) ?? []
  const ownKey = (key: string): string => {
    if (key.length > maximumKeyLength) throw new TypeError(keyTooLong)
    return `provider:${name}:${key}`
  }
  return {
    fetch: forOneRequest(provider.fetch ?? fetch, correlation),
    now,
    attended,
    correlation,
    subjectKey,
    records: {
      read: (key) => records.read(ownKey(key)),
      change: (key, next) => records.change(ownKey(key), next),
      lease: (key, terms) => leaseRecord((next) => records.change(ownKey(key), next), now, terms),
    },
  }
}

/** A provider's name has at most 64 characters, and stores are promised keys of at most 130. */
const maximumKeyLength = 56

const keyTooLong =
  "A key of a provider's own records has at most 56 characters: hash what is longer, such as a user's id (`subjectKey`)."

/**
 * Gives every request of a provider's methods the id of the request that it serves, and a connection of its own. A server may
 * close a kept connection while a request is on its way, and then it is unknown whether a code or a refresh token, good for one
 * use, was used.
 */
const forOneRequest =
  (fetch: Fetch, correlation: string): Fetch =>
  (url, init) => {
    const headers = new Headers(init.headers)
    headers.set('connection', 'close')
    if (!headers.has(correlationHeader)) headers.set(correlationHeader, correlation)
    return fetch(url, { ...init, headers })
  }
