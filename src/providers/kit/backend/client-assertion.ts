import * as oauth from 'oauth4webapi'

/** What a client assertion says beside who the client is. */
export interface AssertionOptions {
  /** The `kid`. */
  readonly keyId: string
  readonly audience: string
  /** @defaultValue none */
  readonly type?: 'JWT' | 'client-authentication+jwt'
}

/**
 * Client authentication by `private_key_jwt`: an assertion is made for each request.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7523.html#section-3
 */
export function signAssertions(
  key: CryptoKey,
  { keyId, audience, type }: AssertionOptions,
): oauth.ClientAuth {
  return oauth.PrivateKeyJwt(
    { key, kid: keyId },
    {
      [oauth.modifyAssertion](header, payload) {
        if (type !== undefined) header['typ'] = type
        // One fixed string, whatever any metadata says: an assertion is good for everything the client may do there.
        payload['aud'] = audience
      },
    },
  )
}
