import type { Connection } from 'countersign'
import { createContext, useContext, useId } from 'react'
import { day, instant, moment } from './time.js'

const Chosen = createContext<string | undefined>(undefined)

/** Says which of a provider's connections everything below it is about. */
export const ChosenConnection = Chosen.Provider

/** The connection that is shown, as an option of `useConnection`. */
export function useChosen(): { readonly connection: string | undefined } {
  return { connection: useContext(Chosen) }
}

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
