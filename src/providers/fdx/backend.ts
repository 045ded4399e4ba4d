import * as oauth from 'oauth4webapi'
import type {
  BackendProvider,
  HeldConnection,
  ProviderContext,
  ProviderGrant,
  ResourceRoute,
} from '../../backend/provider.js'
import { buildAuthorizationUrl } from '../../protocol/authorization-request.js'
import { buildCodeRequest } from '../../protocol/code-request.js'
import type { Json, JsonObject } from '../../protocol/contract.js'
import { ValidationError } from '../../protocol/errors.js'
import type { Fetch } from '../../protocol/http.js'
import { cacheMetadata } from '../../protocol/metadata-cache.js'
import { discover, type ServerMetadata } from '../../protocol/metadata.js'
import { pushAuthorizationRequest } from '../../protocol/pushed-authorization.js'
import {
  redeemCode,
  refreshTokens,
  requestClientCredentials,
  type CheckedTokens,
  type TokenEndpoint,
} from '../../protocol/token-endpoint.js'
import { readRedirectUris, readUrl } from '../kit/backend/read-options.js'
import {
  expiryOf,
  fetchConsent,
  isConsentId,
  missingResources,
  readResources,
  revokeConsent,
  toJson,
  type ConsentApi,
} from './consent.js'
import {
  checkTemplates,
  chooseConsent,
  type FdxConsentRequest,
  type FdxConsentTemplates,
} from './consent-request.js'
import { consentDetailType, type FdxInitiator, type FdxResource, type FdxRevocationReason } from './facts.js'

/** What the backend's {@link fdx} takes. */
export interface FdxBackendOptions {
  /** The client id at the data provider; as in the page. */
  readonly clientId: string
  /** The redirect URI registered at the data provider, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** The data provider's issuer; everything else is in its discovery document. */
  readonly issuer: string
  /** Space-delimited: the most that a page may ask for, and what the data provider allows this client. */
  readonly scope: string
  /** A `fetch` that presents the client's certificate: `mtlsFetch({ cert, key })` of `countersign/backend/node`. */
  readonly fetch: Fetch
  /** Base URL below which `consents/{id}` lies, over mutual TLS; the data provider tells it. */
  readonly api: string
  /** The consents that this backend asks for, by name. Pages choose a name. */
  readonly consents: FdxConsentTemplates
  /** Origins beside those of `issuer` and `api` on which discovered endpoints may lie. @defaultValue none */
  readonly endpointOrigins?: readonly string[]
  /**
   * Whether the scope is repeated on the authorization URL, as Cloudentity's tutorial has it. It is in the pushed request
   * in any case. Not allowed with `fapi`. @defaultValue false
   */
  readonly scopeOnUrl?: boolean
  /**
   * Whether the data provider must keep to FAPI 2.0: certificate-bound tokens, S256 and `iss` announced in its metadata,
   * `iss` in every response, ID Tokens signed with PS256, ES256 or EdDSA. @defaultValue false
   */
  readonly fapi?: boolean
  /**
   * What pages may ask of the API below `api`, beside the connection's own consent (`GET consents/{id}` and its
   * `revocation`). @defaultValue nothing
   */
  readonly routes?: readonly ResourceRoute[]
  /** Who ends a consent on disconnect, and why. @defaultValue the person (`INDIVIDUAL`), by their own `USER_ACTION` */
  readonly revocation?: { readonly reason: FdxRevocationReason; readonly initiator: FdxInitiator }
  /**
   * The scope of a token of the client's own (`client_credentials`) with which a consent is ended when its own token is
   * over, such as `UPDATE_CONSENTS`. @defaultValue none: only the consent's own token is used
   */
  readonly clientScope?: string
  /** The type of authorization details. @defaultValue `fdx_v1.0` */
  readonly detailType?: string
}

/**
 * An FDX data provider at the backend: pushes the consent request, redeems the code and speaks to the consent API, all over
 * mutual TLS. Its certificate-bound tokens stay here.
 *
 * @throws {TypeError} when an option is missing or wrong.
 * @example
 * ```ts
 * import { fdx } from 'countersign/backend'
 * import { mtlsFetch } from 'countersign/backend/node'
 * import { readFileSync } from 'node:fs'
 *
 * const provider = fdx({
 *   clientId: 'c9f1b2d07a6e4f53',
 *   redirectUri: 'https://app.example/callback/fdx',
 *   issuer: 'https://bank.us.authz.cloudentity.io/bank/fdx',
 *   api: 'https://bank.us.authz.cloudentity.io/bank/fdx/',
 *   scope: 'READ_CONSENTS UPDATE_CONSENTS ACCOUNT_BASIC',
 *   fetch: mtlsFetch({ cert: readFileSync('client.crt', 'utf8'), key: readFileSync('client.key', 'utf8') }),
 *   consents: {
 *     budget: {
 *       durationType: 'TIME_BOUND',
 *       durationPeriod: 365,
 *       lookbackPeriod: 60,
 *       resources: [{ resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_BASIC', 'TRANSACTIONS'] }],
 *     },
 *   },
 * })
 * ```
 * @see https://www.rfc-editor.org/rfc/rfc8705.html
 * @see https://www.rfc-editor.org/rfc/rfc9126.html
 * @see https://www.rfc-editor.org/rfc/rfc9396.html
 */
export function fdx(options: FdxBackendOptions): BackendProvider & { readonly mode: 'bff' } {
  const { consents, redirectUri, fetch, detailType = consentDetailType } = options
  const base = readOptions(options)
  const endpointFor = createEndpoint(options)
  const api: ConsentApi = { base, fetch }

  return {
    label: 'FDX',
    mode: 'bff',
    redirectUris: readRedirectUris(redirectUri),
    scope: options.scope,
    fetch,
    input: { consent_request: (choice) => isAllowed(consents, choice) },

    async authorize(setup, context) {
      const consentRequest = chooseConsent(consents, setup.input['consent_request'])
      const endpoint = await endpointFor(context)
      const pushed = await pushAuthorizationRequest(endpoint, {
        ...buildCodeRequest({ ...setup, clientId: options.clientId }),
        authorization_details: JSON.stringify([{ type: detailType, consentRequest }]),
      })
      const url = buildAuthorizationUrl(endpoint.server.authorization_endpoint ?? '', {
        client_id: options.clientId,
        request_uri: pushed.requestUri,
        scope: options.scopeOnUrl ? setup.scope : undefined,
      })
      return {
        url,
        expiresInSeconds: pushed.expiresInSeconds,
        data: { resources: toResourcesJson(consentRequest) },
      }
    },

    async redeem({ code, codeVerifier, state, iss, nonce, redirectUri: redirect_uri, data }, context) {
      const grant = { code, codeVerifier, state, iss, nonce, redirectUri: redirect_uri }
      const tokens = await redeemCode(await endpointFor(context), grant)
      return describe(api, tokens, readResources(data?.['resources']), detailType)
    },

    async refresh({ refreshToken = '', sub }, context) {
      const tokens = await refreshTokens(await endpointFor(context), refreshToken, sub)
      return { tokens, sub: tokens.claims?.sub }
    },

    async revoke(connection, context) {
      const { grant_id: id } = connection.details
      if (!isConsentId(id)) return false
      const { revocation = { reason: 'USER_ACTION', initiator: 'INDIVIDUAL' } } = options
      for (const token of usableTokens(connection, options.clientScope, () => endpointFor(context))) {
        const accessToken = await token()
        const result =
          accessToken === undefined ? 'token' : await revokeConsent(api, id, accessToken, revocation)
        if (result !== 'token') return result === 'revoked'
      }
      return false
    },

    resources: { base, routes: [...consentRoutes, ...(options.routes ?? [])] },
  }
}

/** The consent that belongs to the connection, and no other. */
const bind = { consentId: ({ details }: HeldConnection) => details['grant_id'] }

const consentRoutes: readonly ResourceRoute[] = [
  { method: 'GET', path: '/consents/{consentId}', bind },
  { method: 'GET', path: '/consents/{consentId}/revocation', bind },
]

/** The API's base with a slash at its end. @throws {TypeError} */
function readOptions(options: FdxBackendOptions): string {
  const { clientId, consents, fapi = false, scopeOnUrl = false } = options
  if (!clientId) throw new TypeError('fdx needs the `clientId` that the client has at the data provider.')
  if (typeof (options.fetch as unknown) !== 'function')
    throw new TypeError('fdx needs `fetch`, with the client certificate: mtlsFetch({ cert, key }).')
  if (fapi && scopeOnUrl)
    throw new TypeError('FAPI 2.0 has nothing but client_id and request_uri on the URL: drop `scopeOnUrl`.')
  checkTemplates(consents)
  for (const name of ['issuer', 'api'] as const) readUrl(name, options[name])
  return options.api.endsWith('/') ? options.api : `${options.api}/`
}

function isAllowed(consents: FdxConsentTemplates, choice: Json | undefined): boolean {
  try {
    chooseConsent(consents, choice)
    return true
  } catch {
    return false
  }
}

const toResourcesJson = ({ resources }: FdxConsentRequest): Json => resources.map(toJson)

/** Signature algorithms of FAPI 2.0. @see https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.4.1 */
const fapiAlgorithms = ['PS256', 'ES256', 'EdDSA', 'Ed25519'] as const

/** Makes what requests to the data provider need; the metadata, and with it cached keys, is one object for an hour. */
function createEndpoint(options: FdxBackendOptions): (context: ProviderContext) => Promise<TokenEndpoint> {
  const { issuer, api, clientId, fapi = false, endpointOrigins = [] } = options
  const metadata = cacheMetadata(async ({ fetch }) => {
    const server = await discover(fetch, issuer, [new URL(api).origin, ...endpointOrigins])
    if (fapi) checkFapi(server)
    return server
  })
  return async (context) => ({
    server: await metadata(context),
    clientId,
    authentication: oauth.TlsClientAuth(),
    mtls: true,
    fetch: context.fetch,
    now: context.now,
    idToken: 'required',
    extraMembers: ['grant_id', 'authorization_details'],
    ...(fapi && { idTokenAlgorithms: fapiAlgorithms }),
  })
}

/** @throws {ValidationError} `metadata_invalid` naming what the server does not announce. */
function checkFapi(server: ServerMetadata): void {
  const announced = {
    authorization_response_iss_parameter_supported: server.authorization_response_iss_parameter_supported,
    tls_client_certificate_bound_access_tokens: server.tls_client_certificate_bound_access_tokens,
    code_challenge_methods_supported: server.code_challenge_methods_supported?.includes('S256'),
  }
  const lacking = Object.entries(announced).find(([, value]) => value !== true)
  if (!lacking) return
  throw new ValidationError(
    'metadata_invalid',
    lacking[0],
    `The authorization server does not announce ${lacking[0]}, which FAPI 2.0 requires. Drop \`fapi\` if it need not keep to it.`,
    { recovery: 'configure' },
  )
}

/** The grant with the consent that it stands for. A consent API that fails does not undo the grant. */
async function describe(
  api: ConsentApi,
  tokens: CheckedTokens,
  asked: readonly FdxResource[],
  detailType: string,
): Promise<ProviderGrant> {
  const { grant_id: id, authorization_details: granted } = tokens.extra
  if (!isConsentId(id)) {
    throw new ValidationError(
      'token_response_invalid',
      'grant_id',
      'The token response names no consent by a grant_id. Nothing was connected; start again with authorize().',
    )
  }
  const consent = await fetchConsent(api, id, tokens.accessToken).catch(() => undefined)
  const resources = consent?.resources ?? grantedResources(granted, detailType)
  const expiresAt = expiryOf(consent)
  const details: JsonObject = {
    grant_id: id,
    ...(consent && { consent: toJson(consent) }),
    ...(resources && { missing: missingResources(asked, resources).map(toJson) }),
  }
  return {
    tokens,
    sub: tokens.claims?.sub,
    details,
    ...(expiresAt !== undefined && { consentExpiresAt: expiresAt }),
  }
}

/** What the token response says was granted, where it says so. @see https://www.rfc-editor.org/rfc/rfc9396.html#section-7 */
function grantedResources(details: unknown, detailType: string): readonly FdxResource[] | undefined {
  const list = Array.isArray(details)
    ? details.map((detail) => Object(detail) as Record<string, unknown>)
    : []
  const { consentRequest } = list.find(({ type }) => type === detailType) ?? {}
  return consentRequest === undefined
    ? undefined
    : readResources((Object(consentRequest) as Record<string, unknown>)['resources'])
}

/** What may open the consent, one after the other: its own token, that token refreshed, the client's own. */
function usableTokens(
  { accessToken, refreshToken, sub }: HeldConnection,
  clientScope: string | undefined,
  endpoint: () => Promise<TokenEndpoint>,
): readonly (() => Promise<string | undefined>)[] {
  const refreshed = async (token: string) =>
    (await refreshTokens(await endpoint(), token, sub).catch(() => undefined))?.accessToken
  const own = async (scope: string) =>
    (await requestClientCredentials(await endpoint(), { scope })).accessToken
  return [
    () => Promise.resolve(accessToken),
    ...(refreshToken === undefined ? [] : [() => refreshed(refreshToken)]),
    ...(clientScope === undefined ? [] : [() => own(clientScope)]),
  ]
}
