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

/**
 * Refuses options for the requests of pages through the backend where pages ask the API themselves: a list of routes that nobody keeps
 * to would seem to limit them.
 *
 * @throws {TypeError} naming the option.
 */
export function refuseInMediated(
  label: string,
  options: { readonly mode?: string | undefined },
  names: readonly string[] = ['api', 'routes'],
): void {
  if (options.mode === 'bff') return
  for (const name of names)
    if ((options as Readonly<Record<string, unknown>>)[name] !== undefined)
      throw new TypeError(
        `\`${name}\` of ${label} has no effect in "mediated" mode, where pages ask the API themselves: leave it out, or set the mode to "bff".`,
      )
}

/** The API that pages can reach. @throws {TypeError} in `bff` mode without both options; for one of them in any other. */
export function readApi(
  label: string,
  options: {
    readonly mode?: 'mediated' | 'bff'
    readonly api?: string
    readonly routes?: readonly ResourceRoute[]
  },
): { readonly resources?: Resources } {
  const { mode, api, routes } = options
  refuseInMediated(label, options)
  if (mode !== 'bff') return {}
  if (api !== undefined && routes) return { resources: { base: api, routes } }
  throw new TypeError(
    `In bff mode ${label} needs \`api\` and \`routes\`: what pages may ask of the provider's API.`,
  )
}
