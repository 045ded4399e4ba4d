import { openChannel } from '../channel/open-channel.js'
import type { Context } from '../context.js'
import type { Connection } from '../records/connection.js'
import { getAccessToken } from './access-token.js'

/**
 * A request to the provider's API, with the connection's access token.
 *
 * @throws {CountersignError} `resource_not_allowed` for a path that leaves the provider's API, and as
 * {@link getAccessToken}.
 * @throws {TypeError} when the client has no such provider, or its preset no `api`.
 */
export async function fetchResource(
  context: Context,
  connection: Connection,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const channel = await openChannel(context, connection.provider)
  return channel.fetch(connection, path, init, (rejected) => getAccessToken(context, connection, rejected))
}
