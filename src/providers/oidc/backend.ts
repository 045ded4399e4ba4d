import type { BackendProvider, ResourceRoute } from '../../backend/provider.js'
import { checkOptions, type OptionForms } from '../../protocol/options.js'
import { pickClaims } from '../../protocol/pick-claims.js'
import type { ClientAuthentication } from '../kit/backend/client-authentication.js'
import { defineBackendProvider } from '../kit/backend/define-backend-provider.js'
import { clientForms, createStandardClient } from '../kit/backend/public-oauth-client.js'
import { readApi } from '../kit/backend/read-options.js'

/** Options of the backend's {@link oidc}. */
export type OidcBackendOptions<M extends 'mediated' | 'bff' = 'mediated'> = CommonOptions<M> &
  ClientAuthentication

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
  /** Pushes the authorization request first (RFC 9126). @defaultValue where the server's metadata demands it */
  readonly par?: boolean
  /**
   * Further parameters of the authorization request, such as `prompt` or `resource`.
   * The ID Token must confirm `max_age` and `acr_values`, which a server may ignore.
   *
   * @defaultValue `prompt=consent` where the scope has `openid` and `offline_access`, which OpenID Connect demands. Another
   * `prompt` replaces it; an empty one counts as none.
   */
  readonly parameters?: Readonly<Record<string, string>>
  /** Claims of the ID Token that pages see as the connection's details; they are stored with it. @defaultValue none */
  readonly details?: readonly string[]
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

const forms = {
  ...clientForms,
  label: 'string',
  redirectUri: 'stringOrStrings!',
  scope: 'string!',
  mode: ['mediated', 'bff'],
  details: 'strings',
  api: 'url',
  routes: 'object',
  refreshRepeatable: 'boolean',
} satisfies OptionForms<OidcBackendOptions>

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
  checkOptions('oidc', options, forms)
  const { label = 'The provider', scope, redirectUri, details, refreshRepeatable = false } = options
  return defineBackendProvider({
    label,
    mode: options.mode ?? ('mediated' as M),
    redirectUri,
    scope,
    client: createStandardClient('oidc', options, scope),
    refreshRepeatable,
    ...readApi('oidc', options),
    toGrant: (tokens) => ({
      tokens,
      sub: tokens.claims?.sub,
      details: pickClaims(tokens.claims, details),
    }),
  })
}
