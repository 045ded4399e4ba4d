import {
  createClient,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
} from 'countersign'
import { messageFor } from 'countersign/messages'
import { apiture } from 'countersign/providers'

// Before the router: it takes the bank's response out of the address bar.
export const bank = createClient({
  subject: fetch('/session').then(
    (answer) => answer.json() as Promise<string | null>,
  ), // who is signed in to your app
  providers: {
    apiture: apiture({
      clientId: 'my-client',
      environment: 'cat',
      scope: 'openid offline_access banking/read',
      api: 'https://api.apiture.com/banking/',
    }),
  },
})

export function Bank() {
  const callback = useAuthorizationCallback({ client: bank })
  const connection = useConnection('apiture', { client: bank })
  const { authorize, prepare, ...attempt } = useAuthorize(
    'apiture',
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
