import { sampleAccounts } from 'countersign/testing'
import type { BankRequest } from './http.js'
import { ledgerOf } from './ledger.js'
import {
  moneyhubAmount,
  moneyhubProblems,
  selectMoneyhubTransactions,
  toMoneyhubTransaction,
} from '../../src/testing/quirks/moneyhub.js'
import type { Caller, MoneyhubAnswer } from './moneyhub-api.js'
import type { Institution } from '../../src/testing/quirks/moneyhub-institutions.js'
import type { ProfileConnection, Profiles } from './moneyhub-profiles.js'

/** Answers the Data API for the profile that the token speaks for: of every connection whose consent is still good. */
export function answerData(profiles: Profiles, request: BankRequest, caller: Caller): MoneyhubAnswer {
  const profile = profiles.find(caller.userId ?? '')
  if (!profile) return moneyhubProblems.subject
  const alive = [...profile.connections.values()].filter(
    ({ expiresAt }) => Date.parse(expiresAt) > Date.now(),
  )
  const data = request.path === '/v3/accounts' ? alive.flatMap(accountsOf) : transactionsOf(alive, request)
  return { status: 200, body: { data, links: { self: request.path }, meta: {} } }
}

function transactionsOf(connections: readonly ProfileConnection[], { parameters }: BankRequest) {
  const all = connections
    .flatMap(accountsOf)
    .flatMap(({ id, type, accountReference }) =>
      ledgerOf(accountReference, type === 'cash:current' ? 'current' : 'savings').map((entry) =>
        toMoneyhubTransaction(id, { ...entry, id: `${id}-${entry.id}` }),
      ),
    )
  return selectMoneyhubTransactions(all, parameters)
}

const holdings: Readonly<Record<string, readonly (readonly [name: string, type: string, pence: number])[]>> =
  {
    ada: sampleAccounts.moneyhub.map(({ accountName, type, balance }) => [
      accountName,
      type,
      balance.amount.value,
    ]),
    grace: [['Classic Account', 'cash:current', 90277]],
  }

/** The accounts behind a connection. */
export function accountsOf({
  id: connectionId,
  institution,
  person,
  lastUpdated,
}: Pick<ProfileConnection, 'id' | 'institution' | 'person' | 'lastUpdated'>) {
  return (holdings[person.id] ?? []).map(([accountName, type, pence], index) => ({
    id: `${connectionId.slice(-12)}-${String(index + 1)}`,
    accountName,
    type,
    accountType: 'personal',
    currency: 'GBP',
    balance: { amount: moneyhubAmount(pence), date: lastUpdated.slice(0, 10) },
    dateModified: lastUpdated,
    accountReference: reference(institution, person.id, index),
    accountHolderName: person.name,
    connectionId,
    providerId: institution.id,
    providerName: institution.name,
  }))
}

/** The last digits of an account's number. */
function reference({ id }: Institution, person: string, index: number): string {
  return String(((parseInt(id.slice(0, 6), 16) + person.length * 37 + index * 911) % 9000) + 1000)
}
