/**
 * Stitch's endpoints.
 *
 * @see https://stitch.money/docs/stitch-sso
 */
export const endpoints = {
  authorization: 'https://secure.stitch.money/connect/authorize',
  api: 'https://api.stitch.money/',
} as const

/** The token endpoint, which only backends call. */
export const tokenEndpoint = 'https://secure.stitch.money/connect/token'

/** Seconds of 60 days: how long a refresh token lives after its last use; the client's credentials file has the exact value. */
export const refreshTokenSlidingSeconds = 5_184_000

/** Seconds of two years: how long a connection can be refreshed in all. */
export const refreshTokenAbsoluteSeconds = 63_072_000
