import { CountersignError } from '../../protocol/errors.js'

/**
 * The URL of a path below a base. Data from elsewhere may be part of the path, so it cannot lead to another host, out of
 * the base, or out of it at a server that decodes once more than it should. The path is appended, never resolved: an id
 * such as `https:host` at its beginning would be a reference to another server (RFC 3986 §5.2.2).
 *
 * @throws {CountersignError} `resource_not_allowed`
 */
export function resourceUrl(api: string, path: string): string {
  const { origin, pathname } = new URL(api)
  const base = pathname.replace(/\/?$/, '/')
  const url = new URL(origin + base + path.replace(/^\/+/, ''))
  if (
    url.origin !== origin ||
    !url.pathname.startsWith(base) ||
    /%(?:25)*(?:2e|2f|5c|00)|\/\/|\.\.;|\\/i.test(url.pathname.slice(base.length - 1))
  ) {
    throw new CountersignError(
      'resource_not_allowed',
      "The path leaves the provider's API. Nothing was sent: give a path below its base.",
      { recovery: 'configure' },
    )
  }
  return url.href
}
