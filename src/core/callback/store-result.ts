import type { CountersignError } from '../../protocol/errors.js'
import type { DeadConnections, Redeemed, WriteConnection } from '../channel/channel.js'
import { ofThisBackend } from '../backend-url.js'
import { providerOf, type Context } from '../context.js'
import { isConnectionRecord, previousOf, type ConnectionRecord } from '../records/connection.js'
import { end } from '../records/ended-transaction.js'
import { connectionKey, disconnectedKey, transactionKey, transactionId } from '../records/keys.js'
import type { EndedTransaction } from '../records/transaction.js'
import { returnOf } from '../return-to.js'
import { resumable } from './actions.js'
import type { CallbackState } from './callback.js'
import type { TransactionWithCode } from './decide.js'
import { endOfRemoved, toCallbackState } from './outcome.js'
import { reportOutcome } from './report-outcome.js'
import { forgetAnswer, keepAnswer, keptAnswer } from './waiting-answer.js'

/** Stores what the code gave, and reports it. The code is spent: where storing fails the answer waits in this page for `resume()`. */
export async function storeResult(
  context: Context,
  transaction: TransactionWithCode,
  redeemed: Redeemed,
  resume: () => Promise<CallbackState>,
): Promise<CallbackState> {
  const { state } = transaction
  const record = toRecord(context, transaction, redeemed)
  const write: WriteConnection<Written> = (dead) =>
    writeResult(context, transaction, redeemed, { record, dead })
  let written: Written
  try {
    written = await (redeemed.storeOwn?.(record, write) ?? write())
  } catch (error) {
    const unchecked = error as CountersignError
    const { drop = () => undefined } = redeemed
    if (!keptAnswer(context, state))
      await keepAnswer(context, state, { unchecked, check: () => Promise.resolve(redeemed), drop })
    // The user has signed out meanwhile: nobody is there to have it stored.
    if (context.subject() !== transaction.subject) forgetAnswer(context, state)?.drop()
    return {
      status: 'failed',
      error: unchecked,
      ...returnOf(context, transaction),
      ...resumable(resume),
    }
  }
  forgetAnswer(context, state)
  const { ended, stored } = written
  if (!ended) {
    redeemed.drop?.()
    return endOfRemoved(context, transaction)
  }
  // Not while others are kept waiting by a lock: it may ask the backend.
  await context.follow(written.id)
  const { outcome = 'connected' } = ended
  if (!stored) {
    if (outcome === 'connected') return toCallbackState(context, ended)
    redeemed.drop?.()
  }
  const id = transactionId(state)
  context.platform.tabs.announce(id)
  context.emit('transaction_ended', id, outcome, { since: transaction.createdAt })
  return reportOutcome(context, toCallbackState(context, ended, { stored }))
}

function toRecord(
  context: Context,
  { provider, subject }: TransactionWithCode,
  { connection, idTokenSubject, binding, stored }: Redeemed,
): ConnectionRecord {
  const { mode, settings } = providerOf(context, provider).channel
  return {
    v: 1,
    subject,
    mode,
    connection,
    ...(idTokenSubject !== undefined && { idTokenSubject }),
    ...(binding !== undefined && { binding }),
    ...(mode !== 'browser' && ofThisBackend(context, provider)),
    ...(stored && { persistent: true, dpop: settings?.dpop ?? false }),
  }
}

/** What lies in the database afterwards. */
interface Written {
  readonly id: string
  /** Absent where the transaction was removed meanwhile: then nothing was written. */
  readonly ended?: EndedTransaction
  /** The record; absent where the connection was stored before, or was disconnected before this renewal of it was stored. */
  readonly stored?: ConnectionRecord
}

/** What is to be stored, and the connections whose place it may take. */
interface Wanted {
  readonly record: ConnectionRecord
  readonly dead: DeadConnections | undefined
}

/**
 * Writes the connection and what is left of its transaction, and removes the connections whose place it takes, in one
 * transaction of the database: there is never the one without the other. Then has this page hold the tokens, and tells the others.
 */
async function writeResult(
  context: Context,
  transaction: TransactionWithCode,
  { accessToken, refreshToken, idTokenSubject, firstIdToken, stored }: Redeemed,
  { record, dead }: Wanted,
): Promise<Written> {
  const { platform, tokens } = context
  const answer = keptAnswer(context, transaction.state)
  const key = transactionKey(transaction.state)
  const { connectedAt, id: made } = record.connection
  const keys = [key, connectionKey(made), disconnectedKey(made), ...(dead?.ids ?? []).map(connectionKey)]
  const written = await platform.database.change<Written>(keys, ([known, renewed, note, ...records]) => {
    // The user has signed out since, perhaps in another tab; or the tokens were revoked this moment.
    if (known === undefined || keptAnswer(context, transaction.state) !== answer) return [{}, { id: made }]
    // A second resume() finds it stored.
    const { phase, connectionId = '' } = Object(known) as Partial<EndedTransaction>
    if (phase === 'done') return [{}, { id: connectionId, ended: known as EndedTransaction }]
    // The person has disconnected it while this renewal was under way, and that came last.
    if (transaction.input.connection === made && !renewed && note) {
      const ended = end(transaction, { phase: 'failed', outcome: 'cancelled' })
      return [{ [key]: ended }, { id: made, ended }]
    }
    const replaced = dead?.pick(records) ?? []
    const before: [string, unknown] = [connectionKey(made), renewed]
    const [old = isConnectionRecord(before) ? before[1] : undefined] = replaced
    // An id that the app has noted stays good.
    const { id } = (replaced[0] ?? record).connection
    const next = { ...record, connection: { ...record.connection, id } }
    const previous = old && previousOf(old, next.connection)
    const ended = end(transaction, { phase: 'done', connectionId: id, previous })
    const removed = Object.fromEntries(
      replaced.map(({ connection }) => [connectionKey(connection.id), undefined]),
    )
    return [
      { ...removed, [key]: ended, [connectionKey(id)]: next, ...stored },
      { id, ended, stored: next },
    ]
  })
  const { id } = written
  if (!written.ended) return written
  if (written.stored) {
    context.made.add(id)
    if (accessToken) tokens.hold(id, { accessToken, connectedAt, refreshToken, idTokenSubject, firstIdToken })
  }
  platform.tabs.announce(id)
  return written
}
