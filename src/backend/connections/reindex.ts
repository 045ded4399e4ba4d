import type { Context } from '../context.js'
import type { Calls } from './calls.js'
import { fileConnection, nameShard, orUnreadable, placeUnder } from './due-index.js'
import { noteAllNamed } from '../storage/canary.js'
import { noteForWebhooks } from '../webhooks/webhook-index.js'
import { connectionIdOf, readConnection } from './read-connection.js'
import { bindFirst, listAgain } from './stored-connections.js'

/**
 * Files every connection anew, puts it back on its user's list, and binds it to its provider's present server where it is bound
 * to none. Names every shard of the index in its day's record. Each is a call of its own: a backend that closes waits for one
 * connection, not for all.
 *
 * @param keys Every key of the store.
 * @returns The number of connections seen.
 * @throws {Refusal} `backend_unavailable` where the store fails, and once the backend closes.
 */
export async function reindex({ alone }: Calls, keys: AsyncIterable<string>): Promise<number> {
  const all = keys[Symbol.asyncIterator]()
  let seen = 0
  try {
    for (;;) {
      const next = await alone(() => all.next())
      if (next.done === true) break
      const place = placeUnder(next.value)
      if (place) await alone((own) => orUnreadable(nameShard(own, place)))
      const id = connectionIdOf(next.value)
      if (id !== undefined && (await alone((own) => fileAnew(own, id)))) seen += 1
    }
  } finally {
    await all.return?.()
  }
  await alone((own) => noteAllNamed(own.records, own.now))
  return seen
}

/** @returns Whether there is such a connection, and it can be read. */
async function fileAnew(context: Context, id: string): Promise<boolean> {
  const record = await orUnreadable(readConnection(context, id))
  if (record === undefined || record === 'unreadable') return false
  await orUnreadable(bindFirst(context, record))
  await orUnreadable(listAgain(context, record))
  await Promise.all([fileConnection(context, record), noteForWebhooks(context, record)])
  return true
}
