import type { Context } from '../context.js'
import { isInteraction } from '../records/interaction.js'
import { interactionKey } from '../records/keys.js'
import { checkReturnTo } from '../return-to.js'
import type { CallbackState } from './callback.js'

/**
 * The return from an interaction, such as Stitch's: `?id=…&status=…` at the redirect URI, which anybody can write into a link. So it
 * is told only of one that this browser has sent this user to, and `status` is not read. The record stays, so that a reload shows the
 * same.
 */
export async function finishInteraction(
  context: Context,
  provider: string,
  id: string,
): Promise<CallbackState> {
  const { clock, database } = context.platform
  // First who is signed in: only then does the record show whose it is. A record that cannot be read counts as none.
  await context.subjectKnown()
  const record = await database.get(interactionKey(id)).catch(() => undefined)
  const isExpected =
    isInteraction(record) &&
    record.provider === provider &&
    record.subject === context.subject() &&
    record.expiresAt > clock.now()
  if (!isExpected) return { status: 'none' }
  return { status: 'interaction_finished', provider, returnTo: checkReturnTo(context, record.returnTo) }
}
