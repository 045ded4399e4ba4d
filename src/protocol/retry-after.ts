/** A day: nobody waits longer for an answer that another server has written. */
const longestSeconds = 86_400

/**
 * Seconds after which an answer asks to try again, by its own number or by a date: 0 to 86400. `undefined` where it says nothing,
 * or nothing of that form.
 *
 * @param now Epoch seconds.
 * @see https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3
 */
export function retryAfterOf(headers: Headers, now: number = Date.now() / 1000): number | undefined {
  const text = headers.get('retry-after') ?? ''
  const seconds = /^\d+$/.test(text)
    ? Number(text)
    : text.endsWith(' GMT')
      ? Date.parse(text) / 1000 - now
      : NaN
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), longestSeconds)
}
