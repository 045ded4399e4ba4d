import { encodeBase64url } from '../../protocol/base64url.js'

/** Signs initialization tokens of one client. */
export type SignInitToken = (claims: Readonly<Record<string, string>>, now: number) => Promise<string>

/** Options of {@link createInitTokenSigner}. */
export interface InitTokenOptions {
  readonly clientId: string
  /** The base64-decoded client secret. */
  readonly secret: Uint8Array<ArrayBuffer>
  /** From `iat` to `exp`. */
  readonly seconds: number
}

const encoder = new TextEncoder()
const encode = (value: object): string => encodeBase64url(encoder.encode(JSON.stringify(value)))

/**
 * Imports the secret, and makes a signer of HS512 over Web Crypto, whose `kid` is the client id.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515.html#appendix-A.1
 */
export async function createInitTokenSigner(options: InitTokenOptions): Promise<SignInitToken> {
  const { clientId, secret, seconds } = options
  const algorithm = { name: 'HMAC', hash: 'SHA-512' }
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign'])
  const header = encode({ alg: 'HS512', kid: clientId, typ: 'JWT' })
  return async (claims, now) => {
    // The session's claims stand first, so that none of them can replace what this backend says.
    const payload = encode({ ...claims, client_id: clientId, iat: now, exp: now + seconds })
    const signature = await crypto.subtle.sign('HMAC', key, encoder.encode(`${header}.${payload}`))
    return `${header}.${payload}.${encodeBase64url(new Uint8Array(signature))}`
  }
}
