import type { HeldConnection } from '../../backend/provider.js'
import type { RequestContext } from '../../protocol/metadata-cache.js'
import { unrevoked, type Revocation } from '../../protocol/revocation-result.js'
import { refreshTokens } from '../../protocol/refresh-tokens.js'
import { requestClientCredentials, type TokenEndpoint } from '../../protocol/token-endpoint.js'
import type { OAuthClientWithEndpoint } from '../kit/backend/oauth-client.js'
import { isConsentId, revokeConsent, type ConsentApi } from './consent.js'
import type { FdxInitiator, FdxRevocationReason } from './facts.js'

/** Settings of ending a consent. */
export interface EndConsentSettings {
  readonly api: ConsentApi
  readonly revocation: { readonly reason: FdxRevocationReason; readonly initiator: FdxInitiator }
  /** The scope of a client-credentials token that may end consents. @defaultValue none: no such token is requested */
  readonly clientScope: string | undefined
}

/**
 * Ends the consent of a connection at the data provider.
 *
 * @throws {NetworkError} when no response came. @throws {TokenEndpointError} when no client-credentials token is given.
 */
export async function endConsent(
  { api, revocation, clientScope }: EndConsentSettings,
  client: OAuthClientWithEndpoint,
  connection: HeldConnection,
  context: RequestContext,
): Promise<Revocation> {
  const { grant_id: id } = connection.details
  if (!isConsentId(id)) return unrevoked('no_endpoint')
  for (const token of usableTokens(connection, clientScope, () => client.endpoint(context))) {
    const accessToken = await token()
    const result = accessToken === undefined ? 'token' : await revokeConsent(api, id, accessToken, revocation)
    if (result !== 'token') return result
  }
  return unrevoked('refused')
}

/** Tokens that may open the consent, one after the other: its access token, that token refreshed, a client-credentials token. */
function usableTokens(
  { accessToken, refreshToken, sub }: HeldConnection,
  clientScope: string | undefined,
  endpoint: () => Promise<TokenEndpoint>,
): readonly (() => Promise<string | undefined>)[] {
  const refreshed = async (token: string) =>
    (await refreshTokens(await endpoint(), token, sub).catch(() => undefined))?.accessToken
  const clientCredentials = async (scope: string) =>
    (await requestClientCredentials(await endpoint(), { scope })).accessToken
  return [
    () => Promise.resolve(accessToken),
    ...(refreshToken === undefined ? [] : [() => refreshed(refreshToken)]),
    ...(clientScope === undefined ? [] : [() => clientCredentials(clientScope)]),
  ]
}
