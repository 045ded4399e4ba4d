import { useAuthorizationCallback, useConnections } from 'countersign'
import { useEffect } from 'react'
import { Act } from './act.js'
import { DisplayChoice } from './display.js'
import { ApitureCard } from './providers/apiture.js'
import { BasisCard } from './providers/basis.js'
import { FdxCard } from './providers/fdx.js'
import { MoneyhubCard, MoneyhubOnceCard } from './providers/moneyhub.js'
import { OpenidCard } from './providers/openid.js'
import { StitchCard } from './providers/stitch.js'
import { navigate, usePath } from './router.js'
import { SessionMenu, signIn } from './session-menu.js'
import { Outcome } from './outcome.js'

/** The whole page: every provider is a card, and the callback is shown in the card it belongs to. */
export function App() {
  return (
    <>
      <header className="top">
        <p className="brand">countersign</p>
        <SessionMenu />
      </header>
      <main>
        <h1>Connect an account</h1>
        <p className="lead">
          Each card goes to a bank of its own, which runs on this machine. Sign in there, say what you share,
          and come back.
        </p>
        <DisplayChoice />
        <Return />
        <SignedOut />
        <div className="cards">
          <ApitureCard />
          <BasisCard />
          <FdxCard />
          <MoneyhubCard />
          <MoneyhubOnceCard />
          <OpenidCard />
          <StitchCard />
        </div>
      </main>
      <footer>
        <p>
          The banks, their people and their money are made up. No request leaves this machine; see the
          requests in your browser’s developer tools.
        </p>
      </footer>
    </>
  )
}

/** Leaves the callback page once connected; an answer that belongs to no card is shown here. */
function Return() {
  const callback = useAuthorizationCallback()
  const path = usePath()
  const done = callback.status === 'connected' || callback.status === 'none'
  const returnTo = callback.status === 'connected' ? callback.returnTo : '/'
  useEffect(() => {
    if (done && path.startsWith('/callback/')) navigate(returnTo, { replace: true })
  }, [done, path, returnTo])
  return callback.status === 'failed' && callback.provider === undefined ? (
    <section className="notice" aria-label="Problem">
      <Outcome callback={callback} />
    </section>
  ) : null
}

/** Nobody is signed in to the app, here or at its backend. A callback says that itself. */
function SignedOut() {
  const signedOut = useConnections({ select: ({ status }) => status === 'sign_in_required' })
  const { status } = useAuthorizationCallback()
  if (!signedOut || status === 'sign_in_required') return null
  return (
    <section className="notice" aria-label="Signed out">
      <p>You are signed out of this app. What was connected is kept, and shown to nobody.</p>
      <p className="actions">
        <Act label="Sign in" onClick={signIn} />
      </p>
    </section>
  )
}
