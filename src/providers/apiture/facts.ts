/**
 * The authorities of Apiture's environments. They end with a slash, and their issuer is compared exactly. A
 * financial institution may have one of its own.
 *
 * @see https://dx.apiture.com/docs/api/guides/secure-access/
 */
export const environments = {
  production: 'https://auth.apiture.com/oidc/',
  cat: 'https://cat-oidc.apiture-comm-preprod.com/oidc/',
  cat2: 'https://cat2-oidc.apiture-comm-preprod.com/oidc/',
} as const

/** The documentation gives `Bearer:` as the token type, with a colon; the header is `Bearer` all the same. */
export const bearerAliases = ['bearer:'] as const
