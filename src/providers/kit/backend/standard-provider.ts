import type {
  BackendProvider,
  HeldConnection,
  ProviderContext,
  ProviderGrant,
  Redemption,
  RefreshedGrant,
} from '../../../backend/provider.js'
import type { CheckedTokens, RefreshedTokens } from '../../../protocol/token-endpoint.js'
import type { OAuthClient } from './oauth-client.js'
import { readRedirectUris } from './read-options.js'

/** A provider that is standard but for its configuration, its authorization request and the meaning of its tokens. */
export interface StandardProvider<Claims extends object, M extends 'mediated' | 'bff'> extends Pick<
  BackendProvider<Claims>,
  | 'label'
  | 'scope'
  | 'input'
  | 'transactionSeconds'
  | 'ready'
  | 'fetch'
  | 'authorize'
  | 'refreshRepeatable'
  | 'revoke'
  | 'resources'
> {
  readonly mode: M
  readonly redirectUri: string | readonly string[]
  readonly client: OAuthClient
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
}

/** Makes a provider. Its client redeems, refreshes and revokes as the standards have it, unless `provider` says otherwise. */
export function createStandardProvider<Claims extends object, M extends 'mediated' | 'bff'>({
  client,
  redirectUri,
  toGrant = forSubject,
  toRefreshedGrant = forSubject,
  ...provider
}: StandardProvider<Claims, M>): BackendProvider<Claims> & { readonly mode: M } {
  return {
    ready: client.ready,
    redirectUris: readRedirectUris(redirectUri),
    redeem: async (redemption, context) =>
      toGrant(await client.redeem(redemption, context), redemption, context),
    refresh: async (connection, context) =>
      toRefreshedGrant(await client.refresh(connection, context), connection, context),
    revoke: client.revoke,
    ...provider,
  }
}

const forSubject = <Tokens extends RefreshedTokens>(tokens: Tokens) => ({ tokens, sub: tokens.claims?.sub })
