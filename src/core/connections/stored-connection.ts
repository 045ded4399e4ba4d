import { CountersignError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import { isConnectionRecord, type Connection, type ConnectionRecord } from '../records/connection.js'
import { publish } from '../records/changes.js'
import { connectionKey, disconnectedKey, tokensKey } from '../records/keys.js'
import { noteDisconnected } from '../records/disconnected.js'

/**
 * Refuses a connection that a component kept from before the app's user changed.
 *
 * @returns The record, where there is one.
 * @throws {CountersignError} `sign_in_required`
 */
export async function checkOwner(
  { platform, subject }: Context,
  { id }: Connection,
): Promise<ConnectionRecord | undefined> {
  const record = await platform.database.get(connectionKey(id)).catch(() => undefined)
  const { subject: owner = subject() } = Object(record) as Partial<ConnectionRecord>
  if (owner !== subject()) throw anotherUser()
  return isConnectionRecord([connectionKey(id), record]) ? (record as ConnectionRecord) : undefined
}

/** The error of a connection that is not the present user's. */
export const anotherUser = (): CountersignError =>
  new CountersignError(
    'sign_in_required',
    'This connection belongs to another user of this app, who must sign in to use it.',
    { recovery: 'sign_in' },
  )

/**
 * Changes or forgets a stored connection, in every page.
 *
 * @param next What it becomes; `undefined` to forget it, with its stored tokens.
 * @throws {StorageError} when nothing was written.
 */
export function changeConnection(
  context: Context,
  id: string,
  next: (record: ConnectionRecord) => ConnectionRecord | undefined,
): Promise<void> {
  const key = connectionKey(id)
  return publish(context, id, [key], ([record]) => {
    const kept = record && next(record as ConnectionRecord)
    return kept ? { [key]: kept } : { [key]: undefined, [tokensKey(id)]: undefined }
  })
}

/**
 * Forgets a connection that the person has disconnected, in every page. A note tells pages with tokens that this one does not
 * have to revoke those, and pages that are about to store a renewal not to, however late they look.
 *
 * @throws {StorageError} when nothing was written.
 */
export function forgetConnection(context: Context, id: string): Promise<void> {
  return publish(context, id, [], () => ({
    [connectionKey(id)]: undefined,
    [tokensKey(id)]: undefined,
    [disconnectedKey(id)]: noteDisconnected(context.platform.clock.now()),
  }))
}
