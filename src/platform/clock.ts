/** Time, replaceable in tests. */
export interface Clock {
  /** Epoch seconds, with fraction. */
  readonly now: () => number
  /** Runs `work` after so many seconds; the function given back cancels it. */
  readonly after: (seconds: number, work: () => void) => () => void
}

/** The browser's clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now() / 1000,
  after(seconds, work) {
    // setTimeout counts in a signed 32-bit integer: anything longer would fire at once.
    const timer = setTimeout(work, Math.min(seconds * 1000, 2 ** 31 - 1))
    return () => {
      clearTimeout(timer)
    }
  },
}
