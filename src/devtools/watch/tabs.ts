import type { Tabs } from '../../platform/tabs.js'
import type { Watched } from './watched.js'

/** A lock of the library, by what it protects. */
export interface HeldLock {
  /** `tx` for the redemption of a code, `refresh` for that of a refresh token. */
  readonly subject: string
  readonly name: string
  readonly holder: 'this tab' | 'another tab'
}

/** Shorter waits than this are no news: milliseconds. */
const noticeable = 50

/** Notes which locks this page holds, and for how long it waited. */
export function watchTabs(watched: Watched): ReadonlySet<string> {
  const { platform, log } = watched
  const { tabs } = platform
  const held = new Set<string>()
  const lock: Tabs['lock'] = (name, seconds, work) => {
    const begun = log.begin()
    return tabs.lock(name, seconds, async () => {
      const [subject = '', id = ''] = name.split(':')
      const waited = log.begin().at - begun.at
      if (waited > noticeable)
        log.add({
          ...{ kind: 'lock', from: 'page', to: 'page', begun, outcome: subject },
          ...(subject === 'refresh' && { connection: id }),
        })
      held.add(name)
      const before = watched.refreshing.connection
      if (subject === 'refresh') watched.refreshing.connection = id
      try {
        return await work()
      } finally {
        held.delete(name)
        if (subject === 'refresh') watched.refreshing.connection = before
      }
    })
  }
  platform.tabs = {
    ...tabs,
    lock,
    close() {
      tabs.close()
      log.close()
    },
  }
  return held
}

/** The locks of a namespace that any tab holds now. Empty where the browser has no Web Locks. */
export async function readLocks(namespace: string, own: ReadonlySet<string>): Promise<readonly HeldLock[]> {
  const { locks } = globalThis.navigator as Partial<Navigator>
  const { held = [] } = (await locks?.query()) ?? {}
  return held.flatMap(({ name = '' }) => {
    if (!name.startsWith(`${namespace}:`)) return []
    const inner = name.slice(namespace.length + 1)
    const subject = inner.split(':')[0] ?? ''
    return ['tx', 'refresh'].includes(subject)
      ? [{ subject, name: inner, holder: own.has(inner) ? ('this tab' as const) : ('another tab' as const) }]
      : []
  })
}
