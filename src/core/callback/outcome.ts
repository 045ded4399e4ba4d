import { AuthorizationResponseError, type CountersignError } from '../../protocol/errors.js'
import { restartable } from './actions.js'
import type { CallbackState } from './callback.js'
import { unknownFate } from '../records/end-reasons.js'
import { isConnectionRecord, type ConnectionRecord } from '../records/connection.js'
import { reportOutcome } from './report-outcome.js'
import { asHeld } from '../as-held.js'
import { connectionKey } from '../records/keys.js'
import type { Context } from '../context.js'
import type { EndedTransaction, Transaction } from '../records/transaction.js'
import { returnOf } from '../return-to.js'
import { endWith, fromStored } from '../records/ended-transaction.js'

/**
 * The result as the application sees it: the same for whoever asks, in whichever tab, however often. It is made from what
 * was stored, never from the list of connections, which is as old as its last reading.
 *
 * @param known What this page knows beside: the connection's record that it has just stored, otherwise it is read; or the
 * error itself, which has the server's own words. They are not stored.
 * @throws {StorageError} when the record cannot be read.
 */
export async function toCallbackState(
  context: Context,
  ended: EndedTransaction,
  known: {
    readonly stored?: ConnectionRecord | undefined
    readonly error?: CountersignError | undefined
  } = {},
): Promise<CallbackState> {
  const { subject, provider, input, connectionId = '', previous, outcome, error } = ended
  await context.subjectKnown()
  if ((await context.revealSubject(subject)) !== context.subject()) return { status: 'none' }
  const back = returnOf(context, ended)
  const common = { ...back, ...restartable(() => context.restart(provider, input)) }
  if (outcome === 'cancelled') return { status: 'cancelled', ...common }
  if (error) {
    const restored = known.error ?? fromStored(error)
    return restored instanceof AuthorizationResponseError && outcome === 'denied'
      ? { status: 'denied', error: restored, ...common }
      : { status: 'failed', error: restored, ...common }
  }
  const key = connectionKey(connectionId)
  const entry: [string, unknown] = [key, known.stored ?? (await context.platform.database.get(key))]
  // By the time that it is told, the list shows it, too.
  await context.follow(connectionId)
  // Without it, it was ended since, or the app's user is another one now.
  return isConnectionRecord(entry) && entry[1].subject === context.subject()
    ? { status: 'connected', ...back, connection: asHeld(context, entry[1]), ...(previous && { previous }) }
    : { status: 'none' }
}

/**
 * The result of a transaction whose record was removed while its code was out: the user has signed out, or storage was cleared.
 * Nothing is written, or it would bring back what was removed.
 */
export function endOfRemoved(context: Context, transaction: Transaction): Promise<CallbackState> {
  const error = unknownFate()
  return reportOutcome(context, toCallbackState(context, endWith(transaction, error), { error }))
}
