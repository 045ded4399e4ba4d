import type { Context } from '../context.js'
import { fileConnection, orUnreadable } from './due-index.js'
import { noteForWebhooks } from '../webhooks/webhook-index.js'
import { connectionIdOf, readConnection } from './read-connection.js'

/**
 * Files every connection anew.
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
    await Promise.all([fileConnection(context, record), noteForWebhooks(context, record)])
    seen += 1
  }
  return seen
}
