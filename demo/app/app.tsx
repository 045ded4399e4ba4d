import { useAuthorizationCallback, useConnections } from 'countersign'
import { useEffect, useRef } from 'react'
import { Announcer } from './announcer.js'
import { readConfiguration, realProviders } from './configuration.js'
import { DisplayChoice } from './display.js'
import { useArrival, useKeptFocus } from './focus.js'
import { ApitureCard } from './providers/apiture.js'
import { BasisCard } from './providers/basis.js'
import { FdxCard } from './providers/fdx.js'
import { MoneyhubCard, MoneyhubOnceCard } from './providers/moneyhub.js'
import { OpenidCard } from './providers/openid.js'
import { StitchCard } from './providers/stitch.js'
import { navigate, usePath } from './router.js'
import { SessionMenu } from './session-menu.js'
import { SignIn } from './sign-in.js'
import { Outcome } from './outcome.js'

const real = realProviders(readConfiguration())

const allMadeUp = 'The banks, their people and their money are made up. No request leaves this machine.'

const someReal = `With the credentials this demo was started with, your requests leave this machine and go to: ${real.join(', ')}. Every other bank here, its people and its money are made up.`

/** The whole page: every provider is a card, and the callback is shown in the card it belongs to. */
export function App() {
  useKeptFocus()
  return (
    <>
      <header className="top">
        <p className="brand">countersign</p>
        <SessionMenu />
      </header>
      <main tabIndex={-1}>
        <h1>Connect an account</h1>
        <p className="lead">
          Each card goes to a bank of its own{real.length === 0 && ', which runs on this machine'}. Sign in
          there, say what you share, and come back.
        </p>
        <SignedOut />
        <DisplayChoice />
        <Return />
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
        <p>{real.length === 0 ? allMadeUp : someReal} See the requests in your browser’s developer tools.</p>
      </footer>
      <Announcer />
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
  const lost =
    callback.status === 'failed' && callback.provider === undefined && path.startsWith('/callback/')
  const part = useRef<HTMLElement>(null)
  useArrival(part, lost)
  return lost ? (
    <section className="notice" aria-label="Problem" ref={part} tabIndex={-1}>
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
    <section className="notice" aria-label="Sign in" tabIndex={-1}>
      <h2>Sign in to this app</h2>
      <p>What you connect is yours: it is kept while you are signed out, and no other user sees it.</p>
      <SignIn />
    </section>
  )
}
