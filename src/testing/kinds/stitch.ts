import { stitch as stitchBackend } from '../../backend/index.js'
import { sampleAccounts } from '../data/accounts.js'
import { notFound, ok, type ApiAnswer } from '../servers/api.js'
import { scopeTexts } from '../quirks/scopes.js'
import {
  fieldsOf,
  forbiddenByStitch,
  objectToStitchRequest,
  pickFields,
  stitchTokenSeconds,
  stitchUnauthenticated,
} from '../quirks/stitch.js'
import { throwObjection } from '../servers/authorization-request.js'
import type { Dialect } from '../servers/dialect.js'
import type { AccessToken } from '../servers/grants.js'
import { jsonOf, type ServerRequest } from '../servers/http.js'
import type { Randomness } from '../random.js'
import type { Kind } from './kind.js'
import { withSlash } from './routes.js'

const keyId = 'kit'

/** Stitch: a client with a private key, no discovery, no `iss`, and who cancels comes back with the state alone. */
export const stitch: Kind = ({ provider, redirectUri, clientKey, random }) => {
  const { clientId, scope, authorizationEndpoint = '', channel } = provider
  const { origin: issuer } = new URL(authorizationEndpoint)
  const tokenEndpoint = `${issuer}/connect/token`
  const jwksUri = `${issuer}/.well-known/openid-configuration/jwks`
  const api = withSlash(provider.api ?? issuer)
  /** Claims that the backend gives to the page as details; an approval adds to them. */
  const details: string[] = []
  return {
    dialect: {
      ...createAuthentications(random),
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

/** The way back, and the ID Token. */
const createAuthentications = (random: Randomness): Pick<Dialect, 'toResponse' | 'toClaims'> => ({
  toResponse(parameters, ending, grant) {
    const { code, state } = parameters
    if (ending === 'cancel') return { state }
    return grant ? { code, scope: grant.scope.join(' '), state, session_state: random.text(16) } : parameters
  },
  toClaims: ({ s_hash, ...claims }, { sub, registration }, fresh) => ({
    idp: 'local',
    ...claims,
    sub: `user/${registration.clientId}/bank/${sub}`,
    amr: ['pwd'],
    ...(fresh && { s_hash, sid: random.text(16) }),
  }),
})

const dialect: Omit<Dialect, 'issuer' | 'endpoints' | 'apis' | 'answer'> = {
  metadata: undefined,
  accessTokenSeconds: stitchTokenSeconds,
  scopeTexts: scopeTexts.stitch,
  detailsAreClaims: true,
  requires: ['client_id', 'redirect_uri', 'code_verifier'],
  check({ parameters }) {
    throwObjection(objectToStitchRequest(Object.fromEntries(parameters)))
  },
}

function answerQuery(request: ServerRequest, access: AccessToken | undefined): ApiAnswer {
  if (!access) return { status: 401, body: stitchUnauthenticated }
  const { query } = jsonOf(request)
  const fields = fieldsOf(typeof query === 'string' ? query : '')
  const refusal = forbiddenByStitch(fields, (scope) => access.scope.includes(scope))
  if (refusal) return ok(refusal)
  const accounts: readonly object[] = access.grant?.approval.accounts ?? sampleAccounts.stitch
  const bankAccounts = accounts.map((account) => pickFields(account, fields))
  return ok({ data: { user: { bankAccounts } } })
}
