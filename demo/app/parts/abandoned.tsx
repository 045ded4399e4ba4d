import { useConnections } from 'countersign'
import type { ProviderName } from '../bank.js'
import { moment } from '../format.js'
import { Act } from './act.js'

/** Attempts that never came back: some banks show their errors and leave the person there. */
export function Abandoned({ provider, name }: { provider: ProviderName; name: string }) {
  const lost = useConnections({
    select: (all) => (all.status === 'ready' ? all.abandoned.filter((one) => one.provider === provider) : []),
  })
  return lost.map(({ id, startedAt, restart, dismiss }) => (
    <div className="outcome" key={id}>
      <p>
        You left for {name} on {moment(startedAt)} and did not come back.
      </p>
      <p className="actions">
        <Act label="Try again" onClick={restart} />
        <Act quiet label="Forget it" onClick={dismiss} />
      </p>
    </div>
  ))
}
