// oidc-client-ts with react-oidc-context, and tokens in `localStorage`.
import { UserManager, WebStorageStateStore } from 'oidc-client-ts'
import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { AuthProvider, useAuth } from 'react-oidc-context'
import { clientId, countRender, isIdle, kept, noteKept, parts, scope } from './kept.js'
import { noteToken, onClick, redirectUri, settings } from './report.js'

const manager = new UserManager({
  authority: settings.issuer,
  client_id: clientId,
  redirect_uri: redirectUri,
  scope,
  automaticSilentRenew: false,
  userStore: new WebStorageStateStore({ store: localStorage }),
})
onClick(() => manager.signinRedirect())
kept.getToken = async () => {
  const user = await manager.getUser()
  return user && !user.expired ? user.access_token : (await manager.signinSilent())?.access_token
}

function Part() {
  const { isAuthenticated } = useAuth()
  countRender()
  return <i>{String(isAuthenticated)}</i>
}

function App() {
  const { user } = useAuth()
  useEffect(() => {
    if (isIdle || user?.expired) return
    noteKept(user?.access_token)
    noteToken(user?.access_token)
  }, [user])
  return (
    <>
      <p>ready</p>
      {Array.from({ length: parts }, (_, index) => (
        <Part key={index} />
      ))}
    </>
  )
}

createRoot(document.body).render(
  <AuthProvider userManager={manager}>
    <App />
  </AuthProvider>,
)
