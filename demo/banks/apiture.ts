import type { ClientMetadata } from 'oidc-provider'
import { accessFrom, serveApi, type ApiAnswer } from './api.js'
import type { Bank, Endpoint } from './bank.js'
import type { Fields } from './control.js'
import { pageHeaders } from './http.js'
import {
  errorPage,
  errors,
  oidcFields,
  routeOf,
  startOidcBank,
  type Middleware,
  type OidcAction,
  type OidcBehaviour,
} from './oidc.js'
import type { ScopeText } from './pages.js'
import type { Theme } from './theme.js'

/** What this bank can be told to do. */
export interface ApitureBehaviour extends OidcBehaviour {
  readonly rotate?: boolean
  readonly fourProperties?: boolean
  readonly dpopNonce?: boolean
}

const fields: Fields<ApitureBehaviour> = {
  ...oidcFields,
  rotate: 'false keeps a refresh token alive when it is used',
  fourProperties: 'true leaves id_token and scope out of token responses, as the documentation lists them',
  dpopNonce: 'true demands a nonce of the server in DPoP proofs at the token endpoint',
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

const theme: Theme = {
  name: 'Tern Harbor Community Bank',
  tagline: 'Online banking, since 1911 at the waterfront',
  accent: '#0b5563',
  accentOnDark: '#7fd0de',
  font: 'serif',
  radius: '2px',
  words: {
    signInTitle: 'Sign in to online banking',
    signInText: 'Please enter the user name and password of your Tern Harbor account.',
    consentTitle: (app) => `${app} requests access`,
    consentText: (person) => `You are signed in as ${person}. Please review what will be shared.`,
  },
}

const scopes: Readonly<Record<string, ScopeText>> = {
  openid: { text: 'know that it is you' },
  'banking/read': { text: 'see your accounts and their balances' },
  'banking/write': { text: 'change your accounts' },
  profile: { text: 'see your name' },
  email: { text: 'see your e-mail address' },
  offline_access: { text: 'stay connected when you are away' },
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/oidc/token': 'token',
  '/oidc/revoke': 'revocation',
  '/oidc/.well-known/openid-configuration': 'discovery',
  '/banking/accounts': 'api',
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
    checkRequest,
    around: refuseWithPage,
    tokenResponse: ({ id_token, scope, ...response }) => ({
      ...response,
      token_type: response['token_type'] === 'Bearer' ? 'Bearer:' : response['token_type'],
      ...{ id_token, scope },
    }),
    configuration: ({ control }) => ({
      routes: {
        authorization: '/authorize',
        token: '/token',
        jwks: '/jwks',
        userinfo: '/userinfo',
        revocation: '/revoke',
      },
      clientAuthMethods: ['none'],
      pkce: { required: () => true },
      claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
      rotateRefreshToken: () => control.take('rotate') ?? true,
      features: {
        revocation: { enabled: true },
        dPoP: { enabled: options.dpop ?? false },
      },
    }),
    routes: (provider) => ({
      '/banking/accounts': serveApi({
        method: 'GET',
        origins,
        findAccess: accessFrom(provider),
        answer: ({ person, scopes: granted }) =>
          granted.has('banking/read') ? accountsOf(person.id) : missingScope,
      }),
    }),
  })
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

function checkRequest({ scope, state }: Readonly<Record<string, unknown>>): void {
  if (typeof scope !== 'string' || !scope.split(' ').includes('openid')) {
    throw new errors.InvalidScope('the list must include the openid scope', 'openid')
  }
  if (state === undefined) throw new errors.InvalidRequest('state is missing')
}

/** Documented: an invalid authorization request fails with a 4XX error, and the app never hears of it. */
const refuseWithPage: Middleware = async (ctx, next) => {
  await next()
  if (routeOf(ctx) !== 'authorization') return
  const error = errorOf(ctx.response.get('location'))
  if (error === undefined) return
  ctx.response.remove('location')
  ctx.status = 400
  ctx.set(pageHeaders)
  ctx.body = errorPage({ theme }, 400, error.error, error.description)
}

/** Errors for an unusable response_type arrive in the fragment. */
function errorOf(location: string): { error: string; description: string } | undefined {
  if (!URL.canParse(location)) return undefined
  const { searchParams, hash } = new URL(location)
  const parameters = searchParams.has('error') ? searchParams : new URLSearchParams(hash.slice(1))
  const error = parameters.get('error')
  return error === null ? undefined : { error, description: parameters.get('error_description') ?? '' }
}

const missingScope: ApiAnswer = {
  status: 403,
  body: { error: 'insufficient_scope' },
  headers: { 'www-authenticate': 'Bearer realm="api", error="insufficient_scope", scope="banking/read"' },
}

function accountsOf(person: string): ApiAnswer {
  return { status: 200, body: { items: accounts[person] ?? [] } }
}

const accounts: Readonly<Record<string, readonly object[]>> = {
  ada: [
    account('chk-4417', 'Everyday Checking', 'checking', '4417', '2841.07'),
    account('sav-9032', 'Rainy Day Savings', 'savings', '9032', '15200.00'),
  ],
  grace: [
    account('chk-1906', 'Harbor Checking', 'checking', '1906', '630.55'),
    account('cd-1959', '12-Month Certificate', 'cd', '1959', '40000.00'),
    account('loc-0952', 'Home Equity Line', 'lineOfCredit', '0952', '-8120.40'),
  ],
}

function account(id: string, name: string, type: string, lastDigits: string, current: string) {
  return { id, name, type, maskedNumber: `*${lastDigits}`, balance: { current, currency: 'USD' } }
}
