import type { Context } from './context.js'
import { connectionKey, type ConnectionRecord } from './connection.js'
import { syncedKey } from './connections.js'
import { providerOf } from './context.js'

/**
 * Asks the backend, once per subject and browser, which connections there are: those made on another device, or whose
 * records this browser has evicted. Without an answer nothing changes, and the next page asks again.
 */
export async function synchronize(
  context: Omit<Context, 'connections'>,
  subject: string,
  name: string,
): Promise<void> {
  const { list } = await context.channel(name)
  const listed = await list?.()
  const records = (listed ?? []).map((connection): [string, ConnectionRecord] => [
    connectionKey(connection.id),
    { v: 1, subject, mode: providerOf(context, connection.provider).mode, connection },
  ])
  const writes = {
    ...Object.fromEntries<unknown>(records),
    [syncedKey(subject)]: context.platform.clock.now(),
  }
  await context.platform.database.change([], () => [writes, undefined])
}
