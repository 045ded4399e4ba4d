import type { Context } from '../context.js'
import type { ConnectionRecord } from '../records/connection.js'
import { connectionKey, disconnectedKey, syncedKey } from '../records/keys.js'
import type { ConnectionsState } from './connections-state.js'
import { inOrder, merge, project } from './project.js'
import type { Entries, Restore } from './restoring.js'

/** What became of one connection. */
export interface One {
  readonly owner: string
  readonly id: string
  /** The state that is shown. */
  readonly shown: () => ConnectionsState
  /** Brings the records up to date. */
  readonly restore: Restore
}

/**
 * Reads what became of one connection, and leaves the list around it as it is. Gives `undefined` where everything must be read:
 * no list is shown, the connection may have taken the place of others, or what changed is none.
 */
export async function readOne(
  context: Context,
  { owner, id, shown, restore }: One,
): Promise<ConnectionsState | undefined> {
  const { platform, tokens } = context
  // Before the records: a connection is stored before its tokens are held.
  const isHeld = tokens.ids().includes(id)
  const keys = [connectionKey(id), disconnectedKey(id), syncedKey(owner)]
  const values = await Promise.all(keys.map((key) => platform.database.get(key)))
  const entries: Entries = keys.flatMap((key, index) =>
    values[index] === undefined ? [] : [[key, values[index]]],
  )
  const isUpToDate = (await restore(owner, entries, true)) !== undefined
  const previous = shown()
  if (!isUpToDate || previous.status !== 'ready') return undefined
  const found = project(context, entries, owner).connections
  const before = previous.connections.find((connection) => connection.id === id)
  if (!before && found.length === 0) return undefined
  const { mode, persistent = false } = Object(values[0]) as Partial<ConnectionRecord>
  const isAlone = persistent || mode !== 'browser' || found[0]?.connectedAt === before?.connectedAt
  if (!isAlone) return undefined
  if (isHeld && found.length === 0) tokens.forget(id, entries)
  const others = previous.connections.filter((connection) => connection !== before)
  return merge(previous, [...others, ...found].sort(inOrder), previous.abandoned)
}
