/**
 * The path of a page without what hosts and routers add to it: `/`, `/index.html`, `.html` and a slash at the end all name
 * the same page.
 */
export const foldPath = (pathname: string): string =>
  pathname.replace(/(?:\/index\.html|\.html|\/+)$/, '') || '/'

/**
 * True when an address is at a redirect URI: same origin, same page, and the redirect URI's own query, exactly. Parameters of
 * the response stand beside it.
 */
export function isAtRedirectUri(redirectUri: string, { origin, pathname, searchParams }: URL): boolean {
  const own = new URL(redirectUri)
  return (
    own.origin === origin &&
    foldPath(own.pathname) === foldPath(pathname) &&
    [...own.searchParams.keys()].every(
      (name) => JSON.stringify(own.searchParams.getAll(name)) === JSON.stringify(searchParams.getAll(name)),
    )
  )
}

/**
 * True when a response to one of two redirect URIs could pass for one to the other. A response tells by its address which
 * server it comes from, also where that sends no `iss`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700.html#section-4.4.2.2
 */
export const areConfusable = (one: string, other: string): boolean =>
  isAtRedirectUri(one, new URL(other)) || isAtRedirectUri(other, new URL(one))
