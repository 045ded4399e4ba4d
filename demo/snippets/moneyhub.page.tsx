import {
  createClient,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
} from 'countersign'
import { messageFor } from 'countersign/messages'
import { moneyhub } from 'countersign/providers'

// Before the router: it takes the bank's response out of the address bar.
export const bank = createClient({
  subject: fetch('/session').then(
    (answer) => answer.json() as Promise<string | null>,
  ), // who is signed in to your app
  backend: '/connect',
  providers: {
    moneyhub: moneyhub({
      clientId: 'my-client',
    }),
  },
})

export function Bank() {
  const callback = useAuthorizationCallback({ client: bank })
  const connection = useConnection('moneyhub', { client: bank })
  const { authorize, prepare, ...attempt } = useAuthorize(
    'moneyhub',
    { returnTo: '/', bankId: 'the bank that the person chose' },
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
