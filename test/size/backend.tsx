// An app whose providers all go through its backend: nothing of the direct channel is emitted.
import {
  CountersignProvider,
  createClient,
  singleUser,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
} from 'countersign'
import { stitch } from 'countersign/providers'
import { createRoot } from 'react-dom/client'

const client = createClient({
  subject: singleUser,
  backend: '/connect',
  providers: { stitch: stitch({ clientId: 'test-client', scope: 'openid accounts' }) },
})

function App() {
  const { authorize, prepare } = useAuthorize('stitch')
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
