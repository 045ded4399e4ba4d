import { CountersignError } from '../protocol/errors.js'

/**
 * The URL of a path below a base. Data from elsewhere may be part of the path, so it cannot lead to another host, out of
 * the base, or out of it at a server that decodes once more than it should.
 *
 * @throws {CountersignError} `resource_not_allowed`
 */
export function resourceUrl(api: string, path: string): string {
  const base = new URL(api.endsWith('/') ? api : `${api}/`)
  const relative = path.replace(/^\/+/, './')
  const url = URL.canParse(relative, base.href) ? new URL(relative, base) : undefined
  if (
    url?.origin !== base.origin ||
    url.username ||
    url.password ||
    !url.pathname.startsWith(base.pathname) ||
    /%(?:25)*(?:2e|2f|5c|00)|\/\/|\.\.;|\\/i.test(url.pathname.slice(base.pathname.length - 1))
  ) {
    throw new CountersignError(
      'resource_not_allowed',
      "The path leaves the provider's API. Nothing was sent: give a path below its base.",
      { recovery: 'configure' },
    )
  }
  return url.href
}
