import { backend } from '../kit/page/backend.js'
import type { Provider } from '../../core/provider.js'
import type { OptionForms } from '../../protocol/options.js'
import { checkPreset, modes } from '../kit/page/options.js'
import {
  apis,
  authorizationEndpoints,
  profileScope,
  transactionSeconds,
  isUuid,
  type BasisEnvironment,
} from './facts.js'

/** Options of {@link basis}. */
export interface BasisOptions<M extends BasisMode = 'mediated'> {
  /** The client id that Basis issued: a UUID. */
  readonly clientId: string
  /** Fills in what Basis publishes: Connect in `development`, the API in `sandbox`. */
  readonly environment?: BasisEnvironment
  /** Authorization endpoint. @defaultValue Connect of the environment; must be given where that is not published */
  readonly authorizationEndpoint?: string
  /** Base URL of the API, for `fetch('/profiles/…')`. @defaultValue that of the environment, where published */
  readonly api?: string
  /** `mediated`: access tokens reach the page. `bff`: none does. @defaultValue `mediated` */
  readonly mode?: M
}

/** The modes in which Basis can be used: its clients authenticate with a secret, so never from a page. */
export type BasisMode = 'mediated' | 'bff'

/** Input of `authorize` for Basis. */
export interface BasisInput {
  /** The platform the person signs in at, a UUID: `useInstitutions('basis')` lists them. */
  readonly platformId: string
}

/** Details of a connection at Basis. */
export interface BasisDetails {
  /** The root of everything that Basis knows about the business. */
  readonly profileId: string
}

const forms = {
  clientId: 'string!',
  environment: ['development', 'sandbox'],
  authorizationEndpoint: 'url',
  api: 'url',
  mode: modes,
} satisfies OptionForms<BasisOptions>

/**
 * Basis Connect: OAuth 2.1 with PKCE, begun with an initialization token that the backend signs at the click.
 *
 * @throws {TypeError} for an option that is missing, wrong, unknown or a secret, and when Connect's address is not known.
 * @example
 * ```ts
 * import { basis } from 'countersign/providers'
 *
 * const provider = basis({ clientId: '06914d28-f034-4d52-b048-e11024957c11', environment: 'development' })
 * ```
 * @see https://docs.usebasis.co/docs/create-profiles-with-connect
 */
export function basis<const M extends BasisMode = 'mediated'>(
  options: BasisOptions<M>,
): Provider<BasisInput, BasisDetails, NoInfer<M>> {
  checkPreset('basis', options, forms)
  const { clientId, environment = '' as BasisEnvironment } = options
  const { authorizationEndpoint = authorizationEndpoints[environment], api = apis[environment] } = options
  if (!authorizationEndpoint)
    throw new TypeError(
      'Where Connect is in this environment is not published: give `authorizationEndpoint`.',
    )
  const mode: M = options.mode ?? ('mediated' as M)
  if ((mode as string) === 'browser')
    throw new TypeError(
      'Basis clients authenticate with a secret, which no page can hold: use mode "mediated" or "bff".',
    )
  // No `preparesRemotely`: the initialization token is personal and expires, so it is made at the click.
  return {
    label: 'Basis',
    channel: backend(mode),
    clientId,
    scope: profileScope,
    authorizationEndpoint,
    api,
    transactionSeconds,
    toInput: ({ platformId }) => {
      if (!isUuid(platformId))
        throw new TypeError('`platformId` is the UUID of a platform, from GET /institutions: give one.')
      return { platform_id: platformId }
    },
    toInstitutionInput: (platformId) => ({ platformId }),
    toDetails: ({ profile_id: profileId }) => ({ profileId: typeof profileId === 'string' ? profileId : '' }),
  } satisfies Provider<BasisInput, BasisDetails, M>
}
