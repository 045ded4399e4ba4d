import type { Userinfo } from '../channel/channel.js'
import { openChannel } from '../channel/open-channel.js'
import type { Context } from '../context.js'
import type { Connection } from '../records/connection.js'
import { getAccessToken } from './access-token.js'

/**
 * The claims about the person of a connection, from the userinfo endpoint.
 *
 * @throws {ValidationError} `response_malformed` for an answer about somebody else, or one that is none.
 * @throws {TokenEndpointError} when the endpoint refuses. @throws as {@link getAccessToken}.
 * @throws {StepUpError} when the endpoint wants the person to sign in again, or by a stronger way.
 * @throws {TypeError} when it is not known where to ask, or whose claims they must be.
 */
export async function fetchUserinfo(context: Context, connection: Connection): Promise<Userinfo> {
  const channel = await openChannel(context, connection.provider)
  return channel.userinfo(connection, (rejected) => getAccessToken(context, connection, rejected))
}
