import type { CountersignError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import { lazyParts } from '../lazy.js'
import { mediatorOf } from './mediator.js'
import { syncedKey } from '../records/keys.js'
import type { Transaction } from '../records/transaction.js'
import { findTokenWork } from './token-work.js'

/** Lifetime of the backend's list of connections: seconds. A connection that ended meanwhile shows it when it is used. */
const synchronizeSeconds = 3600

/**
 * Brings the stored records up to date. Resolves with whether they must be read again.
 *
 * @throws {CountersignError} `sign_in_required` where nothing is known, because the backend says that nobody is signed in.
 */
export type Restore = (subject: string, entries: readonly [key: string, value: unknown][]) => Promise<boolean>

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
  const restoreTokens = createTokenRestore(context)
  const seen = new Set<string>()

  const isRecent = (at: unknown): boolean => Math.abs(clock.now() - Number(at ?? 0)) < synchronizeSeconds

  async function synchronized(subject: string, name: string): Promise<void> {
    try {
      await (await lazyParts()).synchronize(context, subject, name)
    } catch (error) {
      // Without an answer this page goes on with what it has, and the next one asks again.
      if ((error as CountersignError).code !== 'sign_in_required') return
      // Who signs in then is asked for at once.
      asked.delete(subject)
      throw error
    }
  }

  return async (subject, entries) => {
    const isNew = !seen.has(subject)
    seen.add(subject)
    const hasOverdue = entries.some(([, value]) => isOverdue(value, clock.now(), isNew))
    if (hasOverdue) {
      const { expire, resumePending } = await lazyParts()
      await expire(context)
      if (isNew) resumePending(context)
    }
    const hasChanged = (await restoreTokens(subject, entries)) || hasOverdue
    const synced = entries.find(([key]) => key === syncedKey(subject))?.[1]
    if (mediator === undefined || isRecent(synced) || isRecent(asked.get(subject))) return hasChanged
    asked.set(subject, clock.now())
    const list = synchronized(subject, mediator)
    // What is known is shown at once; what changed on another device follows.
    list.then(reload, () => {
      if (subject === context.subject()) context.requireSignIn()
    })
    if (synced !== undefined) return hasChanged
    await list
    return true
  }
}

/** Does for the tokens of `browser` mode what must be done. Resolves with whether the records must be read again. */
function createTokenRestore(context: Context): Restore {
  const { clock } = context.platform
  const openedAt = clock.now()
  const tried = new Set<string>()

  return async (subject, entries) => {
    const { retired, due } = findTokenWork(context, subject, openedAt, entries)
    for (const connection of due) {
      // What a try finds out is stored. Where it cannot be, this page tries once an hour all the same.
      const attempt = `${connection.id} ${String(Math.floor(clock.now() / 3600))}`
      if (tried.has(attempt)) continue
      tried.add(attempt)
      void lazyParts()
        .then(({ getAccessToken }) => getAccessToken(context, connection))
        .catch(() => undefined)
    }
    if (retired.length === 0) return false
    const { retireTokens } = await lazyParts()
    for (const connection of retired) await retireTokens(context, connection)
    return true
  }
}

/** True for a transaction that nobody completes any more; on a page that is new to the user, also for one that nobody may be completing. */
const isOverdue = (value: unknown, now: number, isNew: boolean): boolean => {
  const { v, phase, code, expiresAt = now } = Object(value) as Partial<Transaction>
  return v === 1 && phase !== undefined && (expiresAt < now || (isNew && code !== undefined))
}
