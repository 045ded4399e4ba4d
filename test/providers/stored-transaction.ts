import { transactionKey } from '../../src/core/records/keys.js'
import { hasEnded, isTransaction, type Transaction } from '../../src/core/records/transaction.js'
import type { FakeBrowser } from '../support/browser.js'

/** The transaction that the page keeps for a URL that names its state. @throws {Error} when there is none, or it has ended. */
export async function storedTransaction(
  { browser }: { readonly browser: Pick<FakeBrowser, 'records'> },
  { searchParams }: URL,
): Promise<Transaction> {
  const record = (await browser.records()).get(transactionKey(searchParams.get('state') ?? ''))
  if (!isTransaction(record) || hasEnded(record)) throw new Error('There is no transaction.')
  return record
}
