/**
 * The same-origin guard for `returnTo`: gives back the path, query and fragment of a place inside the app, and
 * `/` for anything else. Checked when a transaction begins and again when it ends, because storage may have been changed
 * in between.
 *
 * Refused: other origins however spelled (`//host`, `/\host`, `https:host`), other schemes, control characters,
 * paths that normalise to `//host` (`/.//host`), more than 2048 characters, and the callback path itself, which
 * would start a second callback.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700.html#section-4.11.1
 */
export function safeReturnTo(value: unknown, origin: string, callbackPaths: readonly string[] = []): string {
  if (typeof value !== 'string' || value.length > 2048 || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(value))
    return '/'
  const url = URL.canParse(value, origin) ? new URL(value, origin) : undefined
  if (url?.origin !== origin || url.pathname.startsWith('//') || callbackPaths.includes(url.pathname))
    return '/'
  return url.pathname + url.search + url.hash
}
