import type { ResourceRoute, Resources } from '../../../backend/provider.js'
import { parseEndpoint } from '../../../protocol/authorization-request.js'
import { parseScope } from '../../../protocol/scope.js'

/** The URL of an option. @throws {TypeError} naming the option, for what is not an https URL. */
export function readUrl(name: string, value: string): URL {
  try {
    return parseEndpoint(value, name)
  } catch {
    throw new TypeError(
      `\`${name}\` is not an https URL (or http on this machine) without fragment: correct it.`,
    )
  }
}

/** The redirect URIs of an option that takes one or several. */
export const readRedirectUris = (redirectUri: string | readonly string[]): readonly string[] =>
  typeof redirectUri === 'string' ? [redirectUri] : redirectUri

/** Checks that a scope holds `openid`. @throws {TypeError} when it does not. */
export function checkOpenidScope(label: string, scope: string): void {
  if (!parseScope(scope).includes('openid'))
    throw new TypeError(`The scope for ${label} must hold "openid": add it.`)
}

/** For a mode in which pages ask the API themselves: a list that nobody keeps to would seem to limit them. */
export const ignoredRoutes = (label: string): TypeError =>
  new TypeError(
    `\`routes\` of ${label} limits nothing in \`mediated\` mode, where pages ask the API themselves: leave it out, or set the mode to "bff".`,
  )

/** The API that pages can reach. @throws {TypeError} in `bff` mode without both options; for `routes` in any other. */
export function readApi(
  label: string,
  options: {
    readonly mode?: 'mediated' | 'bff'
    readonly api?: string
    readonly routes?: readonly ResourceRoute[]
  },
): { readonly resources?: Resources } {
  const { mode, api, routes } = options
  if (mode !== 'bff') {
    if (routes) throw ignoredRoutes(label)
    return {}
  }
  if (api !== undefined && routes) return { resources: { base: api, routes } }
  throw new TypeError(
    `In bff mode ${label} needs \`api\` and \`routes\`: what pages may ask of the provider's API.`,
  )
}
