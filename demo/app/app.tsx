import './styles/index.css'
import { useAuthorizationCallback } from 'countersign'
import { useEffect, useRef } from 'react'
import { pathOf } from './base.js'
import { CodePage } from './code/code-page.js'
import { readConfiguration, realProviders } from './configuration.js'
import { checkFault } from './connect/faults.js'
import { choose, readAppState, rememberBank } from './connect/remembered.js'
import { Loaders } from './data/loaders.js'
import { Lab } from './lab/lab.js'
import { useRun } from './lab/run.js'
import { AppMark } from './mark.js'
import { Home } from './overview/home.js'
import { Announcer } from './parts/announcer.js'
import { Finishing } from './parts/finishing.js'
import { useArrival, useKeptFocus } from './parts/focus.js'
import { Link } from './parts/link.js'
import { NotFound } from './parts/not-found.js'
import { Outcome } from './parts/outcome.js'
import { SessionMenu } from './parts/session-menu.js'
import { useTitle } from './parts/title.js'
import { UnderWay } from './parts/under-way.js'
import { navigate, usePath } from './router.js'

const configuration = readConfiguration()
const { fake } = configuration
const real = realProviders(configuration)

const allMadeUp = 'The banks, their people and their money are made up. No request leaves this machine.'

const allInBrowser =
  'The banks, their people and their money are made up, and a service worker of this browser plays them: no request leaves it, and what they know is kept in it.'

const someReal = `With the credentials this demo was started with, your requests leave this machine and go to: ${real.join(', ')}. Every other bank here, its people and its money are made up.`

/** The whole app: its pages below one header. */
export function App() {
  useKeptFocus()
  useTitle()
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Header />
      <main id="content" tabIndex={-1}>
        <Return />
        <Page />
      </main>
      <footer>
        <p>
          {fake === false ? (real.length === 0 ? allMadeUp : someReal) : allInBrowser} Sign in at a bank as
          ada or grace; any password will do.
        </p>
        {fake !== 'only' && (
          <p>
            {fake === false ? (
              <a href="?fake">Have this browser play the banks</a>
            ) : (
              <a href="?fake=off">Go back to the banks of the demo’s server</a>
            )}
          </p>
        )}
      </footer>
      <Finishing />
      <Loaders />
      <UnderWay />
      <Announcer />
    </>
  )
}

function Header() {
  return (
    <header className="top">
      <Link to="/" className="brand">
        <AppMark />
        <span>Lasagna Enterprises</span>
      </Link>
      <nav aria-label="Pages">
        <Link to="/">Overview</Link>
        <Link to="/lab">What can go wrong</Link>
        <Link to="/code">The code</Link>
      </nav>
      <SessionMenu />
    </header>
  )
}

function Page() {
  const path = usePath()
  const run = useRun()
  const returns = path.startsWith('/callback/')
  // Who comes back for a scenario sees there what came of it.
  if (path === '/lab' || (returns && run)) return <Lab />
  if (path === '/' || returns) return <Home />
  if (path === '/code') return <CodePage />
  return <NotFound />
}

/** Leaves the callback page once connected; an answer that belongs to no bank is shown here. */
function Return() {
  const callback = useAuthorizationCallback()
  const path = usePath()
  const run = useRun()
  const leads = callback.status === 'connected' || callback.status === 'interaction_finished'
  const done = leads || callback.status === 'none'
  const returnTo = leads ? callback.returnTo : '/'
  useEffect(() => {
    if (done && path.startsWith('/callback/')) navigate(pathOf(returnTo), { replace: true })
  }, [done, path, returnTo])
  useEffect(() => {
    if (callback.status === 'pending' || callback.status === 'none') return
    void checkFault()
    const told = 'appState' in callback ? readAppState(callback.appState) : undefined
    if (callback.status !== 'connected' || !told) return
    rememberBank(callback.connection.id, told)
    choose(told.bank, callback.connection.id)
  }, [callback])
  const lost =
    callback.status === 'failed' &&
    callback.provider === undefined &&
    path.startsWith('/callback/') &&
    run === undefined
  const part = useRef<HTMLElement>(null)
  useArrival(part, lost)
  return lost ? (
    <section className="panel notice" aria-label="Problem" ref={part} tabIndex={-1}>
      <Outcome callback={callback} />
    </section>
  ) : null
}
