import { openChannel } from '../channel/open-channel.js'
import type { Context } from '../context.js'
import type { Connection } from '../records/connection.js'
import { changeConnection, checkOwner } from './stored-connection.js'

/** Forgets the connection first and always, then asks the provider to revoke the grant. */
export async function disconnect(context: Context, connection: Connection): Promise<{ revoked: boolean }> {
  await checkOwner(context, connection)
  const channel = await openChannel(context, connection.provider).catch(() => undefined)
  // The channel may need the tokens of this page to revoke them: it takes them out of the memory itself.
  const revocation = channel?.disconnect(connection).catch(() => false) ?? false
  context.tokens.forget(connection.id)
  await changeConnection(context, connection.id, () => undefined)
  context.emit('disconnected', connection.id, connection.provider)
  return { revoked: await revocation }
}
