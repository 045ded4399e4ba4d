import { isGivenUp, mayTry } from '../../protocol/refresh-trouble.js'
import type { Context } from '../context.js'
import type { Connection } from '../records/connection.js'
import { readTokens } from '../records/tokens.js'
import { getAccessToken } from './access-token.js'

/**
 * Tries whether a connection of `browser` mode that does not work works again: once an hour at most, whichever page does.
 * A success revives it in all of them, and what a failure has found out is stored. Never rejects.
 */
export async function tryAgain(context: Context, connection: Connection): Promise<void> {
  const { platform, tokens } = context
  try {
    const { id } = connection
    const trouble = tokens.get(id)?.trouble ?? (await readTokens(platform, id))?.trouble
    const now = platform.clock.now()
    if (trouble && (mayTry(trouble, now) || isGivenUp(trouble, now)))
      await getAccessToken(context, connection)
  } catch {
    // The connection's status says it.
  }
}
