import type {
  AuthorizationSetup,
  BackendProvider,
  HeldConnection,
  ProviderContext,
  ProviderGrant,
  Redemption,
  RefreshedGrant,
} from '../../../backend/provider.js'
import { checkOptions, type OptionForms } from '../../../protocol/options.js'
import type { RefreshedTokens } from '../../../protocol/refresh-tokens.js'
import type { CheckedTokens } from '../../../protocol/token-endpoint.js'
import type { OAuthClient } from './oauth-client.js'
import { readRedirectUris } from './read-options.js'

/**
 * A provider as {@link defineBackendProvider} takes it: its configuration, its authorization request and the meaning of its
 * tokens. `client` does what the standards say; `authorize`, `redeem`, `refresh` and `revoke` replace that where a server differs.
 */
export interface BackendProviderDefinition<
  Claims extends object = object,
  M extends 'mediated' | 'bff' = 'mediated' | 'bff',
> extends Pick<
  BackendProvider<Claims>,
  | 'label'
  | 'scope'
  | 'input'
  | 'confirmsAuthentication'
  | 'transactionSeconds'
  | 'ready'
  | 'fetch'
  | 'refreshRepeatable'
  | 'resources'
  | 'resourceToken'
  | 'presentToken'
  | 'webhooks'
  | 'institutions'
  | 'toEnding'
  | 'hasEnded'
  | 'readDetails'
> {
  /** `mediated`: access tokens reach the page. `bff`: none does. As in the page. */
  readonly mode: M
  /** The redirect URI registered at the provider, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** The client at the authorization server: `oauthClient({ … })`. */
  readonly client: OAuthClient
  /** Parameters of the authorization request that are this provider's own. @defaultValue none */
  readonly toParameters?: (
    setup: AuthorizationSetup<Claims>,
    context: ProviderContext,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** Grant of a redeemed code. @defaultValue its tokens, for the subject of its ID Token */
  readonly toGrant?: (
    tokens: CheckedTokens,
    redemption: Redemption<Claims>,
    context: ProviderContext,
  ) => ProviderGrant | Promise<ProviderGrant>
  /** Grant of a refresh. @defaultValue its tokens, for the subject of its ID Token */
  readonly toRefreshedGrant?: (
    tokens: RefreshedTokens,
    connection: HeldConnection,
    context: ProviderContext,
  ) => RefreshedGrant | Promise<RefreshedGrant>
  /** Instead of the client's authorization request with `toParameters`. */
  readonly authorize?: BackendProvider<Claims>['authorize']
  /** Instead of the client's token request with `toGrant`. */
  readonly redeem?: BackendProvider<Claims>['redeem']
  /** Instead of the client's refresh with `toRefreshedGrant`. */
  readonly refresh?: NonNullable<BackendProvider<Claims>['refresh']>
  /** Instead of the client's revocation. */
  readonly revoke?: NonNullable<BackendProvider<Claims>['revoke']>
}

const forms = {
  label: 'string!',
  mode: ['mediated', 'bff'],
  redirectUri: 'stringOrStrings!',
  scope: 'string!',
  client: 'object!',
  input: 'object',
  confirmsAuthentication: 'boolean',
  transactionSeconds: 'number',
  ready: 'object',
  fetch: 'function',
  refreshRepeatable: 'boolean',
  resources: 'object',
  resourceToken: 'function',
  presentToken: 'function',
  webhooks: 'object',
  institutions: 'object',
  toEnding: 'function',
  hasEnded: 'function',
  readDetails: 'function',
  toParameters: 'function',
  toGrant: 'function',
  toRefreshedGrant: 'function',
  authorize: 'function',
  redeem: 'function',
  refresh: 'function',
  revoke: 'function',
} satisfies OptionForms<BackendProviderDefinition>

/** What a method takes the place of, so that it would never be called. */
const replaced = { authorize: 'toParameters', redeem: 'toGrant', refresh: 'toRefreshedGrant' } as const

/** Members for requests to the API. */
const forRequests = ['resourceToken', 'presentToken', 'hasEnded'] as const

/** @throws {TypeError} naming a member that nothing would use. */
function refuseUnused(definition: object): void {
  const given = definition as Readonly<Record<string, unknown>>
  for (const [method, part] of Object.entries(replaced))
    if (given[method] !== undefined && given[part] !== undefined)
      throw new TypeError(
        `defineBackendProvider: \`${method}\` takes the place of the client's, and nothing calls \`${part}\` then: leave one of the two out.`,
      )
  const lost = forRequests.find((name) => given[name] !== undefined)
  if (lost !== undefined && given['resources'] === undefined)
    throw new TypeError(
      `defineBackendProvider: \`${lost}\` is for requests to the API, and there are none without \`resources\`: leave it out, or give them.`,
    )
}

/**
 * A provider of your own for `createBackend`, checked. Facts about the app's user that `toParameters` names in its type are
 * demanded of `session`.
 *
 * @throws {TypeError} for a member that is missing, wrong or unknown.
 * @example
 * ```ts
 * import { defineBackendProvider, oauthClient } from 'countersign/backend'
 *
 * const bank = defineBackendProvider({
 *   label: 'Example Bank',
 *   mode: 'mediated',
 *   redirectUri: 'https://app.example/callback/bank',
 *   scope: 'openid accounts',
 *   client: oauthClient({
 *     issuer: 'https://bank.example',
 *     clientId: 'my-client',
 *     clientSecret: process.env['BANK_CLIENT_SECRET'] ?? '',
 *   }),
 * })
 * ```
 */
export function defineBackendProvider<
  Claims extends object = object,
  const M extends 'mediated' | 'bff' = 'mediated' | 'bff',
>(definition: BackendProviderDefinition<Claims, M>): BackendProvider<Claims> & { readonly mode: M } {
  checkOptions('defineBackendProvider', definition, forms)
  if ((definition.mode as unknown) === undefined)
    throw new TypeError('defineBackendProvider: `mode` is missing: say "mediated" or "bff", as in the page.')
  if (typeof (definition.client as Partial<OAuthClient>).authorize !== 'function')
    throw new TypeError('defineBackendProvider: `client` must be what oauthClient({ … }) has made.')
  refuseUnused(definition)
  if ((definition.presentToken ?? definition.client.presentToken) && definition.mode !== 'bff')
    throw new TypeError(
      `${definition.label}: with \`dpop\` access tokens are bound to a key of the backend, so a page cannot use them: set \`mode: 'bff'\`, or leave \`dpop\` out.`,
    )
  const { client, redirectUri, toParameters, toGrant, toRefreshedGrant, ready, ...provider } = definition
  return {
    server: client.server,
    redirectUris: readRedirectUris(redirectUri),
    // The client does, unless something else stands in its place.
    confirmsAuthentication: !provider.authorize && !provider.redeem,
    authorize: async (setup, context) =>
      client.authorize(setup, context, await toParameters?.(setup, context)),
    async redeem(redemption, context) {
      const tokens = await client.redeem(redemption, context)
      return toGrant ? toGrant(tokens, redemption, context) : { tokens, sub: tokens.claims?.sub }
    },
    async refresh(connection, context) {
      const tokens = await client.refresh(connection, context)
      return toRefreshedGrant
        ? toRefreshedGrant(tokens, connection, context)
        : { tokens, sub: tokens.claims?.sub }
    },
    revoke: client.revoke,
    // Where something else gets the tokens, it alone knows what they are.
    ...(client.tokenType && !provider.redeem && !provider.refresh && { tokenType: client.tokenType }),
    ...(client.presentToken && { presentToken: client.presentToken }),
    ...provider,
    ready: ready ? Promise.all([client.ready, ready]) : client.ready,
  }
}
