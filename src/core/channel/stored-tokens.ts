import type { Context } from '../context.js'

/** Tokens that outlive the page: bound to a key that cannot leave this browser, or kept at the application's wish. */
export interface StoredTokens {
  readonly v: 1
  readonly accessToken: string
  /** Epoch seconds. */
  readonly expiresAt: number | undefined
  readonly refreshToken: string | undefined
}

/** The key under which the tokens of a connection lie. */
export const tokensKey = (connectionId: string): string => `tokens:${connectionId}`

/** The stored tokens of a connection. */
export async function readTokens(
  { platform: { database } }: Context,
  id: string,
): Promise<StoredTokens | undefined> {
  const value = await database.get(tokensKey(id))
  return typeof value === 'object' && value !== null && 'v' in value && value.v === 1
    ? (value as StoredTokens)
    : undefined
}

/** Stores the tokens of a connection, or forgets them. Resolves when that is committed. */
export async function writeTokens(
  { platform: { database } }: Context,
  id: string,
  tokens: StoredTokens | undefined,
): Promise<void> {
  await database.change([], () => [{ [tokensKey(id)]: tokens }, undefined])
}
