import { parseEndpoint } from '../../../protocol/authorization-request.js'

/** The URL of an option. @throws {TypeError} naming the option, for what is no https URL. */
export function readUrl(name: string, value: string): URL {
  try {
    return parseEndpoint(value, name)
  } catch {
    throw new TypeError(`\`${name}\` is no https URL (or http on this machine) without fragment: correct it.`)
  }
}

/** The redirect URIs of an option that takes one or several. */
export const readRedirectUris = (redirectUri: string | readonly string[]): readonly string[] =>
  typeof redirectUri === 'string' ? [redirectUri] : redirectUri
