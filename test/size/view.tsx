// A page view of an app with users, in `browser` mode and with a backend: `test/slow/loaded-bytes.test.ts` counts what it loads.
import {
  CountersignProvider,
  createClient,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
} from 'countersign'
import { apiture, stitch } from 'countersign/providers'
import { createRoot } from 'react-dom/client'

const wants = new URL(location.href).searchParams

const client = createClient({
  subject: 'anna',
  providers: {
    apiture: apiture({ clientId: 'client', environment: 'cat', scope: 'openid banking/read' }),
    ...(wants.has('backend') && { stitch: stitch({ clientId: 'test-client', scope: 'openid accounts' }) }),
  },
  ...(wants.has('backend') && { backend: '/connect' }),
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
