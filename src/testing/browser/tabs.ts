import type { KitClock } from './clock.js'
import type { Platform } from './platform.js'

type Tabs = Platform['tabs']

/** What the tabs of one browser share: locks, and announcements that reach all but their sender. */
export interface SharedTabs {
  /** Locks and announcements as one document has them. */
  readonly forPage: () => Tabs
}

/** Makes the locks and announcements of one browser. */
export function createSharedTabs(clock: KitClock): SharedTabs {
  const lock = createLocks(clock)
  const listeners = new Set<{ readonly page: Tabs; readonly hear: (id: string) => void }>()

  const forPage = (): Tabs => {
    let closed = false
    const page: Tabs = {
      lock,
      announce(id) {
        if (closed) return
        for (const listener of [...listeners].filter((other) => other.page !== page))
          void Promise.resolve().then(() => {
            if (listeners.has(listener)) listener.hear(id)
          })
      },
      onAnnounced(hear) {
        const listener = { page, hear }
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
        }
      },
      close() {
        closed = true
        for (const listener of [...listeners]) if (listener.page === page) listeners.delete(listener)
      },
    }
    return page
  }
  return { forPage }
}

/** Exclusive locks as Web Locks are: those who wait get them in turn, and give up at their time limit. */
function createLocks(clock: KitClock): Tabs['lock'] {
  const held = new Set<string>()
  const queues = new Map<string, (() => void)[]>()

  const acquire = (name: string, seconds: number): Promise<void> => {
    if (!held.has(name)) {
      held.add(name)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const queue = queues.get(name) ?? []
      queues.set(name, queue)
      const turn = (): void => {
        cancel()
        resolve()
      }
      const cancel = clock.after(seconds, () => {
        queue.splice(queue.indexOf(turn), 1)
        reject(new DOMException('The lock did not come free in time.', 'TimeoutError'))
      })
      queue.push(turn)
    })
  }
  const release = (name: string): void => {
    const next = queues.get(name)?.shift()
    if (next) next()
    else held.delete(name)
  }

  return async (name, seconds, work) => {
    await acquire(name, seconds)
    try {
      return await work()
    } finally {
      release(name)
    }
  }
}
