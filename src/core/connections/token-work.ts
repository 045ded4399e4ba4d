import { isGivenUp, mayTry, type RefreshTrouble } from '../../protocol/refresh-trouble.js'
import type { Context } from '../context.js'
import type { ProviderChannel } from '../provider.js'
import { isConnectionRecord, type Connection } from '../records/connection.js'
import { tokensKey } from '../records/keys.js'
import type { StoredTokens } from '../records/tokens.js'

/** Connections of `browser` mode whose tokens something must be done about. */
interface TokenWork {
  /** Their tokens are kept in a way that the configuration has given up. */
  readonly retired: readonly Connection[]
  /** They do not work, and it is time to try whether they do. */
  readonly due: readonly Connection[]
}

/**
 * Finds them among all entries of the database.
 *
 * @param openedAt When this page was opened: epoch seconds. What has come since is of a page that may have a newer
 * configuration than this one.
 */
export function findTokenWork(
  { platform, providers, tokens: held }: Context,
  subject: string,
  openedAt: number,
  entries: readonly [key: string, value: unknown][],
): TokenWork {
  const retired: Connection[] = []
  const due: Connection[] = []
  for (const entry of entries) {
    if (!isConnectionRecord(entry) || entry[1].subject !== subject) continue
    const { connection, persistent = false } = entry[1]
    const { id, provider: name, status } = connection
    const channel = Object.hasOwn(providers, name) ? providers[name]?.channel : undefined
    if (channel?.mode !== 'browser') continue
    const stored = entries.find(([key]) => key === tokensKey(id))?.[1] as StoredTokens | undefined
    const isOlder = connection.connectedAt <= openedAt
    if (persistent && isOlder && !mayKeep(channel, stored)) retired.push(connection)
    else if (status !== 'connected' && isDue(held.get(id)?.trouble ?? stored?.trouble, platform.clock.now()))
      due.push(connection)
  }
  return { retired, due }
}

const isDue = (trouble: RefreshTrouble | undefined, now: number): boolean =>
  trouble !== undefined && (mayTry(trouble, now) || isGivenUp(trouble, now))

/** True for tokens that are kept as the configuration says: for those without a note of how, that any may be kept. */
const mayKeep = (
  { keepsTokens, settings = {} }: ProviderChannel,
  stored: StoredTokens | undefined,
): boolean => {
  const dpop = stored?.dpop
  const { dpop: binds = false, persistTokens = false } = settings
  return keepsTokens && (dpop === undefined || dpop === binds || (binds && persistTokens))
}
