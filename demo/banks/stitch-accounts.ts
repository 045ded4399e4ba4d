import { sampleAccounts } from 'countersign/testing'
import type { Access, ApiAnswer } from './api.js'
import { fieldsOf, forbiddenByStitch, pickFields, stitchError } from '../../src/testing/quirks/stitch.js'
import { ledgerOf } from './ledger.js'

/** Answers a query for the accounts of a person. */
export function answerQuery({ person, scopes }: Pick<Access, 'person' | 'scopes'>, query: string): ApiAnswer {
  const fields = fieldsOf(query)
  const refusal = forbiddenByStitch(fields, (scope) => scopes.has(scope))
  if (refusal) return { status: 200, body: refusal }
  if (!fields.has('bankAccounts'))
    return graphqlError('Only user.bankAccounts can be queried here.', 'BAD_REQUEST')
  const id = fields.has('id') ? { id: `user-${person.uuid}` } : {}
  const typename = fields.has('__typename') ? { __typename: 'User' } : {}
  const bankAccounts = (accounts[person.id] ?? []).map((account) =>
    pickFields(withTransactions(account), fields),
  )
  return { status: 200, body: { data: { user: { ...typename, ...id, bankAccounts } } } }
}

/** Its transactions, as a connection of nodes; newest first. */
const withTransactions = (account: ReturnType<typeof accountOf>) => ({
  ...account,
  transactions: {
    edges: ledgerOf(account.id, account.accountType === 'current' ? 'current' : 'savings').map(
      ({ id, date, description, amount }) => ({
        node: {
          id,
          date,
          description,
          amount: { quantity: (amount / 100).toFixed(2), currency: account.currency },
        },
      }),
    ),
  },
})

/** An error, as GraphQL answers with one. */
export function graphqlError(message: string, code: string, more: object = {}): ApiAnswer {
  return { status: 200, body: stitchError(message, code, more) }
}

const accounts: Readonly<Record<string, readonly ReturnType<typeof accountOf>[]>> = {
  ada: sampleAccounts.stitch as readonly ReturnType<typeof accountOf>[],
  grace: [
    accountOf('acc-g1', 'Cheque Account', 'current', '1992', '890.10', 'Grace Hopper'),
    accountOf('acc-g2', 'Notice 32', 'savings', '1944', '250000.00', 'Grace Hopper'),
    accountOf('acc-g3', 'Credit Card', 'credit', '7007', '-1520.65', 'Grace Hopper'),
  ],
}

function accountOf(
  id: string,
  name: string,
  accountType: string,
  lastDigits: string,
  quantity: string,
  holder: string,
) {
  const balance = { quantity, currency: 'ZAR' }
  return {
    __typename: 'BankAccount',
    id,
    name,
    accountType,
    accountNumber: `******${lastDigits}`,
    currency: 'ZAR',
    currentBalance: balance,
    availableBalance: balance,
    accountHolder: { fullName: holder },
  }
}
