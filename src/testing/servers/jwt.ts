// Web Crypto alone, so that the kit brings no package along and runs where the page runs.

const encoder = new TextEncoder()

/** Base64url of bytes, without padding. */
export const encodeBytes = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')

/** The bytes of base64url or base64. @throws {DOMException} for anything else. */
export const decodeBytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (character) => character.charCodeAt(0))

/** SHA-256 of a text. */
const sha256 = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)))

/** SHA-256 of a text as base64url: a code challenge, for instance. */
export const hashOf = async (text: string): Promise<string> => encodeBytes(await sha256(text))

/** The left half of the hash. @see https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken */
export const halfHashOf = async (text: string): Promise<string> =>
  encodeBytes((await sha256(text)).slice(0, 16))

/** The claims of a JWT. */
export type Claims = Readonly<Record<string, unknown>>

/** A JWT whose signature was good. */
export interface VerifiedJwt {
  readonly header: Claims
  readonly claims: Claims
}

const parameters = {
  ES256: { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 },
  HS512: { name: 'HMAC', hash: 'SHA-512' },
} as const

/** The signature algorithms that are known here. */
export type JwtAlgorithm = keyof typeof parameters

/** A key pair for ES256. */
export const createKeyPair = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey(parameters.ES256, true, ['sign', 'verify'])

/** A key for HS512. */
export const importSecret = (secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', secret, parameters.HS512, false, ['verify'])

/** The public key of a JWK, for ES256. */
export const importPublicJwk = (jwk: JsonWebKey): Promise<CryptoKey> =>
  crypto.subtle.importKey('jwk', jwk, parameters.ES256, true, ['verify'])

/** The public part of a key as a JWK. */
export async function publicJwk(key: CryptoKey): Promise<JsonWebKey> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', key)
  return { ...(kty && { kty }), ...(crv && { crv }), ...(x && { x }), ...(y && { y }) }
}

/** The thumbprint of an elliptic-curve JWK. @see https://www.rfc-editor.org/rfc/rfc7638.html#section-3 */
export const thumbprintOf = ({ crv, kty, x, y }: JsonWebKey): Promise<string> =>
  hashOf(JSON.stringify({ crv, kty, x, y }))

/** Signs claims with ES256. */
export async function signJwt(key: CryptoKey, header: Claims, claims: Claims): Promise<string> {
  const encode = (part: Claims): string => encodeBytes(encoder.encode(JSON.stringify(part)))
  const input = `${encode({ alg: 'ES256', ...header })}.${encode(claims)}`
  const signature = await crypto.subtle.sign(parameters.ES256, key, encoder.encode(input))
  return `${input}.${encodeBytes(new Uint8Array(signature))}`
}

/** Header and claims of a JWT, unchecked; `undefined` where it is none. */
export function readJwt(jwt: string): VerifiedJwt | undefined {
  const [header = '', claims = '', ...more] = jwt.split('.')
  if (more.length !== 1) return undefined
  try {
    const decode = (part: string): Claims => JSON.parse(new TextDecoder().decode(decodeBytes(part))) as Claims
    return { header: decode(header), claims: decode(claims) }
  } catch {
    return undefined
  }
}

/** Checks the signature of a JWT. Resolves with `undefined` where it is not good, or not by one of these algorithms. */
export async function verifyJwt(
  jwt: string,
  keyFor: (header: Claims) => CryptoKey | Promise<CryptoKey | undefined> | undefined,
  algorithms: readonly JwtAlgorithm[],
): Promise<VerifiedJwt | undefined> {
  const read = readJwt(jwt)
  const algorithm = algorithms.find((name) => name === read?.header['alg'])
  const key = read && (await keyFor(read.header))
  if (!key || !algorithm) return undefined
  const dot = jwt.lastIndexOf('.')
  const good = await crypto.subtle
    .verify(parameters[algorithm], key, decodeBytes(jwt.slice(dot + 1)), encoder.encode(jwt.slice(0, dot)))
    // A key of another algorithm than the header names.
    .catch(() => false)
  return good ? read : undefined
}
