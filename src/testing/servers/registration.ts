/** Client authentication as it is registered. */
export type RegisteredAuthentication =
  | { readonly method: 'none' }
  /** `client_secret_basic` or `client_secret_post`; `raw` is Basic without the form encoding of RFC 6749. */
  | { readonly method: 'client_secret'; readonly secret: string; readonly raw?: boolean }
  | { readonly method: 'private_key_jwt'; readonly key: CryptoKey }
  | { readonly method: 'tls_client_auth' }

/** The app as an authorization server knows it, under one redirect URI. */
export interface Registration {
  /** The provider's name in the app's options. */
  readonly name: string
  /** The provider's name in sentences. */
  readonly label: string
  readonly clientId: string
  readonly redirectUri: string
  readonly authentication: RegisteredAuthentication
}
