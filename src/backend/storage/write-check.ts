import type { Records } from './records.js'

/** The key of a record that is written to find out whether the store takes writes. */
const healthKey = 'health'

/** Seconds for which it is kept. */
const keptSeconds = 60

/** Seconds for which one write tells: whoever may ask for the health of a backend must not have it write without end. */
const goodSeconds = 5

/**
 * Makes the check whether the store takes writes. Nothing but a write tells: a disk that is full, a standby and a Redis at its
 * `maxmemory` are read as ever.
 *
 * @returns A function that rejects with what the store throws.
 */
export function createWriteCheck(records: Records, now: () => number): () => Promise<void> {
  let written = { at: -Infinity, result: Promise.resolve() }

  async function write(): Promise<void> {
    await records.change(healthKey, () => ({
      write: { v: 1 },
      until: now() + keptSeconds,
      result: undefined,
    }))
  }

  return () => {
    // A clock may jump back.
    if (Math.abs(now() - written.at) < goodSeconds) return written.result
    const result = write()
    written = { at: now(), result }
    result.catch(() => {
      // A store that takes writes again is told at once.
      written = { at: -Infinity, result: Promise.resolve() }
    })
    return result
  }
}
