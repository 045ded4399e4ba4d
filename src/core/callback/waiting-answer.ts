import type { Unchecked } from '../channel/channel.js'
import type { Context } from '../context.js'
import { transactionId, transactionKey } from '../records/keys.js'
import { isTransaction } from '../records/transaction.js'
import { sha256 } from '../../protocol/digest.js'

/** Name of the lock of the page in which the answer to a code waits: it is released when that page is gone. */
const lockName = async (state: string): Promise<string> => `answer:${await sha256(state)}`

/** Keeps an answer that cannot be checked yet in the memory of this page, and nowhere else. */
export async function keepAnswer(context: Context, state: string, answer: Unchecked): Promise<void> {
  const kept = context.answers.get(state)
  if (kept) {
    context.answers.set(state, { ...kept, answer })
    return
  }
  const free = await holdLock(context, await lockName(state))
  const stop = context.platform.tabs.onAnnounced((id) => {
    if (id === transactionId(state)) void dropUseless(context, state)
  })
  const release = (): void => {
    stop()
    free()
  }
  context.answers.set(state, { answer, release })
}

/** Revokes an answer whose transaction has failed: without Web Locks another page takes this one for gone. Never rejects. */
async function dropUseless(context: Context, state: string): Promise<void> {
  const record = await context.platform.database.get(transactionKey(state)).catch(() => undefined)
  if (isTransaction(record) && record.phase === 'failed') forgetAnswer(context, state)?.drop()
}

/** The answer that waits in this page, if one does. */
export const keptAnswer = (context: Context, state: string): Unchecked | undefined =>
  context.answers.get(state)?.answer

/** Forgets an answer: it has been used, or revoked. */
export function forgetAnswer(context: Context, state: string): Unchecked | undefined {
  const kept = context.answers.get(state)
  context.answers.delete(state)
  kept?.release()
  return kept?.answer
}

/** Seconds for which the lock of a page that is gone may still look taken: a reload frees it after 25 to 50 ms. */
const lingerSeconds = 1

/** True while another page has the answer. Without Web Locks nobody can tell, and it counts as gone. */
export async function isKeptElsewhere(
  { platform: { clock, tabs } }: Context,
  state: string,
): Promise<boolean> {
  const name = await lockName(state)
  return new Promise((resolve) => {
    const waiting = new AbortController()
    const isGone = (): Promise<void> => {
      stop()
      resolve(false)
      return Promise.resolve()
    }
    const stop = clock.after(lingerSeconds, () => {
      resolve(true)
      waiting.abort()
    })
    // A browser that refuses locks is one without. What was given up has been answered.
    ;(tabs.request?.(name, { signal: waiting.signal }, isGone) ?? isGone()).catch(isGone)
  })
}

/** Holds a lock for as long as this page is there, or until the function that it resolves with is called. */
async function holdLock({ platform: { tabs } }: Context, name: string): Promise<() => void> {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  await new Promise<void>((granted) => {
    const hold = (): Promise<void> => {
      granted()
      return released
    }
    // A browser that refuses locks is one without.
    ;(tabs.request?.(name, {}, hold) ?? hold()).catch(granted)
  })
  return release
}
