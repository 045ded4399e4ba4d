import type { FdxConsent, FdxDetails } from 'countersign/providers'
import { lastDigits } from '../format.js'
import type { BankData, Transaction } from './accounts.js'
import { readJson, readOptional, type BankFetch } from './read.js'

interface FdxAccount {
  readonly accountId: string
  readonly nickname: string
  readonly accountNumberDisplay: string
  readonly currentBalance?: number
  readonly currency?: { readonly currencyCode: string }
}

interface FdxTransaction {
  readonly transactionId: string
  readonly postedTimestamp: string
  readonly description: string
  readonly debitCreditMemo: 'DEBIT' | 'CREDIT'
  readonly amount: number
}

/** The consent as the data provider has it now, and what it covers. */
export async function loadFdx(fetch: BankFetch, { grantId, missing }: FdxDetails): Promise<BankData> {
  const consent = await readJson<FdxConsent>(fetch, `consents/${grantId}`)
  // A consent may cover no account, and is shown all the same.
  const { accounts = [] } =
    (await readOptional<{ accounts?: readonly FdxAccount[] }>(fetch, 'accounts')) ?? {}
  const transactions = await Promise.all(accounts.map((account) => readTransactions(fetch, account)))
  const names = Object.fromEntries(
    accounts.map(({ accountId, nickname, accountNumberDisplay }) => [
      accountId,
      `${nickname} ${lastDigits(accountNumberDisplay)}`,
    ]),
  )
  const holder = consent.parties?.find(({ type }) => type === 'INDIVIDUAL')?.name
  return {
    accounts: accounts.map(({ accountId, nickname, accountNumberDisplay, currentBalance, currency }) => ({
      id: accountId,
      name: nickname,
      ...(holder !== undefined && { holder }),
      number: lastDigits(accountNumberDisplay),
      ...(currentBalance !== undefined &&
        currency && { balance: { amount: currentBalance, currency: currency.currencyCode } }),
    })),
    transactions: transactions.flat(),
    extra: { kind: 'consent', consent, names, missing },
  }
}

async function readTransactions(
  fetch: BankFetch,
  { accountId, currency }: FdxAccount,
): Promise<readonly Transaction[]> {
  const path = `accounts/${accountId}/transactions`
  const listed = await readOptional<{ transactions: readonly FdxTransaction[] }>(fetch, path)
  return (listed?.transactions ?? []).map(
    ({ transactionId, postedTimestamp, description, debitCreditMemo, amount }) => ({
      id: transactionId,
      account: accountId,
      date: postedTimestamp.slice(0, 10),
      text: description,
      money: {
        amount: debitCreditMemo === 'DEBIT' ? -amount : amount,
        currency: currency?.currencyCode ?? 'USD',
      },
    }),
  )
}
