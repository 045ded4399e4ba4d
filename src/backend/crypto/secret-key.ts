import { decodeBase64url } from '../../protocol/base64url-decode.js'

const remedy = 'make one with `openssl rand -base64 32`, and keep it in the environment.'

/**
 * The bytes of a secret that an option gives.
 *
 * @param what The secret in the sentence, such as "A key in `keys`".
 * @throws {TypeError} for anything but 32 bytes as base64url or base64, and for 32 zeros, which a variable that was never filled
 * may hold.
 */
export function decodeSecretKey(text: unknown, what: string): Uint8Array<ArrayBuffer> {
  const bytes = typeof text === 'string' && /^[\w+/-]{43}=?$/.test(text) ? decodeBase64url(text) : undefined
  if (bytes?.length !== 32) throw new TypeError(`${what} is not 32 bytes as base64url: ${remedy}`)
  if (bytes.every((byte) => byte === 0)) throw new TypeError(`${what} is nothing but zeros: ${remedy}`)
  return bytes
}
