import { createHmac } from './crypto/hmac.js'
import { sha256 } from './crypto/hash.js'
import { decodeSecretKey } from './crypto/secret-key.js'
import type { Store } from './storage/store.js'

/** The forms of users in keys of the store. */
export interface SubjectKeys {
  /** The user's form: without the secret, nobody can tell which user it stands for, not even by trying all. */
  readonly of: (subject: string) => Promise<string> | string
  /** Tells secrets apart, and reveals nothing of them. */
  readonly proof: () => Promise<string> | string
}

/** Number of users whose keys are remembered. */
const rememberedSubjects = 1000

/**
 * Makes the form of a user in keys of the store: an HMAC, so that the store does not name users. A bare hash would: ids of users
 * can be guessed, one after the other.
 *
 * @param secret 32 bytes as base64url; without one, random bytes that end with the store in this process's memory.
 * @throws {TypeError} when the secret is malformed.
 */
export function createSubjectKeys(secret: string | undefined, store: Store): SubjectKeys {
  const hmac = createHmac(
    secret === undefined ? randomSecretOf(store) : decodeSecretKey(secret, '`subjectKeySecret`'),
  )
  const keys = new Map<string, Promise<string> | string>()
  return {
    of(subject) {
      let key = keys.get(subject)
      if (!key) {
        for (const oldest of keys.keys()) {
          if (keys.size < rememberedSubjects) break
          keys.delete(oldest)
        }
        keys.set(subject, (key = hmac(`subject ${subject}`)))
      }
      return key
    },
    proof: () => hmac('proof'),
  }
}

const randomSecrets = new WeakMap<Store, Uint8Array<ArrayBuffer>>()

/** The same for all backends over one store. */
function randomSecretOf(store: Store): Uint8Array<ArrayBuffer> {
  const secret = randomSecrets.get(store) ?? crypto.getRandomValues(new Uint8Array(32))
  randomSecrets.set(store, secret)
  return secret
}

/** The form that earlier versions gave a user: a bare hash, which a store may still hold. */
export const formerSubjectKey = (subject: string): Promise<string> | string => sha256(`subject ${subject}`)
