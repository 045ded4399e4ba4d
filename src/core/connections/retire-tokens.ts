import { openChannel } from '../channel/open-channel.js'
import type { Context } from '../context.js'
import { publish } from '../records/changes.js'
import type { Connection, ConnectionRecord } from '../records/connection.js'
import { connectionKey, tokensKey } from '../records/keys.js'
import type { StoredTokens } from '../records/tokens.js'

/**
 * Removes the stored tokens of a connection, because `persistTokens` or `dpop` was switched off since they came, and has
 * them revoked. The connection stays, and must be renewed. Resolves when they are removed.
 *
 * @throws {StorageError} when nothing was removed.
 */
export async function retireTokens(
  context: Context,
  { id, provider, connectedAt }: Connection,
): Promise<void> {
  const keys = [connectionKey(id), tokensKey(id)]
  let taken: StoredTokens | undefined
  await publish(context, id, keys, ([known, stored]) => {
    // Disconnected meanwhile: whoever did that has revoked them.
    if (!known) return {}
    const { persistent: _, dpop: __, ...record } = known as ConnectionRecord
    // Renewed meanwhile, perhaps by the callback of this very page.
    if (record.connection.connectedAt !== connectedAt) return {}
    taken = stored as StoredTokens | undefined
    return { [connectionKey(id)]: record, [tokensKey(id)]: undefined }
  })
  if (!taken) return
  const tokens = taken
  void openChannel(context, provider)
    .then((channel) => channel.revoke?.(tokens))
    .catch(() => undefined)
}
