import type { Context } from '../context.js'
import { asBound } from './binding.js'
import { goodTokens } from './good-tokens.js'
import type { ConnectionRecord, StoredTokens } from './record.js'
import { refreshOnce } from './refresh.js'

/**
 * An access token of the connection that is good: the stored one, or else the token of one refresh for any number of
 * concurrent callers, in this process or in other replicas.
 *
 * ```
 * replica A   claim ─ refresh ───────────── conclude ─ answer
 * replica B      claim: held ─ wait ────────────────── claim: changed ─ answer the same token
 * ```
 *
 * @param record The connection as it has just been read.
 * @param rejected SHA-256 of a token that the API refused: if that is the stored one, it is replaced.
 * @throws {Refusal} `unknown_connection`, `reauthorization_required`, `provider_unavailable`, `provider_error`.
 * @see https://www.rfc-editor.org/rfc/rfc9700.html#section-4.14.2
 */
export async function usableTokens(
  context: Context,
  record: ConnectionRecord,
  rejected?: string,
): Promise<StoredTokens> {
  const bound = asBound(context, record)
  const good = await goodTokens(context, bound, rejected)
  if (good) return good
  const { refreshes, attended } = context
  // A job may be refused for a limit of requests without a person, and a page must not be.
  const key = `${record.id} ${String(attended)}`
  const running = refreshes.get(key)
  if (running) return running
  const refresh = refreshOnce(context, record, rejected).finally(() => {
    refreshes.delete(key)
  })
  refreshes.set(key, refresh)
  return refresh
}
