import { lastDigits } from '../format.js'
import type { BankData } from './accounts.js'
import type { BankFetch } from './read.js'

interface Quantity {
  readonly quantity: string
  readonly currency: string
}

interface StitchAccount {
  readonly id: string
  readonly name: string
  readonly accountNumber: string
  readonly currentBalance?: Quantity
  readonly accountHolder?: { readonly fullName?: string }
  readonly transactions?: { readonly edges: readonly { readonly node: StitchTransaction }[] }
}

interface StitchTransaction {
  readonly id: string
  readonly date: string
  readonly description: string
  readonly amount: Quantity
}

interface Answer {
  readonly data: { readonly user: { readonly bankAccounts: readonly StitchAccount[] } } | null
}

/** Asks only for what the person shares: one missing scope fails the whole query. */
const query = (granted: readonly string[]): string => `query ListBankAccounts {
  user {
    ... on User {
      bankAccounts {
        id
        name
        accountNumber
        ${granted.includes('balances') ? 'currentBalance' : ''}
        ${granted.includes('accountholders') ? 'accountHolder { ... on Individual { fullName } }' : ''}
        ${granted.includes('transactions') ? 'transactions(first: 200) { edges { node { id date description amount } } }' : ''}
      }
    }
  }
}`

/** Accounts at a bank behind Stitch. An answer without data may say that the bank wants to see the person. */
export async function loadStitch(fetch: BankFetch, granted: readonly string[]): Promise<BankData> {
  if (!granted.includes('accounts')) return { accounts: [], transactions: [] }
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: query(granted), variables: null, operationName: 'ListBankAccounts' }),
  })
  const answer = (await response.json()) as Answer
  if (!answer.data) return { accounts: [], transactions: [], extra: { kind: 'interaction', answer } }
  const { bankAccounts } = answer.data.user
  return {
    accounts: bankAccounts.map(({ id, name, accountNumber, currentBalance, accountHolder }) => ({
      id,
      name,
      ...(accountHolder?.fullName !== undefined && { holder: accountHolder.fullName }),
      number: lastDigits(accountNumber),
      ...(currentBalance && { balance: toMoney(currentBalance) }),
    })),
    transactions: bankAccounts.flatMap(({ id: account, transactions }) =>
      (transactions?.edges ?? []).map(({ node: { id, date, description, amount } }) => ({
        id,
        account,
        date,
        text: description,
        money: toMoney(amount),
      })),
    ),
  }
}

const toMoney = ({ quantity, currency }: Quantity) => ({ amount: Number(quantity), currency })
