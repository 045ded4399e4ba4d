import type { Context } from '../context.js'
import { formerSubjectKey } from '../subject-keys.js'
import { readConnection } from './read-connection.js'
import type { ConnectionRecord } from './record.js'

/** Seconds for which a connection is kept after its last use: two years, the longest life of a provider's refresh tokens. */
export const keptSeconds = 63_072_000

/** The key of the list of a user's connections. @throws {Refusal} `backend_unavailable` where a former list cannot be read. */
export async function listKey(context: Context, subject: string): Promise<string> {
  const key = `connections:${await context.subjectKey(subject)}`
  if (context.formerLists) await context.formerLists.moved(key, () => moveFormerList(context, subject, key))
  return key
}

/** All connections on the list of a user, the newest last, whatever their provider. */
export async function readListed(context: Context, subject: string): Promise<ConnectionRecord[]> {
  const ids = (await context.records.read<readonly string[]>(await listKey(context, subject))) ?? []
  const found = await Promise.all(ids.map((id) => readConnection(context, id)))
  return found.filter((record) => record !== undefined).filter((record) => record.subject === subject)
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
