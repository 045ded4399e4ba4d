// Whose accounts the fake banks answer with: those of the demo's other banks.
import {
  answerAccounts as answerApitureAccounts,
  answerTransactions as answerApitureTransactions,
} from '../banks/apiture-accounts.js'
import { accountsOf as fdxAccountsOf, transactionsOf as fdxTransactionsOf } from '../banks/fdx-accounts.js'
import type { ApiAnswer } from '../banks/api.js'
import { accountsOf as moneyhubAccountsOf } from '../banks/moneyhub-data.js'
import { findPerson, people, type Person } from '../banks/people.js'
import { answerAccounts, answerTransactions } from '../banks/standard-accounts.js'
import { answerQuery } from '../banks/stitch-accounts.js'
import type { ApiHandler, ApiRequest } from '../../src/testing/open-servers.js'
import { findPlatform } from '../../src/testing/quirks/basis-institutions.js'
import { institutionsOfScope } from '../../src/testing/quirks/moneyhub-institutions.js'
import type { ProviderName } from './providers.js'

/** What the kit keeps of an approval in the place of accounts: whose they are. The answers here are made of it. */
interface Approved {
  readonly person: string
  /** Where they signed in, at Basis. */
  readonly platform?: string
}

/** What a person approves with. */
export interface Approving {
  readonly provider: ProviderName
  readonly person: Person
  /** The platform of an initialization token. */
  readonly platform: string | undefined
  /** The scope values that were asked for. */
  readonly scope: readonly string[]
  /** The connection that is renewed, or will be. */
  readonly connection: string
}

/** The accounts that an approval is of, as the kit keeps them. */
export function accountsOfApproval({
  provider,
  person,
  platform,
  scope,
  connection,
}: Approving): readonly object[] {
  if (provider === 'fdx') return fdxAccountsOf(person.id)
  if (provider !== 'moneyhub' && provider !== 'moneyhubOnce')
    return [{ person: person.id, ...(platform !== undefined && { platform }) } satisfies Approved]
  const [institution] = scope.flatMap(institutionsOfScope).filter(({ type }) => type !== 'test')
  if (!institution) return []
  const lastUpdated = new Date().toISOString()
  return moneyhubAccountsOf({ id: connection, institution, person, lastUpdated })
}

/** The answers of the APIs, by provider, where the kit's own are not those of this person. */
export const apis: Readonly<Partial<Record<ProviderName, ApiHandler>>> = {
  apiture: (request) =>
    toResponse(
      request.path.endsWith('/transactions')
        ? answerApitureTransactions(accessOf(request))
        : answerApitureAccounts(accessOf(request)),
    ),
  basis: (request) => {
    const [, id] = /^\/profiles\/([\w-]+)$/.exec(request.path) ?? []
    return id === undefined ? undefined : toProfile(id, request)
  },
  fdx: ({ path, accounts = [] }) => {
    const [, id] = /\/accounts\/([\w-]+)\/transactions$/.exec(path) ?? []
    if (id === undefined) return undefined
    const owner = people.find((person) =>
      fdxAccountsOf(person.id).some((one) => isAmong(accounts, one.accountId)),
    )
    return owner && { transactions: fdxTransactionsOf(owner.id, id) }
  },
  openid: (request) =>
    toResponse(
      request.path.endsWith('/transactions')
        ? answerTransactions(accessOf(request))
        : answerAccounts(accessOf(request)),
    ),
  stitch: (request) => toResponse(answerQuery(accessOf(request), queryOf(request))),
}

const isAmong = (accounts: readonly object[], accountId: string): boolean =>
  accounts.some((one) => 'accountId' in one && one.accountId === accountId)

const queryOf = ({ body: { query } }: ApiRequest): string => (typeof query === 'string' ? query : '')

const approvedOf = ({ accounts }: ApiRequest): Partial<Approved> => ({ ...accounts?.[0] })

const accessOf = (request: ApiRequest) => ({
  person: findPerson(approvedOf(request).person ?? '') ?? people[0],
  scopes: new Set(request.scope),
})

const toResponse = ({ status, body, headers }: ApiAnswer): Response =>
  Response.json(body, { status, ...(headers && { headers }) })

function toProfile(id: string, request: ApiRequest): object {
  const { platform: platformId = '' } = approvedOf(request)
  const { institution, platform } = findPlatform(platformId) ?? {}
  return {
    id,
    company_name: 'Lasagna Enterprises, LLC',
    connections: [
      {
        platform_id: platformId,
        platform_name: platform?.display_name ?? '',
        institution_name: institution?.name ?? '',
        signed_in_as: accessOf(request).person.name,
      },
    ],
  }
}
