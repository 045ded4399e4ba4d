import { invalidRequest, type Objection } from './objection.js'

/** Lifetime of Stitch's access tokens, in seconds. */
export const stitchTokenSeconds = 3599

/** Which scope a field of Stitch's GraphQL API needs. */
const scopeOfField: Readonly<Record<string, string>> = {
  bankAccounts: 'accounts',
  currentBalance: 'balances',
  availableBalance: 'balances',
  transactions: 'transactions',
  accountHolder: 'accountholders',
}

/** What Stitch demands of an authorization request beside OAuth. */
export function objectToStitchRequest(
  parameters: Readonly<Partial<Record<'state' | 'nonce' | 'scope', unknown>>>,
): Objection | undefined {
  const { state, nonce, scope } = parameters
  if (state === undefined) return invalidRequest('state is required')
  if (nonce === undefined) return invalidRequest('nonce is required')
  return typeof scope === 'string' && scope.split(' ').includes('openid')
    ? undefined
    : { error: 'invalid_scope', description: 'the openid scope is required' }
}

/** Body of the answer to an access token that is not good; its status is 401. */
export const stitchUnauthenticated = {
  errors: [{ message: 'UNAUTHENTICATED: Token is expired or malformed' }],
  extensions: { code: 'UNAUTHENTICATED' },
} as const

/** Body of a GraphQL error; its status is 200. */
export const stitchError = (message: string, code: string, more: object = {}): object => ({
  data: null,
  errors: [{ message, extensions: { code, ...more } }],
})

/** The words of a query, among them the fields that it asks for. */
export const fieldsOf = (query: string): ReadonlySet<string> => new Set(query.match(/\w+/g))

/** The error of a query that asks for more than the token's scope allows. */
export function forbiddenByStitch(
  fields: ReadonlySet<string>,
  hasScope: (scope: string) => boolean,
): object | undefined {
  const [, scope] =
    Object.entries(scopeOfField).find(([field, needed]) => fields.has(field) && !hasScope(needed)) ?? []
  return scope === undefined
    ? undefined
    : stitchError(`Token is missing the following scope: ${scope}`, 'FORBIDDEN', { missingScopes: [scope] })
}

/** The members of an account that are asked for. */
export const pickFields = (account: object, fields: ReadonlySet<string>): object =>
  Object.fromEntries(Object.entries(account).filter(([name]) => fields.has(name)))
