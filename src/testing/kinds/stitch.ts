import { stitch as stitchBackend } from '../../backend/index.js'
import { sampleAccounts } from '../data/accounts.js'
import { notFound, ok, type ApiAnswer } from '../servers/api.js'
import { ResponseError } from '../servers/authorization-request.js'
import type { Dialect } from '../servers/dialect.js'
import type { AccessToken } from '../servers/grants.js'
import { jsonOf, type ServerRequest } from '../servers/http.js'
import { randomText } from '../servers/jwt.js'
import type { Kind } from './kind.js'
import { withSlash } from './routes.js'

const keyId = 'kit'

/** Stitch: a client with a private key, no discovery, no `iss`, and who cancels comes back with the state alone. */
export const stitch: Kind = ({ provider, redirectUri, clientKey }) => {
  const { clientId, scope, authorizationEndpoint = '', channel } = provider
  const { origin: issuer } = new URL(authorizationEndpoint)
  const tokenEndpoint = `${issuer}/connect/token`
  const jwksUri = `${issuer}/.well-known/openid-configuration/jwks`
  const api = withSlash(provider.api ?? issuer)
  /** Claims that the backend gives to the page as details; an approval adds to them. */
  const details: string[] = []
  return {
    dialect: {
      ...dialect,
      issuer,
      endpoints: { authorization: authorizationEndpoint, token: tokenEndpoint, jwks: jwksUri },
      apis: [api],
      connect({ approval }) {
        details.push(...Object.keys(approval.details ?? {}))
      },
      answer: (request, access) =>
        request.method === 'POST' && request.url.pathname === `${new URL(api).pathname}graphql`
          ? answerQuery(request, access)
          : notFound,
    },
    authentication: { method: 'private_key_jwt', key: clientKey.publicKey },
    backend: stitchBackend({
      clientId,
      redirectUri,
      scope,
      mode: channel.mode === 'bff' ? 'bff' : 'mediated',
      privateKey: clientKey.privateKey,
      keyId,
      issuer,
      jwksUri,
      authorizationEndpoint,
      tokenEndpoint,
      api,
      details,
    }),
  }
}

const dialect: Omit<Dialect, 'issuer' | 'endpoints' | 'apis' | 'answer'> = {
  metadata: undefined,
  accessTokenSeconds: 3599,
  detailsAreClaims: true,
  requires: ['client_id', 'redirect_uri', 'code_verifier'],
  check({ parameters, scope }) {
    if (!parameters.has('nonce')) throw new ResponseError('invalid_request', 'there is no nonce')
    if (!scope.includes('openid')) throw new ResponseError('invalid_scope', 'the scope lacks openid')
  },
  toResponse(parameters, ending, grant) {
    const { code, state } = parameters
    if (ending === 'cancel') return { state }
    return grant ? { code, scope: grant.scope.join(' '), state, session_state: randomText(16) } : parameters
  },
  toClaims: ({ s_hash, ...claims }, { sub, registration }, fresh) => ({
    idp: 'local',
    ...claims,
    sub: `user/${registration.clientId}/bank/${sub}`,
    amr: ['pwd'],
    ...(fresh && { s_hash, sid: randomText(16) }),
  }),
}

/** Scope that a field of the GraphQL API needs. */
const scopeOfField: Readonly<Record<string, string>> = {
  bankAccounts: 'accounts',
  currentBalance: 'balances',
  availableBalance: 'balances',
  transactions: 'transactions',
  accountHolder: 'accountholders',
}

function answerQuery(request: ServerRequest, access: AccessToken | undefined): ApiAnswer {
  if (!access)
    return {
      status: 401,
      body: {
        errors: [{ message: 'UNAUTHENTICATED: Token is expired or malformed' }],
        extensions: { code: 'UNAUTHENTICATED' },
      },
    }
  const { query } = jsonOf(request)
  const fields = new Set(typeof query === 'string' ? query.match(/\w+/g) : [])
  const missing = Object.entries(scopeOfField).find(
    ([field, scope]) => fields.has(field) && !access.scope.includes(scope),
  )?.[1]
  if (missing !== undefined) {
    const message = `Token is missing the following scope: ${missing}`
    const extensions = { code: 'FORBIDDEN', missingScopes: [missing] }
    return ok({ data: null, errors: [{ message, extensions }] })
  }
  const accounts: readonly object[] = access.grant?.approval.accounts ?? sampleAccounts.stitch
  const bankAccounts = accounts.map((account) =>
    Object.fromEntries(Object.entries(account).filter(([name]) => fields.has(name))),
  )
  return ok({ data: { user: { bankAccounts } } })
}
