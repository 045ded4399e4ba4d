import { useConnection } from 'countersign'
import type { FdxConsent, FdxGrantedResource, FdxInput, FdxResource } from 'countersign/providers'
import { useState } from 'react'
import { useChosen } from '../chosen.js'
import { ProviderCard } from '../provider-card.js'
import { Resource } from '../resource.js'
import { day } from '../time.js'

/** What a person can choose: a consent of the backend as it is, or less of one. */
const purposes: readonly { readonly label: string; readonly input: FdxInput }[] = [
  { label: 'A budget, for a year', input: { consentRequest: 'budget' } },
  {
    label: 'A budget, for 30 days',
    input: { consentRequest: { template: 'budget', durationPeriod: 30, lookbackPeriod: 30 } },
  },
  { label: 'A loan offer, once', input: { consentRequest: 'once' } },
]

const wishes = [
  { label: 'Refuse with the word “rejected”', behaviour: { outcome: 'deny', rejected: true } },
  {
    label: 'Refuse the pushed request',
    behaviour: { par: { error: 'invalid_authorization_details' } },
  },
  { label: 'Not show the consent', behaviour: { api: { status: 500 } } },
]

/** FDX: the backend presents its certificate, asks for a consent and keeps the tokens; the page shows the consent. */
export function FdxCard() {
  const [purpose, setPurpose] = useState(0)
  return (
    <ProviderCard
      name="fdx"
      title="FDX"
      about="An FDX data provider: the app’s backend pushes a consent request over mutual TLS, and you decide what it may see."
      where="Access and refresh token, certificate and key: never outside the backend. This page gets the data."
      input={purposes[purpose]?.input ?? {}}
      choices={<Purposes chosen={purpose} choose={setPurpose} />}
      wishes={wishes}
    >
      {() => <Sharing />}
    </ProviderCard>
  )
}

function Purposes({ chosen, choose }: { chosen: number; choose: (index: number) => void }) {
  return (
    <label className="choice">
      What do you want to share it for?
      <select
        value={chosen}
        onChange={(event) => {
          choose(Number(event.target.value))
        }}
      >
        {purposes.map(({ label }, index) => (
          <option key={label} value={index}>
            {label}
          </option>
        ))}
      </select>
    </label>
  )
}

interface Shared {
  readonly consent: FdxConsent
  /** The accounts by their ids, where the data provider lists them. */
  readonly names: Readonly<Record<string, string>>
}

/** The consent as the data provider has it now. */
function Sharing() {
  const fdx = useConnection('fdx', useChosen())
  if (fdx.status !== 'connected') return null
  const { connection, fetch } = fdx
  const { grantId, missing } = connection.details
  return (
    <Resource<Shared>
      id={connection.id + String(connection.connectedAt)}
      load={async () => {
        const response = await fetch(`consents/${grantId}`)
        if (!response.ok) throw new Error('The consent could not be fetched.')
        return { consent: (await response.json()) as FdxConsent, names: await listNames(fetch) }
      }}
    >
      {(shared) => <ConsentRecord {...shared} missing={missing} />}
    </Resource>
  )
}

/** Names are a courtesy: without them the consent shows the accounts' ids. */
async function listNames(fetch: (path: string) => Promise<Response>): Promise<Shared['names']> {
  const response = await fetch('accounts')
  if (!response.ok) return {}
  const { accounts = [] } = (await response.json()) as {
    accounts?: readonly { accountId: string; nickname: string; accountNumberDisplay: string }[]
  }
  return Object.fromEntries(
    accounts.map(({ accountId, nickname, accountNumberDisplay }) => [
      accountId,
      `${nickname} ${accountNumberDisplay}`,
    ]),
  )
}

function ConsentRecord({ consent, names, missing }: Shared & { missing: readonly FdxResource[] }) {
  const { status, resources, parties = [], expirationTime, lookbackPeriod } = consent
  const holder = parties.find(({ type }) => type === 'DATA_PROVIDER')?.name ?? 'The data provider'
  return (
    <table>
      <caption>Your consent</caption>
      <tbody>
        <Row label="Status">{statuses[status] ?? status}</Row>
        <Row label="Until">{expirationTime === undefined ? 'you end it' : date(expirationTime)}</Row>
        {lookbackPeriod !== undefined && <Row label="Looks back">{lookbackPeriod} days</Row>}
        <Row label="Shared by">{holder}</Row>
        {resources.map((resource, index) => (
          <Row key={index} label={titleOf(resource, names)}>
            {wordsOf(resource)}
          </Row>
        ))}
        {missing.map((resource) => (
          <Row key={resource.resourceType} label="Not shared">
            {wordsOf(resource)}
          </Row>
        ))}
      </tbody>
    </table>
  )
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{children}</td>
    </tr>
  )
}

const statuses: Readonly<Record<string, string>> = {
  ACTIVE: 'Active',
  EXPIRED: 'Expired',
  REVOKED: 'Ended by you',
}

const clusters: Readonly<Record<string, string>> = {
  ACCOUNT_BASIC: 'name and number',
  ACCOUNT_DETAILED: 'balances and terms',
  TRANSACTIONS: 'transactions',
  STATEMENTS: 'statements',
  CUSTOMER_CONTACT: 'name and contact',
}

const titleOf = ({ resourceType, id }: FdxGrantedResource, names: Shared['names']): string =>
  id === undefined ? (resourceType === 'CUSTOMER' ? 'About you' : resourceType) : (names[id] ?? id)

const wordsOf = ({ dataClusters }: FdxResource): string =>
  dataClusters.map((cluster) => clusters[cluster] ?? cluster).join(', ')

const date = (time: string): string => day(Date.parse(time) / 1000)
