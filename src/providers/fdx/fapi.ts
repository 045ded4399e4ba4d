import { ValidationError } from '../../protocol/errors.js'
import type { ServerMetadata } from '../../protocol/metadata.js'

/** Signature algorithms of FAPI 2.0. @see https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.4.1 */
export const fapiAlgorithms = ['PS256', 'ES256', 'EdDSA', 'Ed25519'] as const

/**
 * Checks that a server announces what FAPI 2.0 requires: `iss` in responses, certificate-bound tokens and S256.
 *
 * @throws {ValidationError} `metadata_invalid` naming what the server does not announce.
 */
export function checkFapi(server: ServerMetadata): void {
  const announced = {
    authorization_response_iss_parameter_supported: server.authorization_response_iss_parameter_supported,
    tls_client_certificate_bound_access_tokens: server.tls_client_certificate_bound_access_tokens,
    code_challenge_methods_supported: server.code_challenge_methods_supported?.includes('S256'),
  }
  const lacking = Object.entries(announced).find(([, value]) => value !== true)
  if (!lacking) return
  throw new ValidationError(
    'metadata_invalid',
    lacking[0],
    `The authorization server does not announce ${lacking[0]}, which FAPI 2.0 requires. Drop \`fapi\` if it need not keep to it.`,
    { recovery: 'configure' },
  )
}
