import * as oauth from 'oauth4webapi'
import { cacheMetadata, type RequestContext } from '../../protocol/metadata-cache.js'
import { discover } from '../../protocol/metadata.js'
import type { TokenEndpoint } from '../../protocol/token-endpoint.js'
import { signAssertions } from '../kit/backend/client-assertion.js'
import { importSigningKey, type PrivateKeyInput, type SigningAlgorithm } from '../kit/backend/signing-key.js'

/** The client's key: Moneyhub has its public part. */
export interface MoneyhubKey {
  /** `CryptoKey`, private JWK, or PKCS #8 as PEM; RSA of 2048 bits or more, or P-256. */
  readonly privateKey: PrivateKeyInput
  /** The `kid` of the public key in the client's JWKS at Moneyhub. */
  readonly keyId: string
  /** For a JWK without `alg` and for PEM. @defaultValue `RS256` */
  readonly algorithm?: SigningAlgorithm
}

/** How the client authenticates. */
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

/** A key that signs, with its name. */
export interface Signer {
  readonly key: CryptoKey
  readonly kid: string
}

/** The client at Moneyhub: what every request to the identity service needs. */
export interface MoneyhubClient {
  /** Fulfilled when the key is imported. */
  readonly ready: Promise<Signer | undefined>
  /** Metadata, and with it the cached keys, is one object for an hour. */
  readonly endpoint: (reach: RequestContext) => Promise<TokenEndpoint>
}

/** @throws {TypeError} without key and secret. */
export function createMoneyhubClient(
  clientId: string,
  issuer: string,
  options: MoneyhubClientAuthentication,
): MoneyhubClient {
  const ready = importSigner(options)
  // It is told by `ready`; nobody else may be waiting yet.
  ready.catch(() => undefined)
  const authentication = authenticate(issuer, options, ready)
  authentication.catch(() => undefined)
  const metadata = cacheMetadata(({ fetch }) => discover(fetch, issuer))

  return {
    ready,
    endpoint: async (reach) => ({
      server: await metadata(reach),
      clientId,
      authentication: await authentication,
      fetch: reach.fetch,
      now: reach.now,
      idToken: 'required',
    }),
  }
}

async function importSigner(options: MoneyhubClientAuthentication): Promise<Signer | undefined> {
  if (options.privateKey === undefined) return undefined
  const { privateKey, keyId, algorithm } = options
  return { key: await importSigningKey(privateKey, algorithm), kid: keyId }
}

async function authenticate(
  issuer: string,
  options: MoneyhubClientAuthentication,
  ready: MoneyhubClient['ready'],
): Promise<oauth.ClientAuth> {
  const signer = await ready
  if (options.clientSecret !== undefined) return oauth.ClientSecretBasic(options.clientSecret)
  if (!signer) throw new TypeError('moneyhub needs `privateKey` and `keyId`, or `clientSecret`.')
  const audience = options.assertionAudience ?? `${issuer}/token`
  return signAssertions(signer.key, { keyId: signer.kid, audience })
}
