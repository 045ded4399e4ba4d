import type { ConnectionRecord } from '../../core/records/connection.js'
import { connectionKey, tokensKey } from '../../core/records/keys.js'
import type { StoredTokens } from '../../core/records/tokens.js'
import type { Watched } from '../watch/watched.js'

/** What is stored and held of a connection's tokens: times and yes or no. */
export interface TokenFacts {
  readonly isBound: boolean
  readonly isStored: boolean
  readonly isHeld: boolean
  /** Epoch seconds. */
  readonly expiresAt?: number | undefined
}

/** Reads what there is of the tokens of these connections, and no token. */
export async function readTokenFacts(
  { context, platform }: Watched,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TokenFacts>> {
  const entries = new Map(await platform.database.entries())
  return new Map(
    ids.map((id) => {
      const { dpop = false } = Object(entries.get(connectionKey(id))) as Partial<ConnectionRecord>
      const stored = entries.get(tokensKey(id)) as StoredTokens | undefined
      const held = context.tokens.get(id)?.accessToken
      const facts = { isBound: dpop, isStored: stored !== undefined, isHeld: held !== undefined }
      return [id, { ...facts, expiresAt: held?.expiresAt ?? stored?.expiresAt }]
    }),
  )
}
