import { parseScope } from '../../protocol/scope.js'
import type { Provider } from '../../core/provider.js'
import { refuseSecrets } from '../../protocol/secrets.js'
import { backend } from '../channels.js'
import { endpoints } from './facts.js'

/** What {@link stitch} takes. */
export interface StitchOptions<M extends StitchMode = 'mediated'> {
  /** The client id, such as `test-` and a UUID. */
  readonly clientId: string
  /** Space-delimited; must hold `openid`. With `offline_access` the connection outlives its first hour. */
  readonly scope: string
  /** `mediated`: access tokens reach the page. `bff`: none does. @defaultValue `mediated` */
  readonly mode?: M
  /** Where people are sent. @defaultValue `https://secure.stitch.money/connect/authorize` */
  readonly authorizationEndpoint?: string
  /** Base URL of the API, for `fetch('/graphql', …)`. @defaultValue `https://api.stitch.money/` */
  readonly api?: string
}

/** The modes in which Stitch can be used: its clients authenticate with a private key, so never from a page. */
export type StitchMode = 'mediated' | 'bff'

/**
 * Stitch SSO: OpenID Connect with PKCE, where the client authenticates with an assertion that the backend makes.
 *
 * @throws {TypeError} when the scope lacks `openid`, the mode is `browser`, or an option holds a secret.
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
  refuseSecrets(options)
  const { clientId, scope, authorizationEndpoint = endpoints.authorization, api = endpoints.api } = options
  if (!parseScope(scope).includes('openid'))
    throw new TypeError('The scope for Stitch must hold "openid": add it.')
  const mode: M = options.mode ?? ('mediated' as M)
  if ((mode as string) === 'browser')
    throw new TypeError(
      'Stitch clients authenticate with a private key, which no page can hold: use mode "mediated" or "bff".',
    )
  return {
    channel: backend,
    label: 'Stitch',
    mode,
    clientId,
    scope,
    api,
    authorizationEndpoint,
    cancelsWithoutCode: true,
    preparesRemotely: true,
    isTokenRejected: isUnauthenticated,
    isRepeatable: isQuery,
  } satisfies Provider<object, object, M>
}

/** Stitch may say in the body that a token has expired: at the top level or in an error, by code or by message. */
async function isUnauthenticated(response: Response): Promise<boolean> {
  const body = (await response.json().catch(() => null)) as GraphQLAnswer | null
  const says = ({ extensions, message }: GraphQLAnswer): boolean =>
    extensions?.code === 'UNAUTHENTICATED' || (message?.startsWith('UNAUTHENTICATED') ?? false)
  return body !== null && (says(body) || (Array.isArray(body.errors) && body.errors.some(says)))
}

interface GraphQLAnswer {
  readonly message?: string
  readonly extensions?: { readonly code?: unknown }
  readonly errors?: readonly GraphQLAnswer[]
}

/** A GraphQL query changes nothing, so a refused one may be sent again; a mutation is not repeated. */
const isQuery = ({ body }: RequestInit): boolean => typeof body === 'string' && !/\bmutation\b/.test(body)
