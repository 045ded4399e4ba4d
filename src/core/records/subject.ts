import type { Platform } from '../../platform/platform.js'
import { sha256 } from '../../protocol/digest.js'
import { sessionKey } from './keys.js'

const fingerprint = async (subject: string | null): Promise<string> =>
  subject === null ? '' : sha256(subject)

/** Notes who is signed in now, so that the other tabs can tell that it is not who they think. */
export async function noteSubject(
  { database, tabs }: Pick<Platform, 'database' | 'tabs'>,
  subject: string | null,
): Promise<void> {
  const now = await fingerprint(subject)
  const changed = await database.change([sessionKey], ([before]) => [{ [sessionKey]: now }, before !== now])
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
  return noted !== undefined && noted !== (await fingerprint(subject))
}
