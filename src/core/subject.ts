import { sha256 } from '../protocol/pkce.js'
import type { Context } from './context.js'
import { sessionKey } from './records/keys.js'

const fingerprint = async (subject: string | null): Promise<string> =>
  subject === null ? '' : sha256(subject)

/** Notes who is signed in now, so that the other tabs can tell that it is not who they think. */
export async function noteSession(
  { platform: { database, tabs } }: Context,
  subject: string | null,
): Promise<void> {
  const now = await fingerprint(subject)
  const changed = await database.change([sessionKey], ([before]) => [{ [sessionKey]: now }, before !== now])
  if (changed) tabs.announce(sessionKey)
}

/**
 * Whether another tab has signed somebody else in or out. This page's user is not the app's any more then: what it
 * asked the backend for would be another's.
 */
export async function isOutdated(
  { platform: { database } }: Context,
  subject: string | null,
): Promise<boolean> {
  return (await database.get(sessionKey)) !== (await fingerprint(subject))
}
