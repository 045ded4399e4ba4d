import type { Platform } from '../../platform/platform.js'
import type { Database } from '../../platform/database.js'

/** Changes of connections, which every page follows: the others and this one. */
export interface Changes {
  /**
   * Reads and writes in one transaction of the database, as {@link Database.change} does, then tells the other pages
   * and this one. Resolves when this page has followed.
   *
   * @param id Whom the change is about: the id of a connection or of an ended transaction.
   * @param onCommitted Called between the write and the telling.
   * @throws {StorageError} when nothing was written: then nobody is told.
   */
  publish(
    id: string,
    keys: readonly string[],
    change: (current: readonly unknown[]) => Readonly<Record<string, unknown>>,
    onCommitted?: () => void,
  ): Promise<void>
  /** Has this page follow what another one may have changed. Resolves when it has. */
  follow(id: string): Promise<void>
  /** Calls back with the id of whatever changed, here or in another page; the function given back ends that. */
  subscribe(listener: (id: string) => Promise<void> | void): () => void
}

/** A BroadcastChannel does not reach the page that posts: what it changes itself it hears of here. */
export function createChanges({
  database,
  tabs,
}: Pick<Platform, 'tabs'> & { readonly database: Pick<Database, 'change'> }): Changes {
  const listeners = new Set<(id: string) => Promise<void> | void>()

  const follow = async (id: string): Promise<void> => {
    await Promise.all([...listeners].map((listener) => listener(id)))
  }

  return {
    follow,
    async publish(id, keys, change, onCommitted) {
      await database.change(keys, (current) => [change(current), undefined])
      onCommitted?.()
      tabs.announce(id)
      await follow(id)
    },
    subscribe(listener) {
      listeners.add(listener)
      const stop = tabs.onAnnounced((id) => void listener(id))
      return () => {
        listeners.delete(listener)
        stop()
      }
    },
  }
}
