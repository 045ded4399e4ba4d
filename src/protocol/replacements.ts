/** The most refreshes that refused tokens cause, within so many seconds. */
const limits = [
  { seconds: 60, most: 2 },
  { seconds: 3600, most: 10 },
] as const

/**
 * Test for a refresh of a token that is good by its lifetime, and that an API is said to have refused. Whoever holds a token can say
 * so, and each refresh may open a session at the person's bank.
 *
 * @param times When refused tokens of the connection were replaced: epoch seconds.
 * @param now Epoch seconds.
 */
export const mayReplace = (times: readonly number[] | undefined, now: number): boolean =>
  limits.every(({ seconds, most }) => within(times, now, seconds).length < most)

/** The times with one more, and without those that no longer count. */
export const noteReplacement = (times: readonly number[] | undefined, now: number): readonly number[] => [
  ...within(times, now, 3600),
  now,
]

/** Where the clock was set back, what lies far ahead does not count. */
const within = (times: readonly number[] = [], now: number, seconds: number): readonly number[] =>
  times.filter((at) => Math.abs(now - at) < seconds)
