import type { Platform } from './platform.js'

/** The time of everything in the kit: pages, authorization servers and the backend. */
export interface KitClock {
  /** Epoch seconds: the test's own `Date`, and how far {@link KitClock.advance} has gone ahead of it. */
  readonly now: () => number
  readonly after: Platform['clock']['after']
  /** Lets time pass at once, and runs what is due on the way. */
  readonly advance: (seconds: number) => void
  /** Drops what is still to run. */
  readonly stop: () => void
}

interface Entry {
  readonly at: number
  readonly work: () => void
  timer?: ReturnType<typeof setTimeout>
}

/**
 * Makes a clock over `Date` and `setTimeout` as they are when it is asked, so that fake timers move it, too. Its timers
 * keep no process alive.
 */
export function createClock(): KitClock {
  const entries = new Set<Entry>()
  let ahead = 0
  const now = (): number => Date.now() / 1000 + ahead

  function run(entry: Entry): void {
    clearTimeout(entry.timer)
    if (entries.delete(entry)) entry.work()
  }
  function arm(entry: Entry): void {
    clearTimeout(entry.timer)
    const milliseconds = Math.min(Math.max(0, (entry.at - now()) * 1000), 2 ** 31 - 1)
    entry.timer = setTimeout(run, milliseconds, entry)
    // Node's timers have it, the browser's are numbers.
    ;(entry.timer as { unref?: () => void }).unref?.()
  }

  return {
    now,
    after(seconds, work) {
      const entry: Entry = { at: now() + seconds, work }
      entries.add(entry)
      arm(entry)
      return () => {
        clearTimeout(entry.timer)
        entries.delete(entry)
      }
    },
    advance(seconds) {
      const end = now() + seconds
      for (;;) {
        const [next] = [...entries].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (!next) break
        ahead += Math.max(0, next.at - now())
        run(next)
      }
      ahead += end - now()
      for (const entry of entries) arm(entry)
    },
    stop() {
      for (const { timer } of entries) clearTimeout(timer)
      entries.clear()
    },
  }
}
