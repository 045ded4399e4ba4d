import { hasOwn } from '../protocol/has-own.js'
import type { Context } from './context.js'
import type { EndedTransaction, Transaction } from './records/transaction.js'

/**
 * True for a transaction that this app began, as it is configured now. Two apps of one origin that both go without a
 * `namespace` have one database: neither completes or ends what the other began, or shows it.
 */
export function isOfThisApp(
  { providers, redirectUri }: Pick<Context, 'providers' | 'redirectUri'>,
  { provider: name, clientId, redirectUri: place }: Transaction | EndedTransaction,
): boolean {
  if (!hasOwn(providers, name)) return false
  // An older version stored neither of what is left of a transaction.
  return (
    (clientId ?? providers[name]?.clientId) === providers[name]?.clientId &&
    (place === undefined || place === redirectUri(name))
  )
}
