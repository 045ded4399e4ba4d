import * as oauth from 'oauth4webapi'
import type { BackendProvider, ResourceRoute } from '../../backend/provider.js'
import { parametersOfChecks } from '../../protocol/asked-checks.js'
import { buildAuthorizationUrl } from '../../protocol/authorization-request.js'
import { buildCodeRequest } from '../../protocol/code-request.js'
import { pickClaims } from '../../protocol/pick-claims.js'
import { discover } from '../../protocol/metadata.js'
import { createOAuthClient } from '../kit/backend/oauth-client.js'
import { checkOpenidScope, readApi, readUrl } from '../kit/backend/read-options.js'
import { defineBackendProvider } from '../kit/backend/define-backend-provider.js'
import { bearerAliases, environments } from './facts.js'
import { checkOptions, type OptionForms } from '../../protocol/options.js'

/** Options of the backend's {@link apiture}. */
export interface ApitureBackendOptions<M extends 'mediated' | 'bff' = 'mediated'> {
  /** The client id that the Developer Portal shows for this environment; as in the page. */
  readonly clientId: string
  /** The redirect URI set in the Developer Portal, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** The environment, whose authority is known. @defaultValue `production` */
  readonly environment?: keyof typeof environments
  /** The authority of a financial institution that has its own, in place of the `environment`; as its discovery document writes it, slash included. */
  readonly issuer?: string
  /** Space-delimited; must hold `openid`. The most that a page may ask for. */
  readonly scope: string
  /** `mediated`: access tokens reach the page. `bff`: none does. As in the page. @defaultValue `mediated` */
  readonly mode?: M
  /** Origins, beside the authority's, on which discovered endpoints lie. @defaultValue none */
  readonly origins?: readonly string[]
  /**
   * ID Token in token responses. The documentation lists none. A connection of a known person is not renewed
   * without one. @defaultValue 'optional'
   */
  readonly idToken?: 'required' | 'optional'
  /** Names of ID Token claims that the page learns as the connection's details, such as `sub`. @defaultValue none */
  readonly details?: readonly string[]
  /** Base URL of the banking API, in `bff` mode. */
  readonly api?: string
  /** Requests that pages may make to the banking API, in `bff` mode. */
  readonly routes?: readonly ResourceRoute[]
  /**
   * Sends a refresh again that got no response. The documentation does not say whether refresh tokens are replaced when they
   * are used, so they are taken for single use. @defaultValue false
   */
  readonly refreshRepeatable?: boolean
}

const forms = {
  clientId: 'string!',
  redirectUri: 'stringOrStrings!',
  environment: Object.keys(environments),
  issuer: 'issuer',
  scope: 'string!',
  mode: ['mediated', 'bff'],
  origins: 'strings',
  idToken: ['required', 'optional'],
  details: 'strings',
  api: 'url',
  routes: 'object',
  refreshRepeatable: 'boolean',
} satisfies OptionForms<ApitureBackendOptions>

/**
 * Apiture Digital Banking at the backend, as its guide advises: still a public client, whose refresh tokens the page
 * never sees.
 *
 * @throws {TypeError} when an option is missing or wrong.
 * @example
 * ```ts
 * import { apiture } from 'countersign/backend'
 *
 * const provider = apiture({
 *   clientId: 'my-client',
 *   environment: 'cat',
 *   redirectUri: 'https://app.example/callback/apiture',
 *   scope: 'openid offline_access banking/read',
 * })
 * ```
 * @see https://dx.apiture.com/docs/api/guides/secure-access/
 */
export function apiture<const M extends 'mediated' | 'bff' = 'mediated'>(
  options: ApitureBackendOptions<M>,
): BackendProvider & { readonly mode: M } {
  checkOptions('apiture', options, forms)
  const { clientId, environment = 'production', issuer = environments[environment], scope } = options
  checkOpenidScope('Apiture', scope)
  const resources = readApi('Apiture', options)
  readUrl('issuer', issuer)
  const client = createOAuthClient({
    ...{ clientId, issuer },
    metadata: ({ fetch }) => discover(fetch, issuer, { origins: options.origins }),
    authentication: oauth.None(),
    quirks: { bearerAliases, idToken: options.idToken ?? 'optional' },
  })

  return defineBackendProvider({
    label: 'Apiture',
    mode: options.mode ?? ('mediated' as M),
    redirectUri: options.redirectUri,
    scope,
    client,
    refreshRepeatable: options.refreshRepeatable ?? false,
    ...resources,
    confirmsAuthentication: true,
    toGrant: (tokens) => ({
      tokens,
      sub: tokens.claims?.sub,
      details: pickClaims(tokens.claims, options.details),
    }),

    async authorize(setup, context) {
      const { authorization_endpoint: endpoint = '' } = (await client.endpoint(context)).server
      const asked = parametersOfChecks(setup.asked ?? {})
      return { url: buildAuthorizationUrl(endpoint, buildCodeRequest({ ...setup, clientId }), asked) }
    },
  })
}
