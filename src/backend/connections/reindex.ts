import type { Context } from '../context.js'
import { fileConnection, orUnreadable } from './due-index.js'
import { noteForWebhooks } from '../webhooks/webhook-index.js'
import { connectionIdOf, readConnection } from './read-connection.js'
import { bindFirst, listAgain } from './stored-connections.js'

/**
 * Files every connection anew, puts it back on its user's list, and binds it to its provider's present server where it is bound to
 * none.
 *
 * @param keys Every key of the store.
 * @returns The number of connections seen.
 */
export async function reindex(context: Context, keys: AsyncIterable<string>): Promise<number> {
  let seen = 0
  for await (const key of keys) {
    const id = connectionIdOf(key)
    const record = id === undefined ? undefined : await orUnreadable(readConnection(context, id))
    if (record === undefined || record === 'unreadable') continue
    await orUnreadable(bindFirst(context, record))
    await orUnreadable(listAgain(context, record))
    await Promise.all([fileConnection(context, record), noteForWebhooks(context, record)])
    seen += 1
  }
  return seen
}
