import type { Context } from './context.js'
import { isBoundTo } from './records/binding.js'
import type { Connection, ConnectionRecord } from './records/connection.js'

/**
 * The connection as this page has it. The person has to authorize again where its tokens were in a page that is gone, and
 * where they are bound to another server, client or API than the provider of this name has now. The record stays: in another
 * app at the same origin it may be good.
 */
export function asHeld(
  { tokens, providers }: Pick<Context, 'tokens' | 'providers'>,
  { mode, persistent, binding, connection }: ConnectionRecord,
): Connection {
  const provider = providers[connection.provider]
  const isGone = mode === 'browser' && !persistent && !tokens.get(connection.id)
  return isGone || (provider && !isBoundTo(binding, provider))
    ? { ...connection, status: 'reauthorization_required' }
    : connection
}
