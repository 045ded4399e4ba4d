import { basis as basisBackend } from '../../backend/index.js'
import { institutions } from '../quirks/basis-institutions.js'
import {
  basisErrorUri,
  basisInstitutionsScope,
  basisProfileScope,
  basisTokenSeconds,
  initTokenProblems,
  isBasisOwnScope,
  objectToInitToken,
  toBasisProfile,
} from '../quirks/basis.js'
import { isUuid } from '../quirks/fdx.js'
import { scopeTexts } from '../quirks/scopes.js'
import { insufficientScope, notFound, ok, unauthorized, type ApiAnswer } from '../servers/api.js'
import { ResponseError, type AuthorizationRequest } from '../servers/authorization-request.js'
import type { AccessToken, Grant } from '../servers/grants.js'
import type { ServerRequest } from '../servers/http.js'
import { decodeBytes, importSecret, readJwt, verifyJwt } from '../servers/jwt.js'
import type { Randomness } from '../random.js'
import type { Kind, ProviderSetup } from './kind.js'
import { withSlash } from './routes.js'

/** Basis: an initialization token signed at the click, HTTP Basic as issued, no discovery, no ID Token, a `profile_id`. */
export const basis: Kind = ({ provider, redirectUri, now, random, memory }) => {
  const { clientId, authorizationEndpoint = '', channel } = provider
  const api = withSlash(provider.api ?? new URL('/', authorizationEndpoint).href)
  const tokenEndpoint = new URL('/oauth/token', api).href
  const institutionsPath = new URL('institutions', api).pathname
  const clientSecret = createSecret(random)
  const profiles = memory.map<string>(`${authorizationEndpoint} profiles`)
  return {
    dialect: {
      issuer: new URL(authorizationEndpoint).origin,
      endpoints: { authorization: authorizationEndpoint, token: tokenEndpoint },
      metadata: undefined,
      apis: [api],
      accessTokenSeconds: basisTokenSeconds,
      scopeTexts: scopeTexts.basis,
      codeChallengeMethod: 'omitted',
      idTokens: false,
      requires: ['code_verifier'],
      refreshes: () => true,
      rotates: false,
      check: (request) => checkRequest(request, { clientId, clientSecret, now }),
      connect(grant, { parameters }) {
        grant.notes['profile'] = toProfile(grant, parameters, { profiles, random })
      },
      objectToOwnToken: (scope) =>
        isBasisOwnScope(scope)
          ? undefined
          : { error: 'invalid_scope', description: 'there is no such scope' },
      toResponse: (parameters) =>
        parameters['error'] === undefined ? parameters : { ...parameters, error_uri: basisErrorUri },
      toTokenResponse: (body, grant, fresh) => (fresh ? { ...body, profile_id: profileOf(grant).id } : body),
      answer(request, access): ApiAnswer {
        if (!access) return unauthorized
        if (request.url.pathname === institutionsPath) return answerInstitutions(request, access)
        if (!access.grant?.scope.includes(basisProfileScope)) return insufficientScope
        const { accounts } = access.grant.approval
        const profile = profileOf(access.grant)
        // A token opens its own profile, and no other.
        if (!request.url.pathname.endsWith(`/profiles/${profile.id}`)) return insufficientScope
        return request.method === 'GET' ? ok({ ...profile, ...(accounts && { accounts }) }) : notFound
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
const createSecret = ({ draw }: Randomness): string => btoa(String.fromCharCode(...draw(64)))

/** Read by a token of the client's own: the institutions belong to no profile. */
const answerInstitutions = ({ method }: ServerRequest, { scope }: AccessToken): ApiAnswer => {
  if (!scope.includes(basisInstitutionsScope)) return insufficientScope
  return method === 'GET' ? ok({ institutions }) : notFound
}

type Profile = ReturnType<typeof toBasisProfile>

const profileOf = ({ notes }: Grant): Profile => notes['profile'] as Profile

/** The profile of a business: the one that it has, or a new one. */
function toProfile(
  { approval }: Grant,
  parameters: URLSearchParams,
  { profiles, random }: { readonly profiles: Map<string, string>; readonly random: Randomness },
): Profile {
  const { claims = {} } = readJwt(parameters.get('init_token') ?? '') ?? {}
  const company = JSON.stringify([claims['company_ein'], claims['native_company_id']])
  const { profileId = profiles.get(company) ?? random.uuid() } = {
    ...(approval.details as { readonly profileId?: string } | undefined),
  }
  profiles.set(company, profileId)
  return toBasisProfile(profileId, claims)
}

/** @throws {ResponseError} as Basis describes it. */
async function checkRequest(
  { parameters, scope }: AuthorizationRequest,
  {
    clientId,
    clientSecret,
    now,
  }: { readonly clientId: string; readonly clientSecret: string; readonly now: ProviderSetup['now'] },
): Promise<void> {
  const refuse = (why: string): never => {
    throw new ResponseError('invalid_request', why)
  }
  if (scope.join(' ') !== basisProfileScope)
    throw new ResponseError('invalid_scope', `The scope must be ${basisProfileScope}.`)
  const token = parameters.get('init_token') ?? refuse(initTokenProblems.missing)
  const key = importSecret(decodeBytes(clientSecret))
  const read = readJwt(token) ?? refuse(initTokenProblems.malformed)
  if (read.header['alg'] !== 'HS512') refuse(initTokenProblems.algorithm)
  if (!(await verifyJwt(token, () => key, ['HS512']))) refuse(initTokenProblems.signature)
  const problem = objectToInitToken(read, clientId, now(), isUuid)
  if (problem !== undefined) refuse(problem)
}
