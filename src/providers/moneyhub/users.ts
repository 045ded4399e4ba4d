import type { Lease } from '../../backend/storage/lease.js'
import type { ProviderContext, ServerIdentity } from '../../backend/provider.js'
import { TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import { readJsonObject, request, type Answer } from '../../protocol/http.js'
import { retryAfterOf } from '../../protocol/retry-after.js'
import type { RequestContext } from '../../protocol/metadata-cache.js'
import { oauthErrorOf } from '../../protocol/oauth-request.js'
import { sha256 } from '../../protocol/digest.js'
import { toRevocation, type Revocation } from '../../protocol/revocation-result.js'
import type { ClientCredentialsTokens } from '../kit/backend/client-credentials-tokens.js'

/** Context of a request that may make a user; its records say which Moneyhub user each of the app's users is. */
export type UserContext = Pick<ProviderContext, 'fetch' | 'now' | 'records' | 'subjectKey'>

/** A connection as the users API tells of it. */
export interface MoneyhubConnectionState {
  /** End of its consent: epoch seconds. */
  readonly expiresAt: number | undefined
  /** `ok`, `error` or `never` (it has not synchronized yet). */
  readonly status: string | undefined
  readonly error: string | undefined
}

/** Moneyhub's users API, and which Moneyhub user each of the app's users is. */
export interface MoneyhubUsers {
  /**
   * The Moneyhub user of an app user: made once, for any number of callers and replicas.
   *
   * @throws {TokenEndpointError} when Moneyhub refuses. @throws {NetworkError} when no response came.
   */
  readonly ensure: (subject: string, clientUserId: string, context: UserContext) => Promise<string>
  /** A connection as Moneyhub has it now; `gone` where it has deleted it, `undefined` where it does not say. */
  readonly find: (
    userId: string,
    connectionId: string,
    context: RequestContext,
  ) => Promise<MoneyhubConnectionState | 'gone' | undefined>
  /**
   * True where the connection is one of the user's.
   *
   * @throws {TokenEndpointError} when Moneyhub does not list them. @throws {NetworkError} when no response came.
   */
  readonly owns: (userId: string, connectionId: string, context: RequestContext) => Promise<boolean>
  /** Deletes a connection. @throws {NetworkError} when no response came. */
  readonly disconnect: (userId: string, connectionId: string, context: RequestContext) => Promise<Revocation>
}

/** Seconds that the creation of a user may take; then another process may try. */
const leaseSeconds = 40

/** Seconds for which a user is remembered: ten years, so as long as anybody comes back. */
const keptSeconds = 315_360_000

type UserRecord = { readonly userId: string } | { readonly lease: string; readonly until: number }

/** Sends a request to the users API, with a client-credentials token of this scope. */
type Call = (
  scope: string,
  path: string,
  init: { readonly method: string; readonly body?: string },
  context: RequestContext,
) => Promise<Answer>

/**
 * @param service Origin of the users API, without a path.
 * @param server The server and the client that the users belong to: others have users of their own.
 */
export function createMoneyhubUsers(
  service: string,
  server: ServerIdentity,
  clientCredentialsToken: ClientCredentialsTokens,
): MoneyhubUsers {
  const call: Call = async (scope, path, init, context) => {
    const send = (token: string): Promise<Answer> => {
      const headers = {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(init.body !== undefined && { 'content-type': 'application/json' }),
      }
      return request(context.fetch, `${service}/users${path}`, { ...init, headers })
    }
    const token = await clientCredentialsToken({ scope }, context)
    const answer = await send(token)
    if (answer.response.status !== 401) return answer
    // Nothing was done with a token that is no longer good.
    const newer = await clientCredentialsToken({ scope, rejected: token }, context)
    return newer === token ? answer : send(newer)
  }

  async function list(userId: string, context: RequestContext): Promise<ConnectionList> {
    const path = `/${encodeURIComponent(userId)}/connections`
    const answer = await call('user:read', path, { method: 'GET' }, context)
    if (!answer.response.ok) throw refusal(answer, 'list the connections of the user', 'user:read')
    return readConnections(answer)
  }

  return {
    async ensure(subject, clientUserId, context) {
      const user = await context.subjectKey(subject)
      const key = `user:${await sha256(JSON.stringify([user, service, server.issuer, server.clientId]))}`
      const former = [`user:${user}`, `user:${await sha256(subject)}`]
      return (await rememberedUser(former, key, context)) ?? ensureStored(call, key, clientUserId, context)
    },

    async find(userId, connectionId, context) {
      const { connections, isComplete } = await list(userId, context)
      const found = connections.find(({ id }) => id === connectionId)
      return found ? readState(found) : isComplete ? 'gone' : undefined
    },

    owns: async (userId, connectionId, context) =>
      (await list(userId, context)).connections.some(({ id }) => id === connectionId),

    async disconnect(userId, connectionId, context) {
      const path = [userId, 'connection', connectionId].map(encodeURIComponent).join('/')
      const { response } = await call('user:delete', `/${path}`, { method: 'DELETE' }, context)
      return response.status === 404 ? { revoked: true } : toRevocation(response)
    },
  }
}

/**
 * The Moneyhub user that is stored. One that lies where earlier versions kept it is moved: under the bare hash of the app's user,
 * whose id can be guessed, or without the server it belongs to, which is then the present one.
 */
async function rememberedUser(
  formerKeys: readonly string[],
  key: string,
  context: UserContext,
): Promise<string | undefined> {
  const record = await context.records.read<UserRecord>(key)
  if (record) return 'userId' in record ? record.userId : undefined
  for (const formerKey of formerKeys) {
    const userId = await moveUser(formerKey, key, context)
    if (userId !== undefined) return userId
  }
  return undefined
}

async function moveUser(
  formerKey: string,
  key: string,
  { records, now }: UserContext,
): Promise<string | undefined> {
  const former = await records.read<UserRecord>(formerKey)
  const userId = former && 'userId' in former ? former.userId : ''
  if (userId === '') return undefined
  await records.change<UserRecord, undefined>(key, () => ({
    write: { userId },
    until: now() + keptSeconds,
    result: undefined,
  }))
  await records.change<UserRecord, undefined>(formerKey, () => ({
    write: { userId: '' },
    until: now() + 1,
    result: undefined,
  }))
  return userId
}

/**
 * Compare and swap, so that ten clicks and several replicas make one user:
 *
 * ```
 * A   take the lease ─ POST /users ─────── store the id
 * B        lease is taken ─ wait ────────────────── read the id
 * ```
 */
async function ensureStored(
  call: Call,
  key: string,
  clientUserId: string,
  context: UserContext,
): Promise<string> {
  const { records, now } = context
  const record = records.lease<UserRecord>(key, { leaseOf, leaseSeconds, pollMilliseconds: 50 })
  const claimed = await record.claim<string | Lease>((current, lease, held) => {
    if (current && 'userId' in current) return { result: current.userId }
    if (held) return 'wait'
    return { write: { lease: lease.id, until: lease.until }, until: lease.until, result: lease }
  })
  if (typeof claimed === 'string') return claimed
  let userId: string
  try {
    userId = await createUser(call, clientUserId, context)
  } catch (error) {
    // The lease ends at once, so that the next attempt need not wait for it.
    await record.conclude(claimed, () => ({
      write: { lease: claimed.id, until: 0 },
      until: now() + 1,
    }))
    throw error
  }
  return records.change<UserRecord, string>(key, (current) =>
    // Another process may have stored a user during a slow request of ours: the first one stored is the one.
    current && 'userId' in current
      ? { result: current.userId }
      : { write: { userId }, until: now() + keptSeconds, result: userId },
  )
}

const leaseOf = (record: UserRecord): Lease | undefined =>
  // The clock may decide: of two users that are made, one is stored, and the other has nothing.
  'userId' in record ? undefined : { id: record.lease, until: record.until, sent: false }

async function createUser(call: Call, clientUserId: string, context: RequestContext): Promise<string> {
  const init = { method: 'POST', body: JSON.stringify({ clientUserId }) }
  const answer = await call('user:create', '', init, context)
  if (!answer.response.ok) throw refusal(answer, 'create the user', 'user:create')
  return checkUserId(readJsonObject(answer)?.['userId'])
}

/** A connection in Moneyhub's list. */
interface ListedConnection {
  readonly id?: unknown
  readonly expiresAt?: unknown
  readonly status?: unknown
  readonly error?: unknown
}

/** Moneyhub's list of a user's connections, as far as one answer has it. */
interface ConnectionList {
  readonly connections: readonly ListedConnection[]
  /** False where the answer names a further page. */
  readonly isComplete: boolean
}

/** @throws {ValidationError} for an answer that is no list. */
function readConnections({ text }: Answer): ConnectionList {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    // Below it is none of the forms.
  }
  const { data = list, links } = Object(list) as { data?: unknown; links?: unknown }
  const { next } = Object(links) as { next?: unknown }
  if (Array.isArray(data))
    return { connections: data.map((one) => Object(one) as ListedConnection), isComplete: next == null }
  throw new ValidationError('response_malformed', 'connections', 'Moneyhub gave no list of connections.')
}

function readState({ expiresAt, status, error }: ListedConnection): MoneyhubConnectionState {
  const milliseconds = typeof expiresAt === 'string' ? Date.parse(expiresAt) : NaN
  return {
    expiresAt: Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000),
    status: wordOf(status),
    error: wordOf(error),
  }
}

/** A word of Moneyhub's, and no text. */
const wordOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[a-z_]{1,40}$/.test(value) ? value : undefined

/** A user id, which is one segment of a path. @throws {ValidationError} for anything else. */
export function checkUserId(value: unknown): string {
  if (typeof value === 'string' && /^(?!\.{1,2}$)[\w.:-]{1,128}$/.test(value)) return value
  throw new ValidationError('response_malformed', 'userId', 'The Moneyhub user has no usable userId.')
}

function refusal(answer: Answer, what: string, scope: string): TokenEndpointError {
  const { status, headers } = answer.response
  return new TokenEndpointError(
    `Moneyhub did not ${what}. Check that the client may have the scope ${scope}.`,
    { error: oauthErrorOf(answer), status },
    { retryAfterSeconds: retryAfterOf(headers) },
  )
}
