import * as oauth from 'oauth4webapi'
import type { BackendProvider, ProviderContext, ResourceRoute } from '../../backend/provider.js'
import { buildAuthorizationUrl } from '../../protocol/authorization-request.js'
import { buildCodeRequest } from '../../protocol/code-request.js'
import { cacheMetadata } from '../../protocol/metadata-cache.js'
import { discover } from '../../protocol/metadata.js'
import { pushAuthorizationRequest } from '../../protocol/pushed-authorization.js'
import { revoke } from '../../protocol/revocation.js'
import {
  redeemCode,
  refreshTokens,
  type RefreshedTokens,
  type TokenEndpoint,
} from '../../protocol/token-endpoint.js'
import { signAssertions } from '../kit/backend/client-assertion.js'
import { readRedirectUris, readUrl } from '../kit/backend/read-options.js'
import { importSigningKey, type PrivateKeyInput, type SigningAlgorithm } from '../kit/backend/signing-key.js'

/** What the backend's {@link oidc} takes. */
export type OidcBackendOptions<M extends 'mediated' | 'bff' = 'mediated'> = CommonOptions<M> &
  OidcClientAuthentication

interface CommonOptions<M> {
  /** The name in sentences. @defaultValue `The provider` */
  readonly label?: string
  readonly clientId: string
  /** The redirect URI registered at the provider, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** The issuer identifier, as its discovery document writes it. */
  readonly issuer: string
  /** Space-delimited. The most that a page may ask for. With `openid` every request asks for an ID Token, which must come and is checked. */
  readonly scope: string
  /** `mediated`: access tokens reach the page. `bff`: none does. As in the page. @defaultValue `mediated` */
  readonly mode?: M
  /** Origins, beside the issuer's, on which the server's endpoints lie. */
  readonly origins?: readonly string[]
  /** Pushes the authorization request first (RFC 9126). @defaultValue false */
  readonly par?: boolean
  /** Further parameters of the authorization request, such as `prompt` or `resource`. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Base URL of the API, in `bff` mode. */
  readonly api?: string
  /** What pages may ask of the API, in `bff` mode. */
  readonly routes?: readonly ResourceRoute[]
  /**
   * Whether a refresh that nobody answered may be sent again: only where the server keeps refresh tokens good when they
   * are used. @defaultValue false
   */
  readonly refreshRepeatable?: boolean
}

/** How the client authenticates at the token endpoint; what it does with a secret or a key, RFC 7591 §2 has the names. */
export type OidcClientAuthentication =
  | {
      /** A public client: PKCE alone protects the code. */
      readonly authentication: 'none'
    }
  | {
      readonly clientSecret: string
      /** @defaultValue `client_secret_basic` */
      readonly authentication?: 'client_secret_basic' | 'client_secret_post'
    }
  | {
      /** `CryptoKey`, private JWK, or PKCS #8 as PEM; an RSA key has 2048 bits or more. */
      readonly privateKey: PrivateKeyInput
      /** The `kid` of the client assertion. */
      readonly keyId: string
      /** For a JWK without `alg` and for PEM. @defaultValue `RS256` */
      readonly algorithm?: SigningAlgorithm
      /** The `aud` of the client assertion. @defaultValue the issuer (RFC 10070) */
      readonly assertionAudience?: string
      /** The `typ` of the client assertion. @defaultValue `client-authentication+jwt` (RFC 10070) */
      readonly assertionType?: 'JWT' | 'client-authentication+jwt'
      readonly authentication?: 'private_key_jwt'
    }

/**
 * Any standard authorization server, seen from the backend: discovery, PKCE, and what it offers of pushed requests.
 *
 * @throws {TypeError} when an option is missing or wrong. A key that cannot be used rejects the backend's `ready`.
 * @example
 * ```ts
 * import { oidc } from 'countersign/backend'
 *
 * declare const clientSecret: string
 *
 * const provider = oidc({
 *   issuer: 'https://as.example',
 *   clientId: 'my-client',
 *   clientSecret,
 *   redirectUri: 'https://app.example/callback/bank',
 *   scope: 'openid accounts offline_access',
 * })
 * ```
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html
 */
export function oidc<const M extends 'mediated' | 'bff' = 'mediated'>(
  options: OidcBackendOptions<M>,
): BackendProvider & { readonly mode: M } {
  return createStandardProvider(options, {})
}

/** What a provider that is a standard one but for its token responses may differ in. */
export type TokenResponseQuirks = Partial<Pick<TokenEndpoint, 'idToken' | 'bearerAliases'>>

/** Makes the provider of {@link oidc}, with differences that are no options of its own. @throws {TypeError} */
export function createStandardProvider<const M extends 'mediated' | 'bff'>(
  options: OidcBackendOptions<M>,
  quirks: TokenResponseQuirks,
): BackendProvider & { readonly mode: M } {
  checkOptions(options)
  const { clientId, redirectUri, scope, parameters = {}, par = false, api, routes } = options
  const authentication = authenticate(options)
  // Told by `ready`; nobody else may be waiting yet.
  authentication.catch(() => undefined)
  // For an hour: with it go the cached keys.
  const metadata = cacheMetadata(({ fetch }) => discover(fetch, options.issuer, options.origins))

  const endpointFor = async (context: ProviderContext): Promise<TokenEndpoint> => ({
    server: await metadata(context),
    clientId,
    authentication: await authentication,
    fetch: context.fetch,
    now: context.now,
    idToken: 'required',
    ...quirks,
  })

  return {
    label: options.label ?? 'The provider',
    mode: options.mode ?? ('mediated' as M),
    redirectUris: readRedirectUris(redirectUri),
    scope,
    ready: authentication,
    refreshRepeatable: options.refreshRepeatable ?? false,

    async authorize(setup, context) {
      const endpoint = await endpointFor(context)
      const { authorization_endpoint: authorizationEndpoint = '' } = endpoint.server
      const request = buildCodeRequest({ ...setup, clientId })
      if (!par) return { url: buildAuthorizationUrl(authorizationEndpoint, request, parameters) }
      const pushed = await pushAuthorizationRequest(endpoint, { ...parameters, ...request })
      const { requestUri, expiresInSeconds } = pushed
      const url = buildAuthorizationUrl(authorizationEndpoint, {
        client_id: clientId,
        request_uri: requestUri,
      })
      return { url, expiresInSeconds }
    },

    async redeem({ code, codeVerifier, state, iss, nonce, redirectUri: sentFrom }, context) {
      const grant = { code, codeVerifier, state, iss, nonce, redirectUri: sentFrom }
      return toGrant(await redeemCode(await endpointFor(context), grant))
    },

    async refresh({ refreshToken = '', sub }, context) {
      return toGrant(await refreshTokens(await endpointFor(context), refreshToken, sub))
    },

    async revoke({ refreshToken, accessToken }, context) {
      return revoke(await endpointFor(context), [
        [refreshToken, 'refresh_token'],
        [accessToken, 'access_token'],
      ])
    },

    ...(api !== undefined && routes && { resources: { base: api, routes } }),
  }
}

const toGrant = <Tokens extends RefreshedTokens>(tokens: Tokens) => ({ tokens, sub: tokens.claims?.sub })

function checkOptions(options: OidcBackendOptions<'mediated' | 'bff'>): void {
  const { label = 'oidc', clientId, issuer, mode, api, routes, parameters } = options
  if (!clientId) throw new TypeError(`${label} needs the \`clientId\` that the client has at the provider.`)
  if (mode === 'bff' && (api === undefined || !routes))
    throw new TypeError(
      `In bff mode ${label} needs \`api\` and \`routes\`: what pages may ask of the provider's API.`,
    )
  readUrl('issuer', issuer)
  // Refuses what countersign sets itself.
  buildAuthorizationUrl(issuer, {}, parameters)
}

async function authenticate(options: OidcBackendOptions<'mediated' | 'bff'>): Promise<oauth.ClientAuth> {
  if ('clientSecret' in options)
    return options.authentication === 'client_secret_post'
      ? oauth.ClientSecretPost(options.clientSecret)
      : oauth.ClientSecretBasic(options.clientSecret)
  if (!('privateKey' in options)) return oauth.None()
  const { privateKey, keyId, algorithm, issuer, assertionAudience = issuer } = options
  const { assertionType = 'client-authentication+jwt' } = options
  const key = await importSigningKey(privateKey, algorithm)
  return signAssertions(key, { keyId, audience: assertionAudience, type: assertionType })
}
