import { encodeBase64url } from './base64url.js'
import { sha256 } from './digest.js'
import { stateMarker } from './own-state.js'

/** Gives so many bytes that nobody can guess. */
type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>

const systemBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length))

/** 32 random bytes as 43 base64url characters: enough for a verifier, a state and a nonce alike. */
function randomValue(bytes: RandomBytes = systemBytes): string {
  return encodeBase64url(bytes(32))
}

/**
 * A fresh code verifier: 43 characters with 256 bits of entropy.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7636.html#section-4.1
 */
export const createCodeVerifier: (bytes?: RandomBytes) => string = randomValue

/**
 * The S256 code challenge of a verifier. `plain` does not exist here.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7636.html#section-4.2
 */
export const calculateCodeChallenge: (codeVerifier: string) => Promise<string> = sha256

/** A fresh `state`: two fixed characters and 41 with 244 bits of entropy; also the key of the transaction. */
export const createState = (bytes?: RandomBytes): string => stateMarker + randomValue(bytes).slice(2)

/**
 * A fresh `nonce`: 43 characters, under the 64 that FAPI 2.0 allows.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#NonceNotes
 */
export const createNonce: (bytes?: RandomBytes) => string = randomValue

/** Test of a value from outside for the form of a code verifier (43 to 128 unreserved characters). */
export function isCodeVerifier(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.~-]{43,128}$/.test(value)
}

/** Test of a value from outside for the form of an S256 code challenge (43 base64url characters). */
export function isCodeChallenge(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{43}$/.test(value)
}
