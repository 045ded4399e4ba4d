// oidc-client-ts with react-oidc-context, as its README has it.
import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { AuthProvider, useAuth } from 'react-oidc-context'
import { noteToken, onClick, redirectUri, settings } from './report.js'

let signIn: () => unknown = () => undefined
onClick(() => signIn())

function App() {
  const auth = useAuth()
  useEffect(() => {
    noteToken(auth.user?.access_token)
    signIn = () => auth.signinRedirect()
  }, [auth])
  return <p>ready</p>
}

createRoot(document.body).render(
  <AuthProvider
    authority={settings.issuer}
    client_id={settings.clientId}
    redirect_uri={redirectUri}
    scope={settings.scope}
    automaticSilentRenew={false}
  >
    <App />
  </AuthProvider>,
)
