import { lastDigits } from '../format.js'
import type { Account, BankData, Transaction } from './accounts.js'
import { readJson, readOptional, type BankFetch } from './read.js'

interface Amount {
  /** In minor units. */
  readonly value: number
  readonly currency: string
}

interface MoneyhubAccount {
  readonly id: string
  readonly accountName: string
  readonly accountReference: string
  readonly accountHolderName?: string
  readonly connectionId?: string
  readonly balance: { readonly amount: Amount }
}

interface MoneyhubTransaction {
  readonly id: string
  readonly accountId: string
  readonly date: string
  readonly shortDescription: string
  readonly amount: Amount
}

interface Listed<Entry> {
  readonly data: readonly Entry[]
}

/** The accounts and transactions of one of a profile's connections; of all of them where it is not told. */
export async function loadMoneyhub(fetch: BankFetch, connectionId: string | undefined): Promise<BankData> {
  const { data } = await readJson<Listed<MoneyhubAccount>>(fetch, 'accounts')
  const ours = data.filter((one) => connectionId === undefined || one.connectionId === connectionId)
  const listed = await readOptional<Listed<MoneyhubTransaction>>(fetch, 'transactions?limit=400')
  const ids = new Set(ours.map(({ id }) => id))
  return {
    accounts: ours.map(toAccount),
    transactions: (listed?.data ?? []).filter(({ accountId }) => ids.has(accountId)).map(toTransaction),
  }
}

const toAccount = ({
  id,
  accountName,
  accountReference,
  accountHolderName,
  balance,
}: MoneyhubAccount): Account => ({
  id,
  name: accountName,
  ...(accountHolderName !== undefined && { holder: accountHolderName }),
  number: lastDigits(accountReference),
  balance: major(balance.amount),
})

const toTransaction = ({
  id,
  accountId,
  date,
  shortDescription,
  amount,
}: MoneyhubTransaction): Transaction => ({
  id,
  account: accountId,
  date,
  text: shortDescription,
  money: major(amount),
})

const major = ({ value, currency }: Amount) => ({ amount: value / 100, currency })
