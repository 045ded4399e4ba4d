import { sampleAccounts } from 'countersign/testing'
import type { Access, ApiAnswer } from './api.js'
import { ledgerOf } from './ledger.js'

/** Answers `GET /accounts`. */
export function answerAccounts({ person, scopes }: Access): ApiAnswer {
  if (!scopes.has('accounts')) return missingScope
  return { status: 200, body: { accounts: accounts[person.id] ?? [] } }
}

/** Answers `GET /transactions`: of all accounts, newest first. */
export function answerTransactions({ person, scopes }: Access): ApiAnswer {
  if (!scopes.has('accounts')) return missingScope
  const transactions = (accounts[person.id] ?? []).flatMap(({ id, currency }) =>
    ledgerOf(id, id.startsWith('giro') ? 'current' : 'savings').map(({ amount, ...entry }) => ({
      ...entry,
      accountId: id,
      amount: (amount / 100).toFixed(2),
      currency,
    })),
  )
  return { status: 200, body: { transactions } }
}

const missingScope: ApiAnswer = {
  status: 403,
  body: { error: 'insufficient_scope' },
  headers: { 'www-authenticate': 'DPoP realm="api", error="insufficient_scope", scope="accounts"' },
}

const accounts: Readonly<Record<string, readonly ReturnType<typeof account>[]>> = {
  ada: sampleAccounts.standard as readonly ReturnType<typeof account>[],
  grace: [
    account('giro-1906', 'Giro', '1906', '312.90', 'Grace Hopper'),
    account('term-1992', 'Term Deposit', '1992', '55000.00', 'Grace Hopper'),
  ],
}

function account(id: string, name: string, lastDigits: string, balance: string, holder: string) {
  return { id, name, holder, maskedNumber: `…${lastDigits}`, balance, currency: 'EUR' }
}
