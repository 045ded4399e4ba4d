import type { AuthorizationState } from 'countersign'
import { messageFor } from 'countersign/messages'
import { Act } from './act.js'
import { Outcome } from './outcome.js'
import { Problem } from './problem.js'

/** What {@link Attempt} shows. */
export interface AttemptProps {
  readonly state: AuthorizationState
  /** Goes to the bank again in the same way. */
  readonly again: () => void
  /** Goes to the bank by this page. */
  readonly byThisPage: () => void
}

/** Where an attempt to connect stands: the bank's window, and what came of it. */
export function Attempt({ state, again, byThisPage }: AttemptProps) {
  switch (state.status) {
    case 'waiting':
      return (
        <div className="outcome">
          <p>Go on in the bank’s window. This page waits for you.</p>
          <p className="actions">
            <Act quiet label="Cancel" onClick={state.cancel} />
          </p>
        </div>
      )
    case 'closed':
      return (
        <div className="outcome">
          <p>{messageFor(state)}</p>
        </div>
      )
    case 'cancelled':
    case 'denied':
    case 'sign_in_required':
      return <Outcome callback={state} />
    case 'failed': {
      const instead =
        state.error.code === 'popup_blocked' ? { label: 'Open it on this page', act: byThisPage } : undefined
      return <Problem error={state.error} again={state.resume ?? again} instead={instead} />
    }
    default:
      return null
  }
}
