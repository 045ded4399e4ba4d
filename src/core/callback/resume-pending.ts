import type { Context } from '../context.js'
import { isOfThisApp } from '../of-this-app.js'
import { publish } from '../records/changes.js'
import { timing } from '../popup/timing.js'
import { redeem } from './redeem.js'
import { transactionKey, transactionId } from '../records/keys.js'
import { hasEnded, isTransaction, type Transaction } from '../records/transaction.js'
import { keptAnswer } from './waiting-answer.js'

/**
 * Goes on with redemptions whose page went away: closed, crashed, or out of the network. Where the code turns out to be
 * of no use any more, the person is told of an attempt that did not come about, with the way to begin it again.
 *
 * The response that the page itself was opened with is not among them: its outcome is shown on the callback page.
 */
export function resumePending(context: Context): void {
  context.platform.navigation.whenActive(() => {
    // Without storage or network everything stays as it is, for the next page.
    resumeEach(context).catch(() => undefined)
  })
}

async function resumeEach(context: Context): Promise<void> {
  const { clock, database, navigation } = context.platform
  const { countersign } = Object(navigation.historyState()) as { countersign?: unknown }
  const isLeft = (record: unknown): record is Transaction =>
    isTransaction(record) &&
    !hasEnded(record) &&
    isOfThisApp(context, record) &&
    record.code !== undefined &&
    record.subject === context.subject() &&
    transactionId(record.state) !== countersign &&
    // A time that lies ahead is from before the clock was set back.
    (record.phase === 'sent' || Math.abs(clock.now() - (record.returnedAt ?? 0)) > timing.ownership)
  for (const { state } of (await database.entries()).map(([, record]) => record).filter(isLeft))
    await resumeOne(context, state, firstWaitSeconds)
}

/** Until an answer that waits in this page is checked again, the first time; each time twice as long: seconds. */
const firstWaitSeconds = 30

/** No answer waits for longer: seconds. */
const longestWaitSeconds = 3600

async function resumeOne(context: Context, state: string, waitSeconds: number): Promise<void> {
  const { status } = await redeem(context, state)
  if (status !== 'failed') return
  if (keptAnswer(context, state)) {
    // No other page can go on, and on this one nobody is asked to try again.
    if (waitSeconds < longestWaitSeconds)
      context.platform.clock.after(waitSeconds, () => {
        if (keptAnswer(context, state)) resumeOne(context, state, 2 * waitSeconds).catch(() => undefined)
      })
    return
  }
  const key = transactionKey(state)
  await publish(context, transactionId(state), [key], ([record]) =>
    isTransaction(record) && hasEnded(record) ? { [key]: { ...record, outcome: 'abandoned' } } : {},
  )
}
