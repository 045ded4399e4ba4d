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
    >
      {({ connection, fetch }) => (
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
          {({ data }) => (
            <Accounts
              caption="Accounts at Fynbos Bank"
              accounts={(data?.user.bankAccounts ?? []).map(
                ({ id, name, accountNumber, currentBalance }) => ({
                  id,
                  name,
                  number: accountNumber,
                  balance: currentBalance && money(Number(currentBalance.quantity), currentBalance.currency),
                }),
              )}
            />
          )}
        </Resource>
      )}
    </ProviderCard>
  )
}
