import { sampleAccounts } from 'countersign/testing'
import { ledgerOf } from './ledger.js'

/** An account at this bank, as the FDX API has it. */
export interface Account {
  readonly accountId: string
  readonly nickname: string
  readonly accountType: string
  readonly accountNumberDisplay: string
  readonly currentBalance: number
  readonly currency: { readonly currencyCode: string }
}

/** The accounts of a person. */
export function accountsOf(person: string): readonly Account[] {
  return accounts[person] ?? []
}

/** The transactions of a person's account, newest first, as the FDX API has them. */
export function transactionsOf(person: string, id: string): readonly object[] {
  const found = accountsOf(person).find(({ accountId }) => accountId === id)
  if (!found) return []
  return ledgerOf(id, found.accountType === 'CHECKING' ? 'current' : 'savings').map(
    ({ id: transactionId, date, description, amount }) => ({
      transactionId,
      accountId: id,
      postedTimestamp: `${date}T09:00:00.000Z`,
      description,
      debitCreditMemo: amount < 0 ? 'DEBIT' : 'CREDIT',
      amount: Math.abs(amount) / 100,
    }),
  )
}

const accounts: Readonly<Record<string, readonly Account[]>> = {
  ada: sampleAccounts.fdx,
  grace: [
    account('fox-1947', 'Bug Fund', 'SAVINGS', '1947', 70.29),
    account('fox-1959', 'COBOL Checking', 'CHECKING', '1959', 5211.86),
  ],
}

function account(
  accountId: string,
  nickname: string,
  accountType: string,
  lastDigits: string,
  currentBalance: number,
): Account {
  return {
    accountId,
    nickname,
    accountType,
    accountNumberDisplay: `**${lastDigits}`,
    currentBalance,
    currency: { currencyCode: 'USD' },
  }
}
