import { useAuthorize, type Connection } from 'countersign'
import type { MoneyhubDetails, MoneyhubRenew } from 'countersign/providers'
import { RefreshCw } from 'lucide-react'
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
  { mode: 'reconsent', label: 'Agree for longer' },
  { mode: 'reauth', label: 'Sign in again' },
  { mode: 'refresh', label: 'Refresh' },
] as const

/** Moneyhub's three ways to renew a connection; it stays the same one. */
export function MoneyhubRenewals({ connection }: { connection: Connection }) {
  return renewals.map(({ mode, label }) => (
    <MoneyhubRenewal
      key={mode}
      mode={mode}
      label={label}
      connection={connection as Connection<MoneyhubDetails>}
    />
  ))
}

interface RenewalProps {
  readonly mode: MoneyhubRenew['mode']
  readonly label: string
  readonly connection: Connection<MoneyhubDetails>
}

function MoneyhubRenewal({ mode, label, connection: { id, details } }: RenewalProps) {
  const { authorize, status } = useAuthorize('moneyhub', {
    mode,
    connectionId: details.connectionId,
    connection: id,
    returnTo: '/',
  })
  useUnderWay(status === 'leaving' ? 'Going to your bank…' : undefined)
  return (
    <button type="button" className="button quiet" onClick={authorize}>
      {label}
    </button>
  )
}
