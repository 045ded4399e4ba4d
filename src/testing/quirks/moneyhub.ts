import { invalidRequest, type Objection } from './objection.js'

/** The claims of the ID Token that a request asks for. */
export interface RequestedClaims {
  readonly sub?: { readonly value?: string }
  readonly 'mh:con_id'?: { readonly value?: string }
  readonly 'mh:consent'?: { readonly value?: ConsentTerms }
  readonly [claim: string]: unknown
}

/** What a partner may ask of a consent. */
export interface ConsentTerms {
  readonly expirationDateTime?: string
  readonly transactionFromDateTime?: string
  readonly permissions?: readonly string[]
  readonly permissionsAction?: 'add' | 'replace'
}

/** Scopes that renew a connection in place of making one. */
export const renewals = ['reauth', 'reconsent', 'refresh'] as const

/** The longest that a consent may last, in days. */
export const longestConsentDays = 90

/** Lifetime of Moneyhub's access tokens, in seconds. */
export const moneyhubTokenSeconds = 7200

/** Lifetime of Moneyhub's codes, in seconds. */
export const moneyhubCodeSeconds = 600

/** The scope that each path of the Data API demands. */
export const moneyhubDataScopes = {
  '/v3/accounts': 'accounts:read',
  '/v3/transactions': 'transactions:read:all',
} as const

/** Scopes that read a user's data: a token of the client's own with one of them is for one user. */
const moneyhubUserScopes: readonly string[] = [
  'accounts:read',
  'accounts_details:read',
  'transactions:read:all',
]

/** What a partner may ask for by `client_credentials`. */
const moneyhubOwnScopes: readonly string[] = [
  ...moneyhubUserScopes,
  'user:create',
  'user:read',
  'user:update',
  'user:delete',
]

/** The claims of the ID Token that a request asks for; none when it has no readable claims. */
export function claimsOf({ claims }: { readonly claims?: unknown }): RequestedClaims {
  const parsed = JSON.parse(typeof claims === 'string' ? claims : '{}') as { id_token?: RequestedClaims }
  return parsed.id_token ?? {}
}

/** What a Moneyhub knows when it reads a request. */
export interface MoneyhubMemory {
  readonly hasUser: (userId: string) => boolean
  readonly hasConnection: (userId: string, connectionId: string) => boolean
  /** Whether a scope such as `id:test` names an institution. */
  readonly isInstitution: (scope: string) => boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

/** What Moneyhub demands of an authorization request beside OAuth. */
export function objectToMoneyhubRequest(
  parameters: Readonly<Record<string, unknown>>,
  memory: MoneyhubMemory,
): Objection | undefined {
  if (parameters['state'] === undefined) return invalidRequest('state is required')
  if (parameters['prompt'] !== 'consent')
    return invalidRequest('prompt=consent is required, and no other is supported')
  const claims = claimsOf(parameters)
  // Without them nobody learns whose connection it is, and which.
  const lacking = ['sub', 'mh:con_id'].find((name) => !(name in claims))
  if (lacking !== undefined) return invalidRequest(`the claims do not ask for ${lacking} in the ID Token`)
  const { value: userId } = claims.sub ?? {}
  if (userId !== undefined && !memory.hasUser(userId))
    return invalidRequest('the sub is no user of this client')
  const { scope } = parameters
  return (
    objectToTarget(typeof scope === 'string' ? scope.split(' ') : [], claims, memory) ??
    objectToConsent(claims['mh:consent']?.value ?? {}, memory.now)
  )
}

function objectToTarget(
  scopes: readonly string[],
  claims: RequestedClaims,
  { isInstitution, hasConnection }: MoneyhubMemory,
): Objection | undefined {
  const renews = renewals.some((scope) => scopes.includes(scope))
  if (renews === scopes.some(isInstitution))
    return {
      error: 'invalid_scope',
      description: 'the scope names a financial institution, or reauth, reconsent or refresh',
    }
  return renews && !hasConnection(claims.sub?.value ?? '', claims['mh:con_id']?.value ?? '')
    ? invalidRequest('mh:con_id is no connection of this user')
    : undefined
}

const day = 24 * 3600 * 1000

function objectToConsent(
  { expirationDateTime, transactionFromDateTime }: ConsentTerms,
  now: number,
): Objection | undefined {
  const until = expirationDateTime === undefined ? now + day : Date.parse(expirationDateTime)
  if (!(until > now && until <= now + longestConsentDays * day))
    return invalidRequest('expirationDateTime is not within the next 90 days')
  const from = transactionFromDateTime === undefined ? now : Date.parse(transactionFromDateTime)
  // 72 months
  return from <= now && from >= now - 72 * 31 * day
    ? undefined
    : invalidRequest('transactionFromDateTime is more than 72 months ago')
}

/** What is wrong with a token request of the client's own. */
export function objectToOwnToken(
  scope: readonly string[],
  sub: string | undefined,
  hasUser: (userId: string) => boolean,
): Objection | undefined {
  if (scope.length === 0 || scope.some((value) => !moneyhubOwnScopes.includes(value)))
    return { error: 'invalid_scope', description: 'the client may not have this scope' }
  if (sub === undefined && scope.some((value) => moneyhubUserScopes.includes(value)))
    return invalidRequest('the sub of a user is required for these scopes')
  return sub === undefined || hasUser(sub) ? undefined : invalidRequest('the sub is no user of this client')
}

/** The scope that a request to the users API demands; `undefined` for a path or method that it does not have. */
export function scopeOfUsers(method: string | undefined, path: string): string | undefined {
  const route = `${method ?? ''} ${path.replace(/^\/users\/?/, '').replace(/^[^/]+/, ':id')}`
  if (/^POST (?::id)?$/.test(route)) return path === '/users' ? 'user:create' : undefined
  if (/^GET (?:(?::id)(?:\/connections)?)?$/.test(route)) return 'user:read'
  return /^DELETE :id(?:\/connection\/[^/]+)?$/.test(route) ? 'user:delete' : undefined
}

const statusMessages: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  415: 'Unsupported Media Type',
}

/** An error as Moneyhub's APIs write it. */
const moneyhubProblem = (
  status: number,
  error: string,
  error_description: string,
): { readonly status: number; readonly body: object } => ({
  status,
  body: {
    statusCode: status,
    statusMessage: statusMessages[status],
    code: error.toUpperCase(),
    error,
    error_description,
  },
})

type MoneyhubProblem = ReturnType<typeof moneyhubProblem>

/** The errors that Moneyhub's APIs have in common. */
export const moneyhubProblems: Readonly<
  Record<'token' | 'nothing' | 'user' | 'connection' | 'subject' | 'json', MoneyhubProblem>
> & { readonly scope: (scope: string) => MoneyhubProblem } = {
  token: moneyhubProblem(401, 'invalid_token', 'The access token is missing, expired or unknown.'),
  nothing: moneyhubProblem(404, 'not_found', 'There is nothing here.'),
  user: moneyhubProblem(404, 'not_found', 'There is no such user.'),
  connection: moneyhubProblem(404, 'not_found', 'The user has no such connection.'),
  subject: moneyhubProblem(
    403,
    'insufficient_scope',
    'The access token speaks for no user: it was issued without sub.',
  ),
  json: moneyhubProblem(415, 'unsupported_media_type', 'Send a JSON object.'),
  scope: (scope: string) =>
    moneyhubProblem(403, 'insufficient_scope', `The access token lacks the scope ${scope}.`),
}

/** An amount of money as Moneyhub writes it. */
export interface MoneyhubAmount {
  readonly value: number
  readonly minorUnits: number
  readonly majorUnits: number
  readonly currency: string
}

/** An amount of pence: v2 of the API has it in minor units, v3 in major ones, too. */
export const moneyhubAmount = (value: number): MoneyhubAmount => ({
  value,
  minorUnits: value,
  majorUnits: value / 100,
  currency: 'GBP',
})

/** A booking on an account, before it is written as Moneyhub writes it. */
export interface MoneyhubBooking {
  readonly id: string
  /** The day, as `2026-11-30`. */
  readonly date: string
  readonly description: string
  /** In pence; negative when it was paid. */
  readonly amount: number
}

/** A transaction as Moneyhub writes it. */
export function toMoneyhubTransaction(
  accountId: string,
  { id, date, description, amount }: MoneyhubBooking,
): Readonly<Record<string, unknown>> & { readonly accountId: string; readonly date: string } {
  return {
    id,
    accountId,
    amount: moneyhubAmount(amount),
    date,
    dateModified: `${date}T09:00:00.000Z`,
    shortDescription: description,
    longDescription: description.toUpperCase(),
    categoryId: 'std:unknown',
    categoryIdConfirmed: false,
    notes: '',
    status: 'posted',
  }
}

/** The transactions that a request asks for, the newest first: those of one account, and so many of them. */
export function selectMoneyhubTransactions<T extends { readonly accountId: string; readonly date: string }>(
  transactions: readonly T[],
  { accountId, limit }: { readonly accountId?: string | undefined; readonly limit?: string | undefined },
): readonly T[] {
  return transactions
    .filter((one) => accountId === undefined || accountId === one.accountId)
    .sort((a, b) => b.date.localeCompare(a.date))
    .slice(0, Number(limit ?? 100))
}
