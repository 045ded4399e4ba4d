import type { CountersignError } from 'countersign'
import { messageFor } from 'countersign/messages'
import { Act } from './act.js'
import { SignIn } from './sign-in.js'

/** What {@link Problem} shows. */
export interface ProblemProps {
  readonly error: CountersignError
  /** Takes the step again that failed. */
  readonly again: () => void
  /** Another way to the same end. */
  readonly instead?: { readonly label: string; readonly act: () => void } | undefined
}

/** Something that did not work, with what its `recovery` says can be done. */
export function Problem({ error, again, instead }: ProblemProps) {
  return (
    <div className={error.recovery === 'sign_in' ? 'outcome' : 'outcome bad'} role="alert">
      <p>{messageFor(error)}</p>
      <p className="code">
        Code: <code>{error.code}</code>
      </p>
      <Remedy error={error} again={again} instead={instead} />
    </div>
  )
}

function Remedy({ error, again, instead }: ProblemProps) {
  switch (error.recovery) {
    case 'configure':
      return null
    case 'sign_in':
      return <SignIn onDone={again} />
    default:
      return (
        <p className="actions">
          <Act label={error.recovery === 'resume' ? 'Try again' : 'Start again'} onClick={again} />
          {instead && <Act quiet label={instead.label} onClick={instead.act} />}
        </p>
      )
  }
}
