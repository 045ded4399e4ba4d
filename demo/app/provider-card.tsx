import {
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
  useConnections,
  type CallbackState,
  type InputOf,
  type TokensState,
} from 'countersign'
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { Abandoned } from './abandoned.js'
import { Act } from './act.js'
import { announce } from './announcer.js'
import { Attempt } from './attempt.js'
import { BadDays, type Wish } from './bad-days.js'
import { type bank, type ProviderName } from './bank.js'
import { Chooser, ChosenConnection, Lifetime } from './chosen.js'
import { readConfiguration, realProviders } from './configuration.js'
import { useDisplay } from './display.js'
import { useArrival } from './focus.js'
import { Outcome } from './outcome.js'
import { Problem } from './problem.js'
import { usePath } from './router.js'

type ConnectedState = Extract<TokensState, { status: 'connected' }>
type Input = InputOf<(typeof bank.providers)[ProviderName]>

/** What {@link ProviderCard} shows. */
export interface ProviderCardProps {
  readonly name: ProviderName
  readonly title: string
  /** One sentence: what this provider is. */
  readonly about: string
  /** One sentence: where the tokens are. */
  readonly where: string
  /** What the person has chosen; null while something is still to be chosen. @defaultValue nothing to choose */
  readonly input?: Input | null
  /** Whether a connection can be renewed in place, without choosing anything. */
  readonly renews?: boolean
  /** Where the person chooses it. */
  readonly choices?: ReactNode
  /** Bad days that only this bank can have. */
  readonly wishes?: readonly Wish[]
  /** What was fetched with the connection that is shown. */
  readonly children: (connected: ConnectedState) => ReactNode
}

/** One provider: its status, its button, its connections with their data, its bad days. */
export function ProviderCard(props: ProviderCardProps) {
  const { name, title, about, where, input, renews = false, choices, wishes, children } = props
  const { connections, tokens, choose } = useChoice(name)
  const display = useDisplay()
  const renewed = renews && tokens.status === 'reauthorization_required' ? tokens.connection.id : undefined
  const attempt = useAttempt(name, input ?? undefined, renewed, choose)
  const callback = useAuthorizationCallback()
  const path = usePath()
  const [confirmed, setConfirmed] = useState<boolean>()
  const heading = useId()
  const ours =
    'provider' in callback && callback.provider === name && path.startsWith('/callback/')
      ? callback
      : undefined
  const completing = callback.status === 'pending' && path === `/callback/${name}`
  const busy = completing || attempt.state.status === 'waiting'
  // That nobody could leave is said in the card; what the bank answered is its status.
  const answered = attempt.state.status === 'failed' ? undefined : attempt.state.status
  // What came of it, or the sign-in, offers the next step itself: one button stands out.
  const offered =
    ours !== undefined ||
    'error' in attempt.state ||
    tokens.status === 'failed' ||
    tokens.status === 'sign_in_required'
  const shown = statusOf(tokens, ours?.status ?? answered, busy || attempt.state.status === 'leaving')
  const connection = 'connection' in tokens ? tokens.connection : undefined
  const part = useRef<HTMLElement>(null)
  const arrived = hasArrived(callback, name)
  useArrival(part, arrived)
  useAnnouncement(title, shown, arrived)
  return (
    <article aria-labelledby={heading} className="card" ref={part} tabIndex={-1}>
      <header>
        <h2 id={heading}>{title}</h2>
        {/* Read out with the title by the announcer. */}
        <p role="status" aria-live="off" data-status={shown}>
          {words[shown]}
        </p>
      </header>
      <p>{about}</p>
      {ours && <Outcome callback={ours} />}
      <Attempt {...attempt} />
      {tokens.status === 'failed' && <Problem error={tokens.error} again={reload} />}
      <Chooser connections={connections} chosen={connection?.id} choose={choose} />
      {connection && <Lifetime connection={connection} />}
      {tokens.status === 'connected' && <Missing {...tokens.connection} />}
      {tokens.status === 'connected' && (
        <ChosenConnection value={tokens.connection.id}>{children(tokens)}</ChosenConnection>
      )}
      <Abandoned name={name} title={title} />
      {confirmed !== undefined && <p className="hint">{farewells[String(confirmed)]}</p>}
      {choices}
      <div className="actions">
        <button
          type="button"
          className={offered ? 'quiet' : undefined}
          onPointerEnter={attempt.prepare}
          onClick={() => {
            if (busy) return
            setConfirmed(undefined)
            attempt.again()
          }}
          // Never while the page leaves: it may not, and then the next click leaves anew. A button that is disabled loses the focus.
          aria-disabled={busy}
          disabled={input === null}
        >
          {tokens.status === 'connected' ? `Connect ${title} again` : `Connect ${title}`}
        </button>
        {renews && tokens.status === 'connected' && (
          <Reconnect key={`${tokens.connection.id} ${display}`} name={name} id={tokens.connection.id} />
        )}
        {'disconnect' in tokens && (
          <Act
            quiet
            label="Disconnect"
            onClick={() => {
              void tokens.disconnect().then(({ revoked }) => {
                setConfirmed(revoked)
                announce(`${title}: ${farewells[String(revoked)] ?? ''}`)
              })
            }}
          />
        )}
      </div>
      <p className="where">{where}</p>
      {!isReal(title) && <BadDays name={name} title={title} wishes={wishes} tokens={tokens} />}
    </article>
  )
}

/** Whether this page was opened with an answer that belongs to the card, and it is known what came of it. */
function hasArrived(callback: CallbackState, name: ProviderName): boolean {
  return 'provider' in callback && callback.provider === name
}

/** Announces what becomes of a card; not what it is found with, unless somebody has come back for it. */
function useAnnouncement(title: string, shown: keyof typeof words, arrived: boolean): void {
  const before = useRef<keyof typeof words>('restoring')
  useEffect(() => {
    if (before.current === shown) return
    if (before.current !== 'restoring' || arrived) announce(`${title}: ${words[shown]}`)
    before.current = shown
  }, [title, shown, arrived])
}

/** Only the embedded banks do as they are told. Both of Moneyhub's cards go to the same place. */
const isReal = (title: string): boolean => real.some((name) => title.startsWith(name))
const real = realProviders(readConfiguration())

/** The connections of a provider, and the one that is shown: what was just connected until the person chooses another. */
function useChoice(name: ProviderName) {
  const callback = useAuthorizationCallback()
  const [chosen, choose] = useState<string>()
  const came = callback.status === 'connected' && callback.provider === name
  const wanted = chosen ?? (came ? callback.connection.id : undefined)
  const connections = useConnections({
    select: (all) =>
      all.status === 'ready' ? all.connections.filter(({ provider }) => provider === name) : [],
  })
  const there = connections.some(({ id }) => id === wanted)
  const tokens: TokensState = useConnection(name, { connection: there ? wanted : undefined })
  return { connections, tokens, choose }
}

/** The way to the bank, as the person wants it: by this page or by a window of its own. */
function useAttempt(
  name: ProviderName,
  input: Input | undefined,
  renewed: string | undefined,
  choose: (id: string) => void,
) {
  const display = useDisplay()
  const whole = { ...(renewed === undefined ? input : { connection: renewed }) } as Input
  const {
    authorize,
    authorizeAsync,
    prepare,
    prepareAsync: _,
    ...state
  } = useAuthorize(name, { ...whole, display })
  return {
    state,
    prepare,
    again: () => {
      void authorizeAsync().then((outcome) => {
        if (outcome.status === 'connected') choose(outcome.connection.id)
      })
    },
    byThisPage: () => {
      authorize({ display: 'redirect' })
    },
  }
}

/** Renews a connection in place: it keeps its id. */
function Reconnect({ name, id }: { name: ProviderName; id: string }) {
  const attempt = useAttempt(name, undefined, id, () => undefined)
  const busy = attempt.state.status === 'waiting'
  return (
    <>
      <button
        type="button"
        className="quiet"
        aria-disabled={busy}
        onClick={() => {
          if (!busy) attempt.again()
        }}
      >
        Reconnect
      </button>
      <Attempt {...attempt} />
    </>
  )
}

/** What the person did not grant. */
function Missing({ missingScope }: ConnectedState['connection']) {
  return missingScope.length > 0 ? <p className="hint">Not shared: {missingScope.join(', ')}</p> : null
}

const reload = (): void => {
  location.reload()
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
  if (outcome === 'cancelled' || outcome === 'denied' || outcome === 'failed') return outcome
  return tokens.status
}
