import type { Provider } from '../../core/provider.js'
import type { JsonObject } from '../../protocol/contract.js'
import type { OptionForms } from '../../protocol/options.js'
import { checkOpenidScope, checkPreset, modes } from '../kit/page/options.js'
import { backend } from '../kit/page/backend.js'
import { authorizationPath, dataScope, endpoints, transactionSeconds } from './facts.js'

/** Many institutions under one profile and access that lasts, or one institution and access once. */
export type MoneyhubUseCase = 'ongoing' | 'one-time'

/** The modes of each use case. An ongoing connection's data is read with tokens that only a backend can ask for. */
export interface MoneyhubModes {
  readonly ongoing: 'bff'
  readonly 'one-time': 'bff' | 'mediated'
}

/** Options of {@link moneyhub}. */
export interface MoneyhubOptions<
  U extends MoneyhubUseCase = 'ongoing',
  M extends MoneyhubModes[U] = MoneyhubModes[U],
> {
  /** The client id that Moneyhub's admin portal shows. */
  readonly clientId: string
  /** As at the backend. @defaultValue `ongoing` */
  readonly useCase?: U
  /** `bff`: no token reaches the page. `mediated`, one-time only: the access token does. @defaultValue `bff` */
  readonly mode?: M
  /** As the discovery document writes it. @defaultValue `https://identity.moneyhub.co.uk/oidc` */
  readonly issuer?: string
  /** Authorization endpoint. @defaultValue `/auth` below the issuer */
  readonly authorizationEndpoint?: string
  /**
   * Space-delimited; within the backend's, and with `openid`. The institution is added by the backend.
   *
   * @defaultValue `openid`, and for one-time connections `accounts:read transactions:read:all` beside it
   */
  readonly scope?: string
  /** Base URL of the Data API, for `fetch` in `mediated` mode. @defaultValue `https://api.moneyhub.co.uk/v3/` */
  readonly api?: string
  /** `error` values that mean the person refused, beside `access_denied`. Moneyhub documents none. @defaultValue none */
  readonly deniedErrors?: readonly string[]
}

/** A consent to ask for. */
export interface MoneyhubConsent {
  /** End: an ISO date and time within the next 90 days. */
  readonly expirationDateTime?: string
  /** Time of the first transactions to read: an ISO date and time of the last 72 months. */
  readonly transactionFromDateTime?: string
  /** Names of permissions, among those that the backend lists in `permissions`. */
  readonly permissions?: readonly string[]
  /** Whether `permissions` are added to the usual ones or replace them. */
  readonly permissionsAction?: 'add' | 'replace'
}

/** A new connection. */
export interface MoneyhubConnect {
  readonly mode?: 'connect'
  /**
   * An institution of `useInstitutions('moneyhub')`, or a group among which Moneyhub lets the person choose, such as `all`, `api` or
   * `test`.
   */
  readonly bankId: string
  readonly connectionId?: undefined
  readonly consent?: MoneyhubConsent
}

/** A connection to be renewed; name it as `connection`, too, so that it stays the same one in the app. */
export interface MoneyhubRenew {
  /** Sign in again, extend the consent, or fetch once more with the person present. */
  readonly mode: 'reauth' | 'reconsent' | 'refresh'
  /** Moneyhub's id of the connection: `details.connectionId`. */
  readonly connectionId: string
  readonly bankId?: undefined
  readonly consent?: MoneyhubConsent
}

/** Input of `authorize` in each use case. */
export interface MoneyhubInputs {
  readonly ongoing: MoneyhubConnect | MoneyhubRenew
  readonly 'one-time': MoneyhubConnect
}

/** Details of a connection at Moneyhub. */
export interface MoneyhubDetails {
  /** Moneyhub's id of the connection (`mh:con_id`), by which its accounts can be told from others of the same person. */
  readonly connectionId: string
  /** State at Moneyhub: `ok`, `error`, or `never` where it has not synchronized yet. Absent where it is not read. */
  readonly status?: 'ok' | 'error' | 'never' | (string & {})
  /** Why, with the status `error`. */
  readonly error?:
    'resync' | 'sync_error' | 'sync_partial' | 'mfa_required' | 'credentials_error' | (string & {})
  /** What brings it back: `authorize({ mode: needs, connectionId, connection })`. Absent while nothing is wrong. */
  readonly needs?: 'reauth' | 'refresh'
}

const forms = {
  clientId: 'string!',
  useCase: ['ongoing', 'one-time'],
  mode: modes,
  issuer: 'issuer',
  authorizationEndpoint: 'url',
  scope: 'string',
  api: 'url',
  deniedErrors: 'strings',
} satisfies OptionForms<MoneyhubOptions>

/**
 * Moneyhub: Open Banking through OpenID Connect, where the backend makes the profile and the signed or pushed request.
 *
 * @throws {TypeError} for an option that is missing, wrong, unknown or a secret, and when the use case and the mode do not fit.
 * @example
 * ```ts
 * import { moneyhub } from 'countersign/providers'
 *
 * const ongoing = moneyhub({ clientId: '7d0f2c1e-9b64-4a7d-8a51-3e5f60c9b2d4' })
 * const once = moneyhub({ clientId: '7d0f2c1e-9b64-4a7d-8a51-3e5f60c9b2d4', useCase: 'one-time', mode: 'mediated' })
 * ```
 * @see https://docs.moneyhubenterprise.com/docs/connect-an-account
 */
export function moneyhub<
  const U extends MoneyhubUseCase = 'ongoing',
  const M extends MoneyhubModes[U] = 'bff' & MoneyhubModes[U],
>(options: MoneyhubOptions<U, M>): Provider<MoneyhubInputs[U], MoneyhubDetails, M> {
  checkPreset('moneyhub', options, forms)
  const { clientId, useCase = 'ongoing', mode = 'bff', issuer = endpoints.issuer } = options
  const once = useCase === 'one-time'
  if (mode !== 'bff' && !(once && mode === 'mediated'))
    throw new TypeError(
      'Moneyhub clients authenticate, so use mode "bff"; "mediated" is for one-time connections only, since no other has a token that reads data.',
    )
  const scope = options.scope ?? (once ? `openid ${dataScope}` : 'openid')
  checkOpenidScope('Moneyhub', scope)
  // No `preparesRemotely`: the first authorization of a person creates a user at Moneyhub.
  return {
    label: 'Moneyhub',
    channel: backend(mode as M),
    clientId,
    scope,
    issuer,
    requireIss: true,
    authorizationEndpoint: options.authorizationEndpoint ?? issuer + authorizationPath,
    api: options.api ?? endpoints.api,
    transactionSeconds,
    ...(options.deniedErrors && { deniedErrors: options.deniedErrors }),
    toInput: ({ bankId, connectionId, mode: action = 'connect', consent }: MoneyhubInputs['ongoing']) => {
      const connects = action === 'connect'
      if (connects ? !bankId || connectionId : once || bankId || !connectionId)
        throw new TypeError(
          'Moneyhub connects with a `bankId` alone, and renews an ongoing connection with its `connectionId`.',
        )
      return {
        mode: action,
        ...(connects ? { bank_id: bankId ?? '' } : { connection_id: connectionId ?? '' }),
        ...(consent && { consent: consent as JsonObject }),
      }
    },
    toInstitutionInput: (bankId: string): MoneyhubConnect => ({ bankId }),
    toDetails: ({ 'mh:con_id': id, status, error, needs }) => ({
      connectionId: typeof id === 'string' ? id : '',
      ...(typeof status === 'string' && { status }),
      ...(typeof error === 'string' && { error }),
      ...((needs === 'reauth' || needs === 'refresh') && { needs }),
    }),
  } satisfies Provider<MoneyhubInputs['ongoing'], MoneyhubDetails, M>
}
