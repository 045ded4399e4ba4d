import { useAuthorizationCallback, useConnections } from 'countersign'
import { useEffect, useState } from 'react'
import { BankCard } from '../connect/bank-card.js'
import { bankOf, useCatalog } from '../connect/catalog.js'
import { Picker } from '../connect/picker.js'
import { useLoaded } from '../data/accounts.js'
import { Forgotten } from '../fake/forgotten.js'
import { SignIn } from '../parts/sign-in.js'
import { useUser } from '../session.js'
import { gather, nothingYet, type Holdings } from './holdings.js'
import { Landing } from './landing.js'
import { Overview } from './overview.js'
import { Transactions } from './transactions.js'

/** The cash overview; before anything is connected, the way to it. */
export function Home() {
  const [now] = useState(() => Date.now())
  const { banks } = useCatalog()
  const loaded = useLoaded()
  const all = useConnections()
  const user = useUser()
  const connections = all.status === 'ready' ? all.connections : []
  const holdings = useWhole(gather(connections, loaded, banks), connections.length === 0)
  const ids = new Set(connections.map((connection) => bankOf(connection, banks)?.id))
  const connected = banks.filter(({ id }) => ids.has(id))
  const others = banks.filter(({ id }) => !ids.has(id))
  const empty = all.status !== 'restoring' && connections.length === 0
  return (
    <>
      <Forgotten />
      {empty && <SignedOut />}
      {empty && <Landing />}
      {!empty && <h1 className="greeting">{user ? `${user.name}’s cash overview` : 'Cash overview'}</h1>}
      {all.status === 'restoring' && <Waiting />}
      {connections.length > 0 && (
        <div className="dashboard">
          <Overview holdings={holdings} now={now} />
          <section className="banks" aria-labelledby="banks">
            <h2 id="banks">Your banks</h2>
            {connected.map((bank) => (
              <BankCard key={bank.id} bank={bank} />
            ))}
          </section>
          {holdings.bookings.length > 0 ? (
            <Transactions bookings={holdings.bookings} now={now} />
          ) : (
            holdings.loading && <div className="panel skeleton-block screen" aria-hidden="true" />
          )}
        </div>
      )}
      {/* Not before it is known where: what is drawn must not move away from under a pointer. */}
      {all.status !== 'restoring' && <Picker banks={others} first={empty} />}
    </>
  )
}

/** Milliseconds for which a bank that is slow is waited for before the others are shown without it. */
const patienceMs = 3000

/**
 * What the banks have shared, once all of them have answered: a total that grows bank by bank is a wrong one, and what
 * comes in between others moves them. A slow bank is not waited for longer than a moment.
 */
function useWhole(holdings: Holdings, empty: boolean): Holdings {
  const [shown, setShown] = useState(false)
  const { loading } = holdings
  if (empty === shown && (empty || !loading)) setShown(!empty)
  useEffect(() => {
    if (shown || empty) return
    const timer = setTimeout(() => {
      setShown(true)
    }, patienceMs)
    return () => {
      clearTimeout(timer)
    }
  }, [shown, empty])
  return shown ? holdings : { ...nothingYet, loading }
}

/** Until it is known what is connected. */
const Waiting = () => (
  <div className="dashboard screen" aria-hidden="true">
    <div className="panel skeleton-block tall" />
    <div className="panel skeleton-block" />
  </div>
)

/** Nobody is signed in to the app, here or at its backend. A callback says that itself. */
function SignedOut() {
  const signedOut = useConnections({ select: ({ status }) => status === 'sign_in_required' })
  const { status } = useAuthorizationCallback()
  if (!signedOut || status === 'sign_in_required') return null
  return (
    <section className="panel notice" aria-label="Sign in" tabIndex={-1}>
      <h2>Sign in to this app</h2>
      <p>What you connect is yours: it is kept while you are signed out, and no other user sees it.</p>
      <SignIn />
    </section>
  )
}
