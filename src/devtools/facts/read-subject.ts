import { sha256 } from '../../protocol/digest.js'
import type { Watched } from '../watch/watched.js'

/** Who the app's user is, without naming them: the beginning of a hash tells two users apart. */
export async function readSubject({ context }: Watched): Promise<string> {
  const subject = context.subject()
  if (subject === undefined) return 'Not known yet: the promise that createClient was given is pending'
  if (subject === null) return 'Nobody is signed in'
  if (subject === '') return 'The app has no users of its own (singleUser)'
  return `Signed in, as the user with the hash ${(await sha256(subject)).slice(0, 8)}…`
}
