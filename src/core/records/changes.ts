import type { Platform } from '../../platform/platform.js'

/** The pages that learn of a change: the others by an announcement, this one by `follow`. */
export interface Followers {
  readonly platform: Pick<Platform, 'database' | 'tabs'>
  /** Has this page follow a change. Resolves when it has. */
  readonly follow: (id: string) => Promise<void>
}

/**
 * Changes records that every page follows: those of connections, and of transactions that are shown as abandoned. Reads and
 * writes in one transaction of the database, then tells the other pages and this one: a BroadcastChannel does not reach
 * the page that posts. Resolves when this page has followed.
 *
 * @param id The id of the connection or of the transaction.
 * @param change Gives the values to put, by key, as `Database.change` has it.
 * @param onCommitted Called between the write and the telling.
 * @throws {StorageError} when nothing was written: then nobody is told.
 */
export async function publish(
  { platform: { database, tabs }, follow }: Followers,
  id: string,
  keys: readonly string[],
  change: (current: readonly unknown[]) => Readonly<Record<string, unknown>>,
  onCommitted?: () => void,
): Promise<void> {
  await database.change(keys, (current) => [change(current), undefined])
  onCommitted?.()
  tabs.announce(id)
  await follow(id)
}
