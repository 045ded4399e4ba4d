import { readStitchInteraction } from 'countersign/providers'
import { bank } from '../bank.js'
import { ProviderCard } from '../provider-card.js'
import { Accounts, money, Resource } from '../resource.js'

interface BankAccounts {
  readonly data: {
    readonly user: {
      readonly bankAccounts: readonly {
        readonly id: string
        readonly name: string
        readonly accountNumber: string
        readonly currentBalance?: { readonly quantity: string; readonly currency: string }
      }[]
    }
  } | null
}

const wishes = [
  {
    label: 'Want to see the person again',
    behaviour: { interaction: 'USER_INTERACTION_REQUIRED' },
  },
  {
    label: 'Want to see the person again, in the older words',
    behaviour: { interaction: 'REAUTHORIZATION_REQUIRED' },
  },
]

/** Asks for the balances only where the person shares them: one missing scope fails the whole query. */
const query = (withBalances: boolean): string => `query ListBankAccounts {
  user {
    ... on User {
      bankAccounts { id name accountNumber ${withBalances ? 'currentBalance' : ''} }
    }
  }
}`

/** Stitch: the backend is the OAuth client, and hands access tokens to the page. */
export function StitchCard() {
  return (
    <ProviderCard
      name="stitch"
      title="Stitch"
      about="A bank behind Stitch SSO: the app’s backend signs the client assertion and redeems the code."
      where="Access token: in the memory of this page. Refresh token and assertion: never outside the backend."
      wishes={wishes}
      renews
    >
      {({ connection, fetch }) =>
        connection.grantedScope.includes('accounts') && (
          <Resource<BankAccounts>
            id={connection.id + String(connection.connectedAt)}
            load={async () => {
              const response = await fetch('/graphql', {
                method: 'POST',
                headers: { 'content-type': 'application/json' },
                body: JSON.stringify({
                  query: query(connection.grantedScope.includes('balances')),
                  variables: null,
                  operationName: 'ListBankAccounts',
                }),
              })
              return (await response.json()) as BankAccounts
            }}
          >
            {(answer) => (answer.data ? <AccountsOf {...answer.data} /> : <Interaction answer={answer} />)}
          </Resource>
        )
      }
    </ProviderCard>
  )
}

function AccountsOf({ user }: NonNullable<BankAccounts['data']>) {
  return (
    <Accounts
      caption="Accounts at Fynbos Bank"
      accounts={user.bankAccounts.map(({ id, name, accountNumber, currentBalance }) => ({
        id,
        name,
        number: accountNumber,
        balance: currentBalance && money(Number(currentBalance.quantity), currentBalance.currency),
      }))}
    />
  )
}

/** The bank wants the person before it answers: they go there, and Stitch sends them back. */
function Interaction({ answer }: { answer: unknown }) {
  const { authorizationEndpoint } = bank.providers.stitch
  const redirectUri = new URL('/callback/stitch', location.origin).href
  const interaction = readStitchInteraction(answer, {
    redirectUri,
    ...(authorizationEndpoint !== undefined && { authorizationEndpoint }),
  })
  if (!interaction) return <p className="problem">The bank did not answer as expected.</p>
  return (
    <div className="outcome">
      <p>Your bank wants to see you again before it shows your accounts. The connection stays.</p>
      <p className="code">
        Code: <code>{interaction.code}</code>
      </p>
      <p className="actions">
        <button
          type="button"
          onClick={() => {
            location.assign(interaction.url)
          }}
        >
          Go to the bank
        </button>
      </p>
    </div>
  )
}
