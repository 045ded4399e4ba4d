import { useAuthorize, type Connection } from 'countersign'
import type { MoneyhubDetails, MoneyhubRenew } from 'countersign/providers'
import { RefreshCw } from 'lucide-react'
import { useId } from 'react'
import { Attempt } from '../parts/attempt.js'
import { useUnderWay } from '../parts/under-way.js'
import type { Bank } from './catalog.js'
import { useWay } from './use-bank.js'

/** Renews a connection in place: it keeps its id. */
export function Renew({ bank, id }: { bank: Bank; id: string }) {
  const way = useWay(bank, undefined, id)
  const busy = way.state.status === 'waiting'
  return (
    <>
      <button
        type="button"
        className="button quiet"
        aria-disabled={busy}
        onClick={() => {
          if (!busy) way.again()
        }}
      >
        <RefreshCw aria-hidden="true" />
        Renew
      </button>
      <Attempt {...way} />
    </>
  )
}

const renewals = [
  {
    mode: 'reconsent',
    label: 'Agree for longer',
    hint: 'You approve the same access at your bank again: it then lasts 90 days from today.',
  },
  {
    mode: 'reauth',
    label: 'Sign in again',
    hint: 'You sign in at your bank, for when it has stopped sending news and wants to see you.',
  },
  {
    mode: 'refresh',
    label: 'Refresh',
    hint: 'You go to your bank, and Moneyhub fetches what is new while you are there.',
  },
] as const

/** Moneyhub's three ways to renew a connection, each with what it does; it stays the same one. */
export function MoneyhubRenewals({ connection }: { connection: Connection }) {
  return (
    <ul className="renewals" aria-label="Renew">
      {renewals.map((renewal) => (
        <MoneyhubRenewal
          key={renewal.mode}
          {...renewal}
          connection={connection as Connection<MoneyhubDetails>}
        />
      ))}
    </ul>
  )
}

interface RenewalProps {
  readonly mode: MoneyhubRenew['mode']
  readonly label: string
  readonly hint: string
  readonly connection: Connection<MoneyhubDetails>
}

function MoneyhubRenewal({ mode, label, hint, connection: { id, details } }: RenewalProps) {
  const hintId = useId()
  const { authorize, status } = useAuthorize('moneyhub', {
    mode,
    connectionId: details.connectionId,
    connection: id,
    returnTo: '/',
  })
  useUnderWay(status === 'leaving' ? 'Going to your bank…' : undefined)
  return (
    <li>
      <button type="button" className="button quiet" aria-describedby={hintId} onClick={authorize}>
        {label}
      </button>
      <p id={hintId}>{hint}</p>
    </li>
  )
}
