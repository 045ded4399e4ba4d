// All of `browser` mode: this page talks to the authorization server.
import {
  CountersignProvider,
  createClient,
  singleUser,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
} from 'countersign'
import { apiture } from 'countersign/providers'
import { createRoot } from 'react-dom/client'

const client = createClient({
  subject: singleUser,
  providers: { apiture: apiture({ clientId: 'client', environment: 'cat', scope: 'openid banking/read' }) },
})

function App() {
  const { authorize, prepare } = useAuthorize('apiture')
  const callback = useAuthorizationCallback()
  const tokens = useConnection('apiture')
  return (
    <button onPointerEnter={prepare} onClick={authorize}>
      {callback.status} {tokens.status}
    </button>
  )
}

createRoot(document.body).render(
  <CountersignProvider client={client}>
    <App />
  </CountersignProvider>,
)
