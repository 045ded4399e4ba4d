import { openChannel } from '../channel/open-channel.js'
import { CountersignError } from '../../protocol/errors.js'
import type { AccessToken } from '../held-tokens.js'
import type { Connection, ConnectionRecord } from '../records/connection.js'
import { isOfThisBackend } from '../backend-url.js'
import { providerOf, type Context } from '../context.js'
import { isBoundTo } from '../records/binding.js'
import { sessionKey } from '../records/keys.js'
import { noteUse, readTokens, type StoredTokens } from '../records/tokens.js'
import { changeConnection, checkOwner } from './stored-connection.js'

/**
 * A usable access token of a connection: the one in memory while it is good, else a new one, asked for once however
 * many callers wait.
 *
 * @param rejected A token that the API refused although it looked good.
 * @throws {CountersignError} `reauthorization_required` when the provider accepts neither access nor refresh token any
 * more, `refresh_failed` when its answers cannot be read as OAuth; the connection's status says so, too, in every tab.
 * `sign_in_required` when the app's user must sign in.
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
  const isGood = token?.value !== rejected || stands(context, held?.standsSince)
  if (token && isGood && !outdated && !expiresSoon(context, token)) return token
  return tokens.renew(id, connectedAt, request(context, connection, rejected))
}

/** Seconds for which a refused token that must not be replaced is not asked for again. */
const standsSeconds = 60

const stands = ({ platform }: Context, since = -Infinity): boolean =>
  Math.abs(platform.clock.now() - since) < standsSeconds

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
  let record: ConnectionRecord | undefined
  const isSameUser = context.watchSubject()
  try {
    record = await checkOwner(context, connection)
  } catch (error) {
    context.tokens.forget(id)
    throw error
  }
  const parties = providerOf(context, provider)
  const stored = parties.channel.keepsTokens ? await readTokens(context.platform, id) : undefined
  // The record is left alone: another app may have it.
  if (![record, stored].every((held) => isBoundTo(held?.binding, parties))) throw elsewhere()
  try {
    const accessToken =
      goodStored(context, id, stored, rejected) ??
      (await (await openChannel(context, provider)).accessToken(connection, rejected))
    // It works again.
    if (record) await setStatus(context, connection, 'connected', record)
    if (accessToken.value === rejected && context.tokens.get(id))
      context.tokens.hold(id, { standsSince: context.platform.clock.now() })
    context.emit('access_token_received', id, provider)
    return accessToken
  } catch (error) {
    // What the backend says after the user has changed, here or in another tab, it says of another's session.
    await context.follow(sessionKey)
    if (isSameUser()) await noteFailure(context, connection, error, record)
    throw error
  }
}

const elsewhere = (): CountersignError =>
  new CountersignError(
    'reauthorization_required',
    'This connection was made with another authorization server, client id or API than the provider of this name has now, so its tokens are not used: connect again with authorize().',
  )

/** The access token that is stored while it is good: for it no channel is loaded and no lock taken. */
function goodStored(
  context: Context,
  id: string,
  stored: StoredTokens | undefined,
  rejected: string | undefined,
): AccessToken | undefined {
  const { accessToken: value, expiresAt } = stored ?? {}
  if (!stored || value === undefined || value === rejected || expiresSoon(context, { value, expiresAt }))
    return undefined
  noteUse(context.platform, id, stored).catch(() => undefined)
  return { value, expiresAt }
}

/** Records what a failure says about the connection itself, for this tab and the others. */
export async function noteFailure(
  context: Context,
  connection: Connection,
  error: unknown,
  record?: ConnectionRecord,
): Promise<void> {
  const code = error instanceof CountersignError ? error.code : undefined
  if (code === 'sign_in_required') context.requireSignIn()
  else if (code === 'unknown_connection')
    await changeConnection(context, connection.id, (known) =>
      isOfThisBackend(context, known) ? undefined : known,
    )
  else if (code === 'refresh_failed') await setStatus(context, connection, 'failed', record)
  else if (code === 'reauthorization_required') await setStatus(context, connection, code, record)
}

/**
 * Changes the status of a connection, unless it was renewed since these tokens came, perhaps in another tab.
 *
 * @param known The record as it was read: where it says so already, nobody is told again.
 */
async function setStatus(
  context: Context,
  { id, ...given }: Connection,
  status: Connection['status'],
  known: ConnectionRecord | undefined,
): Promise<void> {
  const { connectedAt = given.connectedAt, trouble } = context.tokens.get(id) ?? {}
  // A refresh token that may be good after all stays where it is.
  if (status === 'reauthorization_required') {
    if (trouble) context.tokens.hold(id, { accessToken: undefined })
    else context.tokens.forget(id)
  }
  if (known?.connection.status === status) return
  await changeConnection(context, id, (record) =>
    record.connection.connectedAt === connectedAt && record.connection.status !== status
      ? { ...record, connection: { ...record.connection, status } }
      : record,
  )
}
