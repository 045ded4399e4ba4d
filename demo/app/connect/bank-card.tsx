import { useAuthorizationCallback, type CallbackState, type Connection, type TokensState } from 'countersign'
import { ArrowRight } from 'lucide-react'
import { useEffect, useId, useRef } from 'react'
import { useLoaded } from '../data/accounts.js'
import { useDisplay } from '../display.js'
import { BankMark } from '../mark.js'
import { Abandoned } from '../parts/abandoned.js'
import { announce } from '../parts/announcer.js'
import { Attempt } from '../parts/attempt.js'
import { useArrival } from '../parts/focus.js'
import { NoLongerShared, Outcome } from '../parts/outcome.js'
import { Problem } from '../parts/problem.js'
import type { Bank, Input } from './catalog.js'
import { Chooser, Lifetime, NotShared } from './connection-facts.js'
import { Disconnect } from './disconnect.js'
import { MoneyhubRenewals, Renew } from './renewals.js'
import { changeChoice, useChoice, useFarewell, useLanded } from './remembered.js'
import { ShownData } from './shown-data.js'
import { UnderTheHood } from './under-the-hood.js'
import { useIsCompleting, useIsLast, useOutcomeAt, useShown, useWay, type WayToBank } from './use-bank.js'

/** A bank: before it is connected a tile to choose it by, and then its accounts and what can be done about them. */
export function BankCard({ bank }: { bank: Bank }) {
  const { connections, tokens } = useShown(bank)
  const choice = useChoice(bank.id)
  const input = bank.choices?.options[choice]?.input ?? bank.input
  const connection = 'connection' in tokens ? tokens.connection : undefined
  const renewed =
    bank.renews && tokens.status === 'reauthorization_required' ? tokens.connection.id : undefined
  const way = useWay(bank, input, renewed)
  const attempted = useIsLast(bank)
  const callback = useOutcomeAt(bank)
  const completing = useIsCompleting(bank)
  const state = completing ? leaving : attempted ? way.state : idle
  const shown = statusOf(tokens, callback?.status, state)
  const heading = useId()
  const part = useRef<HTMLElement>(null)
  const arrived = useArrivedAt(connection, callback)
  useArrival(part, arrived)
  useAnnouncement(bank.name, shown.said, arrived)
  const farewell = useFarewell(bank.id)
  // Never while the page leaves: it may not, and then the next click leaves anew.
  const busy = completing || state.status === 'waiting'
  // What came of it, or the sign-in, offers the next step itself: one button stands out.
  const offered =
    callback !== undefined ||
    'error' in state ||
    tokens.status === 'failed' ||
    tokens.status === 'sign_in_required'
  return (
    <article
      aria-labelledby={heading}
      className={connection ? 'bank connected' : 'bank'}
      data-bank={bank.id}
      ref={part}
      tabIndex={-1}
    >
      <Head bank={bank} heading={heading} status={shown.status} />
      {callback && <Outcome callback={callback} />}
      {attempted && <Attempt {...way} />}
      {tokens.status === 'failed' && <Problem error={tokens.error} again={reload} />}
      <Chooser bank={bank} connections={connections} chosen={connection?.id} />
      {connection && tokens.status === 'connected' && <ShownData connection={connection} />}
      {connection && <Lifetime connection={connection} />}
      {tokens.status === 'connected' && <NotShared {...tokens.connection} />}
      {tokens.status === 'connected' && <NoLongerShared id={tokens.connection.id} />}
      {attempted && <Abandoned provider={bank.provider} name={bank.name} />}
      {farewell !== undefined && <p className="hint">{farewell}</p>}
      {!connection && farewell === undefined && <p className="keeps">{bank.keeps}</p>}
      <Choices bank={bank} chosen={choice} />
      {bank.provider === 'moneyhub' && tokens.status === 'connected' && (
        <MoneyhubRenewals connection={tokens.connection} />
      )}
      <Actions
        bank={bank}
        tokens={tokens}
        way={way}
        input={input}
        busy={busy}
        offered={offered}
        connections={connections}
      />
      <UnderTheHood bank={bank} tokens={tokens} />
    </article>
  )
}

const idle = { status: 'idle' } as const
const leaving = { status: 'leaving' } as const

function Head({ bank, heading, status }: { bank: Bank; heading: string; status: Status }) {
  const { brand, name, country, via } = bank
  return (
    <header>
      <BankMark brand={brand} />
      <div>
        <h3 id={heading}>{name}</h3>
        <p className="meta">
          {country} · {via}
        </p>
      </div>
      {/* Read out with the name by the announcer. */}
      <p role="status" aria-live="off" data-status={status}>
        {words[status]}
      </p>
    </header>
  )
}

function Choices({ bank, chosen }: { bank: Bank; chosen: number }) {
  if (!bank.choices) return null
  const { question, options } = bank.choices
  return (
    <label className="choice">
      {question}
      <select
        value={chosen}
        onChange={(event) => {
          changeChoice(bank.id, Number(event.target.value))
        }}
      >
        {options.map(({ label }, index) => (
          <option key={label} value={index}>
            {label}
          </option>
        ))}
      </select>
    </label>
  )
}

interface ActionsProps {
  readonly bank: Bank
  readonly tokens: TokensState
  readonly way: WayToBank
  readonly input: Input | undefined
  readonly busy: boolean
  readonly offered: boolean
  readonly connections: readonly Connection[]
}

function Actions({ bank, tokens, way, input, busy, offered, connections }: ActionsProps) {
  const display = useDisplay()
  const connected = tokens.status === 'connected'
  const missing = input === undefined && (bank.provider === 'basis' || bank.provider === 'moneyhub')
  return (
    <div className="actions">
      <button
        type="button"
        className={connected || offered ? 'button quiet' : 'button'}
        onPointerEnter={missing ? undefined : way.prepare}
        onClick={() => {
          if (!busy) way.again()
        }}
        // A button that is disabled loses the focus.
        aria-disabled={busy}
        disabled={missing}
      >
        <span>
          {connected ? 'Connect another' : 'Connect'}
          <span className="unseen">
            {connected ? ' account at ' : ' '}
            {bank.name}
          </span>
        </span>
        {connected ? null : <ArrowRight aria-hidden="true" />}
      </button>
      {bank.renews && connected && (
        <Renew key={`${tokens.connection.id} ${display}`} bank={bank} id={tokens.connection.id} />
      )}
      {'disconnect' in tokens && <Disconnect bank={bank} tokens={tokens} others={connections.length - 1} />}
    </div>
  )
}

/** Whether the person has come back to this page from the bank, or from its window, and it is known what came of it. */
function useArrivedAt(connection: Connection | undefined, outcome: CallbackState | undefined): boolean {
  const callback = useAuthorizationCallback()
  const data = useLoaded()
  const landed = useLanded()
  if (outcome || (landed !== undefined && landed === connection?.id)) return true
  // The page grows while the accounts come: the person is taken to the bank once it is where it stays.
  const came = callback.status === 'connected' && callback.connection.id === connection?.id
  const status = came ? data[callback.connection.id]?.status : undefined
  return status === 'loaded' || status === 'failed'
}

/** Announces what becomes of a bank; not what it is found with, unless somebody has come back for it. */
function useAnnouncement(name: string, said: string, arrived: boolean): void {
  const before = useRef<string>(words.restoring)
  useEffect(() => {
    if (before.current === said) return
    if (before.current !== words.restoring || arrived) announce(`${name}: ${said}`)
    before.current = said
  }, [name, said, arrived])
}

const reload = (): void => {
  location.reload()
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

type Status = keyof typeof words

/** The status of a bank, and what is said of it: an attempt that failed takes nothing from a connection that works. */
function statusOf(
  tokens: TokensState,
  outcome: string | undefined,
  state: { readonly status: string },
): { readonly status: Status; readonly said: string } {
  if (state.status === 'waiting' || state.status === 'leaving') return { status: 'busy', said: words.busy }
  // That nobody could leave is said in the card; what the bank answered is its status.
  const answered = outcome ?? (state.status === 'failed' ? undefined : state.status)
  const ended =
    answered === 'cancelled' || answered === 'denied' || answered === 'failed' ? answered : undefined
  const status = ended && tokens.status !== 'connected' ? ended : tokens.status
  return { status, said: ended ? words[ended] : words[status] }
}
