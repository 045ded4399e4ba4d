import { openChannel } from '../channel/open-channel.js'
import { CountersignError } from '../../protocol/errors.js'
import type { AccessToken } from '../held-tokens.js'
import type { Connection } from '../records/connection.js'
import { providerOf, type Context } from '../context.js'
import { sessionKey } from '../records/keys.js'
import { changeConnection, checkOwner } from './stored-connection.js'

/**
 * A usable access token of a connection: the one in memory while it is good, else a new one, asked for once however
 * many callers wait.
 *
 * @param rejected A token that the API refused although it looked good.
 * @throws {CountersignError} `reauthorization_required` when the provider accepts neither access nor refresh token any
 * more; the connection's status says so, too, in every tab. `sign_in_required` when the app's user must sign in.
 */
export async function getAccessToken(
  context: Context,
  connection: Connection,
  rejected?: string,
): Promise<AccessToken> {
  const { id, connectedAt } = connection
  const { tokens } = context
  const pending = tokens.pending(id)
  if (pending) {
    const awaited = await pending
    // Who began that wait did not know yet that this token is refused.
    return awaited.value === rejected ? getAccessToken(context, connection, rejected) : awaited
  }
  const held = tokens.get(id)
  const token = held?.accessToken
  const outdated = held?.connectedAt !== connectedAt && isShared(context, connection)
  if (token && token.value !== rejected && !outdated && !expiresSoon(context, token)) return token
  return tokens.renew(id, connectedAt, request(context, connection, rejected))
}

/** True when this page can get the tokens with which another tab renewed a connection. */
const isShared = (context: Context, { provider: name }: Connection): boolean => {
  const { channel } = providerOf(context, name)
  return channel.mode !== 'browser' || channel.keepsTokens
}

/** The margin covers the way of the request that will carry the token, not more: a refresh may cost the person something. */
const expiresSoon = ({ platform }: Context, token: AccessToken): boolean =>
  token.expiresAt !== undefined && token.expiresAt - platform.clock.now() < 5

async function request(
  context: Context,
  connection: Connection,
  rejected: string | undefined,
): Promise<AccessToken> {
  const { id, provider } = connection
  const owner = context.subject()
  try {
    await checkOwner(context, connection)
  } catch (error) {
    context.tokens.forget(id)
    throw error
  }
  try {
    const channel = await openChannel(context, provider)
    const accessToken = await channel.accessToken(connection, rejected)
    context.emit('access_token_received', id, provider)
    return accessToken
  } catch (error) {
    // What the backend says after the user has changed, here or in another tab, it says of another's session.
    await context.follow(sessionKey)
    if (context.subject() === owner) await noteFailure(context, connection, error)
    throw error
  }
}

/** Records what a failure says about the connection itself, for this tab and the others. */
async function noteFailure(context: Context, connection: Connection, error: unknown): Promise<void> {
  const code = error instanceof CountersignError ? error.code : undefined
  if (code === 'sign_in_required') context.requireSignIn()
  else if (code === 'unknown_connection') await changeConnection(context, connection.id, () => undefined)
  else if (code === 'reauthorization_required') {
    const { connectedAt = connection.connectedAt } = context.tokens.get(connection.id) ?? {}
    context.tokens.forget(connection.id)
    // Unless it was renewed since these tokens came, perhaps in another tab, or while they were being refused.
    await changeConnection(context, connection.id, (record) =>
      record.connection.connectedAt === connectedAt
        ? { ...record, connection: { ...record.connection, status: 'reauthorization_required' } }
        : record,
    )
  }
}
