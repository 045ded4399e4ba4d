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
   * @throws {DOMException} `TimeoutError` when the lock did not come free in time.
   */
  lock<T>(name: string, seconds: number, work: () => Promise<T>): Promise<T>
  /**
   * Requests a Web Lock of this name, as `LockManager.request` does. Gives `undefined`, and does nothing, where there are no
   * Web Locks: no lease stands in. A platform without it is one without Web Locks.
   */
  request?<T>(
    name: string,
    options: LockOptions,
    work: (lock: Lock | null) => Promise<T>,
  ): Promise<T> | undefined
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
    if (!closed && typeof BroadcastChannel !== 'undefined')
      channel ??= unlessForbidden(() => new BroadcastChannel(name))
    return channel
  }
  // lib.dom promises `locks` always; insecure contexts and test environments do not have it.
  const locks = (): LockManager | undefined =>
    unlessForbidden(() => (globalThis.navigator as Partial<Navigator> | undefined)?.locks)
  const request = <T>(
    lockName: string,
    options: LockOptions,
    work: (lock: Lock | null) => Promise<T>,
  ): Promise<T> | undefined => locks()?.request(`${name}:${lockName}`, options, work)
  return {
    request,
    async lock<T>(lockName: string, seconds: number, work: () => Promise<T>) {
      const controller = new AbortController()
      const { signal } = controller
      let begun: Promise<T> | undefined
      const stopWaiting = clock.after(seconds, () => {
        controller.abort()
      })
      try {
        if (locks()) return await (request(lockName, { signal }, () => (begun = work())) as Promise<T>)
      } catch (error) {
        // Browsers differ in what they reject with.
        if (!begun && signal.aborted)
          throw new DOMException('The lock did not come free in time.', 'TimeoutError')
        if (begun || !isForbidden(error)) throw error
      } finally {
        stopWaiting()
      }
      return (await import('./fallback-lease.js')).withLease({ clock, database }, lockName, seconds, work)
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

/** Test for the answer of a browser in which people have blocked cookies and site data. */
const isForbidden = (error: unknown): boolean => (error as Partial<Error> | null)?.name === 'SecurityError'

/** What `get` gives; `undefined` where the browser forbids it, as Firefox does BroadcastChannel with blocked cookies. */
function unlessForbidden<T>(get: () => T): T | undefined {
  try {
    return get()
  } catch (error) {
    if (!isForbidden(error)) throw error
    return undefined
  }
}
