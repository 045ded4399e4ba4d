import { ValidationError } from './errors.js'
import type { ServerMetadata } from './metadata.js'

/** What an app wants of a server, that not every server offers. */
export interface WantedOffers {
  /** Pushed authorization requests (RFC 9126). */
  readonly par?: boolean | undefined
  /** Tokens bound to a key (RFC 9449). */
  readonly dpop?: boolean | undefined
}

/** Test for pushing the request: the app wants it, or the server takes no other. @see https://www.rfc-editor.org/rfc/rfc9126.html#section-5 */
export const pushes = (settings: WantedOffers, server: ServerMetadata): boolean =>
  settings.par === true || server.require_pushed_authorization_requests === true

/**
 * Checks that an ID Token could be checked, before anybody is sent away for one, and before a code is spent on it.
 *
 * @throws {ValidationError} `metadata_invalid` for metadata without `jwks_uri`.
 */
export function checkHasKeys({ jwks_uri: keys }: ServerMetadata): void {
  if (keys !== undefined) return
  throw new ValidationError(
    'metadata_invalid',
    'jwks_uri',
    "The authorization server's metadata names no keys (`jwks_uri`), so no ID Token could be checked. Give the address, or leave `openid` out of `scope`.",
    { recovery: 'configure' },
  )
}

/**
 * Checks that the server has what the settings name, before anybody is sent there.
 *
 * @throws {ValidationError} `metadata_invalid` naming the option.
 */
export function checkOffers(settings: WantedOffers, server: ServerMetadata): void {
  const lacking = (member: string, option: string): never => {
    throw new ValidationError(
      'metadata_invalid',
      member,
      `The authorization server's metadata has no ${member}, so it does not offer what \`${option}\` is for: leave \`${option}\` out.`,
      { recovery: 'configure' },
    )
  }
  if (settings.par && server.pushed_authorization_request_endpoint === undefined)
    lacking('pushed_authorization_request_endpoint', 'par')
  // Keys are made for ES256.
  if (settings.dpop && server.dpop_signing_alg_values_supported?.includes('ES256') !== true)
    lacking('dpop_signing_alg_values_supported with ES256', 'dpop')
}
