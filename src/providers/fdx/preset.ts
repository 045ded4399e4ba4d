import type { Provider } from '../../core/provider.js'
import type { Json } from '../../protocol/contract.js'
import type { OptionForms } from '../../protocol/options.js'
import { checkPreset, modes } from '../kit/page/options.js'
import { backend } from '../kit/page/backend.js'
import { deniedErrors, paths, type FdxConsent, type FdxResource } from './facts.js'

/** Options of {@link fdx}. */
export interface FdxOptions {
  /** The client id at the data provider. */
  readonly clientId: string
  /** The data provider's issuer, such as `https://bank.us.authz.cloudentity.io/bank/fdx`. */
  readonly issuer: string
  /** Space-delimited: what the data provider allows this client, such as `READ_CONSENTS UPDATE_CONSENTS ACCOUNT_BASIC`. */
  readonly scope: string
  /** Authorization endpoint. @defaultValue `/oauth2/authorize` below the issuer, as Cloudentity has it */
  readonly authorizationEndpoint?: string
  /** Requires FAPI 2.0 of the data provider: every response must then carry `iss`. @defaultValue false */
  readonly fapi?: boolean
  /** @defaultValue `bff`, and nothing else: the tokens are bound to a certificate, which no page can present */
  readonly mode?: 'bff'
}

/** A page's choice within a consent template: only in its adjustable fields, and never more than the template has. */
export interface FdxConsentChoice {
  /** The template's name. @defaultValue the backend's only one */
  readonly template?: string
  /** Days. */
  readonly durationPeriod?: number
  /** Days. */
  readonly lookbackPeriod?: number
  readonly resources?: readonly FdxResource[]
}

/** Input of `authorize` for FDX. */
export interface FdxInput {
  /** The name of one of the backend's consent templates, or a choice within one. @defaultValue the backend's only one */
  readonly consentRequest?: string | FdxConsentChoice
}

/** Details of a connection at an FDX data provider. */
export interface FdxDetails {
  /** The consent's id: for `fetch('consents/…')`. */
  readonly grantId: string
  /**
   * The consent as it was granted. Its `status` is `unknown` where the data provider did not show it at that moment; its
   * resources are then those of the token response, if that named any.
   */
  readonly consent: FdxConsent
  /** Resources that were asked for and not granted; empty when everything was. */
  readonly missing: readonly FdxResource[]
}

const forms = {
  clientId: 'string!',
  issuer: 'issuer!',
  scope: 'string!',
  authorizationEndpoint: 'url',
  fapi: 'boolean',
  mode: modes,
} satisfies OptionForms<FdxOptions>

/**
 * An FDX data provider behind Cloudentity: consents as pushed authorization details, and a client that is its
 * certificate. The backend does all of it; the page sends the person there and back.
 *
 * @throws {TypeError} for an option that is missing, wrong, unknown or a secret.
 * @example
 * ```ts
 * import { fdx } from 'countersign/providers'
 *
 * const provider = fdx({
 *   clientId: 'c9f1b2d07a6e4f53',
 *   issuer: 'https://bank.us.authz.cloudentity.io/bank/fdx',
 *   scope: 'READ_CONSENTS UPDATE_CONSENTS ACCOUNT_BASIC',
 * })
 * ```
 * @see https://www.rfc-editor.org/rfc/rfc9396.html
 */
export function fdx(options: FdxOptions): Provider<FdxInput, FdxDetails, 'bff'> {
  checkPreset('fdx', options, forms)
  const { clientId, issuer, scope, fapi = false, mode = 'bff' } = options
  if ((mode as string) !== 'bff')
    throw new TypeError('FDX tokens are bound to a certificate, which no page can present: use mode "bff".')
  return {
    label: 'FDX',
    channel: backend(mode),
    clientId,
    scope,
    issuer,
    authorizationEndpoint: options.authorizationEndpoint ?? issuer.replace(/\/$/, '') + paths.authorization,
    requireIss: fapi,
    deniedErrors,
    preparesRemotely: true,
    toInput: ({ consentRequest }) => (consentRequest ? { consent_request: consentRequest as Json } : {}),
    toDetails: ({ grant_id: grantId, consent, missing }) => ({
      grantId: grantId as string,
      // An older record may have none.
      consent: (consent ?? { id: grantId, status: 'unknown', resources: [] }) as unknown as FdxConsent,
      missing: (missing ?? []) as unknown as readonly FdxResource[],
    }),
  } satisfies Provider<FdxInput, FdxDetails, 'bff'>
}
