// Mutual TLS of the banks that have it.
import type { Configuration } from 'oidc-provider'
import type { TLSSocket } from 'node:tls'
import type { Certificate } from './certificates.js'

/** A listener that asks for a certificate. Any is let in; which one a client may present is decided by its registration. */
export const mutualTls = ({ cert, key }: Certificate) => ({
  ...{ cert, key, requestCert: true, rejectUnauthorized: false },
  minVersion: 'TLSv1.2' as const,
})

/** Clients that authenticate by a certificate of their own, and access tokens that are bound to it (RFC 8705). */
export const certificateFeature = {
  enabled: true,
  selfSignedTlsClientAuth: true,
  certificateBoundAccessTokens: true,
  getCertificate: ({ req }) => (req.socket as Partial<TLSSocket>).getPeerX509Certificate?.(),
} satisfies NonNullable<Configuration['features']>['mTLS']

/** The endpoints at which a certificate is shown, below the base of an origin. */
export const certificateEndpoints = (
  base: string,
  paths: Readonly<Record<'token' | 'revocation', string>>,
) => ({
  token_endpoint: base + paths.token,
  pushed_authorization_request_endpoint: `${base}/par`,
  revocation_endpoint: base + paths.revocation,
})
