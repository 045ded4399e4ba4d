import type { CountersignError } from 'countersign'
import { Act } from './act.js'
import { SignIn } from './sign-in.js'
import { wordsFor } from './words.js'

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
    <div className={error.recovery === 'sign_in' ? 'outcome' : 'problem'} role="alert">
      <p>{wordsFor(error) ?? error.message}</p>
      <p className="code">
        Code: <code>{error.code}</code>
      </p>
      <Remedy error={error} again={again} instead={instead} />
    </div>
  )
}

/** What a person is told when a developer has to act. */
export function NothingToDo() {
  return <p>Only the developer of this app can fix this. There is nothing you can do here.</p>
}

function Remedy({ error, again, instead }: ProblemProps) {
  switch (error.recovery) {
    case 'configure':
      return <NothingToDo />
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
