import { randomBytes } from 'node:crypto'
import type { ClientMetadata, Configuration } from 'oidc-provider'
import { accessFrom, serveApi, type Access, type ApiAnswer } from './api.js'
import { answerAccounts, answerTransactions } from './apiture-accounts.js'
import type { Bank, Endpoint } from './bank.js'
import type { Fields, ReadableControl } from './control.js'
import { showError } from './oidc-configuration.js'
import { errors } from './oidc-provider.js'
import {
  chain,
  locationOf,
  oidcFields,
  routeOf,
  type Context,
  type Middleware,
  type OidcAction,
  type OidcBehaviour,
  type TokenResponse,
} from './oidc-setup.js'
import { startOidcBank } from './oidc.js'
import { toApitureTokenType } from '../../src/testing/quirks/apiture.js'
import { scopeTexts } from '../../src/testing/quirks/scopes.js'
import { ternHarbor as theme } from './themes.js'
import { checkTokenRequests, missing } from './token-requests.js'

/** What this bank can be told to do. */
export interface ApitureBehaviour extends OidcBehaviour {
  readonly rotate?: boolean
  readonly fourProperties?: boolean
  readonly dpopNonce?: boolean
  readonly refuseRequest?: boolean
  readonly withoutCors?: boolean
}

const fields: Fields<ApitureBehaviour> = {
  ...oidcFields,
  rotate: 'false keeps a refresh token alive when it is used',
  fourProperties: 'true leaves id_token and scope out of token responses, as the documentation lists them',
  dpopNonce: 'true demands a nonce of the server in DPoP proofs, at the token endpoint and at the API',
  refuseRequest: 'true answers the next authorization request with an error page, as an unregistered one',
  withoutCors: 'true hides the next answer of the token endpoint from every page',
}

/** Options of {@link startApiture}. */
export interface ApitureOptions {
  readonly redirectUris: readonly string[]
  readonly clientId?: string
  /** How the consent page names the app. */
  readonly clientName?: string
  readonly port?: number
  /** The client's access tokens are bound to its DPoP key (RFC 9449). */
  readonly dpop?: boolean
}

const scopes = scopeTexts.apiture

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/oidc/token': 'token',
  '/oidc/revoke': 'revocation',
  '/oidc/.well-known/openid-configuration': 'discovery',
  '/oidc/jwks': 'jwks',
  '/banking/accounts': 'api',
  '/banking/transactions': 'api',
}

/**
 * Opens a bank on the Apiture platform: a public client, an issuer with a trailing slash, `token_type` `Bearer:`, and
 * error pages where others redirect.
 */
export function startApiture(options: ApitureOptions): Promise<Bank<ApitureBehaviour, OidcAction>> {
  const client = toClient(options)
  const origins = options.redirectUris.map((uri) => new URL(uri).origin)
  return startOidcBank<ApitureBehaviour>({
    id: 'apiture',
    theme,
    clientId: client.client_id,
    client,
    scopes,
    fields,
    port: options.port,
    portOption: 'ports.apiture',
    mount: '/oidc',
    issuer: (origin) => `${origin}/oidc/`,
    endpoint: (path) => endpoints[path],
    readers: () => origins,
    keepsCancelled: true,
    hooks: ({ control }) => ({
      configuration: configure(control, options.dpop ?? false),
      around: chain(
        refuseWithPage(control),
        checkTokenRequests(
          '/token',
          (parameters) =>
            missing(parameters, requiredOf[parameters['grant_type'] ?? ''] ?? ['grant_type', 'client_id']),
          origins,
        ),
      ),
      checkRequest: (parameters) => {
        checkRequest(parameters, control)
      },
      tokenResponse: (response) => shapeResponse(response, control.take('fourProperties') ?? false),
      routes: (provider) => {
        const serve = (answer: (access: Access) => ApiAnswer) =>
          serveApi({
            method: 'GET',
            origins,
            findAccess: accessFrom(provider),
            demandsNonce: () => control.peek('dpopNonce') ?? false,
            answer,
          })
        return {
          '/banking/accounts': serve(answerAccounts),
          '/banking/transactions': serve(answerTransactions),
        }
      },
    }),
  })
}

function configure(control: ReadableControl<ApitureBehaviour>, dpop: boolean): Configuration {
  return {
    routes: {
      authorization: '/authorize',
      token: '/token',
      jwks: '/jwks',
      userinfo: '/userinfo',
      revocation: '/revoke',
    },
    clientAuthMethods: ['none'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    rotateRefreshToken: () => control.take('rotate') ?? true,
    features: {
      revocation: { enabled: true },
      dPoP: {
        enabled: dpop,
        nonceSecret: randomBytes(32),
        requireNonce: () => control.peek('dpopNonce') ?? false,
      },
    },
  }
}

/** Documented: there are four properties. */
function shapeResponse({ id_token, scope, ...four }: TokenResponse, onlyFour: boolean): TokenResponse {
  return {
    ...four,
    token_type: toApitureTokenType(four['token_type']),
    ...(onlyFour ? {} : { id_token, scope }),
  }
}

function toClient({ clientId, clientName, redirectUris, dpop }: ApitureOptions) {
  return {
    client_id: clientId ?? 'countersign-demo',
    client_name: clientName ?? 'Countersign demo',
    redirect_uris: redirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    ...(dpop ? { dpop_bound_access_tokens: true } : {}),
  } satisfies ClientMetadata
}

function checkRequest(
  { scope, state }: Readonly<Record<string, unknown>>,
  control: ReadableControl<ApitureBehaviour>,
): void {
  if (control.take('refuseRequest')) throw new errors.InvalidRequest('redirect_uri is not the registered one')
  if (typeof scope !== 'string' || !scope.split(' ').includes('openid')) {
    throw new errors.InvalidScope('the list must include the openid scope', 'openid')
  }
  if (state === undefined) throw new errors.InvalidRequest('state is missing')
}

/** Documented: what a token request must have. */
const requiredOf: Readonly<Record<string, readonly string[]>> = {
  authorization_code: ['client_id', 'code', 'code_verifier', 'redirect_uri'],
  refresh_token: ['client_id', 'refresh_token'],
}

/** Documented: an invalid authorization request fails with a 4XX error, and the app never hears of it. */
const refuseWithPage =
  (control: ReadableControl<ApitureBehaviour>): Middleware =>
  async (ctx, next) => {
    const hidden = ctx.path === '/token' && ctx.method === 'POST' && control.take('withoutCors')
    if (hidden) delete ctx.req.headers.origin
    // A page that posts an error to the app would be a redirect by other means.
    if (ctx.query['response_mode'] === 'form_post') refuse(ctx, 'invalid_request', 'unknown response_mode')
    else await next()
    if (hidden) ctx.remove('access-control-allow-origin')
    const error = routeOf(ctx) === 'authorization' ? errorOf(locationOf(ctx)) : undefined
    if (error) refuse(ctx, error.error, error.description)
  }

function refuse(ctx: Context, error: string, description: string): void {
  ctx.response.remove('location')
  ctx.status = 400
  showError(ctx, theme, error, description)
}

/** Errors for an unusable response_type arrive in the fragment. */
function errorOf(location: URL | undefined): { error: string; description: string } | undefined {
  const fragment = location?.hash.slice(1)
  const parameters = location?.searchParams.has('error')
    ? location.searchParams
    : new URLSearchParams(fragment)
  const error = parameters.get('error')
  return error === null ? undefined : { error, description: parameters.get('error_description') ?? '' }
}
