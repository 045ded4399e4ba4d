import * as oauth from 'oauth4webapi'
import type { Fetch } from '../../protocol/http.js'
import { discover } from '../../protocol/metadata.js'
import { importSigner, signAssertions, type Signer } from '../kit/backend/client-assertion.js'
import { createOAuthClient, type OAuthClientWithEndpoint } from '../kit/backend/oauth-client.js'
import type { PrivateKeyInput, SigningAlgorithm } from '../kit/backend/signing-key.js'

/** The client's key: Moneyhub has its public part. */
export interface MoneyhubKey {
  /** `CryptoKey`, private JWK, or PKCS #8 as PEM; RSA of 2048 bits or more, or P-256. */
  readonly privateKey: PrivateKeyInput
  /** The `kid` of the public key in the client's JWKS at Moneyhub. */
  readonly keyId: string
  /** For a JWK without `alg` and for PEM. @defaultValue `RS256` */
  readonly algorithm?: SigningAlgorithm
}

/** Client authentication. */
export type MoneyhubClientAuthentication =
  | (MoneyhubKey & {
      /** `private_key_jwt`, the default with a key, or `client_secret_basic` where the key only signs requests. */
      readonly clientSecret?: string
      /** The `aud` of client assertions. @defaultValue `/token` below the issuer, as Moneyhub documents it */
      readonly assertionAudience?: string
    })
  | {
      /** The client's secret, for `client_secret_basic`. */
      readonly clientSecret: string
      readonly privateKey?: undefined
      readonly assertionAudience?: undefined
    }
  | (Partial<MoneyhubKey> & {
      /** The client's certificate is its authentication (RFC 8705); a key beside it only signs requests. */
      readonly authentication: 'tls_client_auth' | 'self_signed_tls_client_auth'
      /** A `fetch` that presents the certificate: `mtlsFetch({ cert, key })` of `countersign/backend/node`. */
      readonly fetch: Fetch
      readonly clientSecret?: undefined
      readonly assertionAudience?: undefined
    })

/** The client at Moneyhub, and the key that signs its requests and assertions. */
export interface MoneyhubClient extends OAuthClientWithEndpoint {
  /** `undefined` for a client that has a secret alone. */
  readonly signer: Promise<Signer | undefined>
}

/** Makes the client of the identity service. Without key and secret it rejects `ready`, as it does for an unusable key. */
export function createMoneyhubClient(
  clientId: string,
  issuer: string,
  options: MoneyhubClientAuthentication & { readonly origins?: readonly string[] },
): MoneyhubClient {
  const mtls = 'authentication' in options && (options.authentication as unknown) !== undefined
  const signer =
    options.privateKey === undefined ? Promise.resolve(undefined) : importSigner(options as MoneyhubKey)
  // `ready` reports it; nobody else may be waiting yet.
  signer.catch(() => undefined)
  const client = createOAuthClient({
    ...{ clientId, issuer },
    metadata: ({ fetch }) => discover(fetch, issuer, { origins: options.origins, mtls }),
    authentication: mtls ? oauth.TlsClientAuth() : authenticate(issuer, options, signer),
    quirks: { mtls },
  })
  return { ...client, signer }
}

async function authenticate(
  issuer: string,
  { clientSecret, assertionAudience: audience = `${issuer}/token` }: MoneyhubClientAuthentication,
  imported: MoneyhubClient['signer'],
): Promise<oauth.ClientAuth> {
  const signer = await imported
  if (clientSecret !== undefined) return oauth.ClientSecretBasic(clientSecret)
  if (!signer) throw new TypeError('moneyhub needs `privateKey` and `keyId`, or `clientSecret`.')
  return signAssertions(signer, { audience })
}
