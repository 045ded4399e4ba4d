import type { Context } from '../context.js'
import type { BackendProvider } from '../provider.js'
import { providerContext } from '../provider-context.js'
import { Refusal } from '../http/refusal.js'
import { toHeld } from './held-connection.js'
import type { ConnectionRecord } from './record.js'
import { changeConnection } from './stored-connections.js'

/**
 * Asks the provider whether the consent has ended at the bank, after its API has answered 403: refreshes may work all the same, and
 * then nothing else would say that only the person can help. The tokens stay, for `disconnect`.
 *
 * @throws {Refusal} `reauthorization_required` where it has. Where nobody can tell, the API's answer is the answer.
 */
export async function checkConsent(
  context: Context,
  provider: BackendProvider,
  record: ConnectionRecord,
): Promise<void> {
  if (!(await hasEnded(context, provider, record))) return
  const { id, createdAt } = record
  const news = await changeConnection<'new' | 'known' | 'another'>(context, id, (current) => {
    // Renewed since, it has another consent.
    if (current?.createdAt !== createdAt) return { result: 'another' }
    if (current.status === 'reauthorization_required') return { result: 'known' }
    return { write: { ...current, status: 'reauthorization_required', trouble: undefined }, result: 'new' }
  })
  if (news === 'another') return
  const reason = 'consent_ended'
  if (news === 'new')
    context.emit('reauthorization_required', { provider: record.provider, connection: id, reason })
  throw new Refusal('reauthorization_required', { connection: id, reason })
}

async function hasEnded(
  context: Context,
  provider: BackendProvider,
  record: ConnectionRecord,
): Promise<boolean> {
  try {
    return (await provider.hasEnded?.(toHeld(record), providerContext(context, provider))) === true
  } catch {
    return false
  }
}
