import type { Browser } from './browser.js'
import { subjectName } from './realm.js'

/** Members that an older version did not write, by the kind of record. */
const newMembers: Readonly<Record<string, readonly string[]>> = {
  transaction: ['issuer', 'promisesIss', 'clientId', 'redirectUri'],
  connection: ['binding', 'dpop'],
  tokens: ['binding', 'usedAt', 'firstIdToken'],
}

/** A transaction that goes on has always had these. */
const needed = ['clientId', 'redirectUri']

/** Makes of the browser's records what an older version would have left: users by their ids, transactions under their bare states. */
export function makeOlder({ records }: Browser, users: readonly string[]): void {
  for (const [key, value] of [...records]) {
    const [kind = '', ...rest] = key.split(':')
    const members = newMembers[kind]
    // No older version has this phase.
    const { phase } = Object(value) as { readonly phase?: string }
    if (!members || phase === 'answered') continue
    const isLive = kind === 'transaction' && phase !== 'done' && phase !== 'failed'
    const dropped = members.filter((member) => !(isLive && needed.includes(member)))
    const older = Object.fromEntries(
      Object.entries(Object(value) as object).filter(([name]) => !dropped.includes(name)),
    )
    const user = users.find((one) => subjectName(one) === older['subject'])
    records.delete(key)
    records.set(
      kind === 'transaction' ? rest.join(':') : key,
      user === undefined ? older : { ...older, subject: user },
    )
  }
  for (const key of [...records.keys()]) if (key.startsWith('synced:')) records.delete(key)
}
