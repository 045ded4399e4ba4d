import type { Context } from '../context.js'
import { lazyParts } from '../lazy.js'
import { mediatorOf } from './mediator.js'
import { syncedKey } from '../records/keys.js'
import type { Transaction } from '../records/transaction.js'

/** Lifetime of the backend's list of connections: seconds. A connection that ended meanwhile shows it when it is used. */
const synchronizeSeconds = 3600

/** Brings the stored records up to date. Resolves with whether they must be read again. */
export type Restore = (subject: string, entries: readonly [key: string, value: unknown][]) => Promise<boolean>

/**
 * Makes the one function that does what must happen before a subject's connections are shown: ends transactions that
 * have expired, resumes redemptions whose page went away (when this page is new), and asks the backend for its list.
 *
 * @param reload Called when the list came after what was known had been shown.
 */
export function createRestore(context: Context, reload: () => void): Restore {
  const { clock } = context.platform
  const mediator = mediatorOf(context)
  const asked = new Map<string, number>()
  let isFirst = true

  const isRecent = (at: unknown): boolean => Math.abs(clock.now() - Number(at ?? 0)) < synchronizeSeconds

  return async (subject, entries) => {
    const isNew = isFirst
    isFirst = false
    const hasOverdue = entries.some(([, value]) => isOverdue(value, clock.now(), isNew))
    if (hasOverdue) {
      const { expire, resumePending } = await lazyParts()
      await expire(context)
      if (isNew) resumePending(context)
    }
    const synced = entries.find(([key]) => key === syncedKey(subject))?.[1]
    if (mediator === undefined || isRecent(synced) || isRecent(asked.get(subject))) return hasOverdue
    asked.set(subject, clock.now())
    // Without an answer this page goes on with what it has, and the next one asks again.
    const synchronized = lazyParts()
      .then(({ synchronize }) => synchronize(context, subject, mediator))
      .catch(() => undefined)
    // What is known is shown at once; what changed on another device follows.
    void synchronized.then(reload)
    if (synced !== undefined) return hasOverdue
    await synchronized
    return true
  }
}

/** True for a transaction that nobody completes any more; on a new page, also for one that nobody may be completing. */
const isOverdue = (value: unknown, now: number, isNew: boolean): boolean => {
  const { v, phase, code, expiresAt = now } = Object(value) as Partial<Transaction>
  return v === 1 && phase !== undefined && (expiresAt < now || (isNew && code !== undefined))
}
