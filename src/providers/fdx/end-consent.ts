import type { HeldConnection } from '../../backend/provider.js'
import type { RequestContext } from '../../protocol/metadata-cache.js'
import { fromFailure, unrevoked, type Revocation } from '../../protocol/revocation-result.js'
import { refreshTokens } from '../../protocol/refresh-tokens.js'
import type { OAuthClientWithEndpoint } from '../kit/backend/oauth-client.js'
import { isConsentId } from './consent.js'
import { revokeConsent, type ConsentApi, type TokenSource } from './consent-api.js'
import type { FdxInitiator, FdxRevocationReason } from './facts.js'

/** Settings of ending a consent. */
export interface EndConsentSettings {
  readonly api: ConsentApi
  readonly revocation: { readonly reason: FdxRevocationReason; readonly initiator: FdxInitiator }
  /** The client's own token, where it may end consents. */
  readonly clientToken: ((context: RequestContext) => Promise<string>) | undefined
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
  { details, accessToken, refreshToken, sub }: HeldConnection,
  context: RequestContext,
): Promise<Revocation & { readonly refreshToken?: string | undefined }> {
  const { grant_id: id } = details
  if (!isConsentId(id)) return unrevoked('no_endpoint')
  let newest = refreshToken
  const refreshed = async (used: string): Promise<string | undefined> => {
    const tokens = await refreshTokens(await client.endpoint(context), used, sub)
    newest = tokens.refreshToken ?? used
    return tokens.accessToken
  }
  const sources: readonly TokenSource[] = [
    ...(clientToken ? [() => clientToken(context)] : []),
    () => Promise.resolve(accessToken),
    ...(refreshToken === undefined ? [] : [() => refreshed(refreshToken)]),
  ]
  let result: Revocation = unrevoked('refused')
  for (const source of sources) {
    const attempt = await endWith(api, id, source, revocation)
    // An endpoint that could not be reached is asked again later, whatever another said.
    if (attempt !== 'token' && !isUnreachable(result)) result = attempt
    if (attempt !== 'token' && attempt.revoked) return attempt
  }
  return { ...result, refreshToken: newest }
}

const isUnreachable = (result: Revocation): boolean => !result.revoked && result.reason === 'unreachable'

async function endWith(
  api: ConsentApi,
  id: string,
  source: TokenSource,
  revocation: EndConsentSettings['revocation'],
): Promise<Revocation | 'token'> {
  try {
    const token = await source()
    return token === undefined ? 'token' : await revokeConsent(api, id, token, revocation)
  } catch (error) {
    return fromFailure(error)
  }
}
