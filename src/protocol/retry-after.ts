/** Longest wait that is believed: a day, in seconds. */
const longestSeconds = 24 * 3600

/**
 * Seconds after which an answer asks to try again, a day at most; `undefined` where it says nothing that can be read. A date is
 * compared with the `Date` of the same answer, so that the clock of this device matters only where a page cannot read that.
 *
 * @param now Epoch seconds.
 * @see https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3
 */
export function retryAfterOf(headers: Headers, now: number = Date.now() / 1000): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? ''
  const seconds = /^\d+$/.test(value) ? Number(value) : secondsUntil(value, headers.get('date') ?? '', now)
  return seconds === undefined ? undefined : Math.min(Math.max(0, seconds), longestSeconds)
}

function secondsUntil(date: string, sentAt: string, now: number): number | undefined {
  const at = parseDate(date)
  return at === undefined ? undefined : Math.ceil(at - (parseDate(sentAt) ?? now))
}

/** Epoch seconds of an HTTP date. The platform's own parser takes more than that: `-5`, to one, is a month. */
function parseDate(value: string): number | undefined {
  const time = /^[A-Z][a-z]{2,8},? [\w :-]+GMT$/.test(value) ? Date.parse(value) : NaN
  return Number.isNaN(time) ? undefined : time / 1000
}
