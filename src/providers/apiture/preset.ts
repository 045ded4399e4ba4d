import type { Provider, ProviderChannel } from '../../core/provider.js'
import type { Json, JsonObject } from '../../protocol/contract.js'
import { pickClaims } from '../../protocol/pick-claims.js'
import type { OptionForms } from '../../protocol/options.js'
import { checkOpenidScope, checkPreset, modes, refuseUnused } from '../kit/page/options.js'
import { backend } from '../kit/page/backend.js'
import { directChannel } from '../kit/page/direct.js'
import { bearerAliases, environments } from './facts.js'

/** Options of {@link apiture}. */
export interface ApitureOptions<M extends ApitureMode = 'browser', Claim extends string = string> {
  /** The client id that the Developer Portal shows for this environment. */
  readonly clientId: string
  /** The environment, whose authority is known. @defaultValue `production` */
  readonly environment?: keyof typeof environments
  /** The authority of a financial institution that has its own, in place of the `environment`; as its discovery document writes it, slash included. */
  readonly issuer?: string
  /** Origins, beside the authority's, on which discovered endpoints lie. `browser` mode only. @defaultValue none */
  readonly origins?: readonly string[]
  /** Space-delimited; must hold `openid`. Without `offline_access` the person authorizes again when the token expires. */
  readonly scope: string
  /** Base URL of the banking API, for `fetch`. In `bff` mode the backend's counts, and this may stay for another mode. */
  readonly api?: string
  /**
   * ID Token in token responses. The documentation lists none. A connection of a known person is not renewed
   * without one. @defaultValue 'optional'
   */
  readonly idToken?: 'required' | 'optional'
  /** Binds tokens to a key of this browser (RFC 9449), where the institution's server offers it. `browser` mode only. @defaultValue false */
  readonly dpop?: boolean
  /** Keeps bearer tokens in IndexedDB, where every script of this origin can read them. `browser` mode only. @defaultValue false */
  readonly persistTokens?: boolean
  /**
   * Use of refresh tokens. Set `false` where the server neither replaces a public client's refresh tokens at
   * every use nor binds them by `dpop`: RFC 9700 §2.2.2 forbids their use; the person authorizes again instead.
   * `browser` mode only. @defaultValue true
   */
  readonly refresh?: boolean
  /** `browser`: this page is the public client. `mediated`, `bff`: the backend is, as Apiture's guide advises. @defaultValue `browser` */
  readonly mode?: M
  /**
   * Authorization endpoint, in `mediated` and `bff` mode: the one of the discovery document, which the page does not read in these
   * modes. People are sent nowhere else. @defaultValue `authorize` below the issuer
   */
  readonly authorizationEndpoint?: string
  /**
   * Claims of the ID Token that `connection.details` holds; with a backend, those that its `details` names, too.
   * @defaultValue none; with a backend, what that names
   */
  readonly details?: readonly Claim[]
  /** Userinfo endpoint, for `userinfo()` in `mediated` mode; `details` must name `sub` then. @defaultValue from discovery, in `browser` mode */
  readonly userinfoEndpoint?: string
}

/** Details of a connection: the claims that `details` names, where there is an ID Token that has them. */
export type ApitureDetails<Claim extends string> = Readonly<Partial<Record<Claim, Json>>>

/** The modes in which Apiture can be used: all of them, because its clients are public. */
export type ApitureMode = 'browser' | 'mediated' | 'bff'

const forms = {
  clientId: 'string!',
  environment: Object.keys(environments),
  issuer: 'issuer',
  origins: 'strings',
  scope: 'string!',
  api: 'url',
  idToken: ['required', 'optional'],
  dpop: 'boolean',
  persistTokens: 'boolean',
  refresh: 'boolean',
  mode: modes,
  authorizationEndpoint: 'url',
  details: 'strings',
  userinfoEndpoint: 'url',
} satisfies OptionForms<ApitureOptions>

/** The modes in which options do something, where that is not all. */
const usedIn = {
  userinfoEndpoint: 'mediated',
  dpop: 'browser',
  persistTokens: 'browser',
  refresh: 'browser',
  origins: 'browser',
  idToken: 'browser',
}

/**
 * Apiture Digital Banking: OpenID Connect with PKCE as a public client.
 *
 * @throws {TypeError} for an option that is missing, wrong, unknown or a secret, and when the scope lacks `openid`.
 * @example
 * ```ts
 * import { apiture } from 'countersign/providers'
 *
 * const provider = apiture({ clientId: 'my-client', environment: 'cat', scope: 'openid offline_access banking/read' })
 * ```
 * @see https://dx.apiture.com/docs/api/guides/secure-access/
 */
export function apiture<const M extends ApitureMode = 'browser', const Claim extends string = never>(
  options: ApitureOptions<M, Claim>,
): Provider<object, ApitureDetails<Claim>, NoInfer<M>, M extends 'bff' ? false : true> {
  checkPreset('apiture', options, forms)
  const {
    clientId,
    scope,
    api,
    details,
    issuer = environments[options.environment ?? 'production'],
    idToken = 'optional',
    dpop,
    persistTokens,
    refresh,
    origins,
  } = options
  checkOpenidScope('Apiture', scope)
  const mode: M = options.mode ?? ('browser' as M)
  refuseUnused('apiture', mode, options, usedIn)
  return {
    label: 'Apiture',
    clientId,
    scope,
    issuer,
    api,
    preparesRemotely: true,
    userinfo: (mode !== 'bff') as M extends 'bff' ? false : true,
    userinfoEndpoint: options.userinfoEndpoint,
    ...(details && {
      toDetails: (claims: JsonObject) => pickClaims(claims, details) as ApitureDetails<Claim>,
    }),
    authorizationEndpoint:
      mode === 'browser'
        ? undefined
        : (options.authorizationEndpoint ?? `${issuer.replace(/\/?$/, '/')}authorize`),
    channel: (mode === 'browser'
      ? directChannel({
          bearerAliases,
          details,
          idToken,
          dpop,
          persistTokens,
          refresh,
          origins,
        })
      : backend(mode)) as ProviderChannel<M>,
  }
}
