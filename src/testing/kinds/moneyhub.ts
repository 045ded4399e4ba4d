import { moneyhub as moneyhubBackend } from '../../backend/index.js'
import { sampleAccounts } from '../data/accounts.js'
import { insufficientScope, notFound, ok, unauthorized, type ApiAnswer } from '../servers/api.js'
import { ResponseError, type AuthorizationRequest } from '../servers/authorization-request.js'
import type { Dialect } from '../servers/dialect.js'
import type { AccessToken, Grant } from '../servers/grants.js'
import type { ServerRequest } from '../servers/http.js'
import type { Kind, ProviderSetup } from './kind.js'
import { withSlash } from './routes.js'

const keyId = 'kit'
const consentDays = 90

/** A Moneyhub user, with their connections by id. */
type Users = Map<string, Map<string, { readonly grant: Grant; readonly expiresAt: string }>>

/** Moneyhub: users and pushed requests, a connection that the ID Token names, and data by tokens of the client's own. */
export const moneyhub: Kind = ({ provider, redirectUri, clientKey, now }) => {
  const { clientId, issuer = '', authorizationEndpoint = '', scope, channel } = provider
  const api = withSlash(provider.api ?? new URL('/v3', issuer).href)
  const once = isOneTime(provider)
  const settings = {
    clientId,
    redirectUri,
    issuer,
    authorizationEndpoint,
    api,
    privateKey: clientKey.privateKey,
    keyId,
    ...(once && { dataScope: scope.replace(/(?:^| )openid(?= |$)/, '').trim() || 'accounts:read' }),
  }
  return {
    dialect: toDialect(issuer, authorizationEndpoint, api, now),
    authentication: { method: 'private_key_jwt', key: clientKey.publicKey },
    backend: once
      ? moneyhubBackend({
          ...settings,
          useCase: 'one-time',
          mode: channel.mode === 'mediated' ? 'mediated' : 'bff',
        })
      : moneyhubBackend(settings),
  }
}

/** Only an ongoing connection can be renewed: the preset says so. */
function isOneTime({ toInput }: ProviderSetup['provider']): boolean {
  try {
    toInput?.({ mode: 'reauth', connectionId: 'any' })
    return false
  } catch {
    return true
  }
}

function toDialect(issuer: string, authorization: string, api: string, now: () => number): Dialect {
  const users: Users = new Map()
  const usersApi = new URL('/users', issuer).href
  return {
    issuer,
    endpoints: {
      authorization,
      token: `${issuer}/token`,
      jwks: `${issuer}/certs`,
      par: `${issuer}/request`,
      revocation: `${issuer}/token/revocation`,
    },
    metadata: {},
    apis: [api, usersApi],
    accessTokenSeconds: 7200,
    knowsClientByRequest: true,
    check(request) {
      checkRequest(request, users)
    },
    subOf(request) {
      const id = requestedOf(request).sub ?? createUserId()
      if (!users.has(id)) users.set(id, new Map())
      return id
    },
    connect(grant, request) {
      const { connectionId } = { ...(grant.approval.details as { readonly connectionId?: string }) }
      const bank = /(?:^| )id:(\S+)/.exec(request.scope.join(' '))?.[1] ?? 'bank'
      const id = requestedOf(request).connection ?? connectionId ?? `${bank}:${crypto.randomUUID()}`
      grant.notes['connection'] = id
      const expiresAt = new Date((now() + consentDays * 24 * 3600) * 1000).toISOString()
      users.get(grant.sub)?.set(id, { grant, expiresAt })
    },
    toClaims: (claims, { notes }) => ({ ...claims, 'mh:con_id': notes['connection'] }),
    acceptsCode: ({ sub }, form) => !form.has('sub') || form.get('sub') === sub,
    issuesOwnTokens: (scope, sub) => scope.length > 0 && (sub === undefined || users.has(sub)),
    answer: (request, access) =>
      request.url.href.startsWith(usersApi)
        ? answerUsers(users, request, access)
        : answerData(users, request, access),
  }
}

const createUserId = (): string => crypto.randomUUID().replace(/-/g, '').slice(0, 24)

/** User and connection that a request asks for in its `claims`. */
function requestedOf({ parameters }: AuthorizationRequest): { sub?: string; connection?: string } {
  const claims = JSON.parse(parameters.get('claims') ?? '{}') as {
    readonly id_token?: Readonly<Record<string, { readonly value?: string } | undefined>>
  }
  const value = (name: string): string | undefined => claims.id_token?.[name]?.value
  const [sub, connection] = [value('sub'), value('mh:con_id')]
  return { ...(sub !== undefined && { sub }), ...(connection !== undefined && { connection }) }
}

function checkRequest(request: AuthorizationRequest, users: Users): void {
  const { sub, connection } = requestedOf(request)
  const renews = request.scope.some((value) => /^(?:reauth|reconsent|refresh)$/.test(value))
  const connects = request.scope.some((value) => value.startsWith('id:'))
  if (sub !== undefined && !users.has(sub))
    throw new ResponseError('invalid_request', 'the sub is no user of this client')
  if (renews === connects)
    throw new ResponseError('invalid_scope', 'the scope names an institution, or a way to renew')
  if (renews && !users.get(sub ?? '')?.has(connection ?? ''))
    throw new ResponseError('invalid_request', 'mh:con_id is no connection of this user')
}

function answerUsers(
  users: Users,
  { method, url }: ServerRequest,
  access: AccessToken | undefined,
): ApiAnswer {
  const [, , userId, , connectionId] = url.pathname.split('/').map(decodeURIComponent)
  const needed = { POST: 'user:create', GET: 'user:read', DELETE: 'user:delete' }[method] ?? ''
  if (!access) return unauthorized
  if (!access.scope.includes(needed)) return insufficientScope
  if (method === 'POST') {
    const id = createUserId()
    users.set(id, new Map())
    return { status: 201, body: { userId: id } }
  }
  const connections = users.get(userId ?? '')
  if (!connections) return notFound
  if (method === 'DELETE') return connections.delete(connectionId ?? '') ? { status: 204 } : notFound
  return ok({ data: [...connections].map(([id, { expiresAt }]) => ({ id, expiresAt, status: 'ok' })) })
}

function answerData(
  users: Users,
  { method, url }: ServerRequest,
  access: AccessToken | undefined,
): ApiAnswer {
  const user = access && users.get(access.sub ?? access.grant?.sub ?? '')
  const part = url.pathname.split('/').at(-1)
  if (!user) return unauthorized
  if (method !== 'GET' || (part !== 'accounts' && part !== 'transactions')) return notFound
  const needed = part === 'accounts' ? 'accounts:read' : 'transactions:read:all'
  if (!access.scope.includes(needed)) return insufficientScope
  const accounts = [...user].flatMap(([connectionId, { grant }]) =>
    (grant.approval.accounts ?? sampleAccounts.moneyhub).map((account) => ({ ...account, connectionId })),
  )
  return ok({ data: part === 'accounts' ? accounts : [], links: {}, meta: {} })
}
