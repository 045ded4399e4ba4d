import { useConnection } from 'countersign'
import { useState } from 'react'
import { readConfiguration } from '../configuration.js'
import { useChosen } from '../chosen.js'
import { ProviderCard } from '../provider-card.js'
import { Accounts, money, Resource } from '../resource.js'

interface OpenidAccounts {
  readonly accounts: readonly {
    readonly id: string
    readonly name: string
    readonly maskedNumber: string
    readonly balance: string
    readonly currency: string
  }[]
}

const wishes = [{ label: 'Demand its nonce in every proof from now on', behaviour: { dpopNonce: true } }]

/** Any OpenID provider: the page pushes its requests, and its tokens are bound to a key of this browser. */
export function OpenidCard() {
  return (
    <ProviderCard
      name="openid"
      title="OpenID"
      about="A bank that keeps to the standards: requests are pushed first, and tokens are bound to a key."
      where="Tokens: in this browser’s storage, useless without a key that no script can read. They outlive the page."
      wishes={wishes}
      renews
    >
      {({ connection, fetch }) => (
        <>
          <Resource<OpenidAccounts>
            id={connection.id + String(connection.connectedAt)}
            load={async () => {
              const response = await fetch('accounts')
              if (!response.ok) throw new Error('The accounts could not be fetched.')
              return (await response.json()) as OpenidAccounts
            }}
          >
            {({ accounts }) => (
              <Accounts
                caption="Accounts at Juniper Savings"
                accounts={accounts.map(({ id, name, maskedNumber, balance, currency }) => ({
                  id,
                  name,
                  number: maskedNumber,
                  balance: money(Number(balance), currency),
                }))}
              />
            )}
          </Resource>
          <StolenToken />
        </>
      )}
    </ProviderCard>
  )
}

/** Sends the access token as a thief would who has the token and not the key. */
function StolenToken() {
  const openid = useConnection('openid', useChosen())
  const [answer, setAnswer] = useState('')
  if (openid.status !== 'connected') return null
  const { getAccessToken } = openid
  async function send() {
    const authorization = `DPoP ${await getAccessToken()}`
    const { status } = await fetch(`${readConfiguration().openid.api ?? ''}accounts`, {
      headers: { authorization },
    })
    setAnswer(`The bank answered ${String(status)}${status === 401 ? ': it wants the proof, too.' : '.'}`)
  }
  return (
    <p className="actions">
      <button type="button" className="quiet" onClick={() => void send()}>
        Send the token without its key
      </button>
      <output>{answer}</output>
    </p>
  )
}
