import { lastDigits } from '../format.js'
import type { BankData } from './accounts.js'
import { readJson, readOptional, type BankFetch } from './read.js'

interface Items<Item> {
  readonly items: readonly Item[]
}

interface ApitureAccount {
  readonly id: string
  readonly name: string
  readonly maskedNumber: string
  readonly balance?: { readonly current: string; readonly currency: string }
}

interface ApitureTransaction {
  readonly id: string
  readonly accountId: string
  readonly date: string
  readonly description: string
  readonly amount: string
  readonly currency: string
}

/** Accounts and transactions at a bank on Apiture's platform. */
export async function loadApiture(fetch: BankFetch): Promise<BankData> {
  const { items } = await readJson<Items<ApitureAccount>>(fetch, 'accounts')
  const listed = await readOptional<Items<ApitureTransaction>>(fetch, 'transactions')
  return {
    accounts: items.map(({ id, name, maskedNumber, balance }) => ({
      id,
      name,
      number: lastDigits(maskedNumber),
      ...(balance && { balance: { amount: Number(balance.current), currency: balance.currency } }),
    })),
    transactions: (listed?.items ?? []).map(({ id, accountId, date, description, amount, currency }) => ({
      id,
      account: accountId,
      date,
      text: description,
      money: { amount: Number(amount), currency },
    })),
  }
}
