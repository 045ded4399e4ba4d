import * as oauth from 'oauth4webapi'
import { KeysUnavailableError } from './errors.js'
import { readJsonObject, request, type Fetch } from './http.js'
import type { ServerMetadata } from './metadata.js'

/** Seconds for which a server's keys are used before they are fetched again. */
const keptSeconds = 300

/** Seconds between fetches that signatures cause which the known keys do not confirm: at most six a minute and server. */
const pauseSeconds = 10

/** A key set. */
interface KeySet {
  readonly jwks: oauth.ExportedJWKSCache['jwks']
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
  /** A fetch ahead of the first signature. Never rejects. */
  prefetching?: Promise<unknown> | undefined
}

const keysOf = new WeakMap<ServerMetadata, SigningKeys>()

function knownKeys(server: ServerMetadata): SigningKeys {
  const keys = keysOf.get(server) ?? {}
  keysOf.set(server, keys)
  return keys
}

/** Seconds for which a signature waits for keys that are fetched ahead: after that they are asked for again, at leisure. */
const prefetchSeconds = 3

/**
 * Fetches the keys beside a token request, so that they are here when its ID Token comes. Where none come in time, nothing is
 * lost: the signature has them fetched.
 */
export function prefetchKeys(server: ServerMetadata, fetch: Fetch, now: () => number): void {
  const keys = knownKeys(server)
  if (server.jwks_uri === undefined || keys.prefetching || isRecent(keys.set?.at, keptSeconds, now)) return
  keys.prefetching = fetchSet(server, fetch, prefetchSeconds)
    .then(
      (jwks) => (keys.set = { jwks, at: now() }),
      () => undefined,
    )
    .finally(() => (keys.prefetching = undefined))
}

/** Not recent is also what lies far ahead, since a clock may be set back. */
const isRecent = (at: number | undefined, seconds: number, now: () => number): boolean =>
  at !== undefined && Math.abs(now() - at) < seconds

/**
 * Checks the signature of an ID Token that oauth4webapi has processed. Keys are kept for 300 s. A signature that they do not
 * confirm has them fetched once more at once, because the server may have changed them, under a name that it used
 * before or under none; at most every 10 s, so that made-up names do not cost the server a request each.
 *
 * @param response The processed response.
 * @returns `undefined` when the signature is good; an error of oauth4webapi when none of the server's present keys fits;
 * `KeysUnavailableError` when the present keys cannot be had.
 * @throws the error of oauth4webapi when a key fits and the signature is wrong.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
 */
export async function checkSignature(
  server: ServerMetadata,
  response: Response,
  fetch: Fetch,
  now: () => number,
): Promise<Error | undefined> {
  const keys = knownKeys(server)
  await keys.prefetching
  const recentSet = (): KeySet | undefined =>
    isRecent(keys.set?.at, keptSeconds, now) ? keys.set : undefined

  const known = recentSet()
  let failure: Error | undefined
  let unavailable: Error | undefined = new KeysUnavailableError()
  if (known) {
    failure = await verify(server, response, known)
    if (failure === undefined) return undefined
    // Another call has fetched newer ones meanwhile.
    if (recentSet() !== known) return checkSignature(server, response, fetch, now)
  }
  if (!known || keys.fetching || !isRecent(keys.refetchedAt, pauseSeconds, now)) {
    if (known && !keys.fetching) keys.refetchedAt = now()
    try {
      keys.fetching ??= fetchSet(server, fetch)
        .then((jwks) => (keys.set = { jwks, at: now() }))
        .finally(() => (keys.fetching = undefined))
      failure = await verify(server, response, await keys.fetching)
      unavailable = undefined
    } catch (error) {
      unavailable = new KeysUnavailableError(error)
    }
  }
  // No key of its name among those of before says nothing of those of now.
  if (failure && (failure as { code?: unknown }).code !== oauth.KEY_SELECTION) throw failure
  return unavailable ?? failure
}

/** The error of a signature by these keys; `undefined` when it is good. */
async function verify(
  server: ServerMetadata,
  response: Response,
  { jwks }: KeySet,
): Promise<Error | undefined> {
  try {
    // A copy of the server has no keys of its own in oauth4webapi. When they are too old is decided here, by the clock that was given.
    await oauth.validateApplicationLevelSignature({ ...server }, response, {
      [oauth.jwksCache]: { jwks, uat: Infinity },
    })
    return undefined
  } catch (error) {
    return error as Error
  }
}

/** @throws {NetworkError} when no answer came. @throws {Error} for an answer that is no key set. */
async function fetchSet(
  { jwks_uri: uri = '' }: ServerMetadata,
  fetch: Fetch,
  timeoutSeconds = 15,
): Promise<KeySet['jwks']> {
  const answer = await request(fetch, uri, { headers }, { timeoutSeconds, maximumBytes: 1_048_576 })
  const { keys } = (answer.response.status === 200 ? readJsonObject(answer) : undefined) ?? {}
  // With anything else oauth4webapi would fetch the keys itself.
  if (!Array.isArray(keys) || !keys.every((key) => Object(key) === key && !Array.isArray(key)))
    throw new Error('no key set')
  return { keys: keys as readonly object[] } as KeySet['jwks']
}

const headers = { accept: 'application/json, application/jwk-set+json' }
