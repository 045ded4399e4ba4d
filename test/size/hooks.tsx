// Counted before the first click: hooks and two providers. Redemption, popup, disconnect and the direct channel
// load when they are needed.
import {
  CountersignProvider,
  createClient,
  singleUser,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
} from 'countersign'
import { apiture, stitch } from 'countersign/providers'
import { createRoot } from 'react-dom/client'

const client = createClient({
  subject: singleUser,
  backend: '/connect',
  providers: {
    apiture: apiture({ clientId: 'client', environment: 'cat', scope: 'openid banking/read' }),
    stitch: stitch({ clientId: 'test-client', scope: 'openid accounts' }),
  },
})

function App() {
  const { authorize, prepare } = useAuthorize('apiture')
  const callback = useAuthorizationCallback()
  const tokens = useConnection('stitch')
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
