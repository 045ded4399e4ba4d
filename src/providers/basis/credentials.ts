import type { ClientAuth } from 'oauth4webapi'
import { decodeBase64url } from '../../protocol/base64url-decode.js'

/**
 * The bytes of a client secret, which is issued as base64: they are the key of initialization tokens.
 *
 * @throws {TypeError} when it is no base64, or shorter than `minimumBytes`. Its value is in no message.
 */
export function decodeSecret(secret: string, minimumBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = decode(secret)
  if (!bytes)
    throw new TypeError(
      'The clientSecret is no base64: give it as Basis issued it, without spaces or line breaks.',
    )
  if (bytes.length < minimumBytes)
    throw new TypeError(
      `The clientSecret has ${String(bytes.length)} bytes, fewer than the ${String(minimumBytes)} that HS512 asks for ` +
        '(RFC 7518 §3.2): see that it is whole. If Basis issued it so, set `minimumSecretBytes`.',
    )
  return bytes
}

/** Either alphabet, padded or not; nothing else, where other decoders would skip what they do not know. */
function decode(secret: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof secret !== 'string' || !/^(?:[A-Za-z\d+/]+|[\w-]+)={0,2}$/.test(secret)) return undefined
  try {
    return decodeBase64url(secret)
  } catch {
    return undefined
  }
}

/**
 * HTTP Basic with the credentials as they were issued. RFC 6749 §2.3.1 would have both form-encoded first, which turns
 * the `+`, `/` and `=` of the secret into something that Basis does not know.
 *
 * @see https://docs.usebasis.co/reference/get_an_access_token_oauth_token_post
 */
export const rawBasic =
  (clientId: string, clientSecret: string): ClientAuth =>
  (_server, _client, _body, headers) => {
    headers.set('authorization', `Basic ${btoa(`${clientId}:${clientSecret}`)}`)
  }
