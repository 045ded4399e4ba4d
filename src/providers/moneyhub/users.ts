import { TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import { readJsonObject, request, type Answer } from '../../protocol/http.js'
import { sha256 } from '../../protocol/pkce.js'
import { oauthErrorOf } from '../../protocol/oauth-request.js'
import { retryAfterOf } from '../../protocol/retry-after.js'
import type { RequestContext } from '../../protocol/metadata-cache.js'
import type { ClientCredentialsTokens } from './client-credentials-tokens.js'

/** Where it is remembered who is who: compare and swap, so that `next` may be called again and has no effects. */
export interface UserRecords {
  change<T, R>(
    key: string,
    next: (current: T | undefined) => { readonly write?: T; readonly until?: number; readonly result: R },
  ): Promise<R>
}

/** What making a user needs. */
export interface UserContext extends RequestContext {
  readonly records: UserRecords
}

/** Moneyhub's users API, and who of the app's users is who there. */
export interface MoneyhubUsers {
  /** The Moneyhub user of an app user: made once, whoever asks at the same time. */
  readonly ensure: (subject: string, clientUserId: string, context: UserContext) => Promise<string>
  /** When a connection's consent ends: epoch seconds, or `undefined` where Moneyhub does not say. */
  readonly expiryOf: (
    userId: string,
    connectionId: string,
    reach: RequestContext,
  ) => Promise<number | undefined>
  /** Deletes a connection: resolves with whether it is gone. */
  readonly disconnect: (userId: string, connectionId: string, reach: RequestContext) => Promise<boolean>
}

/** Seconds that the creation of a user may take; then another process may try. */
const leaseSeconds = 40

/** How long it is remembered who is who: as long as anybody comes back within ten years. */
const keptSeconds = 315_360_000

type UserRecord = { readonly userId: string } | { readonly lease: string; readonly until: number }

/** @param service Where the users API is: an origin without a path. */
export function createMoneyhubUsers(service: string, ownTokens: ClientCredentialsTokens): MoneyhubUsers {
  async function call(
    scope: string,
    path: string,
    init: { readonly method: string; readonly body?: string },
    reach: RequestContext,
  ): Promise<Answer> {
    const token = await ownTokens({ scope }, reach)
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(init.body !== undefined && { 'content-type': 'application/json' }),
    }
    return request(reach.fetch, `${service}/users${path}`, { ...init, headers })
  }

  async function create(clientUserId: string, reach: RequestContext): Promise<string> {
    const init = { method: 'POST', body: JSON.stringify({ clientUserId }) }
    const answer = await call('user:create', '', init, reach)
    if (!answer.response.ok) throw refusal(answer)
    return checkUserId(readJsonObject(answer)?.['userId'])
  }

  /**
   * Compare and swap, so that ten clicks and several replicas make one user:
   *
   * ```
   * A   take the lease ─ POST /users ─────── store the id
   * B        lease is taken ─ wait ────────────────── read the id
   * ```
   */
  async function ensureStored(key: string, clientUserId: string, context: UserContext): Promise<string> {
    const { records, now } = context
    const lease = crypto.randomUUID()
    for (;;) {
      const found = await records.change<UserRecord, UserRecord>(key, (current) => {
        if (current && ('userId' in current || current.until > now())) return { result: current }
        const write = { lease, until: now() + leaseSeconds }
        return { write, until: write.until, result: write }
      })
      if ('userId' in found) return found.userId
      if (found.lease === lease) return makeAndStore(key, clientUserId, context)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async function makeAndStore(key: string, clientUserId: string, context: UserContext): Promise<string> {
    const { records, now } = context
    let userId: string
    try {
      userId = await create(clientUserId, context)
    } catch (error) {
      // The lease ends at once, so that the next attempt need not wait for it.
      await records.change<UserRecord, undefined>(key, (current) =>
        current && 'until' in current
          ? { write: { ...current, until: now() }, until: now() + 1, result: undefined }
          : { result: undefined },
      )
      throw error
    }
    return records.change<UserRecord, string>(key, (current) =>
      // A slow request of ours may have been overtaken: the user that was stored first is the one.
      current && 'userId' in current
        ? { result: current.userId }
        : { write: { userId }, until: now() + keptSeconds, result: userId },
    )
  }

  return {
    ensure: async (subject, clientUserId, context) =>
      ensureStored(`user:${await sha256(subject)}`, clientUserId, context),

    async expiryOf(userId, connectionId, reach) {
      const path = `/${encodeURIComponent(userId)}/connections`
      const { response, text } = await call('user:read', path, { method: 'GET' }, reach)
      const list: unknown = response.ok ? JSON.parse(text) : []
      const data = Array.isArray(list) ? (list as unknown[]) : (list as { data?: unknown }).data
      const connections = (Array.isArray(data) ? data : []) as { id?: unknown; expiresAt?: unknown }[]
      const expiresAt = connections.find(({ id }) => id === connectionId)?.expiresAt
      const milliseconds = typeof expiresAt === 'string' ? Date.parse(expiresAt) : NaN
      return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000)
    },

    async disconnect(userId, connectionId, reach) {
      const path = [userId, 'connection', connectionId].map(encodeURIComponent).join('/')
      const { response } = await call('user:delete', `/${path}`, { method: 'DELETE' }, reach)
      return response.ok || response.status === 404
    },
  }
}

/** @throws {ValidationError} for anything that is no user id: one segment of a path. */
export function checkUserId(value: unknown): string {
  if (typeof value === 'string' && /^(?!\.{1,2}$)[\w.:-]{1,128}$/.test(value)) return value
  throw new ValidationError('response_malformed', 'userId', 'The Moneyhub user has no usable userId.')
}

function refusal(answer: Answer): TokenEndpointError {
  const { status, headers } = answer.response
  return new TokenEndpointError(
    'Moneyhub did not create the user. Check that the client may have the scope user:create.',
    { error: oauthErrorOf(answer), status },
    { retryAfterSeconds: retryAfterOf(headers) },
  )
}
