import type { Context } from '../context.js'
import { countRequest } from '../http/rate-limit.js'
import { providerContext } from '../provider-context.js'
import type { BackendProvider } from '../provider.js'
import { noteConsentEnd } from './consent-end.js'
import { toHeld } from './held-connection.js'
import type { ConnectionRecord } from './record.js'
import { changeConnection, listConnections } from './stored-connections.js'

/** Seconds for which what a provider said of a connection is good enough for a list. */
const goodSeconds = 900

/** Milliseconds that a list waits for providers; what they say later is in the next one. */
const patienceMilliseconds = 3000

/** The user's connections, with what their providers say of them now, where that is a matter of theirs. */
export async function withLiveDetails(
  context: Context,
  subject: string,
  records: ConnectionRecord[],
): Promise<ConnectionRecord[]> {
  const due = records.filter((record) => isDue(context, record))
  if (due.length === 0) return records
  const read = Promise.all(due.map((record) => readDetails(context, record).catch(() => undefined)))
  let timer: ReturnType<typeof setTimeout> | undefined
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, patienceMilliseconds)
  })
  await Promise.race([read, patience])
  clearTimeout(timer)
  return listConnections(context, subject)
}

function isDue({ providers, now }: Context, record: ConnectionRecord | undefined): boolean {
  if (record?.status !== 'connected' || !providers.get(record.provider)?.readDetails) return false
  return (record.detailsAt ?? record.createdAt) + goodSeconds <= now()
}

/** @throws {Refusal} `rate_limited` where the provider's budget is used up: a later list asks. */
async function readDetails(
  context: Context,
  { id, provider: name, subject }: ConnectionRecord,
): Promise<void> {
  const provider = context.providers.get(name) as BackendProvider
  await countRequest(context, { by: 'provider', key: name, action: 'connections', subject })
  // Noted first, so that it is read once for all replicas, and not again at once where it fails.
  const claimed = await changeConnection<ConnectionRecord | undefined>(context, id, (record) => {
    if (!record || !isDue(context, record)) return { result: undefined }
    const write = { ...record, detailsAt: context.now() }
    return { write, result: write }
  })
  const details =
    claimed && (await provider.readDetails?.(toHeld(claimed), providerContext(context, provider)))
  if (!details) return
  if (details === 'ended') {
    await noteConsentEnd(context, claimed)
    return
  }
  await changeConnection(context, id, (record) =>
    // Renewed since, it has another consent.
    record?.createdAt === claimed.createdAt
      ? { write: { ...record, details: { ...record.details, ...details } }, result: undefined }
      : { result: undefined },
  )
}
