import { decodeJwt, type JWK } from 'jose'
import type { ClientMetadata, Configuration, Provider } from 'oidc-provider'
import { serveApi } from '../../../demo/banks/api.js'
import type { Bank } from '../../../demo/banks/bank.js'
import { createServerCertificate } from '../../../demo/banks/certificates.js'
import { sendJson, type Handler } from '../../../demo/banks/http.js'
import { certificateEndpoints, certificateFeature, mutualTls } from '../../../demo/banks/mutual-tls.js'
import { oidcFields, type OidcAction, type OidcBehaviour } from '../../../demo/banks/oidc-setup.js'
import { startOidcBank } from '../../../demo/banks/oidc.js'
import { presentedCertificate } from '../../../demo/banks/requests.js'
import { juniper as theme } from '../../../demo/banks/themes.js'
import { scopeTexts } from '../../../src/testing/quirks/scopes.js'

/** Options of {@link startFapiBank}. */
export interface FapiBankOptions {
  readonly redirectUri: string
  /** How the client authenticates. */
  readonly method: 'private_key_jwt' | 'self_signed_tls_client_auth'
  /** Public keys of the client; that of a certificate has it as `x5c`. */
  readonly jwks: { readonly keys: readonly JWK[] }
  /** Form of access tokens. Only a JWT says what it is bound to. @defaultValue `jwt` */
  readonly accessTokens?: 'jwt' | 'opaque'
  /** What access tokens are bound to; with `key` there is no port for mutual TLS. @defaultValue `certificate` */
  readonly boundTo?: 'certificate' | 'key'
}

/** A bank that keeps to FAPI 2.0. */
export interface FapiBank extends Bank<OidcBehaviour, OidcAction> {
  /** The base of the API, with a slash at its end. */
  readonly api: string
  /** The origin of the endpoints for mutual TLS. */
  readonly secureOrigin: string
  /** The certificate of those endpoints, to be trusted: PEM. */
  readonly ca: string
  /** Has proofs carry the bank's nonce from now on. */
  readonly demandNonces: () => void
}

const scopes = scopeTexts.standard

const mount = '/fapi'

/**
 * Opens a bank on a real oidc-provider with its FAPI 2.0 profile on: pages on one port, everything else over mutual TLS on another,
 * which `mtls_endpoint_aliases` names; or everything on one port, with tokens bound to a DPoP key.
 */
export async function startFapiBank(options: FapiBankOptions): Promise<FapiBank> {
  const certificate = await createServerCertificate()
  const isByKey = options.boundTo === 'key'
  let secureOrigin = ''
  let demandsNonce = false
  const bank = await startOidcBank<OidcBehaviour>({
    id: 'fapi',
    theme,
    mount,
    clientId: 'fapi-client',
    client: toClient(options),
    scopes,
    fields: oidcFields,
    portOption: 'none',
    signingAlgorithm: 'ES256',
    endpoint: () => undefined,
    async hooks({ origin, listenAlso }) {
      if (isByKey) {
        secureOrigin = origin
        return {
          configuration: configure(`${origin}${mount}/`, options, () => demandsNonce),
          discovery: (document) => ({ ...document, ...endpointsAt(origin) }),
          grant(grant) {
            grant.addResourceScope(`${origin}${mount}/`, grant.getOIDCScope())
          },
          routes: (provider) => ({ [`${mount}/accounts`]: serveByProof(provider, () => demandsNonce) }),
        }
      }
      secureOrigin = (await listenAlso({ portOption: 'none', tls: mutualTls(certificate) })).origin
      return {
        configuration: configure(`${secureOrigin}${mount}/`, options),
        discovery: (document) => ({
          ...document,
          ...endpointsAt(origin),
          mtls_endpoint_aliases: endpointsAt(secureOrigin),
        }),
        grant(grant) {
          grant.addResourceScope(`${secureOrigin}${mount}/`, grant.getOIDCScope())
        },
        routes: (provider) => ({
          [`${mount}/accounts`]: serveAccounts((token) =>
            provider.AccessToken.find(token).then((found) => found?.['x5t#S256']),
          ),
        }),
      }
    },
  })
  const demandNonces = () => {
    demandsNonce = true
  }
  return { ...bank, secureOrigin, api: `${secureOrigin}${mount}/`, ca: certificate.cert, demandNonces }
}

const endpointsAt = (origin: string) =>
  certificateEndpoints(origin + mount, { token: '/token', revocation: '/revoke' })

function configure(
  api: string,
  { method, accessTokens = 'jwt', boundTo = 'certificate' }: FapiBankOptions,
  demandsNonce: () => boolean = () => false,
): Configuration {
  return {
    routes: { pushed_authorization_request: '/par', revocation: '/revoke', token: '/token' },
    clientAuthMethods: [method],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'], clientAuthSigningAlgValues: ['ES256'] },
    rotateRefreshToken: false,
    features: {
      fapi: { enabled: true, profile: '2.0' },
      userinfo: { enabled: false },
      revocation: { enabled: true },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      dPoP: { enabled: boundTo === 'key', nonceSecret: Buffer.alloc(32, 7), requireNonce: demandsNonce },
      mTLS: { ...certificateFeature, enabled: boundTo === 'certificate' },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: Object.keys(scopes).join(' '),
          accessTokenFormat: accessTokens,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  }
}

function toClient({ redirectUri, method, jwks, boundTo = 'certificate' }: FapiBankOptions) {
  return {
    client_id: 'fapi-client',
    client_name: 'Countersign test',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: Object.keys(scopes).join(' '),
    token_endpoint_auth_method: method,
    ...(method === 'private_key_jwt' && { token_endpoint_auth_signing_alg: 'ES256' as const }),
    ...(boundTo === 'certificate'
      ? { tls_client_certificate_bound_access_tokens: true }
      : { dpop_bound_access_tokens: true }),
    require_pushed_authorization_requests: true,
    id_token_signed_response_alg: 'ES256',
    jwks: { keys: [...jwks.keys] },
  } satisfies ClientMetadata
}

/** An API that wants a proof of the key to which the token is bound. */
const serveByProof = (provider: Provider, demandsNonce: () => boolean): Handler =>
  serveApi({
    method: 'GET',
    origins: [],
    demandsNonce,
    async findAccess(token) {
      const claims = token.includes('.') ? decodeJwt(token) : undefined
      const found = claims ? undefined : await provider.AccessToken.find(token)
      const { jkt: thumbprint } = claims ? (claims['cnf'] as { readonly jkt: string }) : { jkt: found?.jkt }
      return thumbprint === undefined ? undefined : { scopes: new Set<string>(), thumbprint }
    },
    answer: () => ({ status: 200, body: { accounts: [{ id: '1' }] } }),
  })

/** An API that wants the certificate to which the token is bound. @param find The binding of a token that is no JWT. */
const serveAccounts =
  (find: (token: string) => Promise<string | undefined>): Handler =>
  async (request, response) => {
    const [, token = ''] = /^bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    const bound = token.includes('.')
      ? (decodeJwt(token)['cnf'] as { readonly 'x5t#S256'?: string } | undefined)?.['x5t#S256']
      : await find(token)
    if (bound !== undefined && bound === presentedCertificate(request))
      sendJson(response, 200, { accounts: [{ id: '1' }] })
    else sendJson(response, 401, { error: 'invalid_token' })
  }
