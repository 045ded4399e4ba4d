import {
  useAuthorizationCallback,
  useAuthorize,
  useConnections,
  useTokens,
  type InputOf,
  type TokensState,
} from 'countersign'
import { useId, useState, type ReactNode } from 'react'
import { BadDays, type Wish } from './bad-days.js'
import type { bank, ProviderName } from './bank.js'
import { Outcome } from './outcome.js'
import { usePath } from './router.js'

type ConnectedState = Extract<TokensState, { status: 'connected' }>

/** What {@link ProviderCard} shows. */
export interface ProviderCardProps {
  readonly name: ProviderName
  readonly title: string
  /** One sentence: what this provider is. */
  readonly about: string
  /** One sentence: where the tokens are. */
  readonly where: string
  /** What the person has chosen; null while something is still to be chosen. @defaultValue nothing to choose */
  readonly input?: InputOf<(typeof bank.providers)[ProviderName]> | null
  /** Where the person chooses it. */
  readonly choices?: ReactNode
  /** Bad days that only this bank can have. */
  readonly wishes?: readonly Wish[]
  /** What was fetched with the new connection. */
  readonly children: (connected: ConnectedState) => ReactNode
}

/** One provider: its status, its button, its data, its bad days. */
export function ProviderCard(props: ProviderCardProps) {
  const { name, title, about, where, input, choices, wishes, children } = props
  const tokens: TokensState = useTokens(name)
  const { authorize, prepare, status, error } = useAuthorize(name, input ?? undefined)
  const callback = useAuthorizationCallback()
  const path = usePath()
  const [confirmed, setConfirmed] = useState<boolean>()
  const heading = useId()
  const ours =
    'provider' in callback && callback.provider === name && path.startsWith('/callback/')
      ? callback
      : undefined
  const completing = callback.status === 'pending' && path === `/callback/${name}`
  const busy = status === 'leaving' || completing
  return (
    <article aria-labelledby={heading} className="card">
      <header>
        <h2 id={heading}>{title}</h2>
        <p role="status" data-status={statusOf(tokens, ours?.status, busy)}>
          {words[statusOf(tokens, ours?.status, busy)]}
        </p>
      </header>
      <p>{about}</p>
      {ours && <Outcome callback={ours} />}
      {error && <p className="problem">{error.message}</p>}
      {tokens.status === 'connected' && <Missing {...tokens.connection} />}
      {tokens.status === 'connected' && children(tokens)}
      <Abandoned name={name} />
      {tokens.status === 'disconnected' && confirmed !== undefined && <p>{farewells[String(confirmed)]}</p>}
      {choices}
      <p className="actions">
        <button
          type="button"
          onPointerEnter={() => void prepare()}
          onClick={() => void authorize()}
          disabled={busy || input === null}
        >
          {tokens.status === 'connected' ? `Connect ${title} again` : `Connect ${title}`}
        </button>
        {'disconnect' in tokens && (
          <button
            type="button"
            className="quiet"
            onClick={() => void tokens.disconnect().then(({ revoked }) => setConfirmed(revoked))}
          >
            Disconnect
          </button>
        )}
      </p>
      <p className="where">{where}</p>
      <BadDays name={name} title={title} wishes={wishes} tokens={tokens} />
    </article>
  )
}

/** What the person did not grant. */
function Missing({ missingScope }: ConnectedState['connection']) {
  return missingScope.length > 0 ? <p className="hint">Not shared: {missingScope.join(', ')}</p> : null
}

/** Attempts that never came back: some banks show their errors and leave the person there. */
function Abandoned({ name }: { name: ProviderName }) {
  const all = useConnections()
  const lost = all.status === 'ready' ? all.abandoned.filter(({ provider }) => provider === name) : []
  return lost.map(({ id, startedAt, resume, dismiss }) => (
    <div className="outcome" key={id}>
      <p>
        You left for the bank at {new Date(startedAt * 1000).toLocaleTimeString('en')} and did not come back.
      </p>
      <p className="actions">
        <button type="button" onClick={() => void resume()}>
          Try again
        </button>
        <button type="button" className="quiet" onClick={() => void dismiss()}>
          Forget it
        </button>
      </p>
    </div>
  ))
}

const farewells: Readonly<Record<string, string>> = {
  true: 'Disconnected. The bank has confirmed that nothing is shared any more.',
  false: 'Disconnected here. The bank did not confirm it: end the access in your online banking, too.',
}

const words = {
  restoring: 'Looking…',
  busy: 'Connecting…',
  connected: 'Connected',
  disconnected: 'Not connected',
  reauthorization_required: 'Connect again to go on',
  sign_in_required: 'Sign in to this app first',
  cancelled: 'Cancelled',
  denied: 'Denied',
  failed: 'Not connected: something went wrong',
} as const

function statusOf(tokens: TokensState, outcome: string | undefined, busy: boolean): keyof typeof words {
  if (busy) return 'busy'
  if (
    outcome === 'cancelled' ||
    outcome === 'denied' ||
    outcome === 'failed' ||
    outcome === 'sign_in_required'
  )
    return outcome
  return tokens.status
}
