import { useAuthorizationCallback, useConnections, type CallbackState } from 'countersign'
import { messageFor } from 'countersign/messages'
import { CircleCheck, CircleX, ExternalLink, Play } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import { bank } from '../bank.js'
import { at } from '../base.js'
import { Act } from '../parts/act.js'
import { announce } from '../parts/announcer.js'
import { SignIn } from '../parts/sign-in.js'
import { useUser } from '../session.js'
import { finish, readSeen, setVerdict, useRun, useVerdict, type Run, type Verdict } from './run.js'
import { isNew, type Facts, type Scenario } from './scenarios.js'

/** One scenario: what happens, what is expected, and what was observed. */
export function ScenarioCard({ scenario, tabs }: { scenario: Scenario; tabs: number }) {
  const { id, title, story, expected } = scenario
  const run = useRun()
  const own = run?.id === id ? run : undefined
  const verdict = useVerdict(id)
  const heading = useId()
  return (
    <article className="panel scenario" aria-labelledby={heading} data-scenario={id} tabIndex={-1}>
      <h2 id={heading}>{title}</h2>
      <p>{story}</p>
      {id === 'ten-tabs' && <MoreTabs tabs={tabs} />}
      <dl>
        <div>
          <dt>Expected</dt>
          <dd>{expected}</dd>
        </div>
        <div>
          <dt>Observed</dt>
          <dd>
            {own ? (
              <Observed run={own} scenario={scenario} />
            ) : verdict ? (
              <Verdicted id={id} {...verdict} />
            ) : (
              <span className="meta">Not run yet.</span>
            )}
          </dd>
        </div>
      </dl>
      <Begin scenario={scenario} />
    </article>
  )
}

/** The newest connection of a scenario's bank. */
function useConnectionIds({ provider }: Scenario): readonly string[] {
  return useConnections({
    select: (all) =>
      all.status === 'ready'
        ? all.connections
            .filter((one) => one.provider === provider && one.status === 'connected')
            .map(({ id }) => id)
        : [],
  })
}

function Begin({ scenario }: { scenario: Scenario }) {
  const user = useUser()
  const newest = useConnectionIds(scenario).at(-1)
  const [busy, setBusy] = useState(false)
  if (user === null) return <p className="meta">Sign in to this app first.</p>
  if (scenario.needs && newest === undefined) {
    return (
      <div className="actions">
        <Act
          quiet
          label={`Connect ${scenario.bankName} first`}
          onClick={() => {
            void connectFirst(scenario)
          }}
        />
      </div>
    )
  }
  function begin() {
    setBusy(true)
    void scenario.begin(newest ?? '').finally(() => {
      setBusy(false)
    })
  }
  return (
    <div className="actions">
      <button
        type="button"
        className="button"
        aria-disabled={busy}
        aria-label={`Run: ${scenario.title}`}
        onClick={() => {
          if (!busy) begin()
        }}
      >
        <Play aria-hidden="true" />
        {busy ? 'Running…' : 'Run'}
      </button>
    </div>
  )
}

/** By the bank's own pages; the person comes back here. */
async function connectFirst({ provider }: Scenario): Promise<void> {
  if (provider === 'openid') await bank.authorization('openid', { returnTo: '/lab' }).authorizeAsync()
  if (provider === 'stitch') await bank.authorization('stitch', { returnTo: '/lab' }).authorizeAsync()
}

function MoreTabs({ tabs }: { tabs: number }) {
  return (
    <p className="actions">
      <a className="button quiet" href={at('/lab')} target="_blank" rel="opener">
        <ExternalLink aria-hidden="true" />
        Open another tab
      </a>
      <span className="meta">{tabs === 1 ? 'One tab is open' : `${String(tabs)} tabs are open`}</span>
    </p>
  )
}

const none: CallbackState = { status: 'none' }

function Observed({ run, scenario }: { run: Run; scenario: Scenario }) {
  const callback = useAuthorizationCallback()
  const connections = useConnectionIds(scenario)
  useEffect(() => {
    if (!scenario.settle || !isNew(callback)) return
    if (callback.status === 'none' || callback.status === 'pending') return
    void readSeen(scenario.provider, run.since).then((seen) => {
      const facts: Facts = { run, callback, seen, connections }
      const result = scenario.settle?.(facts)
      if (!result) return
      finish(run, result)
      announce(`${scenario.title}: ${result.holds ? 'as expected' : 'not as expected'}`)
    })
  }, [run, scenario, callback, connections])
  return <OnTheWay callback={isNew(callback) ? callback : none} />
}

function Verdicted({ id, holds, observed }: Verdict & { readonly id: Run['id'] }) {
  return (
    <div className={holds ? 'verdict holds' : 'verdict'}>
      <p>
        {holds ? <CircleCheck aria-hidden="true" /> : <CircleX aria-hidden="true" />}
        <strong>{holds ? 'As expected' : 'Not as expected'}</strong>
      </p>
      <ul>
        {observed.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <Act
        quiet
        label="Clear"
        onClick={() => {
          setVerdict(id, undefined)
        }}
      />
    </div>
  )
}

/** What the person reads and does meanwhile: what the app would show them. */
function OnTheWay({ callback }: { callback: CallbackState }) {
  switch (callback.status) {
    case 'sign_in_required':
      return (
        <div className="outcome">
          <p>{messageFor(callback)}</p>
          <SignIn onDone={callback.resume} />
        </div>
      )
    case 'failed':
      return (
        <div className="outcome bad">
          <p>{messageFor(callback)}</p>
          <p className="code">
            Code: <code>{callback.error.code}</code>
          </p>
          {callback.resume && (
            <p className="actions">
              <Act label="Try again" onClick={callback.resume} />
            </p>
          )}
        </div>
      )
    case 'none':
      return <span className="meta">On its way. If nothing follows, run it again.</span>
    default:
      return <span className="meta">Running…</span>
  }
}
