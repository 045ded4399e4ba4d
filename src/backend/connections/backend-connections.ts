import type { Revocation } from '../../protocol/revocation-result.js'
import { providerOf, type Context } from '../context.js'
import { sha256 } from '../crypto/hash.js'
import { Refusal } from '../http/refusal.js'
import type { Lifecycle } from '../lifecycle.js'
import { usableTokens } from './access-tokens.js'
import { toBackendConnection, type BackendConnection, type ConnectionHandle } from './backend-connection.js'
import { createCalls } from './calls.js'
import { giveDue, type DueConnection } from './due.js'
import { reindex } from './reindex.js'
import { requestResource } from './resource-proxy.js'
import { findConnection, forgetConnection, listConnections } from './stored-connections.js'

/** An access token for the app's own server. */
export interface BackendAccessToken {
  readonly accessToken: string
  /** Epoch seconds; absent where the provider does not say. */
  readonly expiresAt?: number
}

/** A request to a provider's API: the part of `RequestInit` that {@link BackendConnections.fetch} takes. */
export interface ConnectionRequest {
  /** @defaultValue `GET` */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `Idempotency-Key` and `x-fapi-interaction-id` go on to the API; nothing else does. */
  readonly headers?: HeadersInit
  /** JSON. */
  readonly body?: string
}

/**
 * Connections for the app's own server: a nightly job, a webhook, a report. It is what pages get, without a page: the same
 * store, the same single refresh for any number of replicas, the same list of routes.
 *
 * Every method that names a connection takes its user, too: a connection of another user does not exist. Requests are marked as
 * made without a person (`attended: false` in events and in the context of providers).
 *
 * Every method rejects with a `Refusal` whose `error` says what to do, and with a `TypeError` for arguments that cannot be meant:
 *
 * - `unknown_connection`: there is none, or it is another user's;
 * - `reauthorization_required`: ask the person to connect again;
 * - `step_up_required`: the API wants the person to sign in again, or by a stronger way; `details.asked` says which;
 * - `provider_unavailable`, `rate_limited`, `backend_unavailable`: try again, after `details.retryAfterSeconds` where it is there;
 * - `provider_error`: the provider refused, or its answer cannot be used.
 *
 * @example
 * ```ts
 * import { Refusal, type Backend } from 'countersign/backend'
 *
 * export async function readBalances(backend: Backend, subject: string): Promise<unknown[]> {
 *   const answers: unknown[] = []
 *   for (const { id, status } of await backend.connections.list({ subject })) {
 *     if (status !== 'connected') continue
 *     try {
 *       const response = await backend.connections.fetch({ subject, id }, '/accounts')
 *       answers.push(await response.json())
 *     } catch (error) {
 *       if (!(error instanceof Refusal && error.error === 'reauthorization_required')) throw error
 *     }
 *   }
 *   return answers
 * }
 * ```
 */
export interface BackendConnections {
  /** All connections of a user, the newest last. Nothing is asked of a provider. */
  list(user: Pick<ConnectionHandle, 'subject'>): Promise<readonly BackendConnection[]>
  /** One connection; `undefined` where there is none, and for another user's. */
  find(connection: ConnectionHandle): Promise<BackendConnection | undefined>
  /**
   * An access token that is good for ten seconds at least: the stored one, or that of one refresh for any number of callers in any
   * replica, those of pages included. It leaves your hands for the provider's API only: no log, no page.
   *
   * @param options `rejected`: the access token that the API has just refused; where it is the stored one, it is replaced.
   * @throws {Refusal} also `not_found`, for a provider whose connections have no token of their own (Moneyhub), and for tokens that are
   * bound to a key of the backend (`dpop`): use `fetch`.
   */
  accessToken(
    connection: ConnectionHandle,
    options?: { readonly rejected?: string },
  ): Promise<BackendAccessToken>
  /**
   * Sends a request to the provider's API, with the token added here and replaced once where the API refuses it. It goes to
   * `resources` of the provider and nowhere else.
   *
   * @param path Below the API's base, with its query, such as `/accounts?limit=10`: one of the provider's routes.
   * @returns The API's answer, whatever its status. Its body is JSON or empty.
   * @throws {Refusal} also `not_found` and `method_not_allowed` for what is no route, and `invalid_request` for a query or a body
   * that the route does not take.
   */
  fetch(connection: ConnectionHandle, path: string, request?: ConnectionRequest): Promise<Response>
  /**
   * Forgets a connection and asks the provider to end the grant, as the page's `disconnect` does.
   *
   * @returns Whether the provider confirmed it, or why not. The connection is forgotten in either case.
   * @throws {Refusal} also `backend_unavailable`, where the store fails before the connection was forgotten: try again.
   */
  disconnect(connection: ConnectionHandle): Promise<Revocation>
  /**
   * The connections of all users that a refresh must keep alive: those whose `renewBy` is before `renewBefore`, roughly the most
   * urgent first. It holds none whose consent has ended or ends first, none that only the person can renew, and none whose
   * bank's limit (`unattended`) is reached. Use it in one job a day; replicas may run it at the same time.
   *
   * @param options `renewBefore`: epoch seconds, 400 days ahead at most.
   * @throws {Refusal} `backend_unavailable` where the store fails, and once the backend closes.
   * @example
   * ```ts
   * import { Refusal, type Backend } from 'countersign/backend'
   *
   * export async function keepFresh(backend: Backend): Promise<void> {
   *   const renewBefore = Date.now() / 1000 + 14 * 86_400
   *   for await (const connection of backend.connections.due({ renewBefore })) {
   *     try {
   *       await connection.renew()
   *     } catch (error) {
   *       // It stays due: the next run tries again. The backend's log has the reason.
   *       if (!(error instanceof Refusal)) throw error
   *     }
   *   }
   * }
   * ```
   */
  due(options: { readonly renewBefore: number }): AsyncIterable<DueConnection>
  /**
   * Files every connection of the store anew for {@link due}, on its user's list and for webhooks: after an upgrade from a version without that index, and after a backup
   * was restored. Otherwise an entry that was lost comes back with the next refresh. Safe while replicas run, and to begin again: a
   * backend that closes waits for the connection that is being filed, and the rest is left.
   *
   * @returns The number of connections seen.
   * @throws {TypeError} where the store lists no keys.
   * @throws {Refusal} `backend_unavailable` where the store fails, and once the backend closes.
   */
  reindex(): Promise<number>
}

/** Makes the connections of one backend for its own server. */
export function createBackendConnections(
  context: Context,
  lifecycle: Pick<Lifecycle, 'track' | 'checkOpen'>,
): BackendConnections {
  const calls = createCalls(context, lifecycle)
  const call = calls.forUser
  return {
    async list(user) {
      const subject = readSubject('list', user)
      return call(subject, async (own) =>
        (await listConnections(own, subject)).map((record) => toBackendConnection(record, own.now())),
      )
    },

    async find(connection) {
      const { subject, id } = readHandle('find', connection)
      return call(subject, async (own) => {
        const record = await findConnection(own, subject, id).catch(unlessUnknown)
        return record && toBackendConnection(record, own.now())
      })
    },

    async accessToken(connection, { rejected } = {}) {
      const { subject, id } = readHandle('accessToken', connection)
      return call(subject, (own) => giveToken(own, subject, id, rejected))
    },

    async fetch(connection, path, request) {
      const { subject, id } = readHandle('fetch', connection)
      const { pathname, asked } = readRequest(path, request)
      return call(subject, (own) => requestResource(own, subject, id, pathname, asked))
    },

    async disconnect(connection) {
      const { subject, id } = readHandle('disconnect', connection)
      return call(subject, async (own) => {
        const record = await findConnection(own, subject, id)
        const revocation = await forgetConnection(own, record)
        own.emit('disconnected', { provider: record.provider, connection: id })
        return revocation
      })
    },

    due(options) {
      const renewBefore = readRenewBefore(options, context.now())
      return giveDue(calls, renewBefore)
    },

    async reindex() {
      const { storeKeys } = context
      if (!storeKeys)
        throw new TypeError(
          'connections.reindex: this store has no `keys()`, so its records cannot be listed: add it.',
        )
      return reindex(calls, storeKeys())
    },
  }
}

async function giveToken(
  own: Context,
  subject: string,
  id: string,
  rejected: string | undefined,
): Promise<BackendAccessToken> {
  const record = await findConnection(own, subject, id)
  const { provider } = record
  const its = providerOf(own, provider)
  if (its.presentToken)
    throw new Refusal('not_found', {
      description:
        'Access tokens of this provider are of no use without a proof of the backend: use `fetch`.',
      reason: 'bound_access_token',
      connection: id,
    })
  if (!record.tokens && its.resourceToken)
    throw new Refusal('not_found', {
      description: 'Connections of this provider have no access token of their own: use `fetch`.',
      reason: 'no_access_token',
      connection: id,
    })
  const hash = rejected === undefined ? undefined : await sha256(rejected)
  const { accessToken, expiresAt } = await usableTokens(own, record, hash)
  own.emit('access_token_given', { provider, connection: id })
  return { accessToken, ...(expiresAt !== undefined && { expiresAt }) }
}

function unlessUnknown(error: unknown): undefined {
  if (!(error instanceof Refusal && error.error === 'unknown_connection')) throw error
}

/** @throws {TypeError} for anything but a user's id: `undefined` must never mean anybody. */
function readSubject(method: string, user: unknown): string {
  const { subject } = Object(user) as { readonly subject?: unknown }
  if (typeof subject === 'string' && subject !== '' && subject.length <= 255) return subject
  throw new TypeError(
    `connections.${method}: \`subject\` is missing: give the id of your user, as your \`session\` gives it.`,
  )
}

/** Days that a job may look ahead. */
const longestAheadDays = 400

/** @throws {TypeError} for anything but epoch seconds. */
function readRenewBefore(options: unknown, now: number): number {
  const { renewBefore } = Object(options) as { readonly renewBefore?: unknown }
  // Milliseconds are the mistake that is made: they lie thousands of years ahead.
  if (typeof renewBefore === 'number' && renewBefore >= 0 && renewBefore <= now + longestAheadDays * 86_400)
    return renewBefore
  throw new TypeError(
    'connections.due: `renewBefore` is a time in epoch seconds, 400 days ahead at most, such as Date.now() / 1000 + 14 * 86_400.',
  )
}

/** @throws {TypeError} for what is no handle. */
function readHandle(method: string, connection: unknown): ConnectionHandle {
  const subject = readSubject(method, connection)
  const { id } = Object(connection) as { readonly id?: unknown }
  if (typeof id === 'string' && id !== '') return { subject, id }
  throw new TypeError(
    `connections.${method}: \`id\` is missing: give the id of one of the user's connections.`,
  )
}

/** @throws {TypeError} for a path or a request that cannot be meant. */
function readRequest(
  path: unknown,
  { method = 'GET', headers, body }: ConnectionRequest = {},
): { readonly pathname: string; readonly asked: Request } {
  if (typeof path !== 'string')
    throw new TypeError('connections.fetch: `path` is a path below the API, such as "/accounts".')
  if (body !== undefined && typeof (body as unknown) !== 'string')
    throw new TypeError('connections.fetch: `body` is JSON as text: use JSON.stringify.')
  const [pathname = '', query] = path.split(/\?(.*)/s, 2)
  const all = new Headers(headers)
  if (body !== undefined) all.set('content-type', 'application/json')
  // Only its query is read of this URL: the path is compared with the routes as it was given.
  const url = new URL('http://localhost/')
  url.search = query ?? ''
  const asked = new Request(url, { method, headers: all, ...(body !== undefined && { body }) })
  return { pathname: pathname.replace(/^\//, ''), asked }
}
