import type { CountersignError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import { lazyParts } from '../lazy.js'
import { mediatorOf } from './mediator.js'
import type { Entries, Restore } from './restoring.js'
import type { ConnectionRecord } from '../records/connection.js'
import { syncedKey } from '../records/keys.js'
import { isUnused } from '../records/unused-tokens.js'
import type { Transaction } from '../records/transaction.js'

/** Lifetime of the backend's list of connections: seconds. A connection that ended meanwhile shows it when it is used. */
const synchronizeSeconds = 3600

/**
 * Makes the one function that does what must happen before a subject's connections are shown: ends transactions that
 * have expired, resumes redemptions whose page went away (when this page is new to them), gives up tokens that may not be kept any
 * more, tries connections again that may work after all, and asks the backend for its list.
 *
 * @param reload Called when the list came after what was known had been shown.
 */
export function createRestore(context: Context, reload: () => void): Restore {
  const { clock } = context.platform
  const mediator = mediatorOf(context)
  const asked = new Map<string, number>()
  // Who comes back may have signed out in between, which removes what is known.
  context.onReset(() => {
    asked.clear()
  })
  const openedAt = clock.now()
  const seen = new Set<string>()

  const isRecent = (at: unknown): boolean => Math.abs(clock.now() - Number(at ?? 0)) < synchronizeSeconds

  async function synchronized(subject: string, name: string, isSameUser: () => boolean): Promise<void> {
    try {
      await (await lazyParts()).synchronize(context, subject, name)
      // The answer was for another session: the next look asks again.
      if (!isSameUser()) asked.delete(subject)
    } catch (error) {
      // Without an answer this page goes on with what it has, and the next one asks again.
      if ((error as CountersignError).code !== 'sign_in_required') return
      // Who signs in then is asked for at once.
      asked.delete(subject)
      throw error
    }
  }

  /** Ends what has expired, and goes on with redemptions whose page went away. */
  async function withoutOverdue(subject: string, entries: Entries): Promise<Entries> {
    const isNew = !seen.has(subject)
    seen.add(subject)
    if (!entries.some(([, value]) => isOverdue(value, clock.now(), isNew))) return entries
    const { expire, resumePending } = await lazyParts()
    const left = await expire(context, 0, entries)
    if (isNew) resumePending(context)
    return left
  }

  return async (subject, stored, isPart) => {
    const entries = isPart ? stored : await withoutOverdue(subject, stored)
    const isRetired =
      entries.some((entry) => mayNeedCare(entry, subject) || isUnused(entry, clock.now())) &&
      (await (await lazyParts()).restoreTokens(context, subject, openedAt, entries))
    const left = isRetired ? undefined : entries
    const synced = entries.find(([key]) => key === syncedKey(subject))?.[1]
    if (mediator === undefined || isRecent(synced) || isRecent(asked.get(subject))) return left
    asked.set(subject, clock.now())
    const isSameUser = context.watchSubject()
    const list = synchronized(subject, mediator, isSameUser)
    // What is known is shown at once; what changed on another device follows.
    list.then(reload, () => {
      if (isSameUser()) context.requireSignIn()
    })
    if (synced !== undefined) return left
    await list
    return undefined
  }
}

/** True for a transaction that nobody completes any more; on a page that is new to the user, also for one that nobody may be completing. */
const isOverdue = (value: unknown, now: number, isNew: boolean): boolean => {
  const { v, phase, code, expiresAt = now } = Object(value) as Partial<Transaction>
  return v === 1 && phase !== undefined && (expiresAt < now || (isNew && code !== undefined))
}

/** True for a connection of `browser` mode about whose tokens something may have to be done. */
const mayNeedCare = ([, value]: readonly [string, unknown], owner: string): boolean => {
  const { subject, mode, persistent, connection } = Object(value) as Partial<ConnectionRecord>
  return subject === owner && mode === 'browser' && (!!persistent || connection?.status !== 'connected')
}
