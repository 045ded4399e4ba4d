'use client'
import * as React from 'react'
import { toJson } from '../export/to-json.js'
import { toSvg } from '../export/to-svg.js'
import { duration } from '../flow/duration.js'
import type { Flow } from '../flow/flows.js'
import { hasFailed } from '../flow/has-failed.js'
import { holdersAfter } from '../flow/holders.js'
import { laneNames, shortLaneNames, titleOf } from '../flow/titles.js'
import type { Inspection } from '../inspect.js'
import { lanes, type InspectedEvent } from '../log/event.js'
import { providerNamed } from '../watch/watched.js'
import { Message } from './message.js'
import { save } from './save.js'
import { timeOf } from './time.js'

/** Props of {@link Timeline}. */
export interface TimelineProps {
  readonly flows: readonly Flow[]
  readonly inspection: Inspection
}

/** The flows, and what happened in the chosen one. */
export function Timeline({ flows, inspection }: TimelineProps): React.ReactElement {
  const [chosen, setChosen] = React.useState<string>()
  const flow = flows.find(({ id }) => id === chosen) ?? flows[0]
  if (!flow)
    return (
      <p className="none">
        Nothing has been connected yet. Press a connect button: what happens from the click to the stored
        connection is shown here, and is still here after the redirect.
      </p>
    )
  return (
    <div className="timeline">
      <ul className="flows" aria-label="Flows, the latest first">
        {flows.map(({ id, provider, status, startedAt }) => (
          <li key={id}>
            <button className={status} aria-pressed={id === flow.id} onClick={() => setChosen(id)}>
              <span className="dot" />
              <span>{provider || 'Unknown provider'}</span>
              <span className="time">{timeOf(startedAt)}</span>
              <small>{status}</small>
            </button>
          </li>
        ))}
      </ul>
      <FlowView key={flow.id} flow={flow} inspection={inspection} />
    </div>
  )
}

function FlowView({
  flow,
  inspection,
}: {
  readonly flow: Flow
  readonly inspection: Inspection
}): React.ReactElement {
  const [opened, setOpened] = React.useState<string>()
  const { id, provider, mode, status, milliseconds, error, events } = flow
  const keepsTokens = providerNamed(inspection.watched.context, provider)?.channel.keepsTokens ?? false
  const name = `countersign-${provider}-${id}`
  return (
    <div className="flow">
      <div className="summary">
        <h3>{provider || 'Unknown provider'}</h3>
        <span className={`status ${status}`}>{status}</span>
        <span className="grow">
          {[mode && `${mode} mode`, duration(milliseconds), error?.code].filter(Boolean).join(' · ')}
        </span>
        <button onClick={() => save(`${name}.json`, 'application/json', toJson(flow))}>Save as JSON</button>
        <button onClick={() => save(`${name}.svg`, 'image/svg+xml', toSvg(flow))}>Save as SVG</button>
      </div>
      <div className="heads" aria-hidden="true">
        <span className="time">after</span>
        <span className="tracks">
          {lanes.map((lane) => (
            <span key={lane}>
              <span className="long">{laneNames[lane]}</span>
              <span className="short">{shortLaneNames[lane]}</span>
            </span>
          ))}
        </span>
      </div>
      <ol className="sequence">
        {events.map((event, index) => (
          <li key={event.id}>
            <Arrow
              event={event}
              startedAt={flow.startedAt}
              isOpen={opened === event.id}
              onToggle={() => setOpened(opened === event.id ? undefined : event.id)}
            />
            {opened === event.id && (
              <Message event={event} holders={holdersAfter(flow, index, keepsTokens)} />
            )}
          </li>
        ))}
      </ol>
    </div>
  )
}

interface ArrowProps {
  readonly event: InspectedEvent
  readonly startedAt: number
  readonly isOpen: boolean
  readonly onToggle: () => void
}

/** One message, from party to party. */
function Arrow({ event, startedAt, isOpen, onToggle }: ArrowProps): React.ReactElement {
  const { from, to, at, milliseconds = 0, inferred } = event
  const [start, end] = [lanes.indexOf(from), lanes.indexOf(to)]
  const low = Math.min(start, end)
  const isBad = hasFailed(event)
  const way = start === end ? 'self' : end < start ? 'back' : ''
  const parties = from === to ? `at the ${laneNames[from]}` : `from ${laneNames[from]} to ${laneNames[to]}`
  return (
    <button
      className={['event', inferred && 'inferred', isBad && 'bad'].filter(Boolean).join(' ')}
      aria-expanded={isOpen}
      onClick={onToggle}
    >
      <span className="time">+{duration(at - startedAt)}</span>
      <span className="tracks">
        <span className={`label at-${String(low)}`}>
          <span>
            {titleOf(event)}
            <span className="sr">
              {`, ${parties}${inferred ? ', inferred' : ''}${isBad ? ', failed' : ''}`}
            </span>
            {milliseconds > 0 && <span className="time"> {duration(milliseconds)}</span>}
          </span>
        </span>
        <span className={`arrow ${way} lane-${String(low)}-${String(Math.max(start, end))}`} />
      </span>
    </button>
  )
}
