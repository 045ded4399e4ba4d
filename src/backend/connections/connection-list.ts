import type { Context } from '../context.js'
import { formerSubjectKey } from '../subject-keys.js'

/** Seconds for which a connection is kept after its last use: two years, the longest life of a provider's refresh tokens. */
export const keptSeconds = 63_072_000

/** The key of the list of a user's connections. @throws {Refusal} `backend_unavailable` where a former list cannot be read. */
export async function listKey(context: Context, subject: string): Promise<string> {
  const key = `connections:${await context.subjectKey(subject)}`
  if (context.formerLists) await context.formerLists.moved(key, () => moveFormerList(context, subject, key))
  return key
}

/** Moves what lies under the user's bare hash. Written first and removed then, so that a process that ends loses nothing. */
async function moveFormerList({ records, now }: Context, subject: string, key: string): Promise<void> {
  const formerKey = `connections:${await formerSubjectKey(subject)}`
  const former = await records.read<readonly string[]>(formerKey)
  if (!former) return
  await records.change<readonly string[], undefined>(key, (ids = []) => ({
    write: [...former.filter((id) => !ids.includes(id)), ...ids],
    until: now() + keptSeconds,
    result: undefined,
  }))
  await records.remove(formerKey)
}
