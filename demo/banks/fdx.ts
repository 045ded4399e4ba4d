import { UnsecuredJWT, decodeJwt } from 'jose'
import { randomUUID } from 'node:crypto'
import type { ClientMetadata, Configuration, Grant, Interaction, JWKS, Provider } from 'oidc-provider'
import type { Bank, Endpoint, Foundation } from './bank.js'
import { createServerCertificate, type Certificate } from './certificates.js'
import type { Fields } from './control.js'
import { createConsents, type Consents } from './fdx-consents.js'
import { accountsOf } from './fdx-accounts.js'
import { serveFdxApi } from './fdx-api.js'
import { consentChoices, readChoices } from './fdx-consent-page.js'
import { checkDetail, readConsentRequest } from './fdx-details.js'
import { certificateEndpoints, certificateFeature, mutualTls } from './mutual-tls.js'
import { errors } from './oidc-provider.js'
import {
  oidcFields,
  routeOf,
  type Context,
  type Middleware,
  type OidcAction,
  type OidcBehaviour,
  type OidcHooks,
  type TokenResponse,
} from './oidc-setup.js'
import { startOidcBank } from './oidc.js'
import { fdxDetailType, type ConsentDetail, type GrantedResource } from '../../src/testing/quirks/fdx.js'
import { scopeTexts } from '../../src/testing/quirks/scopes.js'
import { findPerson, people } from './people.js'
import { foxglove as theme } from './themes.js'

/** What this bank can be told to do. */
export interface FdxBehaviour extends OidcBehaviour {
  readonly rejected?: boolean
  readonly urlScope?: boolean
  readonly requestUriSeconds?: number
  readonly clientConsents?: boolean
}

const fields: Fields<FdxBehaviour> = {
  ...oidcFields,
  rejected: 'true answers a denial with error=rejected, error_cause and trace_id instead of access_denied',
  urlScope: 'true adds the scope on the authorization URL to the pushed request, as the tutorial expects',
  clientConsents: 'true opens consents to the token that the app gets for itself, and not to a person’s',
  requestUriSeconds: 'how long request URIs live; 0 makes one that has expired already',
}

/** Options of {@link startFdx}. */
export interface FdxOptions {
  readonly redirectUris: readonly string[]
  /** The client's certificate, as `x5c` of a public key. */
  readonly jwks: { readonly keys: readonly object[] }
  readonly clientId?: string
  /** How the consent page names the app. */
  readonly clientName?: string
  readonly port?: number
  /** PKCE is required and ID Tokens are signed with PS256, as FAPI 2.0 has it. @defaultValue false */
  readonly fapi?: boolean
}

/** This bank, with what a client over mutual TLS needs. */
export interface FdxBank extends Bank<FdxBehaviour, OidcAction> {
  /** The base of the consent and account API, with a slash at its end. */
  readonly api: string
  /** The certificate of the TLS listener, to be trusted: PEM. */
  readonly ca: string
}

const scopes = scopeTexts.fdx

const mount = '/foxglove/fdx'

/**
 * Opens a data provider behind Cloudentity: pushed requests with a consent as authorization details, a client that is its
 * certificate, tokens bound to it, and a consent API. Pages are served in plain on one port, everything else over mutual
 * TLS on another, which `mtls_endpoint_aliases` names.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705.html#section-5
 */
export async function startFdx(options: FdxOptions): Promise<FdxBank> {
  const certificate = await createServerCertificate()
  const client = toClient(options)
  const { fapi = false } = options
  let secureOrigin = ''
  const bank = await startOidcBank<FdxBehaviour>({
    id: 'fdx',
    theme,
    clientId: client.client_id,
    client,
    scopes,
    fields,
    port: options.port,
    portOption: 'ports.fdx',
    mount,
    signingAlgorithm: fapi ? 'PS256' : 'RS256',
    endpoint: endpointOf,
    hooks: async (foundation) => {
      secureOrigin = (await openSecureListener(foundation, certificate)).origin
      return createHooks(foundation, secureOrigin, client.client_name, fapi)
    },
  })
  return { ...bank, api: `${secureOrigin}${mount}/`, ca: certificate.cert }
}

function openSecureListener({ listenAlso }: Foundation<FdxBehaviour>, certificate: Certificate) {
  return listenAlso({ portOption: 'ports.fdx', tls: mutualTls(certificate) })
}

function endpointOf(path: string): Endpoint | undefined {
  const own = path.startsWith(`${mount}/`) ? path.slice(mount.length) : ''
  if (/^\/(?:consents\/|accounts(?:$|\/))/.test(own)) return 'api'
  return {
    '/par': 'par',
    '/oauth2/token': 'token',
    '/oauth2/revoke': 'revocation',
    '/.well-known/openid-configuration': 'discovery',
    '/.well-known/jwks.json': 'jwks',
  }[own] as Endpoint | undefined
}

function createHooks(
  { origin, control }: Foundation<FdxBehaviour>,
  secureOrigin: string,
  clientName: string,
  fapi: boolean,
): OidcHooks {
  const consents = createConsents()
  const api = `${secureOrigin}${mount}/`
  return {
    configuration: configure(api, fapi),
    around: shapeRequests(control),
    checkRequest,
    consent: (interaction) =>
      consentChoices(
        readConsentRequest(interaction.params['authorization_details']),
        accountsOf(personOf(interaction)),
      ),
    grant: (grant, interaction, form) => {
      addToGrant(grant, interaction, form, api)
    },
    redirect: (parameters) =>
      parameters.get('error') === 'access_denied' && control.take('rejected')
        ? rejected(parameters)
        : parameters,
    tokenResponse: (response, ctx) => withGrantId(response, ctx, consents, clientName),
    discovery: (document) => toDiscovery(document, origin, secureOrigin),
    routes: (provider) => {
      const handler = serveFdxApi(
        provider,
        consents,
        `${mount}/`,
        () => control.peek('clientConsents') ?? false,
      )
      return {
        [`${mount}/consents/*`]: handler,
        [`${mount}/accounts`]: handler,
        [`${mount}/accounts/*`]: handler,
      }
    },
  }
}

function configure(api: string, fapi: boolean): Configuration {
  return {
    routes: {
      authorization: '/oauth2/authorize',
      token: '/oauth2/token',
      pushed_authorization_request: '/par',
      revocation: '/oauth2/revoke',
      jwks: '/.well-known/jwks.json',
    },
    clientAuthMethods: ['self_signed_tls_client_auth'],
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256'] },
    pkce: { required: () => fapi },
    rotateRefreshToken: true,
    features: {
      userinfo: { enabled: false },
      revocation: { enabled: true },
      clientCredentials: { enabled: true },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      mTLS: certificateFeature,
      // Authorization details need a resource they are about: the data provider's API.
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: Object.keys(scopes).join(' '), accessTokenFormat: 'opaque' }),
      },
      richAuthorizationRequests: {
        enabled: true,
        types: {
          [fdxDetailType]: {
            validate: (_ctx, detail) => {
              checkDetail(detail)
            },
          },
        },
        authorizationDetailsForGrantSource: (ctx) => ctx.oidc.grant?.rar,
        authorizationDetailsForAccessToken: (_ctx, _token, source) => source?.rar,
        authorizationDetailsForIntrospection: (_ctx, token) => token.rar,
      },
    },
  }
}

function toClient({ clientId, clientName, redirectUris, jwks, fapi }: FdxOptions) {
  return {
    client_id: clientId ?? 'c9f1b2d07a6e4f53',
    client_name: clientName ?? 'Countersign demo',
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    scope: Object.keys(scopes).join(' '),
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    tls_client_certificate_bound_access_tokens: true,
    require_pushed_authorization_requests: true,
    authorization_details_types: [fdxDetailType],
    id_token_signed_response_alg: fapi ? 'PS256' : 'RS256',
    jwks: jwks as JWKS,
  } satisfies ClientMetadata
}

function checkRequest({ scope, authorization_details }: Readonly<Record<string, unknown>>): void {
  const unknown = valuesOf(scope).find((value) => !(value in scopes))
  if (unknown !== undefined)
    throw new errors.InvalidScope('the scope is not allowed for this client', unknown)
  if (authorization_details === undefined) {
    throw new errors.InvalidAuthorizationDetails('a consent request is required')
  }
}

const valuesOf = (scope: unknown): string[] =>
  typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []

/** Shortens the life of a request URI, and adds the scope of an authorization URL, where the control says so. */
function shapeRequests(control: Foundation<FdxBehaviour>['control']): Middleware {
  return async (ctx, next) => {
    const { scope, request_uri } = ctx.query
    if (typeof scope === 'string' && typeof request_uri === 'string' && control.take('urlScope')) {
      await addScope(ctx.app as unknown as Provider, request_uri, scope)
    }
    await next()
    const seconds =
      ctx.status === 201 && routeOf(ctx) === 'pushed_authorization_request'
        ? control.take('requestUriSeconds')
        : undefined
    if (seconds === undefined) return
    await ctx.oidc.entities.PushedAuthorizationRequest?.save(seconds)
    // RFC 9126 §2.2: a positive number, whatever happens.
    ctx.body = { ...(ctx.body as object), expires_in: Math.max(seconds, 1) }
  }
}

async function addScope(provider: Provider, requestUri: string, scope: string): Promise<void> {
  const pushed = await provider.PushedAuthorizationRequest.find(requestUri.split(':').at(-1) ?? '')
  if (!pushed) return
  const claims = decodeJwt(pushed.request)
  const both = new Set([...valuesOf(claims['scope']), ...valuesOf(scope)])
  pushed.request = new UnsecuredJWT({ ...claims, scope: [...both].join(' ') }).encode()
  await pushed.save(60)
}

const personOf = ({ result }: Interaction): string => result?.login?.accountId ?? people[0].id

/** Grants the scopes for the API, and the consent as the person has ticked it. */
function addToGrant(grant: Grant, interaction: Interaction, form: URLSearchParams, api: string): void {
  grant.addResourceScope(api, grant.getOIDCScope())
  grant.rejectResourceScope(api, grant.getRejectedOIDCScope())
  const requested = readConsentRequest(interaction.params['authorization_details'])
  if (!requested) return
  const resources = readChoices(requested, accountsOf(grant.accountId ?? personOf(interaction)), form)
  grant.addRar({ type: fdxDetailType, consentRequest: { ...requested, resources } })
}

/** Public reference pages of the platform reject so; apps are told to expect either. */
function rejected(parameters: URLSearchParams): URLSearchParams {
  const answer = new URLSearchParams(parameters)
  answer.set('error', 'rejected')
  answer.set('error_description', 'The user rejected the authentication.')
  answer.set('error_cause', 'consent_rejected')
  answer.set('trace_id', randomUUID())
  return answer
}

function withGrantId(
  response: TokenResponse,
  ctx: Context,
  consents: Consents,
  clientName: string,
): TokenResponse {
  const { grant } = ctx.oidc
  const answer = { ...response, token_type: 'bearer' }
  const detail = grant?.rar?.[0] as unknown as ConsentDetail<GrantedResource> | undefined
  if (!grant || !detail) return answer
  consents.open({ id: grant.jti, person: grant.accountId ?? '', clientId: grant.clientId ?? '', detail }, [
    { name: clientName, type: 'DATA_RECIPIENT' },
    { name: theme.name, type: 'DATA_PROVIDER' },
    { name: findPerson(grant.accountId ?? '')?.name ?? '', type: 'INDIVIDUAL' },
  ])
  return { ...answer, grant_id: grant.jti }
}

function toDiscovery(
  document: Record<string, unknown>,
  origin: string,
  secureOrigin: string,
): Record<string, unknown> {
  const at = (base: string) =>
    certificateEndpoints(base + mount, { token: '/oauth2/token', revocation: '/oauth2/revoke' })
  return {
    ...document,
    ...at(origin),
    mtls_issuer: `${secureOrigin}${mount}`,
    mtls_endpoint_aliases: at(secureOrigin),
  }
}
