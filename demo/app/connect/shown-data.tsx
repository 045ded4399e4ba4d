import type { Connection } from 'countersign'
import { readStitchInteraction, type FdxGrantedResource, type FdxResource } from 'countersign/providers'
import { bank } from '../bank.js'
import { at } from '../base.js'
import {
  useLoaded,
  type Account,
  type BankData,
  type Extra,
  type Names,
  type Profile,
} from '../data/accounts.js'
import { day, money } from '../format.js'
import { Act } from '../parts/act.js'
import { keptHeight, useKeptHeight } from '../parts/kept-height.js'

/** What was fetched with a connection. */
export function ShownData({ connection }: { connection: Connection }) {
  const { id } = connection
  const loaded = useLoaded()[id]
  const part = useKeptHeight<HTMLDivElement>(id, loaded?.status === 'loaded')
  switch (loaded?.status) {
    case 'loaded':
      return (
        <div className="shown" ref={part}>
          <Data {...loaded.data} />
        </div>
      )
    case 'failed':
      return (
        <div className="outcome bad">
          <p>{loaded.message}</p>
          <p className="actions">
            <Act label="Fetch again" onClick={loaded.again} />
          </p>
        </div>
      )
    default:
      return (
        <div
          className="skeleton-rows"
          data-provider={connection.provider}
          style={{ minHeight: keptHeight(id) }}
          aria-hidden="true"
        >
          <span />
          <span />
        </div>
      )
  }
}

function Data({ accounts, extra }: BankData) {
  return (
    <>
      {accounts.length > 0 && <Accounts accounts={accounts} />}
      {extra?.kind === 'consent' && <ConsentRecord {...extra} />}
      {extra?.kind === 'profile' && <ProfileTable {...extra.profile} />}
      {extra?.kind === 'interaction' && <Interaction answer={extra.answer} />}
    </>
  )
}

function Accounts({ accounts }: { accounts: readonly Account[] }) {
  return (
    <table className="accounts">
      <caption className="unseen">Accounts</caption>
      <thead className="unseen">
        <tr>
          <th scope="col">Account</th>
          <th scope="col">Balance</th>
        </tr>
      </thead>
      <tbody>
        {accounts.map(({ id, name, holder, number, balance }) => (
          <tr key={id}>
            <th scope="row">
              {name}{' '}
              <small>
                {holder !== undefined && `${holder} · `}
                <span className="number">{number}</span>
              </small>
            </th>
            <td className="number">{balance ? money(balance.amount, balance.currency) : 'not shared'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function ConsentRecord({ consent, names, missing }: Extract<Extra, { kind: 'consent' }>) {
  const { status, resources, parties = [], expirationTime, lookbackPeriod } = consent
  const provider = parties.find(({ type }) => type === 'DATA_PROVIDER')?.name ?? 'The data provider'
  return (
    <details className="more" open>
      <summary>Your consent</summary>
      <table>
        <caption className="unseen">Your consent</caption>
        <tbody>
          <Row label="Status">{statuses[status] ?? status}</Row>
          <Row label="Until">
            {expirationTime === undefined ? 'you end it' : day(Date.parse(expirationTime) / 1000)}
          </Row>
          {lookbackPeriod !== undefined && <Row label="Looks back">{lookbackPeriod} days</Row>}
          <Row label="Shared by">{provider}</Row>
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
    </details>
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
  CUSTOMER_PERSONAL: 'date of birth and tax number',
}

const titleOf = ({ resourceType, id }: FdxGrantedResource, names: Names): string =>
  id === undefined ? (resourceType === 'CUSTOMER' ? 'About you' : resourceType) : (names[id] ?? id)

const wordsOf = ({ dataClusters }: FdxResource): string =>
  dataClusters.map((cluster) => clusters[cluster] ?? cluster).join(', ')

function ProfileTable({ company_name, connections }: Profile) {
  return (
    <table className="accounts">
      <caption>Basis profile of {company_name}</caption>
      <thead className="unseen">
        <tr>
          <th scope="col">Platform</th>
          <th scope="col">Signed in</th>
        </tr>
      </thead>
      <tbody>
        {connections.map(({ platform_id, platform_name, institution_name, signed_in_as }) => (
          <tr key={platform_id}>
            <th scope="row">
              {platform_name} <small>{institution_name}</small>
            </th>
            <td>{signed_in_as}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** The bank wants the person before it answers: they go there, and Stitch sends them back. */
function Interaction({ answer }: { answer: unknown }) {
  const { authorizationEndpoint } = bank.providers.stitch
  const redirectUri = new URL(at('/callback/stitch'), location.origin).href
  const interaction = readStitchInteraction(answer, {
    redirectUri,
    ...(authorizationEndpoint !== undefined && { authorizationEndpoint }),
  })
  if (!interaction) return <p className="outcome bad">The bank did not answer as expected.</p>
  return (
    <div className="outcome">
      <p>Your bank wants to see you again before it shows your accounts. The connection stays.</p>
      <p className="code">
        Code: <code>{interaction.code}</code>
      </p>
      <p className="actions">
        <Act
          label="Go to the bank"
          onClick={() => {
            void bank.interact('stitch', interaction)
          }}
        />
      </p>
    </div>
  )
}
