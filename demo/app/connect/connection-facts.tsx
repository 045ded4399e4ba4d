import type { Connection } from 'countersign'
import { CalendarClock } from 'lucide-react'
import { useId, useState } from 'react'
import { day, fromNow, instant, moment, scopeWord } from '../format.js'
import type { Bank } from './catalog.js'
import { choose } from './remembered.js'

/** What {@link Chooser} takes. */
export interface ChooserProps {
  readonly bank: Bank
  readonly connections: readonly Connection[]
  readonly chosen: string | undefined
}

/** Several connections at one bank: the person chooses which one is shown. */
export function Chooser({ bank, connections, chosen }: ChooserProps) {
  const name = useId()
  if (connections.length < 2) return null
  return (
    <fieldset className="chooser">
      <legend>{connections.length} connections</legend>
      {connections.map(({ id, connectedAt, status }) => (
        <label key={id}>
          <input
            type="radio"
            name={name}
            checked={id === chosen}
            onChange={() => {
              choose(bank.id, id)
            }}
          />
          <span>
            {instant(connectedAt)}
            {status === 'connected' ? null : <small>must be renewed</small>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

/** When a connection was made, and when it ends where that is known. */
export function Lifetime({ connection }: { connection: Connection }) {
  const { connectedAt, consentExpiresAt, renewBy } = connection
  const [now] = useState(() => Date.now())
  return (
    <dl className="lifetime">
      <div>
        <dt>Connected</dt>
        <dd>{moment(connectedAt)}</dd>
      </div>
      {consentExpiresAt !== undefined && (
        <div>
          <dt>
            <CalendarClock aria-hidden="true" /> Consent ends
          </dt>
          <dd>
            {day(consentExpiresAt)} <small>{fromNow(consentExpiresAt, now)}</small>
          </dd>
        </div>
      )}
      {renewBy !== undefined && (
        <div>
          <dt>Ends unless used by</dt>
          <dd>
            {day(renewBy)} <small>{fromNow(renewBy, now)}</small>
          </dd>
        </div>
      )}
    </dl>
  )
}

/** What the person did not grant. */
export function NotShared({ missingScope }: Pick<Connection, 'missingScope'>) {
  if (missingScope.length === 0) return null
  return <p className="hint">Not shared: {missingScope.map(scopeWord).join(', ')}</p>
}
