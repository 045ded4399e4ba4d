import type { Clock } from './clock.js'
import type { Database } from './database.js'

/** Locks and announcements, shared by the tabs of one origin. */
export interface Tabs {
  /**
   * Runs `work` while holding the lock of this name, waiting for it at most `seconds`. Where there are no Web Locks a
   * lease in IndexedDB stands in.
   *
   * It waits even when the lock looks taken for good: the document of a reloaded page keeps its locks for another
   * 25 to 50 ms, so `ifAvailable` would give up on work that nobody is doing.
   *
   * @throws the AbortSignal's `TimeoutError` when the lock did not come free in time.
   */
  lock<T>(name: string, seconds: number, work: () => Promise<T>): Promise<T>
  /** Tells the other tabs that a record changed. Carries an id, never a value. */
  announce(id: string): void
  /** Calls back with the ids that other tabs announce; the function given back ends that. */
  onAnnounced(listener: (id: string) => void): () => void
  /** Closes the channel: an open one keeps test runners and pages alive. */
  close(): void
}

/** Web Locks and a BroadcastChannel, both under one name. */
export function openTabs(name: string, clock: Clock, database: Database): Tabs {
  let channel: BroadcastChannel | undefined
  let closed = false
  const open = (): BroadcastChannel | undefined => {
    if (!closed && typeof BroadcastChannel !== 'undefined') channel ??= new BroadcastChannel(name)
    return channel
  }
  return {
    async lock(lockName, seconds, work) {
      // lib.dom promises `locks` always; insecure contexts and test environments do not have it.
      const { locks } = (globalThis.navigator as Partial<Navigator> | undefined) ?? {}
      if (!locks) return (await import('./lease.js')).withLease({ clock, database }, lockName, seconds, work)
      const signal = AbortSignal.timeout(seconds * 1000)
      return await locks.request(`${name}:${lockName}`, { signal }, () => work())
    },
    announce(id) {
      open()?.postMessage({ v: 1, id })
    },
    onAnnounced(listener) {
      const hear = ({ data }: MessageEvent<{ v?: unknown; id?: unknown } | null>): void => {
        if (data?.v === 1 && typeof data.id === 'string') listener(data.id)
      }
      const listening = open()
      listening?.addEventListener('message', hear)
      return () => {
        listening?.removeEventListener('message', hear)
      }
    },
    close() {
      channel?.close()
      channel = undefined
      closed = true
    },
  }
}
