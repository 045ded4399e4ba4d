import type { Context } from '../context.js'
import { toHeld } from '../connections/held-connection.js'
import type { ConnectionRecord } from '../connections/record.js'
import { sha256 } from '../crypto/hash.js'

/** Seconds for which an entry is kept after it was written: as long as a connection. */
const keptSeconds = 63_072_000

/** The name that the provider's webhooks have for a connection. */
const nameOf = ({ providers }: Pick<Context, 'providers'>, record: ConnectionRecord): string | undefined =>
  providers.get(record.provider)?.webhooks?.nameOf(toHeld(record))

const indexKey = async (provider: string, name: string): Promise<string> =>
  `webhook:${provider}:${await sha256(name)}`

/**
 * Notes which connection a provider's webhooks mean. Never rejects: a connection is worth more, and a renewal or `reindex` notes it
 * again.
 */
export const noteForWebhooks = (context: Context, record: ConnectionRecord): Promise<void> =>
  changeIds(context, record, (ids) => (ids.includes(record.id) ? undefined : [...ids, record.id]))

/** Removes that note. Never rejects: an id without its connection is passed over. */
export const forgetForWebhooks = (context: Context, record: ConnectionRecord): Promise<void> =>
  changeIds(context, record, (ids) =>
    ids.includes(record.id) ? ids.filter((id) => id !== record.id) : undefined,
  )

/** Changes the ids that are noted under a connection's name; `undefined` leaves them as they are. */
async function changeIds(
  context: Context,
  record: ConnectionRecord,
  change: (ids: readonly string[]) => readonly string[] | undefined,
): Promise<void> {
  const name = nameOf(context, record)
  if (name === undefined) return
  const { records, now } = context
  await records
    .change<readonly string[], undefined>(await indexKey(record.provider, name), (ids = []) => {
      const write = change(ids)
      return write ? { write, until: now() + keptSeconds, result: undefined } : { result: undefined }
    })
    .catch(() => undefined)
}

/** Ids of the connections that a provider's webhooks may mean by a name. The connections' records say which of them it is. */
export const idsFor = async (
  { records }: Context,
  provider: string,
  name: string,
): Promise<readonly string[]> => (await records.read<readonly string[]>(await indexKey(provider, name))) ?? []
