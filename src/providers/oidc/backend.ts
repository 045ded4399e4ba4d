import type { BackendProvider } from '../../backend/provider.js'
import { pickClaims } from '../../protocol/pick-claims.js'
import { defineBackendProvider } from '../kit/backend/define-backend-provider.js'
import { createStandardClient } from '../kit/backend/public-oauth-client.js'
import { readApi } from '../kit/backend/read-options.js'
import { checkBackendOptions, type OidcBackendOptions } from './options.js'

export type { OidcBackendOptions } from './options.js'

/**
 * Any standard authorization server, seen from the backend: discovery, PKCE, and what it offers of pushed requests.
 *
 * @throws {TypeError} when an option is missing or wrong. A key that cannot be used rejects the backend's `ready`.
 * @example
 * ```ts
 * import { oidc } from 'countersign/backend'
 *
 * declare const clientSecret: string
 *
 * const provider = oidc({
 *   issuer: 'https://as.example',
 *   clientId: 'my-client',
 *   clientSecret,
 *   redirectUri: 'https://app.example/callback/bank',
 *   scope: 'openid accounts offline_access',
 * })
 * ```
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html
 */
export function oidc<const M extends 'mediated' | 'bff' = 'mediated'>(
  options: OidcBackendOptions<M>,
): BackendProvider & { readonly mode: M } {
  checkBackendOptions(options)
  const { label = 'The provider', scope, redirectUri, details, refreshRepeatable = false, fetch } = options
  return defineBackendProvider({
    label,
    mode: options.mode ?? ('mediated' as M),
    redirectUri,
    scope,
    client: createStandardClient('oidc', options, scope),
    ...(fetch && { fetch }),
    refreshRepeatable,
    ...readApi('oidc', options),
    toGrant: (tokens) => ({
      tokens,
      sub: tokens.claims?.sub,
      details: pickClaims(tokens.claims, details),
    }),
  })
}
