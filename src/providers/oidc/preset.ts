import type { Provider, ProviderChannel } from '../../core/provider.js'
import type { Mode } from '../../core/input.js'
import { backend } from '../kit/page/backend.js'
import { direct } from '../kit/page/direct.js'
import { refuseSecrets } from '../../protocol/secrets.js'

/** Options of {@link oidc}. */
export interface OidcOptions<M extends Mode = 'browser'> {
  /** The name in sentences. @defaultValue `The provider` */
  readonly label?: string
  readonly clientId: string
  /** The issuer identifier, as its discovery document writes it. */
  readonly issuer: string
  /** Space-delimited. With `openid` every request asks for an ID Token, which must come and is checked. */
  readonly scope: string
  /** `browser`: this page is a public client. @defaultValue `browser` */
  readonly mode?: M
  /** Authorization endpoint; needed in `mediated` and `bff` mode, where the backend's authorization URL is checked against it. */
  readonly authorizationEndpoint?: string
  /** Base URL of the API, for `fetch`. */
  readonly api?: string
  /** Binds tokens to a key of this browser (RFC 9449); they then outlive a reload. `browser` mode only. @defaultValue false */
  readonly dpop?: boolean
  /** Pushes the authorization request first (RFC 9126). `browser` mode only. @defaultValue false */
  readonly par?: boolean
  /**
   * Keeps bearer tokens in IndexedDB, so that they outlive a reload, and where every script that runs on this origin can
   * read them. Prefer `dpop` or a backend. @defaultValue false
   */
  readonly persistTokens?: boolean
  /**
   * Use of refresh tokens. Set `false` where the server neither replaces a public client's refresh tokens at
   * every use nor binds them by `dpop`: RFC 9700 §2.2.2 forbids their use; the person authorizes again instead.
   * `browser` mode only. @defaultValue true
   */
  readonly refresh?: boolean
  /** Requires `iss` in every authorization response. Also required when the server's metadata says so. @defaultValue false */
  readonly requireIss?: boolean
  /** Origins, beside the issuer's, on which the server's endpoints lie. */
  readonly origins?: readonly string[]
  /** Further parameters of the authorization request, such as `prompt` or `resource`. */
  readonly parameters?: Readonly<Record<string, string>>
}

/**
 * Any standard authorization server: discovery, PKCE, and where it offers them pushed requests and DPoP.
 *
 * @throws {TypeError} when an option holds a secret, or does not go with the mode.
 * @example
 * ```ts
 * import { oidc } from 'countersign/providers'
 *
 * const provider = oidc({ issuer: 'https://as.example', clientId: 'my-client', scope: 'openid accounts', dpop: true })
 * ```
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html
 */
export function oidc<const M extends Mode = 'browser'>(
  options: OidcOptions<M>,
): Provider<object, object, NoInfer<M>> {
  refuseSecrets(options)
  const { clientId, scope, issuer, api, dpop, par, persistTokens, origins, parameters } = options
  const mode: M = options.mode ?? ('browser' as M)
  if (mode !== 'browser' && dpop)
    throw new TypeError(
      'With a backend the tokens are not bound to a key of this page (RFC 10017 §6.2.4.3.2): leave out "dpop".',
    )
  if (mode !== 'browser' && options.authorizationEndpoint === undefined)
    throw new TypeError(
      `In ${mode} mode the page must know where people are sent: give "authorizationEndpoint".`,
    )
  return {
    label: options.label ?? 'The provider',
    clientId,
    scope,
    issuer,
    api,
    requireIss: options.requireIss ?? false,
    preparesRemotely: true,
    authorizationEndpoint: options.authorizationEndpoint,
    channel: (mode === 'browser'
      ? direct({
          ...(dpop !== undefined && { dpop }),
          ...(par !== undefined && { par }),
          ...(persistTokens !== undefined && { persistTokens }),
          ...(options.refresh !== undefined && { refresh: options.refresh }),
          ...(origins && { origins }),
          ...(parameters && { parameters }),
        })
      : backend(mode)) as ProviderChannel<M>,
  } satisfies Provider<object, object, M>
}
