'use client'
import * as React from 'react'
import { flowsOf } from '../flow/flows.js'
import type { Inspection } from '../inspect.js'
import { Connections } from './connections.js'
import { Errors, errorsIn } from './errors.js'
import { Findings, useFindings } from './findings.js'
import { Refreshes } from './refreshes.js'
import { Session } from './session.js'
import { Timeline } from './timeline.js'
import { Transactions } from './transactions.js'

/** Props of {@link Panel}. */
export interface PanelProps {
  readonly inspection: Inspection
  readonly onClose: () => void
}

const tabs = ['timeline', 'connections', 'transactions', 'refresh', 'session', 'errors', 'findings'] as const
type Tab = (typeof tabs)[number]

/** The panel itself: its tabs and what the chosen one shows. */
export function Panel({ inspection, onClose }: PanelProps): React.ReactElement {
  const { log } = inspection
  const { tab: wanted } = React.useSyncExternalStore(log.view.subscribe, log.view.get)
  const events = React.useSyncExternalStore(log.subscribe, log.get)
  const tab = tabs.find((one) => one === wanted) ?? 'timeline'
  const flows = React.useMemo(() => flowsOf(events), [events])
  const findings = useFindings(inspection, events)
  const counts: Partial<Record<Tab, number>> = {
    timeline: flows.length,
    errors: errorsIn(events).length,
    findings: findings?.length ?? 0,
  }
  const choose = (next: Tab): void => log.view.set({ isOpen: true, tab: next })
  return (
    <section className="panel" aria-label="What the client does">
      <div className="bar">
        <h2>Devtools</h2>
        <Tabs chosen={tab} counts={counts} onChoose={choose} />
        <button onClick={() => void log.clear()}>Clear</button>
        <button onClick={onClose}>Close</button>
      </div>
      <div role="tabpanel" id="panel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {tab === 'timeline' && <Timeline flows={flows} inspection={inspection} />}
        {tab === 'connections' && <Connections inspection={inspection} events={events} />}
        {tab === 'transactions' && <Transactions inspection={inspection} events={events} />}
        {tab === 'refresh' && <Refreshes events={events} />}
        {tab === 'session' && <Session inspection={inspection} events={events} flows={flows} />}
        {tab === 'errors' && <Errors events={events} />}
        {tab === 'findings' && <Findings findings={findings} />}
      </div>
    </section>
  )
}

interface TabsProps {
  readonly chosen: Tab
  readonly counts: Partial<Record<Tab, number>>
  readonly onChoose: (tab: Tab) => void
}

/** The keys of a list of tabs, as the ARIA Authoring Practices have them. */
function Tabs({ chosen, counts, onChoose }: TabsProps): React.ReactElement {
  const move = (event: React.KeyboardEvent<HTMLElement>): void => {
    const index = tabs.indexOf(chosen)
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: index + 1,
      ArrowLeft: index - 1,
      Home: 0,
      End: tabs.length - 1,
    }
    const next = tabs.at((steps[event.key] ?? NaN) % tabs.length)
    if (!(event.key in steps) || !next) return
    event.preventDefault()
    onChoose(next)
    const root = event.currentTarget.getRootNode() as ShadowRoot
    root.getElementById(`tab-${next}`)?.focus()
  }
  return (
    <div role="tablist" aria-label="What to look at" onKeyDown={move}>
      {tabs.map((tab) => {
        const { [tab]: count = 0 } = counts
        return (
          <button
            key={tab}
            role="tab"
            id={`tab-${tab}`}
            aria-controls="panel"
            aria-selected={tab === chosen}
            tabIndex={tab === chosen ? 0 : -1}
            onClick={() => onChoose(tab)}
          >
            {tab.replace(/^./, (letter) => letter.toUpperCase())}
            {count > 0 && <span className={tab === 'timeline' ? 'count' : 'count bad'}>{count}</span>}
          </button>
        )
      })}
    </div>
  )
}
