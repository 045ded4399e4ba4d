import * as oauth from 'oauth4webapi'
import { request, type Fetch } from './http.js'
import { insecure, type ServerMetadata } from './metadata.js'

/** Seconds for which a server's keys are used before they are fetched again. */
const keptSeconds = 300

/** Seconds between fetches that signatures cause which the known keys do not confirm: at most six a minute and server. */
const pauseSeconds = 10

/** A key set as oauth4webapi takes it. */
interface KeySet extends oauth.ExportedJWKSCache {
  /** Epoch seconds at which it was fetched. */
  readonly at: number
}

/** The known keys of one server. */
interface SigningKeys {
  set?: KeySet
  /** Epoch seconds of the last fetch that a signature caused. */
  refetchedAt?: number
  /** A fetch under way, for which all callers wait. */
  fetching?: Promise<KeySet> | undefined
}

const keysOf = new WeakMap<ServerMetadata, SigningKeys>()

/**
 * Checks the signature of an ID Token that oauth4webapi has processed. Keys are kept for 300 s. A signature that they do not
 * confirm has them fetched once more at once, because the server may have changed them, under a name that it used
 * before or under none; at most every 10 s, so that made-up names do not cost the server a request each.
 *
 * @param response The processed response.
 * @returns `undefined` when the signature is good; the error when no key fits or none can be fetched.
 * @throws the error of oauth4webapi when a key fits and the signature is wrong.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
 */
export async function checkSignature(
  server: ServerMetadata,
  response: Response,
  fetch: Fetch,
  now: () => number,
): Promise<Error | undefined> {
  const keys = keysOf.get(server) ?? {}
  keysOf.set(server, keys)
  // Not recent is also what lies far ahead, since a clock may be set back.
  const isRecent = (at: number | undefined, seconds: number): boolean =>
    at !== undefined && Math.abs(now() - at) < seconds
  const recentSet = (): KeySet | undefined => (isRecent(keys.set?.at, keptSeconds) ? keys.set : undefined)

  /** The error of the signature by these keys, or by those that oauth4webapi fetches into an empty cache. */
  const verify = async (cache: oauth.JWKSCacheInput): Promise<Error | undefined> => {
    try {
      // A copy of the server has no keys of its own in oauth4webapi.
      await oauth.validateApplicationLevelSignature({ ...server }, response, {
        [oauth.jwksCache]: cache,
        [oauth.customFetch]: async (href: string, init: object): Promise<Response> => {
          const answer = await request(fetch, href, init, { maximumBytes: 1_048_576 })
          const { status, headers } = answer.response
          return new Response(answer.text || null, { status, headers })
        },
        ...insecure(server.jwks_uri ?? server.issuer),
      })
      return undefined
    } catch (error) {
      return error as Error
    }
  }

  const fetchSet = async (): Promise<KeySet> => {
    const cache: Partial<oauth.ExportedJWKSCache> = {}
    const failure = await verify(cache as oauth.JWKSCacheInput)
    if (!cache.jwks) throw failure as Error
    // When they are too old is decided here, by the clock that was given.
    return (keys.set = { jwks: cache.jwks, uat: Infinity, at: now() })
  }

  const known = recentSet()
  let failure: Error | undefined
  if (known) {
    failure = await verify(known)
    if (failure === undefined) return undefined
    // Another call has fetched newer ones meanwhile.
    if (recentSet() !== known) return checkSignature(server, response, fetch, now)
  }
  if (!known || keys.fetching || !isRecent(keys.refetchedAt, pauseSeconds)) {
    if (known && !keys.fetching) keys.refetchedAt = now()
    try {
      keys.fetching ??= fetchSet().finally(() => (keys.fetching = undefined))
      failure = await verify(await keys.fetching)
    } catch (error) {
      if (!known) return error as Error
    }
  }
  if (failure && (failure as { code?: unknown }).code !== oauth.KEY_SELECTION) throw failure
  return failure
}
