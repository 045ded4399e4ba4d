import { nodeCrypto, type NodeCrypto } from './node-crypto.js'

type Bytes = Uint8Array<ArrayBuffer>

/**
 * AES-256-GCM with one key; what is sealed ends with its tag.
 *
 * @see https://csrc.nist.gov/pubs/sp/800/38/d/final
 */
export interface Aead {
  readonly seal: (iv: Bytes, plain: Bytes, additionalData: Bytes) => Promise<Uint8Array> | Uint8Array
  /** @throws when it was sealed otherwise. */
  readonly open: (iv: Bytes, sealed: Bytes, additionalData: Bytes) => Promise<Uint8Array> | Uint8Array
}

/** Bytes of the tag. None shorter is accepted. */
const tagLength = 16

/** @param key 32 bytes. */
export const createAead = async (key: Bytes): Promise<Aead> =>
  nodeCrypto ? createNodeAead(key, nodeCrypto) : createWebAead(key)

export async function createWebAead(bytes: Bytes): Promise<Aead> {
  const { subtle } = crypto
  const key = await subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
  const parameters = (iv: Bytes, additionalData: Bytes): AesGcmParams => ({
    name: 'AES-GCM',
    iv,
    additionalData,
    tagLength: tagLength * 8,
  })
  return {
    seal: async (iv, plain, additionalData) =>
      new Uint8Array(await subtle.encrypt(parameters(iv, additionalData), key, plain)),
    open: async (iv, sealed, additionalData) =>
      new Uint8Array(await subtle.decrypt(parameters(iv, additionalData), key, sealed)),
  }
}

export function createNodeAead(bytes: Bytes, node: NodeCrypto): Aead {
  const key = node.createSecretKey(bytes)
  const options = { authTagLength: tagLength }
  return {
    seal(iv, plain, additionalData) {
      const cipher = node.createCipheriv('aes-256-gcm', key, iv, options).setAAD(additionalData)
      return join(cipher.update(plain), cipher.final(), cipher.getAuthTag())
    },
    open(iv, sealed, additionalData) {
      const end = Math.max(0, sealed.length - tagLength)
      const decipher = node.createDecipheriv('aes-256-gcm', key, iv, options).setAAD(additionalData)
      decipher.setAuthTag(sealed.subarray(end))
      const plain = decipher.update(sealed.subarray(0, end))
      // Throws unless the tag is right: until then nothing is given back.
      return join(plain, decipher.final())
    },
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
