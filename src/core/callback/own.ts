import type { Context } from '../context.js'
import { stateOf, transactionId } from '../records/keys.js'
import { hasEnded, isTransaction } from '../records/transaction.js'
import { isAtRedirectUri } from '../../protocol/redirect-place.js'
import type { Capture } from './capture.js'

/**
 * True when a response still concerns the app's user: they began its transaction, and it has not ended, or the page is still
 * at its redirect URI. A transaction that another user began is neither shown nor ended: that user may come back.
 */
export async function isOwn(
  context: Context,
  { provider, parameters, id, interaction }: Capture,
): Promise<boolean> {
  const { database, navigation } = context.platform
  // Its own check says whose it is.
  if (interaction !== undefined) return isAtRedirectUri(context.redirectUri(provider), navigation.url())
  const wanted = parameters ? transactionId(parameters.get('state') ?? '') : id
  const entry = (await database.entries()).find(
    ([key, value]) => isTransaction(value) && transactionId(stateOf(key) ?? '') === wanted,
  )
  const record = entry?.[1]
  if (!isTransaction(record)) return false
  if ((await context.revealSubject(record.subject)) !== context.subject()) return false
  return !hasEnded(record) || isAtRedirectUri(context.redirectUri(record.provider), navigation.url())
}
