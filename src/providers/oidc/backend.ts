import * as oauth from 'oauth4webapi'
import type { BackendProvider, ResourceRoute } from '../../backend/provider.js'
import { buildAuthorizationUrl } from '../../protocol/authorization-request.js'
import { buildCodeRequest } from '../../protocol/code-request.js'
import { codeFlowCalls, discover } from '../../protocol/metadata.js'
import { importSigner, signAssertions } from '../kit/backend/client-assertion.js'
import { createOAuthClient } from '../kit/backend/oauth-client.js'
import { checkClientId, readApi, readUrl } from '../kit/backend/read-options.js'
import type { PrivateKeyInput, SigningAlgorithm } from '../kit/backend/signing-key.js'
import { createStandardProvider } from '../kit/backend/standard-provider.js'

/** Options of the backend's {@link oidc}. */
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
  /** Requests that pages may make to the API, in `bff` mode. */
  readonly routes?: readonly ResourceRoute[]
  /**
   * Sends a refresh again that got no response: only for a server that keeps refresh tokens good when they are used.
   * @defaultValue false
   */
  readonly refreshRepeatable?: boolean
}

/** Client authentication at the token endpoint, by the names of RFC 7591 §2. */
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
  const { clientId, issuer, scope, redirectUri, parameters = {}, par = false } = options
  const label = options.label ?? 'oidc'
  checkClientId(label, clientId, 'the provider')
  const resources = readApi(label, options)
  readUrl('issuer', issuer)
  // Refuses parameters that countersign sets itself.
  buildAuthorizationUrl(issuer, {}, parameters)
  const client = createOAuthClient({
    clientId,
    metadata: ({ fetch }) =>
      discover(fetch, issuer, { origins: options.origins, calls: codeFlowCalls(scope, par) }),
    authentication: authenticate(options),
  })

  return createStandardProvider({
    label: options.label ?? 'The provider',
    mode: options.mode ?? ('mediated' as M),
    redirectUri,
    scope,
    client,
    refreshRepeatable: options.refreshRepeatable ?? false,
    ...resources,

    async authorize(setup, context) {
      const request = buildCodeRequest({ ...setup, clientId })
      if (par) return client.push({ ...parameters, ...request }, context)
      const { server } = await client.endpoint(context)
      return { url: buildAuthorizationUrl(server.authorization_endpoint ?? '', request, parameters) }
    },
  })
}

async function authenticate(options: OidcBackendOptions<'mediated' | 'bff'>): Promise<oauth.ClientAuth> {
  if ('clientSecret' in options)
    return options.authentication === 'client_secret_post'
      ? oauth.ClientSecretPost(options.clientSecret)
      : oauth.ClientSecretBasic(options.clientSecret)
  if (!('privateKey' in options)) return oauth.None()
  const { issuer, assertionAudience: audience = issuer } = options
  const { assertionType: type = 'client-authentication+jwt' } = options
  return signAssertions(await importSigner(options), { audience, type })
}
