import { tokensKey } from './keys.js'
import type { StoredTokens } from './tokens.js'

/** Seconds after which tokens that nobody has used are removed: 180 days, the longest that a consent to account data lasts in the EU. */
const unusedSeconds = 180 * 24 * 3600

/** True for tokens that have not been used for so long that they are removed, whoever's they are. */
export function isUnused([key, value]: readonly [string, unknown], now: number): boolean {
  if (!key.startsWith(tokensKey(''))) return false
  const { expiresAt = now, usedAt = expiresAt } = Object(value) as Partial<StoredTokens>
  return now - usedAt > unusedSeconds
}
