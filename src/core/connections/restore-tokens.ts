import type { Context } from '../context.js'
import { isBoundTo } from '../records/binding.js'
import { isConnectionRecord, type ConnectionRecord } from '../records/connection.js'
import { tokensKey } from '../records/keys.js'
import { isUnused } from '../records/unused-tokens.js'
import { retireTokens } from './retire-tokens.js'
import { tryAgain } from './try-again.js'
import { hasOwn } from '../../protocol/has-own.js'

/**
 * Does what must be done for the tokens of `browser` mode. Resolves with whether the records must be read again.
 *
 * @param openedAt When this page was opened: epoch seconds.
 */
export async function restoreTokens(
  context: Context,
  subject: string,
  openedAt: number,
  entries: readonly [key: string, value: unknown][],
): Promise<boolean> {
  const all = entries.filter(isConnectionRecord).map(([, record]) => record)
  const own = all.filter((record) => record.subject === subject && record.mode === 'browser')
  const now = context.platform.clock.now()
  const unused = new Set(entries.filter((entry) => isUnused(entry, now)).map(([key]) => key))
  const down = own.filter(({ connection }) => connection.status !== 'connected')
  // What has come since is of a page that may have a newer configuration than this one.
  const retired = own.filter(
    (record) => record.connection.connectedAt <= openedAt && !mayKeepTokens(context, record),
  )
  // Whoever they belong to: nobody else may ever come to remove them.
  retired.push(...all.filter(({ connection }) => unused.has(tokensKey(connection.id))))
  for (const { connection } of all) unused.delete(tokensKey(connection.id))
  // Of a connection that is gone: nothing says any more where they could be revoked.
  if (unused.size > 0)
    await context.platform.database.change([], () => [
      Object.fromEntries([...unused].map((key) => [key, undefined])),
      undefined,
    ])
  if (down.length + retired.length === 0) return false
  for (const { connection } of down) void tryAgain(context, connection)
  for (const { connection } of retired) await retireTokens(context, connection)
  return retired.length > 0
}

/** False where tokens are kept in a way that the configuration has given up since. */
function mayKeepTokens(
  { providers }: Context,
  { persistent, dpop, binding, connection: { provider: name } }: ConnectionRecord,
): boolean {
  const provider = hasOwn(providers, name) ? providers[name] : undefined
  // Another app's are left alone.
  if (!persistent || !provider || !isBoundTo(binding, provider)) return true
  const { keepsTokens, settings = {} } = provider.channel
  const { dpop: binds = false, persistTokens } = settings
  return keepsTokens && (dpop === undefined || dpop === binds || (binds && persistTokens === true))
}
