import { sampleAccounts } from 'countersign/testing'
import type { Access, ApiAnswer } from './api.js'

/** Answers `GET /accounts`. */
export function answerAccounts({ person, scopes }: Access): ApiAnswer {
  if (!scopes.has('accounts')) return missingScope
  return { status: 200, body: { accounts: accounts[person.id] ?? [] } }
}

const missingScope: ApiAnswer = {
  status: 403,
  body: { error: 'insufficient_scope' },
  headers: { 'www-authenticate': 'DPoP realm="api", error="insufficient_scope", scope="accounts"' },
}

const accounts: Readonly<Record<string, readonly object[]>> = {
  ada: sampleAccounts.standard,
  grace: [
    account('giro-1906', 'Giro', '1906', '312.90'),
    account('term-1992', 'Term Deposit', '1992', '55000.00'),
  ],
}

function account(id: string, name: string, lastDigits: string, balance: string) {
  return { id, name, maskedNumber: `…${lastDigits}`, balance, currency: 'EUR' }
}
