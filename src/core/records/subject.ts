import type { Platform } from '../../platform/platform.js'
import { sha256 } from '../../protocol/digest.js'
import { sessionKey } from './keys.js'

/** The note of who is signed in to the app: `''` where nobody is. */
interface SignedIn {
  readonly v: 1
  readonly subject: string
}

/**
 * Notes who is signed in now, so that the other tabs can tell that it is not who they think. Most views find the same user noted, and
 * write nothing.
 */
export async function noteSubject(
  { database, tabs }: Pick<Platform, 'database' | 'tabs'>,
  subject: string | null,
): Promise<void> {
  const now: SignedIn = { v: 1, subject: subject ?? '' }
  const isNoted = (note: unknown): boolean => (Object(note) as Partial<SignedIn>).subject === now.subject
  if (isNoted(await database.get(sessionKey))) return
  const changed = await database.change([sessionKey], ([before]) => [{ [sessionKey]: now }, !isNoted(before)])
  if (changed) tabs.announce(sessionKey)
}

/**
 * True when another tab has signed somebody else in or out. This page's user is then no longer the app's: what it
 * asked the backend for would be another's.
 */
export async function isOutdated(
  { database }: Pick<Platform, 'database'>,
  subject: string | null,
): Promise<boolean> {
  const noted = await database.get(sessionKey)
  if (noted === undefined) return false
  // An older version noted a hash.
  if (typeof noted === 'string') return noted !== (subject === null ? '' : await sha256(subject))
  return (noted as SignedIn).subject !== (subject ?? '')
}
