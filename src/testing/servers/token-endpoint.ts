import { scopeValues } from './authorization-request.js'
import { authenticateClient } from './client-authentication.js'
import type { Dialect } from './dialect.js'
import { checkProof } from './dpop.js'
import type { AccessToken, Grant, Grants } from './grants.js'
import { formOf, json, OAuthRefusal, type ServerRequest } from './http.js'
import { halfHashOf, hashOf, type Claims } from './jwt.js'
import type { Randomness } from '../random.js'
import type { Registration } from './registration.js'

/** What the endpoints of one server share. */
export interface ServerState {
  readonly dialect: Dialect
  readonly registrations: readonly Registration[]
  readonly grants: Grants
  readonly now: () => number
  readonly random: Randomness
  /** Signs an ID Token. */
  readonly sign: (claims: Claims, registration: Registration) => Promise<string>
  /** Ids of assertions and proofs that have been used. */
  readonly used: Set<string>
  /** Pushed authorization requests, by their URI. */
  readonly pushed: Map<string, { readonly form: string; readonly expiresAt: number }>
}

/** Clients date their assertions and proofs by the system's clock, which `advance()` does not move. */
export const systemNow = (): number => Date.now() / 1000

/** The registered client of a request, authenticated. @throws {OAuthRefusal} */
export async function findClient(
  { registrations, dialect, used }: ServerState,
  request: ServerRequest,
  form: URLSearchParams,
): Promise<Registration> {
  const redirectUri = form.get('redirect_uri')
  const registration = registrations.find((one) => one.redirectUri === redirectUri) ?? registrations[0]
  if (!registration) throw new OAuthRefusal('invalid_client', 'the client is unknown', 401)
  const audiences = [dialect.issuer, dialect.endpoints.token, `${dialect.issuer}/token`]
  await authenticateClient(request, form, registration, { audiences, used, now: systemNow() })
  return registration
}

/**
 * Answers a token request.
 *
 * @throws {OAuthRefusal}
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-3.2
 */
export async function answerTokenRequest(server: ServerState, request: ServerRequest): Promise<Response> {
  const form = formOf(request)
  const repeated = [...new Set(form.keys())].some((name) => form.getAll(name).length > 1)
  if (request.method !== 'POST' || repeated)
    throw new OAuthRefusal('invalid_request', 'a form with each parameter once is posted here')
  const registration = await findClient(server, request, form)
  const jkt = await checkProof(request, { seen: server.used, now: systemNow() })
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return json(await redeem(server, registration, form, jkt))
    case 'refresh_token':
      return json(await refresh(server, registration, form, jkt))
    case 'client_credentials':
      return json(issueOwn(server, registration, form))
    case null:
      throw new OAuthRefusal('invalid_request', 'there is no grant_type')
    default:
      throw new OAuthRefusal('unsupported_grant_type', 'this grant_type is unknown')
  }
}

function requireAll(form: URLSearchParams, names: readonly string[]): void {
  const missing = names.find((name) => !form.get(name))
  if (missing !== undefined) throw new OAuthRefusal('invalid_request', `there is no ${missing}`)
}

const invalidGrant = (why: string): OAuthRefusal => new OAuthRefusal('invalid_grant', why)

async function redeem(
  server: ServerState,
  { clientId }: Registration,
  form: URLSearchParams,
  jkt: string | undefined,
): Promise<Claims> {
  requireAll(form, ['code', ...(server.dialect.requires ?? [])])
  const code = server.grants.takeCode(form.get('code') ?? '')
  if (code?.grant.registration.clientId !== clientId)
    throw invalidGrant('the code is unknown, expired or used')
  const { grant, challenge } = code
  if ((await hashOf(form.get('code_verifier') ?? '')) !== challenge)
    throw invalidGrant('the code_verifier does not fit the code_challenge')
  if (form.get('redirect_uri') !== grant.redirectUri) throw invalidGrant('the redirect_uri is another one')
  if (code.jkt !== undefined && code.jkt !== jkt) throw invalidGrant('the request was bound to another key')
  if (server.dialect.acceptsCode?.(grant, form) === false) throw invalidGrant('the grant request is invalid')
  return issue(server, grant, { jkt, fresh: true, withRefreshToken: true, scope: grant.scope })
}

async function refresh(
  server: ServerState,
  { clientId }: Registration,
  form: URLSearchParams,
  jkt: string | undefined,
): Promise<Claims> {
  requireAll(form, ['refresh_token'])
  const token = form.get('refresh_token') ?? ''
  const found = server.grants.findRefreshToken(token)
  if (found?.grant.registration.clientId !== clientId)
    throw invalidGrant('the refresh_token is unknown or was used before')
  if (found.jkt !== undefined && found.jkt !== jkt) throw invalidGrant('the token is bound to another key')
  const scope = narrowed(found.grant, form.get('scope'))
  const rotates = server.dialect.rotates ?? true
  if (rotates) server.grants.spend(token)
  return issue(server, found.grant, { jkt, fresh: false, withRefreshToken: rotates, scope })
}

/** The scope of a refreshed token: that of the grant, or less. @see https://www.rfc-editor.org/rfc/rfc6749.html#section-6 */
function narrowed({ scope }: Grant, asked: string | null): readonly string[] {
  if (asked === null) return scope
  const values = scopeValues(asked)
  if (values.some((value) => !scope.includes(value)))
    throw new OAuthRefusal('invalid_scope', 'the scope is more than was granted')
  return values
}

/** How tokens are issued. */
interface Issue {
  readonly jkt: string | undefined
  /** True for the tokens that a code gives. */
  readonly fresh: boolean
  readonly withRefreshToken: boolean
  readonly scope: readonly string[]
}

async function issue(
  server: ServerState,
  grant: Grant,
  { jkt, fresh, withRefreshToken, scope }: Issue,
): Promise<Claims> {
  const { dialect, grants, now, sign } = server
  const { approval, registration } = grant
  const seconds = approval.expiresIn ?? dialect.accessTokenSeconds
  const bound = registration.authentication.method === 'tls_client_auth'
  const token: AccessToken = { grant, scope, expiresAt: now() + seconds, jkt, bound }
  const accessToken = grants.issueAccessToken(token)
  const refreshes = dialect.refreshes?.(grant) ?? grant.scope.includes('offline_access')
  const signs = dialect.idTokens !== false && scope.includes('openid')
  const body = {
    access_token: accessToken,
    token_type: jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: seconds,
    scope: scope.join(' '),
    ...(refreshes && withRefreshToken && { refresh_token: grants.issueRefreshToken(grant, jkt) }),
    ...(signs && { id_token: await sign(await toIdToken(server, grant, accessToken, fresh), registration) }),
  }
  return dialect.toTokenResponse?.(body, grant, fresh) ?? body
}

/** The claims of an ID Token. @see https://openid.net/specs/openid-connect-core-1_0.html#IDToken */
async function toIdToken(
  { dialect, now }: ServerState,
  grant: Grant,
  accessToken: string,
  fresh: boolean,
): Promise<Claims> {
  const issuedAt = Math.floor(now())
  const { details, claims: own } = grant.approval
  const claims = {
    ...(dialect.detailsAreClaims && details),
    ...own,
    iss: dialect.issuer,
    aud: grant.registration.clientId,
    sub: grant.sub,
    iat: issuedAt,
    exp: issuedAt + 300,
    auth_time: grant.authTime,
    at_hash: await halfHashOf(accessToken),
    ...(fresh && { s_hash: await halfHashOf(grant.state) }),
    ...(fresh && grant.nonce !== undefined && { nonce: grant.nonce }),
  }
  return dialect.toClaims?.(claims, grant, fresh) ?? claims
}

function issueOwn(
  { dialect, grants, now }: ServerState,
  { authentication }: Registration,
  form: URLSearchParams,
): Claims {
  const scope = scopeValues(form.get('scope'))
  const sub = form.get('sub') ?? undefined
  if (!dialect.objectToOwnToken)
    throw new OAuthRefusal('unsupported_grant_type', 'the client may have no token of its own')
  const objection = dialect.objectToOwnToken(scope, sub)
  if (objection) throw new OAuthRefusal(objection.error, objection.description)
  const seconds = dialect.accessTokenSeconds
  const bound = authentication.method === 'tls_client_auth'
  const token: AccessToken = { grant: undefined, scope, sub, expiresAt: now() + seconds, bound }
  return {
    access_token: grants.issueAccessToken(token),
    token_type: 'Bearer',
    expires_in: seconds,
    scope: scope.join(' '),
  }
}
