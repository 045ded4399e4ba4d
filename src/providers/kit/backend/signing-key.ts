/** A private key in one of the forms in which keys are handed over. */
export type PrivateKeyInput = CryptoKey | JsonWebKey | string

/** The algorithms by which a client signs. */
export type SigningAlgorithm = keyof typeof algorithms

const algorithms = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
} as const

/** Names of the algorithms, for the check of options. */
export const signingAlgorithms: readonly string[] = Object.keys(algorithms)

/**
 * Imports a private key, so that nothing can read it any more: a `CryptoKey`, a private JWK, or PKCS #8 as PEM.
 *
 * @param algorithm For a JWK without `alg` and for PEM.
 * @throws {TypeError} when it is no private key of the algorithm, or an RSA key of less than 2048 bits.
 * @see https://www.rfc-editor.org/rfc/rfc8725.html#section-3.5
 */
export async function importSigningKey(
  input: PrivateKeyInput,
  algorithm: SigningAlgorithm = 'RS256',
): Promise<CryptoKey> {
  const key = input instanceof CryptoKey ? input : await importKey(input, algorithm)
  const { modulusLength } = key.algorithm as Partial<RsaKeyAlgorithm>
  if (modulusLength !== undefined && modulusLength < 2048)
    throw new TypeError(
      'The private key has less than 2048 bits: make a longer one and register its public part.',
    )
  if (key.type !== 'private' || !key.usages.includes('sign'))
    throw new TypeError('The private key cannot sign: give a private key, usable for "sign".')
  return key
}

/** @throws {TypeError} that never holds the key or the cause. */
async function importKey(input: JsonWebKey | string, algorithm: SigningAlgorithm): Promise<CryptoKey> {
  const malformed = new TypeError(
    'The private key cannot be read: give a CryptoKey, a private JWK, or PKCS #8 as PEM ("BEGIN PRIVATE KEY").',
  )
  try {
    if (typeof input === 'string')
      return await crypto.subtle.importKey('pkcs8', fromPem(input), algorithms[algorithm], false, ['sign'])
    const { alg } = input
    const name = alg !== undefined && alg in algorithms ? (alg as SigningAlgorithm) : algorithm
    // Its owner's limits on use do not matter here.
    const { key_ops: _operations, use: _use, ...jwk } = input
    return await crypto.subtle.importKey('jwk', { ...jwk, alg: name }, algorithms[name], false, ['sign'])
  } catch {
    throw malformed
  }
}

function fromPem(pem: string): Uint8Array<ArrayBuffer> {
  const [, text = ''] = /-----BEGIN PRIVATE KEY-----([\s\S]+?)-----END PRIVATE KEY-----/.exec(pem) ?? []
  return Uint8Array.from(atob(text.replace(/\s+/g, '')), (character) => character.charCodeAt(0))
}
