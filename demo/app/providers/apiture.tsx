import { ProviderCard } from '../provider-card.js'
import { Accounts, money, Resource } from '../resource.js'

interface ApitureAccounts {
  readonly items: readonly {
    readonly id: string
    readonly name: string
    readonly maskedNumber: string
    readonly balance?: { readonly current: string; readonly currency: string }
  }[]
}

const wishes = [
  { label: 'Refuse the request with a page of its own', behaviour: { refuseRequest: true } },
  { label: 'Hide the answer of the token endpoint from pages', behaviour: { withoutCors: true } },
]

/** Apiture: the page is the OAuth client. */
export function ApitureCard() {
  return (
    <ProviderCard
      name="apiture"
      title="Apiture"
      about="A community bank whose apps are public clients: this page redeems the code itself."
      where="Access and refresh token: in the memory of this page. They are gone when it closes."
      wishes={wishes}
      renews
    >
      {({ connection, fetch }) => (
        <Resource<ApitureAccounts>
          id={connection.id + String(connection.connectedAt)}
          load={async () => {
            const response = await fetch('accounts')
            if (!response.ok) throw new Error('The accounts could not be fetched.')
            return (await response.json()) as ApitureAccounts
          }}
        >
          {({ items }) => (
            <Accounts
              caption="Accounts at Tern Harbor Community Bank"
              accounts={items.map(({ id, name, maskedNumber, balance }) => ({
                id,
                name,
                number: maskedNumber,
                balance: balance && money(Number(balance.current), balance.currency),
              }))}
            />
          )}
        </Resource>
      )}
    </ProviderCard>
  )
}
