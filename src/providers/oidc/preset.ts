import type { Provider, ProviderChannel } from '../../core/provider.js'
import type { Mode } from '../../core/input.js'
import { backend } from '../kit/page/backend.js'
import { directChannel } from '../kit/page/direct.js'
import { pickClaims } from '../../protocol/pick-claims.js'
import type { Json, JsonObject } from '../../protocol/contract.js'
import { requestParameters, signatureAlgorithms } from '../../protocol/option-tests.js'
import type { OptionForms } from '../../protocol/options.js'
import { checkPreset, modes, refuseUnused } from '../kit/page/options.js'

/** Options of {@link oidc}. */
export interface OidcOptions<M extends Mode = 'browser', Claim extends string = string> {
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
  /** Base URL of the API, for `fetch`. In `bff` mode the backend's counts, and this may stay for another mode. */
  readonly api?: string
  /** Binds tokens to a key of this browser (RFC 9449); they then outlive a reload. `browser` mode only. @defaultValue false */
  readonly dpop?: boolean
  /** Pushes the authorization request first (RFC 9126). `browser` mode only. @defaultValue as the server's metadata demands */
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
  /** Origins, beside the issuer's, on which the server's endpoints lie. `browser` mode only. */
  readonly origins?: readonly string[]
  /**
   * Further parameters of the authorization request, such as `prompt` or `resource`. `browser` mode only.
   * The ID Token must confirm `max_age` and `acr_values`, which a server may ignore.
   *
   * @defaultValue `prompt=consent` where the scope has `openid` and `offline_access`, which OpenID Connect demands. Another
   * `prompt` replaces it; an empty one counts as none.
   */
  readonly parameters?: Readonly<Record<string, string>>
  /**
   * Signature algorithms of ID Tokens that are accepted, such as `['PS256', 'ES256']`; of them, those that the server's metadata
   * lists. @defaultValue every asymmetric one
   */
  readonly idTokenAlgorithms?: readonly string[]
  /** `error` values that mean the person refused, beside `access_denied`. @defaultValue none */
  readonly deniedErrors?: readonly string[]
  /**
   * Claims of the ID Token that `connection.details` holds; they are stored with the connection. With a backend: those that the
   * backend's `details` names, too. @defaultValue none; with a backend, what that names
   */
  readonly details?: readonly Claim[]
  /** Userinfo endpoint, for `userinfo()` in `mediated` mode; `details` must name `sub` then. @defaultValue from discovery, in `browser` mode */
  readonly userinfoEndpoint?: string
}

/** Details of a connection: the claims that `details` names, where the ID Token has them. */
export type OidcDetails<Claim extends string> = Readonly<Partial<Record<Claim, Json>>>

const forms = {
  label: 'string',
  clientId: 'string!',
  issuer: 'issuer!',
  scope: 'string!',
  mode: modes,
  authorizationEndpoint: 'url',
  api: 'url',
  dpop: 'boolean',
  par: 'boolean',
  persistTokens: 'boolean',
  refresh: 'boolean',
  requireIss: 'boolean',
  origins: 'strings',
  parameters: requestParameters,
  idTokenAlgorithms: signatureAlgorithms,
  deniedErrors: 'strings',
  details: 'strings',
  userinfoEndpoint: 'url',
} satisfies OptionForms<OidcOptions>

/** The modes in which options do something, where that is not all. */
const usedIn = {
  userinfoEndpoint: 'mediated',
  dpop: 'browser',
  persistTokens: 'browser',
  refresh: 'browser',
  origins: 'browser',
  par: 'browser',
  parameters: 'browser',
  idTokenAlgorithms: 'browser',
}

/**
 * Any standard authorization server: discovery, PKCE, and where it offers them pushed requests and DPoP.
 *
 * @throws {TypeError} for an option that is missing, wrong, unknown or a secret, or does not go with the mode.
 * @example
 * ```ts
 * import { oidc } from 'countersign/providers'
 *
 * const provider = oidc({ issuer: 'https://as.example', clientId: 'my-client', scope: 'openid accounts', dpop: true })
 * ```
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html
 */
export function oidc<const M extends Mode = 'browser', const Claim extends string = never>(
  options: OidcOptions<M, Claim>,
): Provider<object, OidcDetails<Claim>, NoInfer<M>, M extends 'bff' ? false : true> {
  checkPreset('oidc', options, forms)
  const { label = 'The provider', clientId, scope, issuer, api, details, authorizationEndpoint } = options
  const {
    dpop,
    par,
    persistTokens,
    refresh,
    origins,
    parameters,
    requireIss,
    deniedErrors,
    idTokenAlgorithms,
  } = options
  const mode: M = options.mode ?? ('browser' as M)
  const settings = { dpop, par, persistTokens, refresh, origins, parameters, idTokenAlgorithms }
  refuseUnused('oidc', mode, options, usedIn)
  if (mode !== 'browser' && authorizationEndpoint === undefined)
    throw new TypeError(
      `In ${mode} mode the page must know where people are sent: give "authorizationEndpoint".`,
    )
  return {
    label,
    clientId,
    scope,
    issuer,
    api,
    requireIss: requireIss ?? false,
    ...(deniedErrors && { deniedErrors }),
    preparesRemotely: true,
    authorizationEndpoint,
    userinfo: (mode !== 'bff') as M extends 'bff' ? false : true,
    userinfoEndpoint: options.userinfoEndpoint,
    ...(details && { toDetails: (claims: JsonObject) => pickClaims(claims, details) as OidcDetails<Claim> }),
    channel: (mode === 'browser'
      ? directChannel({ ...settings, details, consentsToOfflineAccess: true })
      : backend(mode)) as ProviderChannel<M>,
  }
}
