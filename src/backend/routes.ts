import { withLiveDetails } from './connections/live-details.js'
import { retryEndings } from './connections/endings.js'
import { giveUpAnswers } from './flow/kept-answer.js'
import { forgetConnection, listConnections, findConnection } from './connections/stored-connections.js'
import { toDocument } from './connections/document.js'
import { toAccessTokenAnswer } from './connections/stored-tokens.js'
import type { ConnectionsAnswer, DisconnectAnswer } from '../protocol/contract.js'
import { type Context, providerOf } from './context.js'
import { beginAuthorization } from './flow/begin.js'
import { redeem } from './flow/redemption.js'
import type { RateLimitAction } from './http/rate-limit.js'
import { Refusal } from './http/refusal.js'
import type { Lifecycle } from './lifecycle.js'
import { respondJson } from './http/responses.js'
import type { Session } from './provider.js'
import { listInstitutions } from './institutions/list-institutions.js'
import { isCodeChallenge } from '../protocol/pkce.js'
import { usableTokens } from './connections/access-tokens.js'
import { isRefreshDue } from './connections/good-tokens.js'
import type { ConnectionRecord } from './connections/record.js'
import { readJsonBody } from './http/body.js'
import { requestResource } from './connections/resource-proxy.js'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One endpoint, for a user who is known. */
export interface Route {
  readonly action: RateLimitAction
  /** The provider's name in the path; there may be no such provider. */
  readonly provider?: string
  /** @param track Keeps the backend from closing before work that the answer does not wait for. */
  readonly respond: (
    context: Context,
    session: Session,
    request: Request,
    track: Lifecycle['track'],
  ) => Promise<Response>
}

type Routes = {
  readonly [M in Method]?: Route
}

/** The routes of a path, by method. @throws {Refusal} `not_found` */
export function findRoutes(basePath: string, pathname: string): Routes {
  const path = pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length + 1) : ''
  const [first = '', second = '', third, ...rest] = path.split('/')
  if (first === 'connections') {
    if (path === 'connections') return { GET: list }
    if (second !== '' && third === undefined) return { DELETE: disconnect(second) }
    if (third === 'access-token' && rest.length === 0) return { POST: accessToken(second) }
    if (third === 'resource' && rest.length > 0) return resources(second, rest.join('/'))
  } else if (first !== '' && third === undefined) {
    if (second === 'authorization') return { POST: authorization(first) }
    if (second === 'token') return { POST: token(first) }
    if (second === 'institutions') return { GET: institutions(first) }
  }
  throw new Refusal('not_found')
}

const authorization = (provider: string): Route => ({
  action: 'authorization',
  provider,
  respond: async (context, session, request) =>
    respondJson(201, await beginAuthorization(context, session, provider, request)),
})

const token = (provider: string): Route => ({
  action: 'token',
  provider,
  respond: async (context, session, request) =>
    respondJson(200, await redeem(context, session, provider, request)),
})

const institutions = (provider: string): Route => ({
  action: 'institutions',
  provider,
  respond: async (context, { subject }, request) =>
    respondJson(200, await listInstitutions(context, subject, provider, request)),
})

const list: Route = {
  action: 'connections',
  async respond(context, { subject }, _request, track) {
    // What fails is tried at a later reading.
    for (const late of [retryEndings, giveUpAnswers])
      void track(late(context, subject).catch(() => undefined))
    const known = await tryAgain(context, subject, await listConnections(context, subject))
    const records = await withLiveDetails(context, subject, known)
    const body: ConnectionsAnswer = {
      connections: records.map((record) => toDocument(record, context.now())),
    }
    return respondJson(200, body)
  },
}

/**
 * Tries to refresh the connections that do not work, each once an hour at most: a page that is told so does not ask for
 * their tokens, so nobody else would find out that one works again.
 */
async function tryAgain(
  context: Context,
  subject: string,
  records: ConnectionRecord[],
): Promise<ConnectionRecord[]> {
  const due = records.filter(
    (record) => record.trouble && record.status !== 'connected' && isRefreshDue(record, context.now()),
  )
  if (due.length === 0) return records
  await Promise.all(due.map((record) => usableTokens(context, record).catch(() => undefined)))
  return listConnections(context, subject)
}

const disconnect = (id: string): Route => ({
  action: 'connections',
  async respond(context, { subject }) {
    const record = await findConnection(context, subject, id)
    const body: DisconnectAnswer = await forgetConnection(context, record)
    context.emit('disconnected', { provider: record.provider, connection: id })
    return respondJson(200, body)
  },
})

const accessToken = (id: string): Route => ({
  action: 'access-token',
  async respond(context, { subject }, request) {
    const { rejected } = await readJsonBody(request, ['rejected'])
    if (!(rejected === undefined || isCodeChallenge(rejected))) {
      throw new Refusal('invalid_request', {
        description: 'rejected is the SHA-256 of an access token: 43 base64url characters.',
        reason: 'parameters',
      })
    }
    const record = await findConnection(context, subject, id)
    const { provider } = record
    if (providerOf(context, provider).mode !== 'mediated') throw new Refusal('not_found', { reason: 'mode' })
    const tokens = await usableTokens(context, record, rejected)
    context.emit('access_token_given', { provider, connection: id })
    return respondJson(200, toAccessTokenAnswer(tokens, context.now()))
  },
})

function resources(id: string, path: string): Routes {
  const route: Route = {
    action: 'resource',
    respond: (context, { subject }, request) => requestResource(context, subject, id, path, request),
  }
  return { GET: route, POST: route, PUT: route, PATCH: route, DELETE: route }
}
