import type { Provider } from '../../core/provider.js'
import type { OptionForms } from '../../protocol/options.js'
import { checkOpenidScope, checkPreset, modes } from '../kit/page/options.js'
import { backend } from '../kit/page/backend.js'
import { endpoints } from './facts.js'
import { isQuery, isUnauthenticated } from './graphql.js'

/** Options of {@link stitch}. */
export interface StitchOptions<M extends StitchMode = 'mediated'> {
  /** The client id, such as `test-` and a UUID. */
  readonly clientId: string
  /** Space-delimited; must hold `openid`. With `offline_access` the connection outlives its first hour. */
  readonly scope: string
  /** `mediated`: access tokens reach the page. `bff`: none does. @defaultValue `mediated` */
  readonly mode?: M
  /** Authorization endpoint. @defaultValue `https://secure.stitch.money/connect/authorize` */
  readonly authorizationEndpoint?: string
  /** Base URL of the API, for `fetch('/graphql', …)`. @defaultValue `https://api.stitch.money/` */
  readonly api?: string
}

/** The modes in which Stitch can be used: its clients authenticate with a private key, so never from a page. */
export type StitchMode = 'mediated' | 'bff'

const forms = {
  clientId: 'string!',
  scope: 'string!',
  mode: modes,
  authorizationEndpoint: 'url',
  api: 'url',
} satisfies OptionForms<StitchOptions>

/**
 * Stitch SSO: OpenID Connect with PKCE, where the client authenticates with an assertion that the backend makes.
 *
 * @throws {TypeError} for an option that is missing, wrong, unknown or a secret, when the scope lacks `openid`, and in `browser` mode.
 * @example
 * ```ts
 * import { stitch } from 'countersign/providers'
 *
 * const provider = stitch({ clientId: 'test-18fbd892', scope: 'openid accounts balances offline_access' })
 * ```
 * @see https://stitch.money/docs/stitch-sso
 */
export function stitch<const M extends StitchMode = 'mediated'>(
  options: StitchOptions<M>,
): Provider<object, object, NoInfer<M>> {
  checkPreset('stitch', options, forms)
  const { clientId, scope, authorizationEndpoint = endpoints.authorization, api = endpoints.api } = options
  checkOpenidScope('Stitch', scope)
  const mode: M = options.mode ?? ('mediated' as M)
  if ((mode as string) === 'browser')
    throw new TypeError(
      'Stitch clients authenticate with a private key, which no page can hold: use mode "mediated" or "bff".',
    )
  return {
    label: 'Stitch',
    channel: backend(mode),
    clientId,
    scope,
    api,
    authorizationEndpoint,
    cancelsWithoutCode: true,
    narrowsScope: true,
    preparesRemotely: true,
    isTokenRejected: async (response) => isUnauthenticated(await response.json().catch(() => null)),
    isRepeatable: ({ body }) => isQuery(body),
  } satisfies Provider<object, object, M>
}
