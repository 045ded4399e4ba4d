import {
  createClient,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
} from 'countersign'
import { messageFor } from 'countersign/messages'
import { basis } from 'countersign/providers'

// Before the router: it takes the bank's response out of the address bar.
export const bank = createClient({
  subject: fetch('/session').then(
    (answer) => answer.json() as Promise<string | null>,
  ), // who is signed in to your app
  backend: '/connect',
  providers: {
    basis: basis({
      clientId: 'my-client',
      authorizationEndpoint: 'https://connect.usebasis.co/oauth',
      api: 'https://api.usebasis.co/',
    }),
  },
})

export function Bank() {
  const callback = useAuthorizationCallback({ client: bank })
  const connection = useConnection('basis', { client: bank })
  const { authorize, prepare, ...attempt } = useAuthorize(
    'basis',
    { returnTo: '/', platformId: 'where the person signs in' },
    { client: bank },
  )

  if (callback.status === 'pending')
    return <p>Finishing your connection…</p>
  if (connection.status === 'connected') {
    const { fetch, disconnect } = connection
    const load = () =>
      fetch(
        `/profiles/${connection.connection.details.profileId}`,
      ).then((answer) => answer.json())
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
