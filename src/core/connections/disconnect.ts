import { fromFailure, type Revocation } from '../../protocol/revocation-result.js'
import { openChannel } from '../channel/open-channel.js'
import type { Context } from '../context.js'
import type { Connection } from '../records/connection.js'
import { checkOwner, forgetConnection } from './stored-connection.js'

/**
 * Forgets the connection first and always, then asks the provider to revoke the grant.
 *
 * @returns Whether the provider confirmed it, or why not.
 */
export async function disconnect(context: Context, connection: Connection): Promise<Revocation> {
  await checkOwner(context, connection)
  let revocation: Promise<Revocation>
  try {
    const channel = await openChannel(context, connection.provider)
    // The channel may need the tokens of this page to revoke them: it takes them out of the memory itself.
    revocation = channel.disconnect(connection).catch(fromFailure)
  } catch (error) {
    revocation = Promise.resolve(fromFailure(error))
  }
  context.tokens.forget(connection.id)
  await forgetConnection(context, connection.id)
  context.emit('disconnected', connection.id, connection.provider)
  return revocation
}
