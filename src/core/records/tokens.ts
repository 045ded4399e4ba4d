import type { Platform } from '../../platform/platform.js'
import type { FirstIdToken } from '../../protocol/id-token.js'
import type { RefreshTrouble } from '../../protocol/refresh-trouble.js'
import { isToken } from '../../protocol/token.js'
import { tokensKey } from './keys.js'

/** Tokens that outlive the page: bound to a key that cannot leave this browser, or kept at the application's wish. */
export interface StoredTokens {
  readonly v: 1
  /** `undefined` where it came with an ID Token that could not be checked: then nobody gets it. */
  readonly accessToken: string | undefined
  /** Epoch seconds. */
  readonly expiresAt: number | undefined
  readonly refreshToken: string | undefined
  /** Whom the first ID Token named: a refreshed one must name the same. */
  readonly idTokenSubject?: string | undefined
  /** What refreshed ID Tokens must repeat of it; absent where an older version stored it. */
  readonly firstIdToken?: FirstIdToken | undefined
  /** When they came from the server or were last used, to the day: epoch seconds; absent where an older version stored them. */
  readonly usedAt?: number
  /** Issuer, client id and origin of the API: see records/binding.ts. Absent where an older version stored it. */
  readonly binding?: string
  /** Number of refreshes in a row that gave no access token: no answer came, or it could not be checked. */
  readonly unanswered?: number
  /** When tokens were replaced that the API had refused, within the last hour: epoch seconds. */
  readonly replacedAt?: readonly number[] | undefined
  /** Refreshes that were refused or could not be read; absent after one that succeeded. */
  readonly trouble?: RefreshTrouble | undefined
}

/** The stored tokens of a connection; `undefined` if the record is damaged, as other scripts can write to the same storage. */
export async function readTokens(
  { database }: Pick<Platform, 'database'>,
  id: string,
): Promise<StoredTokens | undefined> {
  const value: unknown = await database.get(tokensKey(id))
  const { v, accessToken, refreshToken } = Object(value) as Partial<StoredTokens>
  const isWhole = [accessToken, refreshToken].every((token) => token === undefined || isToken(token))
  return v === 1 && isWhole ? (value as StoredTokens) : undefined
}

/** Stores the tokens of a connection, or forgets them. Resolves when that is committed. */
export async function writeTokens(
  { database }: Pick<Platform, 'database'>,
  id: string,
  tokens: StoredTokens | undefined,
): Promise<void> {
  await database.change([], () => [{ [tokensKey(id)]: tokens }, undefined])
}

/**
 * Replaces the tokens, if they are still those with this refresh token. Whoever renewed or ended the connection meanwhile has the last word:
 * then nothing changes. Resolves with what is stored afterwards.
 */
export function replaceTokens(
  { database }: Pick<Platform, 'database'>,
  id: string,
  refreshToken: string | undefined,
  next: StoredTokens | undefined,
): Promise<StoredTokens | undefined> {
  const key = tokensKey(id)
  return database.change([key], ([stored]) => {
    const current = stored as StoredTokens | undefined
    return current?.refreshToken === refreshToken ? [{ [key]: next }, next] : [{}, current]
  })
}

const daySeconds = 24 * 3600

/**
 * Notes that stored tokens are used, once a day. Tokens that do not expire are never refreshed, and must not look unused.
 *
 * @throws {StorageError} when that cannot be stored.
 */
export async function noteUse(
  { clock, database }: Pick<Platform, 'clock' | 'database'>,
  id: string,
  { accessToken, usedAt = 0 }: StoredTokens,
): Promise<void> {
  const now = clock.now()
  if (now - usedAt < daySeconds) return
  const key = tokensKey(id)
  await database.change([key], ([stored]) => {
    const current = stored as StoredTokens | undefined
    return [
      current?.accessToken === accessToken && current ? { [key]: { ...current, usedAt: now } } : {},
      undefined,
    ]
  })
}
