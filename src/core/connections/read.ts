import type { Few } from '../../platform/database.js'
import type { Context } from '../context.js'
import { lazyParts } from '../lazy.js'
import { transactionKey } from '../records/keys.js'
import type { ConnectionsState } from './connections-state.js'
import { merge, project } from './project.js'
import type { Entries, Restore } from './restoring.js'

/** What a reading gives. */
interface Read {
  readonly state: ConnectionsState
  /** True where there may be more transactions: about them nothing was done. */
  readonly isPart?: boolean
}

/** More transactions than these lie there only where no page could sweep. Their keys come last. */
const few: Few = { from: transactionKey(''), count: 64 }

/**
 * Makes the function that reads the list of connections; where nothing is shown yet, with a few of the transactions.
 *
 * @param shown The state that is shown.
 * @param restore Brings the records up to date.
 */
export const createReader =
  (context: Context, shown: () => ConnectionsState, restore: Restore) =>
  async (owner: string): Promise<Read> => {
    const { platform, tokens } = context
    // Before the records: a connection is stored before its tokens are held, so these all have one, or had.
    const held = tokens.ids()
    // What is shown first does not wait for what a sweep will remove.
    const limit = shown().status === 'restoring' ? few : undefined
    const read = (): Promise<Entries> => platform.database.entries(limit)
    const stored = await read()
    const isPart = limit !== undefined && (stored[stored.length - limit.count]?.[0] ?? '') >= limit.from
    const entries = (await restore(owner, stored, isPart)) ?? (await read())
    const { connections, abandoned } = project(context, entries, owner)
    const ids = new Set(connections.map(({ id }) => id))
    for (const id of held) {
      // Disconnected in another tab, perhaps while this page was frozen; or storage was cleared.
      if (!ids.has(id)) tokens.forget(id, entries)
    }
    const attempts = abandoned.length > 0 ? (await lazyParts()).toAbandoned(context, abandoned) : []
    return { state: merge(shown(), connections, attempts), isPart }
  }
