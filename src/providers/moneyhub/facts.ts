/**
 * Moneyhub's identity service and Data API. Test and live banks are on the same hosts.
 *
 * @see https://identity.moneyhub.co.uk/oidc/.well-known/openid-configuration
 */
export const endpoints = {
  issuer: 'https://identity.moneyhub.co.uk/oidc',
  api: 'https://api.moneyhub.co.uk/v3/',
} as const

/** Scope of the data to read: of a one-time connection's access token, or of a client-credentials token with `sub`. */
export const dataScope = 'accounts:read transactions:read:all'

/** Seconds that a person may take: Moneyhub sends them on to their bank, and that may be an app on another device. */
export const transactionSeconds = 1800

/** Authorization endpoint, below the issuer. */
export const authorizationPath = '/auth'

/** Seconds for which a client-credentials token is good, for a token response that does not say. */
export const usualTokenSeconds = 7200
