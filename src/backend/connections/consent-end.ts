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
  if ((await noteConsentEnd(context, record)) === 'another') return
  throw new Refusal('reauthorization_required', { connection: record.id, reason })
}

const reason = 'consent_ended'

/**
 * Notes, and says once, that the consent of a connection has ended at the bank. The tokens stay, for `disconnect`.
 *
 * @returns `another` where the connection was renewed or forgotten meanwhile.
 */
export async function noteConsentEnd(
  context: Context,
  { id, provider, createdAt }: ConnectionRecord,
): Promise<'new' | 'known' | 'another'> {
  const news = await changeConnection<'new' | 'known' | 'another'>(context, id, (current) => {
    // Renewed since, it has another consent.
    if (current?.createdAt !== createdAt) return { result: 'another' }
    if (current.status === 'reauthorization_required') return { result: 'known' }
    return { write: { ...current, status: 'reauthorization_required', trouble: undefined }, result: 'new' }
  })
  if (news === 'new') context.emit('reauthorization_required', { provider, connection: id, reason })
  return news
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
