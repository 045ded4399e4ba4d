import type { Context } from './context.js'
import { sha256 } from './crypto/hash.js'

/** Number of users whose keys are remembered. */
const rememberedSubjects = 1000

/** Makes the form of a user in keys of the store: a hash, so the store does not name users. */
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
