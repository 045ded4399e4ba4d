import { useConnections, type ConnectionsState } from 'countersign'
import { Act } from './act.js'
import type { ProviderName } from './bank.js'
import { moment } from './time.js'

const of =
  (name: ProviderName) =>
  (all: ConnectionsState): Extract<ConnectionsState, { status: 'ready' }>['abandoned'] =>
    all.status === 'ready' ? all.abandoned.filter(({ provider }) => provider === name) : []

/** Attempts that never came back: some banks show their errors and leave the person there. */
export function Abandoned({ name, title }: { name: ProviderName; title: string }) {
  const lost = useConnections({ select: of(name) })
  return lost.map(({ id, startedAt, resume, dismiss }) => (
    <div className="outcome" key={id}>
      <p>
        You left for {title} on {moment(startedAt)} and did not come back.
      </p>
      <p className="actions">
        <Act label="Try again" onClick={resume} />
        <Act quiet label="Forget it" onClick={dismiss} />
      </p>
    </div>
  ))
}
