import { openChannel } from '../channel/open-channel.js'
import { providerOf, type Context } from '../context.js'
import type { Connection } from '../records/connection.js'
import { sessionKey } from '../records/keys.js'
import { getAccessToken, noteFailure } from './access-token.js'

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
  const isSameUser = context.watchSubject()
  try {
    return await channel.fetch(connection, path, init, (rejected) =>
      getAccessToken(context, connection, rejected),
    )
  } catch (error) {
    // Where the page has no token, only this tells that the connection must be renewed.
    if (providerOf(context, connection.provider).channel.mode === 'bff') {
      await context.follow(sessionKey)
      if (isSameUser()) await noteFailure(context, connection, error)
    }
    throw error
  }
}
