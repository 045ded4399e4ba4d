import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { ClientMetadata, Configuration, JWKS } from 'oidc-provider'
import { accessFrom, serveApi } from './api.js'
import type { Bank, Endpoint } from './bank.js'
import type { Fields } from './control.js'
import { throwObjection } from './oidc-provider.js'
import {
  chain,
  oidcFields,
  type Middleware,
  type OidcAction,
  type OidcBehaviour,
  type OidcHooks,
} from './oidc-setup.js'
import { startOidcBank } from './oidc.js'
import { objectToStitchRequest, stitchTokenSeconds } from '../../src/testing/quirks/stitch.js'
import { scopeTexts } from '../../src/testing/quirks/scopes.js'
import { findPerson } from './people.js'
import { createGraphql, type InteractionCode } from './stitch-graphql.js'
import { fynbos as theme } from './themes.js'
import { checkTokenRequests, missing, unacceptableAssertion, type TokenRefusal } from './token-requests.js'

/** What this bank can be told to do. */
export interface StitchBehaviour extends OidcBehaviour {
  readonly interaction?: InteractionCode
}

const fields: Fields<StitchBehaviour> = {
  ...oidcFields,
  interaction:
    'USER_INTERACTION_REQUIRED or REAUTHORIZATION_REQUIRED: the API wants the person back at the bank',
}

/** Options of {@link startStitch}. */
export interface StitchOptions {
  readonly redirectUris: readonly string[]
  /** The client's public keys, for private_key_jwt. */
  readonly jwks: JWKS
  /** The secret of a newer client, which has no key: client_secret_post takes the place of private_key_jwt. */
  readonly clientSecret?: string
  readonly clientId?: string
  /** How the consent page names the app. */
  readonly clientName?: string
  readonly port?: number
}

const scopes = scopeTexts.stitch

const tokenPath = '/connect/token'
const jwksPath = '/.well-known/openid-configuration/jwks'
const endpoints: Readonly<Record<string, Endpoint>> = {
  [tokenPath]: 'token',
  '/.well-known/openid-configuration': 'discovery',
  [jwksPath]: 'jwks',
  '/graphql': 'api',
}

/**
 * Opens a bank behind Stitch SSO: a confidential client with private_key_jwt or a secret, partial grants, single-use refresh
 * tokens, and a cancelled authorization that comes back with nothing but its state.
 */
export function startStitch(options: StitchOptions): Promise<Bank<StitchBehaviour, OidcAction>> {
  const client = toClient(options)
  const origins = options.redirectUris.map((uri) => new URL(uri).origin)
  return startOidcBank<StitchBehaviour>({
    id: 'stitch',
    theme,
    clientId: client.client_id,
    client,
    scopes,
    fields,
    port: options.port,
    portOption: 'ports.stitch',
    endpoint: (path) => endpoints[path],
    readers: (endpoint) => (endpoint === 'api' ? origins : []),
    accessTokenSeconds: stitchTokenSeconds,
    hooks: ({ origin, control }) => ({
      configuration: { ...configuration, clientAuthMethods: [client.token_endpoint_auth_method] },
      around: chain(
        withoutCors,
        checkTokenRequests(tokenPath, (parameters) => refusalOf(parameters, `${origin}${tokenPath}`)),
      ),
      checkRequest,
      ...createAuthentications(),
      discovery: ({ authorization_response_iss_parameter_supported: _iss, ...document }) => document,
      routes: (provider) => {
        const graphql = createGraphql(theme, origin, options.redirectUris, () => control.take('interaction'))
        return {
          ...graphql.routes,
          '/graphql': serveApi({
            method: 'POST',
            origins,
            credentials: true,
            findAccess: accessFrom(provider),
            answer: graphql.answer,
            refusal: () => graphql.unauthenticated,
          }),
        }
      },
    }),
  })
}

const configuration: Configuration = {
  routes: {
    authorization: '/connect/authorize',
    token: tokenPath,
    jwks: jwksPath,
  },
  rotateRefreshToken: true,
  ttl: { IdToken: 300 },
  features: { userinfo: { enabled: false } },
}

function toClient({ clientId, clientName, clientSecret, redirectUris, jwks }: StitchOptions) {
  return {
    client_id: clientId ?? 'test-4e1f2a86-7b0d-4c55-9a0e-6d8b3c2f1e90',
    client_name: clientName ?? 'Countersign demo',
    redirect_uris: redirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...(clientSecret === undefined
      ? { token_endpoint_auth_method: 'private_key_jwt' as const, jwks }
      : { token_endpoint_auth_method: 'client_secret_post' as const, client_secret: clientSecret }),
  } satisfies ClientMetadata
}

function checkRequest(parameters: Readonly<Record<string, unknown>>): void {
  throwObjection(objectToStitchRequest(parameters))
}

/** Seconds that the documentation's own assertion lives; it advises a lot less. */
const longestAssertionSeconds = 300

/** Documented: what a token request must have, and an assertion for this endpoint that is about to end. */
function refusalOf(
  parameters: Readonly<Record<string, string>>,
  tokenEndpoint: string,
): TokenRefusal | undefined {
  const redeems = parameters['grant_type'] === 'authorization_code'
  const { client_assertion: assertion } = parameters
  return (
    missing(parameters, ['client_id', ...(redeems ? ['redirect_uri', 'code_verifier'] : [])]) ??
    (assertion === undefined
      ? undefined
      : unacceptableAssertion(assertion, tokenEndpoint, longestAssertionSeconds))
  )
}

/** The token endpoint is for backends: it knows nothing of CORS, so that a page cannot read what it answers. */
const withoutCors: Middleware = async (ctx, next) => {
  if (ctx.path !== tokenPath) return next()
  if (ctx.method === 'OPTIONS') {
    ctx.status = 405
    return undefined
  }
  delete ctx.req.headers.origin
  await next()
  ctx.remove('access-control-allow-origin')
  return undefined
}

/** What the bank remembers of an authorization for the ID Token of its code. */
interface Authentication {
  readonly state: string
  readonly sid: string
}

/** The redirect back and the ID Token, which carries a hash of its state. */
function createAuthentications(): Pick<OidcHooks, 'redirect' | 'idToken'> {
  const byGrant = new Map<string, Authentication>()
  return {
    redirect(parameters, ctx) {
      const state = parameters.get('state') ?? ''
      // As documented: cancelling returns the state alone, without an error; a refusal is an ordinary error.
      const error = parameters.get('error')
      if (error === 'access_denied' && parameters.get('error_description')?.includes('cancel')) {
        return new URLSearchParams({ state })
      }
      const code = parameters.get('code')
      const { grant } = ctx.oidc
      if (code === null || !grant) return withoutIss(parameters)
      byGrant.set(grant.jti, { state, sid: randomId() })
      const scope = grant.getOIDCScopeFiltered(ctx.oidc.requestParamOIDCScopes)
      return new URLSearchParams({ code, scope, state, session_state: `${randomId()}.${randomUUID()}` })
    },
    idToken(claims, response, ctx) {
      const { nonce, iat = 0, exp, iss, aud } = claims
      const sub = `user/${String(aud)}/fynbos/${findPerson(claims.sub ?? '')?.uuid ?? ''}`
      const source = ctx.oidc.authorizationCode ?? ctx.oidc.refreshToken
      const common = { nbf: iat, exp, iss, aud, iat, at_hash: halfHash(response.access_token) }
      const person = { sub, auth_time: source?.authTime ?? iat, idp: 'local', amr: ['pwd'] }
      const authentication = byGrant.get(ctx.oidc.grant?.jti ?? '')
      // A refreshed ID Token has neither nonce nor s_hash nor sid.
      if (!ctx.oidc.authorizationCode || !authentication) return defined({ ...common, ...person })
      const { state, sid } = authentication
      return defined({ ...common, nonce, s_hash: halfHash(state), sid, ...person })
    },
  }
}

function withoutIss(parameters: URLSearchParams): URLSearchParams {
  const others = new URLSearchParams(parameters)
  others.delete('iss')
  return others
}

function defined(claims: Record<string, unknown>): JWTPayload {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}

/** OpenID Connect Core §3.1.3.6: the left half of the hash. */
function halfHash(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')
}

function randomId(): string {
  return randomBytes(16).toString('base64url')
}
