import { sampleAccounts } from 'countersign/testing'
import type { Access, ApiAnswer } from './api.js'
import { ledgerOf } from './ledger.js'

/** Answers `GET /banking/accounts`. */
export function answerAccounts({ person, scopes }: Access): ApiAnswer {
  if (!scopes.has('banking/read')) return missingScope
  return { status: 200, body: { items: accounts[person.id] ?? [] } }
}

/** Answers `GET /banking/transactions`: of all accounts, newest first. */
export function answerTransactions({ person, scopes }: Access): ApiAnswer {
  if (!scopes.has('banking/read')) return missingScope
  const items = (accounts[person.id] ?? []).flatMap(({ id, type, balance: { currency } }) =>
    ledgerOf(id, type === 'checking' ? 'current' : 'savings').map(({ amount, ...entry }) => ({
      ...entry,
      accountId: id,
      amount: (amount / 100).toFixed(2),
      currency,
    })),
  )
  return { status: 200, body: { items } }
}

const missingScope: ApiAnswer = {
  status: 403,
  body: { error: 'insufficient_scope' },
  headers: { 'www-authenticate': 'Bearer realm="api", error="insufficient_scope", scope="banking/read"' },
}

const accounts: Readonly<Record<string, readonly ReturnType<typeof account>[]>> = {
  ada: sampleAccounts.apiture as readonly ReturnType<typeof account>[],
  grace: [
    account('chk-1906', 'Harbor Checking', 'checking', '1906', '630.55'),
    account('cd-1959', '12-Month Certificate', 'cd', '1959', '40000.00'),
    account('loc-0952', 'Home Equity Line', 'lineOfCredit', '0952', '-8120.40'),
  ],
}

function account(id: string, name: string, type: string, lastDigits: string, current: string) {
  return { id, name, type, maskedNumber: `*${lastDigits}`, balance: { current, currency: 'USD' } }
}
