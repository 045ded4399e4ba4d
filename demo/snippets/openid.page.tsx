import {
  createClient,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
} from 'countersign'
import { messageFor } from 'countersign/messages'
import { oidc } from 'countersign/providers'

// Before the router: it takes the bank's response out of the address bar.
export const bank = createClient({
  subject: fetch('/session').then(
    (answer) => answer.json() as Promise<string | null>,
  ), // who is signed in to your app
  providers: {
    openid: oidc({
      label: 'Juniper Savings',
      clientId: 'my-client',
      issuer: 'https://bank.example',
      scope: 'openid accounts offline_access',
      api: 'https://bank.example/',
      dpop: true, // tokens are useless without a key that no script can read
      par: true,
    }),
  },
})

export function Bank() {
  const callback = useAuthorizationCallback({ client: bank })
  const connection = useConnection('openid', { client: bank })
  const { authorize, prepare, ...attempt } = useAuthorize(
    'openid',
    { returnTo: '/' },
    { client: bank },
  )

  if (callback.status === 'pending')
    return <p>Finishing your connection…</p>
  if (connection.status === 'connected') {
    const { fetch, disconnect } = connection
    const load = () => fetch('accounts').then((answer) => answer.json())
    return (
      <>
        <button onClick={() => void load()}>Show my accounts</button>
        <button onClick={() => void disconnect()}>Disconnect</button>
      </>
    )
  }
  return (
    <>
      <button onPointerEnter={prepare} onClick={authorize}>
        Connect your bank
      </button>
      <p role="alert">{messageFor(callback) ?? messageFor(attempt)}</p>
    </>
  )
}
