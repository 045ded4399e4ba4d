import { lastDigits } from '../format.js'
import type { BankData } from './accounts.js'
import { readJson, readOptional, type BankFetch } from './read.js'

interface OpenidAccounts {
  readonly accounts: readonly {
    readonly id: string
    readonly name: string
    readonly holder?: string
    readonly maskedNumber: string
    readonly balance: string
    readonly currency: string
  }[]
}

interface OpenidTransactions {
  readonly transactions: readonly {
    readonly id: string
    readonly accountId: string
    readonly date: string
    readonly description: string
    readonly amount: string
    readonly currency: string
  }[]
}

/** Accounts and transactions at the demo's OpenID bank. */
export async function loadOpenid(fetch: BankFetch): Promise<BankData> {
  const { accounts } = await readJson<OpenidAccounts>(fetch, 'accounts')
  const listed = await readOptional<OpenidTransactions>(fetch, 'transactions')
  return {
    accounts: accounts.map(({ id, name, holder, maskedNumber, balance, currency }) => ({
      id,
      name,
      ...(holder !== undefined && { holder }),
      number: lastDigits(maskedNumber),
      balance: { amount: Number(balance), currency },
    })),
    transactions: (listed?.transactions ?? []).map(
      ({ id, accountId, date, description, amount, currency }) => ({
        id,
        account: accountId,
        date,
        text: description,
        money: { amount: Number(amount), currency },
      }),
    ),
  }
}
