import type { Context } from '../context.js'
import { isOfThisApp } from '../of-this-app.js'
import { publish } from '../records/changes.js'
import { timing } from '../popup/timing.js'
import { redeem } from './redeem.js'
import { transactionKey, transactionId } from '../records/keys.js'
import { abandonedSeconds, hasEnded, isTransaction, type Transaction } from '../records/transaction.js'
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
  for (const { state } of (await database.entries()).map(([, record]) => record).filter(isLeft)) {
    // A storage error ends neither the others nor the wait of an answer that has come.
    const { status } = await redeem(context, state).catch(() => ({ status: 'none' }))
    if (keptAnswer(context, state)) void checkAgain(context, state)
    else if (status === 'failed') await abandon(context, state)
  }
}

/** Seconds until an answer is checked again: the first ones, and the longest. */
const firstSeconds = 15
const longestSeconds = 240

/**
 * Checks an answer again and again, until the keys are there or it has waited too long. No page shows that it waits, so no person
 * can ask for it. Never rejects.
 *
 * @param isShown Whether a page shows it all the same: then the person is the one who asks.
 */
export async function checkAgain(
  context: Context,
  state: string,
  isShown: () => boolean = () => false,
): Promise<void> {
  for (let seconds = firstSeconds; ; seconds = Math.min(2 * seconds, longestSeconds)) {
    await new Promise<void>((resolve) => context.platform.clock.after(seconds, resolve))
    // It was revoked: its user has signed out.
    if (!keptAnswer(context, state)) return
    if (isShown()) continue
    try {
      const { status } = await redeem(context, state)
      if (keptAnswer(context, state)) continue
      if (status === 'failed') await abandon(context, state)
      return
    } catch {
      // Storage failed: what waits is in memory.
    }
  }
}

/** Has the person told of an attempt that did not come about, where it has ended: another page may have completed it. */
async function abandon(context: Context, state: string): Promise<void> {
  const { clock } = context.platform
  const key = transactionKey(state)
  await publish(context, transactionId(state), [key], ([record]) =>
    isTransaction(record) && record.phase === 'failed'
      ? { [key]: { ...record, outcome: 'abandoned', expiresAt: clock.now() + abandonedSeconds } }
      : {},
  )
}
