/** Headers of a request for metadata. */
export const metadataHeaders: Readonly<Record<string, string>> = { accept: 'application/json' }

/**
 * The address of an issuer's metadata.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest
 */
export const metadataUrl = ({ origin, pathname }: URL): string =>
  `${origin}${pathname.replace(/\/$/, '')}/.well-known/openid-configuration`
