import { useConnections } from 'countersign'
import { Act } from './act.js'
import type { ProviderName } from './bank.js'
import { moment } from './time.js'

/** Attempts that never came back: some banks show their errors and leave the person there. */
export function Abandoned({ name, title }: { name: ProviderName; title: string }) {
  const lost = useConnections({
    select: (all) =>
      all.status === 'ready' ? all.abandoned.filter(({ provider }) => provider === name) : [],
  })
  return lost.map(({ id, startedAt, restart, dismiss }) => (
    <div className="outcome" key={id}>
      <p>
        You left for {title} on {moment(startedAt)} and did not come back.
      </p>
      <p className="actions">
        <Act label="Try again" onClick={restart} />
        <Act quiet label="Forget it" onClick={dismiss} />
      </p>
    </div>
  ))
}
