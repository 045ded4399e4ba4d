import type { ProviderGrant } from '../provider.js'
import type { StoredTokens } from './record.js'

/** The tokens of a token response to store; its ID Token is not kept. */
export function toStoredTokens(tokens: NonNullable<ProviderGrant['tokens']>, now: number): StoredTokens {
  const { accessToken, tokenType, expiresInSeconds, refreshToken } = tokens
  return {
    accessToken,
    tokenType,
    expiresAt: expiresInSeconds === undefined ? undefined : now + Math.floor(expiresInSeconds),
    refreshToken,
    issuedAt: now,
  }
}

/** An access token as it goes to a page, in `mediated` mode only. */
export function toAccessTokenAnswer(
  { accessToken, expiresAt }: StoredTokens,
  now: number,
): {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in?: number
} {
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    ...(expiresAt !== undefined && { expires_in: Math.max(0, expiresAt - now) }),
  }
}
