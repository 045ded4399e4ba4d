// countersign with tokens that outlive the page.
import { CountersignProvider, createClient, singleUser, useAuthorize, useConnection } from 'countersign'
import { oidc } from 'countersign/providers'
import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { clientId, countRender, isIdle, kept, noteKept, parts, scope } from './kept.js'
import { noteToken, onClick, redirectUri, settings } from './report.js'

const client = createClient({
  subject: singleUser,
  redirectUri: () => redirectUri,
  providers: { bank: oidc({ ...settings, clientId, scope, persistTokens: true }) },
})
onClick(() => {
  client.authorization('bank').authorize()
})

function Part() {
  const bank = useConnection('bank')
  countRender()
  return <i>{bank.status}</i>
}

function App() {
  const { status } = useAuthorize('bank')
  const bank = useConnection('bank')
  useEffect(() => {
    if (!('getAccessToken' in bank)) return
    kept.getToken = bank.getAccessToken
    if (isIdle) return
    void bank.getAccessToken().then((token) => {
      noteKept(token)
      noteToken(token)
    })
  }, [bank])
  return (
    <>
      <p>ready {status}</p>
      {Array.from({ length: parts }, (_, index) => (
        <Part key={index} />
      ))}
    </>
  )
}

createRoot(document.body).render(
  <CountersignProvider client={client}>
    <App />
  </CountersignProvider>,
)
