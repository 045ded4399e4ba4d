import type { GrantToEnd, HeldConnection, ProviderRevocation } from '../../backend/provider.js'
import type { RequestContext } from '../../protocol/metadata-cache.js'
import { fromFailure, unrevoked, type Revocation } from '../../protocol/revocation-result.js'
import type { OAuthClientWithEndpoint } from '../kit/backend/oauth-client.js'
import { isConsentId } from './consent.js'
import {
  clientTokenSources,
  revokeConsent,
  type ClientToken,
  type ConsentApi,
  type TokenSource,
} from './consent-api.js'
import type { FdxInitiator, FdxRevocationReason } from './facts.js'

/** Settings of ending a consent. */
export interface EndConsentSettings {
  readonly api: ConsentApi
  readonly revocation: { readonly reason: FdxRevocationReason; readonly initiator: FdxInitiator }
  /** The client's own token, where it may end consents. */
  readonly clientToken: ClientToken | undefined
}

/**
 * Ends the consent of a connection at the data provider: by the client's own token where there is one, then by the consent's
 * access token, then by that token refreshed.
 *
 * @returns The result, with the refresh token that is good now where the one that was held has been used.
 */
export async function endConsent(
  { api, revocation, clientToken }: EndConsentSettings,
  client: OAuthClientWithEndpoint,
  { details, accessToken, refreshToken, sub, firstIdToken }: HeldConnection,
  context: RequestContext,
): Promise<ProviderRevocation> {
  const { grant_id: id } = details
  if (!isConsentId(id)) return unrevoked('no_endpoint')
  let newest = refreshToken
  const refreshed = async (used: string): Promise<string | undefined> => {
    const held = { refreshToken: used, sub, firstIdToken }
    const tokens = await client.refresh(held, context)
    newest = tokens.refreshToken ?? used
    return tokens.accessToken
  }
  const sources: readonly TokenSource[] = [
    ...clientTokenSources(clientToken, context),
    () => Promise.resolve(accessToken),
    ...(refreshToken === undefined ? [] : [() => refreshed(refreshToken)]),
  ]
  let result: Revocation = unrevoked('refused')
  let rejected: string | undefined
  for (const source of sources) {
    const token = await source(rejected).catch((error: unknown) => {
      result = worse(result, fromFailure(error))
      return undefined
    })
    if (token === undefined || token === rejected) continue
    const attempt = await revokeConsent(api, id, token, revocation).catch(fromFailure)
    rejected = attempt === 'rejected' ? token : undefined
    if (typeof attempt === 'string') continue
    if (attempt.revoked) return attempt
    result = worse(result, attempt)
    // The API's own answer, or none: another token would not change it.
    break
  }
  return { ...result, ...(newest !== refreshToken && { refreshToken: newest }) }
}

/** An endpoint that could not be reached may be reached later, whatever another one said. */
const worse = (one: Revocation, other: Revocation): Revocation =>
  !one.revoked && one.reason === 'unreachable' ? one : other

/**
 * What is kept to end a consent later: its id, and the refresh token only where nothing else can end it. Without either, no later
 * attempt could do more than the first.
 */
export function toConsentEnding(
  { details: { grant_id = null }, refreshToken }: HeldConnection,
  hasClientToken: boolean,
): GrantToEnd | undefined {
  const details = { grant_id }
  if (hasClientToken) return { details }
  return refreshToken === undefined ? undefined : { details, refreshToken }
}
