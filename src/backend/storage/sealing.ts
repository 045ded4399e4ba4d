import { encodeBase64url } from '../../protocol/base64url.js'
import { decodeBase64url } from '../../protocol/base64url-decode.js'
import { decodeSecretKey } from '../crypto/secret-key.js'
import { createAead, type Aead } from '../crypto/aead.js'

/** Seals JSON values so that only this backend can read or make them. */
export interface Sealing {
  /**
   * @param context The purpose of the value: it opens for the same context only.
   * @param expiresAt Epoch seconds after which it does not open.
   */
  seal(value: unknown, context: string, expiresAt: number): Promise<string>
  open(sealed: string, context: string, now: number): Promise<Opened>
  /** Test of a sealed value for the key that seals: by its name, without opening it. */
  isFirst(sealed: string): Promise<boolean>
}

/** A sealed value, opened, or the reason why it does not open. */
export type Opened =
  | { readonly status: 'open'; readonly value: unknown; readonly expiresAt: number }
  /** Its time is over: it counts as absent. */
  | { readonly status: 'expired' }
  | { readonly status: Unreadable }

/**
 * The reason why a value cannot be read: sealed by a key that is not in the ring; sealed while there are no keys at all; written
 * while there were none; or changed since, or sealed for something else.
 */
export type Unreadable = 'unknown_key' | 'no_keys' | 'not_sealed' | 'damaged'

interface RingKey {
  readonly id: string
  readonly aead: Aead
}

const encoder = new TextEncoder()

/**
 * AES-256-GCM with a ring of keys: the first seals, all open. A value opens with the key that sealed it only.
 *
 * @param keys 32 random bytes each, as base64url or base64.
 * @throws {TypeError} when a key is malformed.
 */
export function createSealing(keys: readonly string[]): Sealing {
  const ring = Promise.all(keys.map((text) => importKey(decodeSecretKey(text, 'A key in `keys`'))))

  return {
    async seal(value, context, expiresAt) {
      const [first] = await ring
      if (!first) throw new TypeError('There is no sealing key.')
      const iv = crypto.getRandomValues(new Uint8Array(12))
      const plain = encoder.encode(JSON.stringify([expiresAt, value]))
      const sealed = await first.aead.seal(iv, plain, additionalData(context))
      return `1.${first.id}.${encodeBase64url(iv)}.${toBase64url(sealed)}`
    },

    async open(sealed, context, now) {
      const [, id, iv = '', text = ''] = form.exec(sealed) ?? []
      if (id === undefined) return { status: /^[[{]/.test(sealed) ? 'not_sealed' : 'damaged' }
      const aead = (await ring).find((candidate) => candidate.id === id)?.aead
      if (!aead) return { status: 'unknown_key' }
      try {
        const plain = await aead.open(decodeBase64url(iv), decodeBase64url(text), additionalData(context))
        const [expiresAt, value] = JSON.parse(new TextDecoder().decode(plain)) as [number, unknown]
        return expiresAt > now ? { status: 'open', value, expiresAt } : { status: 'expired' }
      } catch {
        return { status: 'damaged' }
      }
    },

    async isFirst(sealed) {
      const [first] = await ring
      return form.exec(sealed)?.[1] === first?.id
    },
  }
}

/** Version, key, initialization vector, and ciphertext with its tag. */
const form = /^1\.([\w-]{8})\.([\w-]{16})\.([\w-]*)$/

/** Test of a text for the form that {@link Sealing.seal} gives, with any key. */
export const isSealed = (text: string): boolean => form.test(text)

const additionalData = (context: string): Uint8Array<ArrayBuffer> =>
  encoder.encode(`countersign 1 ${context}`)

/** A key with its id, which names the key that sealed and reveals nothing of it. */
async function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<RingKey> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return { id: encodeBase64url(hash.subarray(0, 6)), aead: await createAead(bytes) }
}

/** Any number of bytes as base64url: `String.fromCharCode` takes only so many at once. */
function toBase64url(bytes: Uint8Array): string {
  let text = ''
  // Whole groups of three, so that the parts can be joined.
  for (let from = 0; from < bytes.length; from += 12_288)
    text += encodeBase64url(bytes.subarray(from, from + 12_288))
  return text
}
