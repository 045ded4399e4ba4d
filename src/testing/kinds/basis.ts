import { basis as basisBackend } from '../../backend/index.js'
import { notFound, ok, unauthorized, type ApiAnswer } from '../servers/api.js'
import { ResponseError, type AuthorizationRequest } from '../servers/authorization-request.js'
import type { Grant } from '../servers/grants.js'
import { decodeBytes, importSecret, verifyJwt } from '../servers/jwt.js'
import type { Kind, ProviderSetup } from './kind.js'
import { withSlash } from './routes.js'

/** Basis: an initialization token signed at the click, HTTP Basic as issued, no discovery, no ID Token, a `profile_id`. */
export const basis: Kind = ({ provider, redirectUri, now }) => {
  const { clientId, authorizationEndpoint = '', channel } = provider
  const api = withSlash(provider.api ?? new URL('/', authorizationEndpoint).href)
  const tokenEndpoint = new URL('/oauth/token', api).href
  const clientSecret = createSecret()
  const profile = crypto.randomUUID()
  const profileIdOf = ({ approval }: Grant): string =>
    (approval.details as { readonly profileId?: string } | undefined)?.profileId ?? profile
  return {
    dialect: {
      issuer: new URL(authorizationEndpoint).origin,
      endpoints: { authorization: authorizationEndpoint, token: tokenEndpoint },
      metadata: undefined,
      apis: [api],
      accessTokenSeconds: 3600,
      codeChallengeMethod: 'omitted',
      idTokens: false,
      refreshes: () => true,
      rotates: false,
      check: (request) => checkInitToken(request, { clientId, clientSecret, now }),
      toTokenResponse: (body, grant, fresh) => (fresh ? { ...body, profile_id: profileIdOf(grant) } : body),
      answer(request, access): ApiAnswer {
        if (!access?.grant) return unauthorized
        const id = profileIdOf(access.grant)
        const { accounts = [] } = access.grant.approval
        return request.method === 'GET' && request.url.pathname.endsWith(`/profiles/${id}`)
          ? ok({ id, company_name: 'Analytical Engines, LLC', accounts })
          : notFound
      },
    },
    authentication: { method: 'client_secret', secret: clientSecret, raw: true },
    backend: basisBackend({
      clientId,
      clientSecret,
      redirectUri,
      authorizationEndpoint,
      tokenEndpoint,
      mode: channel.mode === 'bff' ? 'bff' : 'mediated',
      api,
    }),
  }
}

/** 64 random bytes as base64, which HTTP Basic carries as they are. */
const createSecret = (): string => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(64))))

/** @throws {ResponseError} as Basis describes it. */
async function checkInitToken(
  { parameters }: AuthorizationRequest,
  {
    clientId,
    clientSecret,
    now,
  }: { readonly clientId: string; readonly clientSecret: string; readonly now: ProviderSetup['now'] },
): Promise<void> {
  const refuse = (why: string): never => {
    throw new ResponseError('invalid_request', why)
  }
  const token = parameters.get('init_token') ?? refuse('Request is missing the Initialization token.')
  const key = importSecret(decodeBytes(clientSecret))
  const { claims } =
    (await verifyJwt(token, () => key, ['HS512'])) ?? refuse('Initialization token has an invalid signature.')
  if (claims['client_id'] !== clientId) refuse('Initialization token is of another client.')
  if (typeof claims['exp'] !== 'number' || claims['exp'] <= now())
    refuse('Request included expired Initialization Token.')
  if (typeof claims['platform_id'] !== 'string') refuse('Initialization token names no platform_id.')
}
