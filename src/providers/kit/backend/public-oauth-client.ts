import type { Fetch } from '../../../protocol/http.js'
import { codeFlowCalls, discover } from '../../../protocol/metadata.js'
import { requestParameters, signatureAlgorithms } from '../../../protocol/option-tests.js'
import { checkOptions, type OptionForms } from '../../../protocol/options.js'
import {
  authenticate,
  authenticationForms,
  checkAuthentication,
  type ClientAuthentication,
} from './client-authentication.js'
import type { CertificateAuthentication } from './client-certificate.js'
import { createDpop } from './dpop.js'
import { checkFapi, checkIsBound, checkIsBoundToKey, fapiAlgorithms } from './fapi.js'
import { createOAuthClient, type OAuthClient } from './oauth-client.js'
import { readUrl } from './read-options.js'

/** Options of {@link oauthClient}. */
export type OAuthClientSettings = CommonSettings & ClientAuthentication

interface CommonSettings {
  readonly clientId: string
  /** The issuer identifier, as its discovery document writes it. */
  readonly issuer: string
  /** Origins, beside the issuer's, on which the server's endpoints lie. @defaultValue none */
  readonly origins?: readonly string[]
  /** Pushes authorization requests (RFC 9126). @defaultValue where the server's metadata demands it */
  readonly par?: boolean
  /**
   * Binds tokens to a key of the backend (RFC 9449), which is made once and kept in its store, sealed by its `keys`. Pages cannot use
   * such tokens: `bff` mode only. @defaultValue false
   */
  readonly dpop?: boolean | undefined
  /**
   * Further parameters of every authorization request, such as `resource`.
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
  /** Members of the token response, beside the standard ones, that `tokens.extra` holds. @defaultValue none */
  readonly extraMembers?: readonly string[]
}

/** The forms of a client's options, for the presets that have them too. */
export const clientForms: OptionForms<Omit<CommonSettings, 'extraMembers'>> &
  OptionForms<ClientAuthentication> = {
  clientId: 'string!',
  issuer: 'issuer!',
  origins: 'strings',
  par: 'boolean',
  dpop: 'boolean',
  parameters: requestParameters,
  idTokenAlgorithms: signatureAlgorithms,
  ...authenticationForms,
}

const forms = { ...clientForms, extraMembers: 'strings' } satisfies OptionForms<OAuthClientSettings>

/**
 * A client at a standard authorization server, for {@link defineBackendProvider}: discovery, PKCE, client authentication, pushed
 * requests, and every check of the answers, ID Tokens included.
 *
 * @throws {TypeError} for an option that is missing, wrong or unknown. A key that cannot be used rejects the backend's `ready`.
 * @example
 * ```ts
 * import { oauthClient } from 'countersign/backend'
 *
 * const client = oauthClient({ issuer: 'https://bank.example', clientId: 'my-client', authentication: 'none' })
 * ```
 */
export function oauthClient(settings: OAuthClientSettings): OAuthClient {
  checkOptions('oauthClient', settings, forms)
  return createStandardClient('oauthClient', settings)
}

/** A client that may have a certificate, and keep to FAPI 2.0. */
type StandardSettings = CommonSettings &
  (ClientAuthentication | CertificateAuthentication) & {
    /** Presents the client's certificate. */
    readonly fetch?: Fetch
    /** Only with `fetch` or `dpop`. */
    readonly fapi?: boolean | undefined
  }

/** The client of options that have been checked. @param scope Scope that tells whether ID Tokens come. */
export function createStandardClient(
  label: string,
  settings: StandardSettings,
  scope = 'openid',
): OAuthClient {
  const { clientId, issuer, origins, parameters, extraMembers, fapi = false, dpop = false } = settings
  const { par = fapi || undefined, idTokenAlgorithms = fapi ? fapiAlgorithms : undefined } = settings
  const mtls = settings.fetch !== undefined
  checkAuthentication(label, settings)
  readUrl('issuer', issuer)
  return createOAuthClient({
    ...{ clientId, issuer },
    async metadata({ fetch }) {
      const server = await discover(fetch, issuer, { origins, mtls, calls: codeFlowCalls(scope, par) })
      if (fapi) checkFapi(server, { dpop, mtls })
      return server
    },
    authentication: authenticate(issuer, settings),
    par,
    parameters,
    consentsToOfflineAccess: true,
    ...(dpop && { dpop: createDpop({ issuer, clientId }) }),
    ...(fapi && dpop && { checkAccessToken: checkIsBoundToKey }),
    ...(fapi && !dpop && settings.fetch && { checkAccessToken: checkIsBound(settings.fetch) }),
    quirks: {
      mtls,
      ...(extraMembers && { extraMembers }),
      ...(idTokenAlgorithms && { idTokenAlgorithms }),
    },
  })
}
