// Basis's published hosts. No environment is published as a whole: Connect is in development, the API in sandbox.
// Everything else has to be given.

/**
 * Authorization endpoints.
 *
 * @see https://docs.usebasis.co/docs/create-profiles-with-connect
 */
export const authorizationEndpoints: Partial<Record<BasisEnvironment, string>> = {
  development: 'https://connect.development.usebasis.co/oauth',
}

/**
 * Token endpoints, which are not on Connect's host.
 *
 * @see https://docs.usebasis.co/reference/get_an_access_token_oauth_token_post
 */
export const tokenEndpoints: Partial<Record<BasisEnvironment, string>> = {
  sandbox: 'https://api.sandbox.usebasis.co/oauth/token',
}

/**
 * Base URLs of the API that profiles are read from.
 *
 * @see https://docs.usebasis.co/reference/list_institutions_institutions_get
 */
export const apis: Partial<Record<BasisEnvironment, string>> = {
  sandbox: 'https://api.sandbox.usebasis.co/',
}

/** The environments of which at least one host is published. */
export type BasisEnvironment = 'development' | 'sandbox'

/** The only scope that Connect knows. */
export const profileScope = 'profile:read'

/** The scope with which an app reads the list of institutions, by a token of its own. */
export const institutionsScope = 'institutions:read'

/** Seconds for which an access token is documented to live; for a token response that does not say. */
export const accessTokenSeconds = 3600

/** Seconds for a person to sign in at their institutions. */
export const transactionSeconds = 3600

/** True for a value of the form of a `platform_id`. */
export const isUuid = (value: unknown): value is string =>
  typeof value === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)
