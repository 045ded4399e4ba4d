import { parseUrl } from './parse-url.js'

/**
 * The same-origin guard for `returnTo`: gives back the path, query and fragment of a place inside the app, and
 * `/` for anything else. Checked when a transaction begins and again when it ends, because storage may have been changed
 * in between.
 *
 * Refused: other origins however spelled (`//host`, `/\\host`, `https:host`), other schemes, control characters,
 * paths that normalise to `//host` (`/.//host`), more than 2048 characters, and what would start a second callback.
 *
 * @param value A path, or a whole URL of this origin.
 * @param isCallback Test for a place that is no place to return to.
 * @see https://www.rfc-editor.org/rfc/rfc9700.html#section-4.11.1
 */
export function safeReturnTo(value: unknown, origin: string, isCallback: (url: URL) => boolean): string {
  if (typeof value !== 'string' || value.length > 2048) return '/'
  // Only what is written out in full is a URL of this origin: no other spelling of it is understood.
  const path = value.startsWith(`${origin}/`) ? value.slice(origin.length) : value
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path)) return '/'
  const url = parseUrl(path, origin)
  if (url?.origin !== origin || url.pathname.startsWith('//') || isCallback(url)) return '/'
  return url.pathname + url.search + url.hash
}
