import type { Connection } from 'countersign'
import { useId } from 'react'
import { day, instant, moment } from './time.js'

/** What {@link Chooser} takes. */
export interface ChooserProps {
  readonly connections: readonly Connection[]
  readonly chosen: string | undefined
  readonly choose: (id: string) => void
}

/** Several connections at one provider: the person chooses which one is shown. */
export function Chooser({ connections, chosen, choose }: ChooserProps) {
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
              choose(id)
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
  const facts = [
    `Connected ${moment(connectedAt)}`,
    consentExpiresAt !== undefined && `consent ends ${day(consentExpiresAt)}`,
    renewBy !== undefined && `stays if used by ${day(renewBy)}`,
  ].filter((fact) => fact !== false)
  return <p className="lifetime">{facts.join(' · ')}</p>
}
