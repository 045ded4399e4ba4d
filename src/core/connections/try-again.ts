import type { Context } from '../context.js'
import type { Connection } from '../records/connection.js'
import { readTokens } from '../records/tokens.js'
import { getAccessToken } from './access-token.js'

/**
 * Tries whether a connection of `browser` mode that does not work works again, where something may be tried: the channel
 * asks once an hour at most, whichever page does. A success revives it in all of them. Never rejects.
 */
export async function tryAgain(context: Context, connection: Connection): Promise<void> {
  const { platform, tokens } = context
  const { id } = connection
  try {
    const trouble = tokens.get(id)?.trouble ?? (await readTokens(platform, id))?.trouble
    if (trouble) await getAccessToken(context, connection)
  } catch {
    // The connection's status says it.
  }
}
