import type { CountersignError } from '../../protocol/errors.js'
import type { Redeemed } from '../channel/channel.js'
import { providerOf, type Context } from '../context.js'
import type { ConnectionRecord } from '../records/connection.js'
import { publish } from '../records/changes.js'
import { end } from '../records/ended-transaction.js'
import { connectionKey, transactionKey, transactionId } from '../records/keys.js'
import type { EndedTransaction } from '../records/transaction.js'
import { returnOf } from '../return-to.js'
import { resumable } from './actions.js'
import type { CallbackState } from './callback.js'
import type { TransactionWithCode } from './decide.js'
import { toCallbackState } from './outcome.js'
import { tellOutcome } from './tell-outcome.js'

/** Stores what the code gave, and tells. The code is spent: where storing fails the tokens wait here for `resume()`. */
export async function storeResult(
  context: Context,
  transaction: TransactionWithCode,
  redeemed: Redeemed,
): Promise<CallbackState> {
  const { provider, state, subject } = transaction
  const { connection, accessToken, refreshToken, idTokenSubject, stored } = redeemed
  const { channel } = providerOf(context, provider)
  const id = transactionId(state)
  const ended = end(transaction, { phase: 'done', connectionId: connection.id })
  const record: ConnectionRecord = {
    v: 1,
    subject,
    mode: channel.mode,
    connection,
    ...(idTokenSubject !== undefined && { idTokenSubject }),
    ...(stored && { persistent: true, dpop: channel.settings?.dpop ?? false }),
  }
  const { id: connectionId, connectedAt } = connection
  let isNew = true
  try {
    // One transaction of the database: there is never a connection without its tombstone, nor the other way round.
    await publish(
      context,
      connectionId,
      [transactionKey(state)],
      ([known]) => {
        // A second resume() finds it stored.
        isNew = (Object(known) as Partial<EndedTransaction>).phase !== 'done'
        return isNew
          ? { [transactionKey(state)]: ended, [connectionKey(connectionId)]: record, ...stored }
          : {}
      },
      () => {
        if (isNew) context.made.add(connectionId)
        if (isNew && accessToken)
          context.tokens.hold(connectionId, { accessToken, connectedAt, refreshToken, idTokenSubject })
      },
    )
  } catch (error) {
    const resume = (): Promise<CallbackState> => storeResult(context, transaction, redeemed)
    return {
      status: 'failed',
      error: error as CountersignError,
      ...returnOf(context, transaction),
      ...resumable(resume),
    }
  }
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- the callback above may have cleared it
  if (!isNew) return toCallbackState(context, ended)
  context.platform.tabs.announce(id)
  context.emit('transaction_ended', id, 'connected')
  return tellOutcome(context, toCallbackState(context, ended, { stored: record }))
}
