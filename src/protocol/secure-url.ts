import { parseUrl } from './parse-url.js'

/**
 * The party that looks a host up. A `browser` takes every name below `localhost` for this machine (RFC 6761 §6.3, and Secure
 * Contexts); a `server` asks DNS, which may say anything.
 */
export type Resolver = 'browser' | 'server'

/**
 * Parses a URL to which codes and tokens may go: `https:`, or `http:` on this machine; without fragment and user name.
 *
 * @returns `undefined` for anything else, `javascript:` and `data:` included.
 * @see https://www.rfc-editor.org/rfc/rfc8252.html#section-8.3
 */
export function parseSecureUrl(value: unknown, resolver: Resolver): URL | undefined {
  const url = typeof value === 'string' ? parseUrl(value) : undefined
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url, resolver))
  return url && secure && !url.href.includes('#') && !url.username && !url.password ? url : undefined
}

/** Test for a host on this machine, the only one where plain http is accepted. */
export const isLoopback = ({ hostname }: URL, resolver: Resolver): boolean =>
  /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname) ||
  (resolver === 'browser' && hostname.endsWith('.localhost'))
