// What is published about Basis's hosts, which is not a whole environment anywhere: Connect in development, the API in
// sandbox. Everything else has to be given.

/**
 * Where people are sent.
 *
 * @see https://docs.usebasis.co/docs/create-profiles-with-connect
 */
export const authorizationEndpoints: Partial<Record<BasisEnvironment, string>> = {
  development: 'https://connect.development.usebasis.co/oauth',
}

/**
 * Where codes and refresh tokens are redeemed: not on Connect's host.
 *
 * @see https://docs.usebasis.co/reference/get_an_access_token_oauth_token_post
 */
export const tokenEndpoints: Partial<Record<BasisEnvironment, string>> = {
  sandbox: 'https://api.sandbox.usebasis.co/oauth/token',
}

/**
 * The API that profiles are read from.
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

/** Seconds for which an access token is documented to live; for a token response that does not say. */
export const accessTokenSeconds = 3600

/** Seconds for a person to sign in at their institutions. */
export const transactionSeconds = 3600

/** Whether a value has the form of a `platform_id`. */
export const isUuid = (value: unknown): value is string =>
  typeof value === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)
