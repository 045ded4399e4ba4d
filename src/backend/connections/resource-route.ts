import { Refusal } from '../http/refusal.js'
import type { HeldConnection, ResourceRoute, Resources } from '../provider.js'

const maximumQueryLength = 2048

/**
 * One segment of a path: characters that need no encoding and mean nothing to any server, so no `%`, `;` or `\`. A `:` is among
 * them because a path is appended to the base, and never parsed as a URL of its own.
 */
const segment = /^(?!\.{1,2}$)[A-Za-z0-9._~:-]{1,128}$/

/**
 * The route of a page's request, and the segments of its path.
 *
 * @throws {Refusal} `not_found`, `method_not_allowed`
 */
export function findRoute(
  { routes }: Resources,
  method: string,
  path: string,
  held: HeldConnection,
): { readonly route: ResourceRoute; readonly segments: readonly string[] } {
  const segments = path.split('/')
  const matching = segments.every((part) => segment.test(part))
    ? routes.filter((route) => matches(route, segments, held))
    : []
  const route = matching.find((candidate) => candidate.method === method)
  if (route) return { route, segments }
  if (matching.length === 0) throw new Refusal('not_found', { reason: 'path' })
  throw new Refusal('method_not_allowed', { allow: matching.map((candidate) => candidate.method) })
}

function matches(
  { path, bind = {} }: ResourceRoute,
  segments: readonly string[],
  held: HeldConnection,
): boolean {
  const parts = path.replace(/^\//, '').split('/')
  return (
    parts.length === segments.length &&
    parts.every((part, index) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1]
      if (name === undefined) return part === segments[index]
      const bound = Object.hasOwn(bind, name) ? bind[name] : undefined
      return !bound || bound(held) === segments[index]
    })
  )
}

/** The query of a page's request. @throws {Refusal} `invalid_request` for a parameter that the route does not take, or one twice. */
export function readQuery({ query = [] }: ResourceRoute, parameters: URLSearchParams): URLSearchParams {
  const names = [...parameters.keys()]
  const known = names.every((name) => query.includes(name)) && new Set(names).size === names.length
  if (!known || parameters.toString().length > maximumQueryLength) {
    throw new Refusal('invalid_request', {
      description: 'The query holds a parameter that this path does not take, or one twice.',
      reason: 'query',
    })
  }
  return parameters
}

/** The address at the API. @throws {Refusal} `not_found` */
export function buildUrl({ base }: Resources, segments: readonly string[], query: URLSearchParams): string {
  const root = new URL(base.endsWith('/') ? base : `${base}/`)
  const url = new URL(root)
  // Appended, never resolved: `http:host` as the first segment would be a reference to another server (RFC 3986 §5.2.2).
  url.pathname = root.pathname + segments.join('/')
  url.search = query.toString()
  // The segments allow for nothing else; this is the last look before a token goes out.
  if (url.origin !== root.origin || !url.pathname.startsWith(root.pathname))
    throw new Refusal('not_found', { reason: 'path' })
  return url.href
}
