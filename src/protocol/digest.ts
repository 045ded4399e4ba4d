import { encodeBase64url } from './base64url.js'

/** Hash of a string's UTF-8 bytes. @param algorithm As Web Crypto names it, such as `SHA-256`. */
export const digest = (value: string, algorithm: string): Promise<ArrayBuffer> =>
  crypto.subtle.digest(algorithm, new TextEncoder().encode(value))

/** SHA-256 of a string, as 43 base64url characters. */
export async function sha256(value: string): Promise<string> {
  return encodeBase64url(new Uint8Array(await digest(value, 'SHA-256')))
}
