import type { Context } from './context.js'
import { sha256 } from './crypto/hash.js'

/** How many users are remembered. */
export const rememberedSubjects = 1000

/** How users of the app appear in keys of the store: not to be read back. */
export function createSubjectKeys(): Context['subjectKey'] {
  const keys = new Map<string, Promise<string> | string>()
  return (subject) => {
    let key = keys.get(subject)
    if (!key) {
      for (const oldest of keys.keys()) {
        if (keys.size < rememberedSubjects) break
        keys.delete(oldest)
      }
      keys.set(subject, (key = sha256(`subject ${subject}`)))
    }
    return key
  }
}
