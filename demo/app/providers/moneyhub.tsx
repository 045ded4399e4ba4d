import {
  useAuthorize,
  useConnection,
  useConnections,
  type Connection,
  type ConnectionsState,
} from 'countersign'
import type { MoneyhubDetails, MoneyhubRenew } from 'countersign/providers'
import { useEffect, useState } from 'react'
import { readConfiguration } from '../configuration.js'
import { useChosen } from '../chosen.js'
import { ProviderCard } from '../provider-card.js'
import { Accounts, money, Resource } from '../resource.js'
import { day } from '../time.js'

interface Amount {
  readonly value: number
  readonly currency: string
}

interface Listed<Entry> {
  readonly data: readonly Entry[]
}

interface MoneyhubAccount {
  readonly id: string
  readonly accountName: string
  readonly accountReference: string
  readonly providerName: string
  readonly balance: { readonly amount: Amount }
}

interface MoneyhubTransaction {
  readonly id: string
  readonly accountId: string
  readonly date: string
  readonly shortDescription: string
  readonly amount: Amount
}

interface Money {
  readonly accounts: readonly MoneyhubAccount[]
  readonly transactions: readonly MoneyhubTransaction[]
}

const wishes = [
  { label: 'Refuse the pushed request', behaviour: { par: { error: 'invalid_scope' } } },
  {
    label: 'Name another user in the ID Token',
    behaviour: { idToken: { claims: { sub: 'somebody-else' } } },
  },
  { label: 'Lose the session you began in', behaviour: { sessionLost: true } },
]

/** Moneyhub, ongoing: several banks under one profile; the backend reads them with tokens of its own. */
export function MoneyhubCard() {
  const [bankId, setBankId] = useState('')
  return (
    <ProviderCard
      name="moneyhub"
      title="Moneyhub"
      about="Open Banking through Moneyhub, for as long as you agree: connect one bank, then another, and see them together."
      where="No token ever reaches this page. The backend asks Moneyhub for one that reads your data."
      input={bankId ? { bankId } : null}
      choices={<Banks chosen={bankId} choose={setBankId} />}
      wishes={wishes}
    >
      {() => <Profile />}
    </ProviderCard>
  )
}

/** Moneyhub, one-time: one bank, once. */
export function MoneyhubOnceCard() {
  const [bankId, setBankId] = useState('')
  return (
    <ProviderCard
      name="moneyhubOnce"
      title="Moneyhub one-time"
      about="The same banks, looked at once: Moneyhub makes no profile, and the consent ends within a day."
      where="Access token: never outside the backend, which hands this page the data."
      input={bankId ? { bankId } : null}
      choices={<Banks chosen={bankId} choose={setBankId} />}
      wishes={wishes}
    >
      {({ connection, fetch }) => <Overview connection={connection} fetch={fetch} />}
    </ProviderCard>
  )
}

/** What is under the profile, and what can be done about the newest connection. */
function Profile() {
  const moneyhub = useConnection('moneyhub', useChosen())
  const version = useConnections({ select: versionOf })
  if (moneyhub.status !== 'connected') return null
  const { connection, fetch } = moneyhub
  return (
    <>
      <Overview connection={connection} fetch={fetch} version={version} />
      <Renewals connection={connection} />
    </>
  )
}

/** Any connection reads the data of all: it is another one as soon as a connection comes, goes or is renewed. */
const versionOf = (state: ConnectionsState): string =>
  state.status === 'ready'
    ? state.connections
        .filter(({ provider }) => provider === 'moneyhub')
        .map(versionOfOne)
        .join(' ')
    : ''

const versionOfOne = ({ id, connectedAt }: Connection): string => `${id} ${String(connectedAt)}`

interface OverviewProps {
  readonly connection: Connection
  /** Changes when there is other data to fetch. @defaultValue the connection's own */
  readonly version?: string
  readonly fetch: (path: string) => Promise<Response>
}

function Overview({ connection, version = versionOfOne(connection), fetch }: OverviewProps) {
  const { consentExpiresAt } = connection
  return (
    <>
      <Resource<Money>
        id={version}
        load={async () => {
          const [accounts, transactions] = await Promise.all([
            read<MoneyhubAccount>(fetch, 'accounts'),
            read<MoneyhubTransaction>(fetch, 'transactions?limit=3'),
          ])
          return { accounts, transactions }
        }}
      >
        {({ accounts, transactions }) => (
          <>
            <Accounts
              caption="Accounts that Moneyhub reads"
              accounts={accounts.map(({ id, accountName, accountReference, providerName, balance }) => ({
                id,
                name: accountName,
                number: `*${accountReference} ${providerName}`,
                balance: written(balance.amount),
              }))}
            />
            <Transactions transactions={transactions} />
          </>
        )}
      </Resource>
      {consentExpiresAt !== undefined && <p>You agreed to this until {day(consentExpiresAt)}.</p>}
    </>
  )
}

async function read<Entry>(fetch: OverviewProps['fetch'], path: string): Promise<readonly Entry[]> {
  const response = await fetch(path)
  if (!response.ok) throw new Error('Moneyhub did not give the data.')
  return ((await response.json()) as Listed<Entry>).data
}

function Transactions({ transactions }: Pick<Money, 'transactions'>) {
  return (
    <table>
      <caption>Last transactions</caption>
      <thead>
        <tr>
          <th scope="col">Transaction</th>
          <th scope="col" className="number">
            Amount
          </th>
        </tr>
      </thead>
      <tbody>
        {transactions.map(({ id, date, shortDescription, amount }) => (
          <tr key={id}>
            <th scope="row">
              {shortDescription} <small>{date}</small>
            </th>
            <td className="number">{written(amount)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const renewals = [
  { mode: 'reauth', label: 'Sign in again' },
  { mode: 'reconsent', label: 'Agree for longer' },
  { mode: 'refresh', label: 'Refresh' },
] as const

/** The three ways to renew a connection; it stays the same one. */
function Renewals({ connection }: { connection: Connection<MoneyhubDetails> }) {
  return (
    <p className="actions">
      {renewals.map(({ mode, label }) => (
        <Renewal key={mode} mode={mode} label={label} connection={connection} />
      ))}
    </p>
  )
}

interface RenewalProps {
  readonly mode: MoneyhubRenew['mode']
  readonly label: string
  readonly connection: Connection<MoneyhubDetails>
}

function Renewal({ mode, label, connection: { id, details } }: RenewalProps) {
  const { authorize } = useAuthorize('moneyhub', {
    mode,
    connectionId: details.connectionId,
    connection: id,
  })
  return (
    <button type="button" className="quiet" onClick={authorize}>
      {label}
    </button>
  )
}

/** The institutions that Moneyhub lists, through the app's server. The first one is chosen until another is. */
function Banks({ chosen, choose }: { chosen: string; choose: (id: string) => void }) {
  const [banks, setBanks] = useState<readonly { readonly id: string; readonly name: string }[]>()
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    let wanted = true
    listBanks().then(
      (list) => {
        if (!wanted) return
        setBanks(list)
        choose(list[0]?.id ?? '')
      },
      () => {
        if (wanted) setFailed(true)
      },
    )
    return () => {
      wanted = false
    }
  }, [choose])
  if (failed) return <p className="problem">The list of banks could not be fetched. Load the page again.</p>
  return (
    <label className="choice">
      Where do you bank?
      <select
        value={chosen}
        disabled={!banks}
        onChange={(event) => {
          choose(event.target.value)
        }}
      >
        {banks ? null : <option value="">Fetching…</option>}
        {banks?.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        {banks && <option value={readConfiguration().moneyhub.list}>Let Moneyhub ask me</option>}
      </select>
    </label>
  )
}

/** Both cards show the same list: it is asked for once. */
let listing: ReturnType<typeof fetchBanks> | undefined
const listBanks = (): ReturnType<typeof fetchBanks> => (listing ??= fetchBanks())

async function fetchBanks(): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const response = await fetch('/moneyhub-institutions')
  if (!response.ok) throw new Error('The server did not list the banks.')
  return (await response.json()) as readonly { readonly id: string; readonly name: string }[]
}

/** Amounts are in minor units. */
const written = ({ value, currency }: Amount): string => money(value / 100, currency)
