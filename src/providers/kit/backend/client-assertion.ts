import * as oauth from 'oauth4webapi'
import { importSigningKey, type PrivateKeyInput, type SigningAlgorithm } from './signing-key.js'

/** A client's private key, as an option. */
export interface ClientKey {
  readonly privateKey: PrivateKeyInput
  /** The `kid`. */
  readonly keyId: string
  /** For a JWK without `alg` and for PEM. @defaultValue `RS256` */
  readonly algorithm?: SigningAlgorithm
}

/** An imported private key with its `kid`. */
export interface Signer {
  readonly key: CryptoKey
  readonly kid: string
}

/** Claims and header of a client assertion that are not the same for every client. */
export interface AssertionOptions {
  readonly audience: string
  /** @defaultValue none */
  readonly type?: 'JWT' | 'client-authentication+jwt'
}

/** Imports a client's key. @throws {TypeError} as {@link importSigningKey}. */
export const importSigner = async ({ privateKey, keyId, algorithm }: ClientKey): Promise<Signer> => ({
  key: await importSigningKey(privateKey, algorithm),
  kid: keyId,
})

/**
 * Client authentication by `private_key_jwt`: a new assertion for each request.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7523.html#section-3
 */
export function signAssertions(signer: Signer, { audience, type }: AssertionOptions): oauth.ClientAuth {
  return oauth.PrivateKeyJwt(signer, {
    [oauth.modifyAssertion](header, payload) {
      if (type !== undefined) header['typ'] = type
      // One fixed string, whatever any metadata says: an assertion is good for everything the client may do there.
      payload['aud'] = audience
    },
  })
}
