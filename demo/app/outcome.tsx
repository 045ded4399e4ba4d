import { type CallbackState } from 'countersign'
import { navigate } from './router.js'
import { signIn } from './session-menu.js'

/** What a person reads and can do when a connection did not come about. */
export function Outcome({ callback }: { callback: CallbackState }) {
  switch (callback.status) {
    case 'cancelled':
      return (
        <Message text="You stopped at the bank. Nothing was connected, nothing was shared.">
          <Act label="Try again" onClick={callback.restart} />
          <Back />
        </Message>
      )
    case 'denied':
      return (
        <Message text="Access was refused at the bank. Nothing was shared.">
          <Act label="Try again" onClick={callback.restart} />
          <Back />
        </Message>
      )
    case 'sign_in_required':
      return (
        <Message text="You were signed out of this app while you were at the bank. Sign in, and the connection goes on where it stopped.">
          <Act label="Sign in and go on" onClick={() => signIn().then(callback.resume)} />
        </Message>
      )
    case 'failed':
      return (
        <Message text={callback.error.message} code={callback.error.code}>
          {callback.resume && <Act label="Try again" onClick={callback.resume} />}
          {callback.restart && <Act label="Start again" onClick={callback.restart} />}
          <Back />
        </Message>
      )
    default:
      return null
  }
}

function Message({ text, code, children }: { text: string; code?: string; children: React.ReactNode }) {
  return (
    <div className="outcome">
      <p>{text}</p>
      {code && (
        <p className="code">
          Code: <code>{code}</code>
        </p>
      )}
      <p className="actions">{children}</p>
    </div>
  )
}

function Act({ label, onClick }: { label: string; onClick: () => unknown }) {
  return (
    <button type="button" onClick={() => void onClick()}>
      {label}
    </button>
  )
}

function Back() {
  return (
    <button
      type="button"
      className="quiet"
      onClick={() => {
        navigate('/', { replace: true })
      }}
    >
      Not now
    </button>
  )
}
