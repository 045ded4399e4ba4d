import { moneyhub as moneyhubBackend } from '../../backend/index.js'
import { sampleAccounts } from '../data/accounts.js'
import { sampleBookings } from '../data/bookings.js'
import { groups, institutionsOf, toListEntry } from '../quirks/moneyhub-institutions.js'
import {
  claimsOf,
  longestConsentDays,
  moneyhubCodeSeconds,
  moneyhubDataScopes,
  moneyhubProblems,
  moneyhubTokenSeconds,
  objectToMoneyhubRequest,
  objectToOwnToken,
  scopeOfUsers,
  selectMoneyhubTransactions,
  toMoneyhubTransaction,
  type MoneyhubMemory,
  type RequestedClaims,
} from '../quirks/moneyhub.js'
import { institutionText, scopeTexts } from '../quirks/scopes.js'
import { ok, type ApiAnswer } from '../servers/api.js'
import { throwObjection, type AuthorizationRequest } from '../servers/authorization-request.js'
import type { Dialect } from '../servers/dialect.js'
import type { AccessToken, Grant } from '../servers/grants.js'
import type { ServerRequest } from '../servers/http.js'
import type { Randomness } from '../random.js'
import type { Kind, ProviderSetup } from './kind.js'
import { withSlash } from './routes.js'

const keyId = 'kit'

/** A Moneyhub user, with their connections by id. */
type Users = Map<string, Map<string, { readonly grant: Grant; readonly expiresAt: string }>>

/** Moneyhub: users and pushed requests, a connection that the ID Token names, and data by tokens of the client's own. */
export const moneyhub: Kind = ({ provider, redirectUri, clientKey, now, random, memory }) => {
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
    dialect: toDialect({ issuer, authorization: authorizationEndpoint, api }, { now, random, memory }),
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

function toDialect(
  { issuer, authorization, api }: Readonly<Record<'issuer' | 'authorization' | 'api', string>>,
  { now, random, memory: { map } }: Pick<ProviderSetup, 'now' | 'random' | 'memory'>,
): Dialect {
  const users: Users = map(`${issuer} users`)
  const usersApi = new URL('/users', issuer).href
  const lists = `${issuer}/.well-known/`
  const memory = {
    hasUser: (id) => users.has(id),
    hasConnection: (id, connection) => users.get(id)?.has(connection) ?? false,
    // Its lists are samples: a test may name any institution.
    isInstitution: (scope) => institutionOf(scope) !== undefined,
  } satisfies Partial<MoneyhubMemory>
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
    apis: [api, usersApi, lists],
    isPublic: ({ href }) => href.startsWith(lists),
    accessTokenSeconds: moneyhubTokenSeconds,
    codeSeconds: moneyhubCodeSeconds,
    scopeTexts: scopeTexts.moneyhub,
    textOfScope: (scope) => (institutionOf(scope) === undefined ? undefined : institutionText),
    knowsClientByRequest: true,
    check({ parameters, scope }) {
      const given = Object.fromEntries(parameters)
      throwObjection(objectToMoneyhubRequest(given, { ...memory, now: now() * 1000 }))
      if (scope.some((value) => !(value in scopeTexts.moneyhub) && institutionOf(value) === undefined))
        throwObjection({ error: 'invalid_scope', description: 'this scope does not exist' })
    },
    subOf(request) {
      const id = requestedOf(request).sub?.value ?? createUserId(random)
      if (!users.has(id)) users.set(id, new Map())
      return id
    },
    connect(grant, request) {
      grant.notes['wanted'] = wantedOf(grant, request, random)
    },
    toClaims: (claims, grant) => ({ ...claims, 'mh:con_id': connect(users, grant, now()) }),
    acceptsCode: ({ sub }, form) => !form.has('sub') || form.get('sub') === sub,
    objectToOwnToken: (scope, sub) => objectToOwnToken(scope, sub, memory.hasUser),
    answer(request, access) {
      const { href } = request.url
      if (href.startsWith(lists)) return answerList(request)
      return href.startsWith(usersApi)
        ? answerUsers(users, request, access, random)
        : answerData(users, request, access, now())
    },
  }
}

const createUserId = ({ uuid }: Randomness): string => uuid().replace(/-/g, '').slice(0, 24)

const institutionOf = (scope: string): string | undefined => /^id:(.+)$/.exec(scope)?.[1]

const requestedOf = ({ parameters }: AuthorizationRequest): RequestedClaims =>
  claimsOf({ claims: parameters.get('claims') ?? undefined })

/** The connection that a person has approved, which is there when its code is redeemed. */
interface Wanted {
  readonly id: string
  /** Milliseconds since 1970; `undefined` for the usual time. */
  readonly expiresAt: number | undefined
  readonly days: number
}

function wantedOf({ approval }: Grant, request: AuthorizationRequest, random: Randomness): Wanted {
  const { sub, 'mh:con_id': renewed, 'mh:consent': consent } = requestedOf(request)
  const { connectionId } = { ...(approval.details as { readonly connectionId?: string } | undefined) }
  const bank = request.scope.map(institutionOf).find((id) => id !== undefined) ?? 'bank'
  const { expirationDateTime } = consent?.value ?? {}
  return {
    id: renewed?.value ?? connectionId ?? `${bank}:${random.uuid()}`,
    expiresAt: expirationDateTime === undefined ? undefined : Date.parse(expirationDateTime),
    // A user of this one visit is there for a day.
    days: sub?.value === undefined ? 1 : longestConsentDays,
  }
}

/** Makes the connection of a grant, once. @returns its id */
function connect(users: Users, grant: Grant, now: number): string {
  const { id, expiresAt, days } = grant.notes['wanted'] as Wanted
  if (grant.notes['connected'] !== true) {
    const end = new Date(expiresAt ?? (now + days * 24 * 3600) * 1000)
    users.get(grant.sub)?.set(id, { grant, expiresAt: end.toISOString() })
  }
  grant.notes['connected'] = true
  return id
}

/** The lists of institutions are public. */
function answerList({ method, url }: ServerRequest): ApiAnswer {
  const group = groups.find((name) => url.pathname.endsWith(`/.well-known/${name}-connections`))
  return method === 'GET' && group ? ok(institutionsOf(group).map(toListEntry)) : moneyhubProblems.nothing
}

function answerUsers(
  users: Users,
  { method, url }: ServerRequest,
  access: AccessToken | undefined,
  random: Randomness,
): ApiAnswer {
  const [, , userId, , connectionId] = url.pathname.split('/').map(decodeURIComponent)
  const needed = scopeOfUsers(method, url.pathname)
  const refusal = refusalOf(access, needed)
  if (refusal) return refusal
  if (method === 'POST') {
    const id = createUserId(random)
    users.set(id, new Map())
    return { status: 201, body: { userId: id } }
  }
  const connections = users.get(userId ?? '')
  if (!connections) return moneyhubProblems.user
  if (method === 'DELETE' && connectionId === undefined) users.delete(userId ?? '')
  else if (method === 'DELETE' && !connections.delete(connectionId ?? '')) return moneyhubProblems.connection
  if (method === 'DELETE') return { status: 204 }
  return url.pathname.endsWith('/connections')
    ? ok({ data: [...connections].map(([id, { expiresAt }]) => ({ id, expiresAt, status: 'ok' })) })
    : ok({ userId, connectionIds: [...connections.keys()] })
}

/** Why a request to an API is refused: the token, the path, the scope. */
function refusalOf(access: AccessToken | undefined, needed: string | undefined): ApiAnswer | undefined {
  if (!access) return moneyhubProblems.token
  if (needed === undefined) return moneyhubProblems.nothing
  return access.scope.includes(needed) ? undefined : moneyhubProblems.scope(needed)
}

function answerData(
  users: Users,
  { method, url }: ServerRequest,
  access: AccessToken | undefined,
  now: number,
): ApiAnswer {
  const [path, needed] =
    Object.entries(moneyhubDataScopes).find(
      ([known]) => method === 'GET' && url.pathname.endsWith(known.replace('/v3', '')),
    ) ?? []
  const refusal = refusalOf(access, needed)
  if (refusal) return refusal
  const user = users.get(access?.sub ?? access?.grant?.sub ?? '')
  if (!user) return moneyhubProblems.subject
  const accounts = [...user]
    .filter(([, { expiresAt }]) => Date.parse(expiresAt) > now * 1000)
    .flatMap(([connectionId, { grant }]) =>
      (grant.approval.accounts ?? sampleAccounts.moneyhub).map((account) => ({ ...account, connectionId })),
    )
  const data = path === '/v3/accounts' ? accounts : transactionsOf(accounts, url.searchParams, now)
  return ok({ data, links: { self: url.pathname }, meta: {} })
}

/** Made-up transactions of every account that has an id, as far as they are asked for. */
function transactionsOf(accounts: readonly object[], query: URLSearchParams, now: number): readonly object[] {
  const all = accounts.flatMap(({ id }: { readonly id?: unknown }) =>
    typeof id === 'string'
      ? sampleBookings(now).map((booking) =>
          toMoneyhubTransaction(id, { ...booking, id: `${id}-${booking.id}` }),
        )
      : [],
  )
  return selectMoneyhubTransactions(all, Object.fromEntries(query))
}
