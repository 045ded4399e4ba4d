import type { Context } from '../context.js'
import { isConnectionRecord, type ConnectionRecord } from '../records/connection.js'
import { disconnectedKey } from '../records/keys.js'
import { replacedBy } from '../records/replaced.js'
import type { StoredTokens } from '../records/tokens.js'
import type { WriteConnection } from './channel.js'

/** The lock that pages share which have tokens of a connection that no other page has. */
const lockName = (id: string): string => `held:${id}`

/** What differs from one connection to another. */
export interface OwnTokensSetting {
  /** False where the person has renewed a connection: then it takes no other's place. */
  readonly isNew: boolean
  /** Revokes the tokens that this page has. */
  readonly revoke: (tokens: Pick<StoredTokens, 'accessToken' | 'refreshToken'>) => Promise<unknown>
}

/**
 * Stores a connection whose tokens are in the memory of this page and nowhere else. They die with the page, so connections
 * would pile up: a new one takes the place of those that no page has tokens of any more.
 *
 *     page with tokens    held:<id> shared ───────── pagehide        (back/forward cache)        pageshow ── shared …
 *     page that connects                              └ held:<id> exclusive: write, then shared
 *
 * Whoever gets the lock of a connection for itself knows that nobody has tokens of it. Without Web Locks nobody knows, and
 * nothing is replaced.
 *
 * @param write Writes the record, and has this page hold the tokens.
 * @throws what `write` throws.
 */
export async function storeOwn<Written extends { readonly id: string }>(
  context: Context,
  record: ConnectionRecord,
  write: WriteConnection<Written>,
  { isNew, revoke }: OwnTokensSetting,
): Promise<Written> {
  const { tokens, platform } = context
  const pick = (records: readonly unknown[]): ConnectionRecord[] => replacedBy(record, records)
  let held = holdLock(context, record.connection.id)
  let written: Written
  try {
    // Nobody may take this connection for dead between the write and the lock.
    await held.granted
    const found = isNew ? await findReplaced(context, record) : []
    written = await withUnheld(platform.tabs, found, [], async (ids) => {
      const result = await write({ ids, pick })
      if (result.id === record.connection.id) return result
      held.release()
      // Nobody comes between: this request waits for the lock before the lock comes free.
      held = holdLock(context, result.id)
      return result
    })
  } catch (error) {
    held.release()
    throw error
  }
  const entry = tokens.get(written.id)
  // Stored before, or renewed by the page that has its lock already.
  if (!entry || entry.onForgotten) {
    held.release()
    return written
  }
  tokens.hold(written.id, {
    onForgotten(entries) {
      held.release()
      const { accessToken, refreshToken } = tokens.get(written.id) ?? {}
      const key = disconnectedKey(written.id)
      const note = entries
        ? Promise.resolve(entries.find(([one]) => one === key))
        : // The user has signed out, perhaps with all that is theirs.
          platform.database.get(key)
      // A record that is merely gone is no wish of anybody: storage was cleared.
      note
        .then((noted) => noted && revoke({ accessToken: accessToken?.value, refreshToken }))
        .catch(() => undefined)
    },
  })
  return written
}

/** The ids of the connections whose place a new one may take, newest first. */
async function findReplaced({ platform }: Context, record: ConnectionRecord): Promise<string[]> {
  const entries = await platform.database.entries()
  return replacedBy(
    record,
    entries.filter(isConnectionRecord).map(([, value]) => value),
  ).map(({ connection }) => connection.id)
}

/** Runs `work` with those of the ids whose lock nobody has, while nobody gets it. */
async function withUnheld<Result>(
  tabs: Context['platform']['tabs'],
  [id, ...rest]: readonly string[],
  unheld: readonly string[],
  work: (unheld: readonly string[]) => Promise<Result>,
): Promise<Result> {
  if (id === undefined) return work(unheld)
  let isAnswered = false
  const next = (lock: Lock | null): Promise<Result> => {
    isAnswered = true
    return withUnheld(tabs, rest, lock ? [...unheld, id] : unheld, work)
  }
  try {
    // Not waited for: who has it will not give it back soon.
    return await (tabs.request?.(lockName(id), { ifAvailable: true }, next) ?? next(null))
  } catch (error) {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- the callback above may have set it
    if (isAnswered) throw error
    // A browser that refuses locks is one without.
    return next(null)
  }
}

/** The lock of a connection that this page has tokens of. */
interface HeldLock {
  /** Resolves when it is held, or cannot be. */
  readonly granted: Promise<void>
  /** Gives it back for good. */
  readonly release: () => void
}

/**
 * Holds the lock of a connection for as long as the page is there. A page that is left gives it back, because one with locks may
 * be kept out of the back/forward cache; when it is shown again it looks first what has become of the connection.
 */
function holdLock({ platform: { navigation, tabs }, follow }: Context, id: string): HeldLock {
  let letGo = (): void => undefined
  const take = (): Promise<void> =>
    new Promise((granted) => {
      const end = new Promise<void>((resolve) => {
        letGo = resolve
      })
      const wait = (): Promise<void> => {
        granted()
        return end
      }
      ;(tabs.request?.(lockName(id), { mode: 'shared' }, wait) ?? wait()).catch(granted)
    })
  let state: 'here' | 'away' | 'released' = 'here'
  const stopHiding = navigation.onHidden?.(() => {
    state = 'away'
    letGo()
  })
  const stopShowing = navigation.onShown(() => {
    if (state !== 'away') return
    state = 'here'
    void follow(id).then(() => {
      if (state === 'here') void take()
    })
  })
  return {
    granted: take(),
    release() {
      state = 'released'
      stopHiding?.()
      stopShowing()
      letGo()
    },
  }
}
