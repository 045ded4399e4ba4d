/**
 * Moneyhub's identity service and Data API. Test and live banks are on the same hosts.
 *
 * @see https://identity.moneyhub.co.uk/oidc/.well-known/openid-configuration
 */
export const endpoints = {
  issuer: 'https://identity.moneyhub.co.uk/oidc',
  api: 'https://api.moneyhub.co.uk/v3/',
} as const

/** What the access token of a one-time connection, or the backend's own token with `sub`, is to read. */
export const dataScope = 'accounts:read transactions:read:all'

/** Seconds that a person may take: Moneyhub sends them on to their bank, and that may be an app on another device. */
export const transactionSeconds = 1800

/** Where people are sent, below the issuer. */
export const authorizationPath = '/auth'
