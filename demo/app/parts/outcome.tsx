import {
  AuthorizationResponseError,
  useAuthorizationCallback,
  type CallbackState,
  type CountersignError,
} from 'countersign'
import { messageFor } from 'countersign/messages'
import { navigate } from '../router.js'
import { useUser } from '../session.js'
import { scopeWord } from '../format.js'
import { Act } from './act.js'
import { SignIn } from './sign-in.js'

/** What a person reads and can do when a connection did not come about. */
export function Outcome({ callback }: { callback: CallbackState }) {
  switch (callback.status) {
    case 'cancelled':
    case 'denied':
      return (
        <Message text={messageFor(callback)}>
          <Act label="Try again" onClick={callback.restart} />
          <Back />
        </Message>
      )
    case 'sign_in_required':
      return <SignInFirst text={messageFor(callback)} resume={callback.resume} />
    case 'failed':
      if (callback.error.code === 'subject_unknown') return <UserUnknown error={callback.error} />
      return (
        <Message text={messageFor(callback)} error={callback.error}>
          {callback.resume && <Act label="Try again" onClick={callback.resume} />}
          {callback.restart && <Act label="Start again" onClick={callback.restart} />}
          <Back label={callback.resume || callback.restart ? 'Not now' : 'Close'} />
        </Message>
      )
    default:
      return null
  }
}

/** What the person shared until they renewed the connection, and does not any more. */
export function NoLongerShared({ id }: { id: string }) {
  const callback = useAuthorizationCallback()
  if (callback.status !== 'connected' || callback.connection.id !== id || !callback.previous) return null
  const { grantedScope } = callback.connection
  const gone = callback.previous.grantedScope.filter((scope) => !grantedScope.includes(scope))
  return gone.length === 0 ? null : <p className="hint">No longer shared: {gone.map(scopeWord).join(', ')}</p>
}

/** The app could not find out who is signed in. Once it knows, the client goes on by itself. */
function UserUnknown({ error }: { error: CountersignError }) {
  return (
    <div className="outcome">
      <p>{messageFor(error)}</p>
      <SignIn />
    </div>
  )
}

/** Nobody was signed in when the person came back; by now somebody may be, by the menu or in another tab. */
function SignInFirst({ text, resume }: { text: string | undefined; resume: () => void }) {
  const user = useUser()
  return (
    <div className="outcome">
      <p>{text}</p>
      {user ? (
        <p className="actions">
          <Act label={`Go on as ${user.name}`} onClick={resume} />
        </p>
      ) : (
        <SignIn onDone={resume} />
      )}
    </div>
  )
}

interface MessageProps {
  readonly text: string | undefined
  readonly error?: CountersignError
  readonly children: React.ReactNode
}

function Message({ text, error, children }: MessageProps) {
  return (
    <div className={error ? 'outcome bad' : 'outcome'}>
      <p>{text}</p>
      {error && <Evidence error={error} />}
      <p className="actions">{children}</p>
    </div>
  )
}

/** What the error says of itself, for who made the app. The bank's own words are text, never markup. */
function Evidence({ error }: { error: CountersignError }) {
  const { code } = error
  const answer = error instanceof AuthorizationResponseError ? error : undefined
  return (
    <>
      {answer?.errorDescription && <p>Your bank says: “{answer.errorDescription}”</p>}
      <p className="code">
        Code: <code>{answer ? `${code}: ${answer.error}` : code}</code>
      </p>
      {!answer && <p className="code">For the developer: {error.message}</p>}
      {answer?.errorUri && (
        <p className="code">
          <a href={answer.errorUri} target="_blank" rel="noreferrer">
            What this error means
          </a>
        </p>
      )}
    </>
  )
}

function Back({ label = 'Not now' }: { label?: string }) {
  return (
    <Act
      quiet
      label={label}
      onClick={() => {
        navigate('/', { replace: true })
      }}
    />
  )
}
