// countersign, as its README has it.
import { CountersignProvider, createClient, singleUser, useAuthorize, useConnection } from 'countersign'
import { oidc } from 'countersign/providers'
import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { noteToken, onClick, redirectUri, settings } from './report.js'

const client = createClient({
  subject: singleUser,
  redirectUri: () => redirectUri,
  providers: { bank: oidc(settings) },
})
let authorize: () => unknown = () => undefined
onClick(() => authorize())
window.prepare = () => client.authorization('bank').prepareAsync()

function App() {
  const handlers = useAuthorize('bank')
  const bank = useConnection('bank')
  useEffect(() => {
    authorize = () => {
      handlers.authorize()
    }
  }, [handlers])
  useEffect(() => {
    if (bank.status === 'connected' && 'getAccessToken' in bank)
      void bank.getAccessToken().then(noteToken, () => undefined)
  }, [bank])
  return <p>ready</p>
}

createRoot(document.body).render(
  <CountersignProvider client={client}>
    <App />
  </CountersignProvider>,
)
