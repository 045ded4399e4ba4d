'use client'
import * as React from 'react'
import type { Holders, Secret } from '../flow/holders.js'
import { laneNames, shortLaneNames } from '../flow/titles.js'
import { lanes, type Check, type InspectedEvent, type Parameter } from '../log/event.js'

/** What a message said, what was checked of it, and who has which secret afterwards. */
export function Message({
  event,
  holders,
}: {
  readonly event: InspectedEvent
  readonly holders: Holders
}): React.ReactElement {
  const { parameters = [], answer = [], checks = [], status, inferred, error, outcome } = event
  const details = React.useRef<HTMLDivElement>(null)
  React.useEffect(() => {
    // Opened near the lower edge, it would be out of sight. A test's document has no layout.
    const item = details.current?.parentElement
    if (item && 'scrollIntoView' in item) item.scrollIntoView({ block: 'nearest' })
  }, [])
  return (
    <div className="details" ref={details}>
      {inferred && <p>Nobody here has seen this: it must have happened for what followed to happen.</p>}
      {(parameters.length > 0 || status !== undefined) && (
        <Parameters title={event.kind === 'returned' ? 'Response' : 'Request'} parameters={parameters} />
      )}
      {(answer.length > 0 || status !== undefined) && (
        <Parameters
          title="Answer"
          parameters={[
            ...(status === undefined
              ? []
              : [{ name: 'HTTP status', value: status === 0 ? 'none came' : String(status) }]),
            ...answer,
          ]}
        />
      )}
      {(error !== undefined || (outcome !== undefined && parameters.length === 0)) && (
        <Parameters
          title="Outcome"
          parameters={[
            ...(outcome === undefined ? [] : [{ name: 'outcome', value: outcome }]),
            ...Object.entries(error ?? {}).map(([name, value]) => ({ name, value: String(value) })),
          ]}
        />
      )}
      {checks.length > 0 && <Checks checks={checks} />}
      <HoldersTable holders={holders} />
    </div>
  )
}

function Parameters({
  title,
  parameters,
}: {
  readonly title: string
  readonly parameters: readonly Parameter[]
}): React.ReactElement {
  return (
    <div>
      <h4>{title}</h4>
      {parameters.length === 0 && <p className="shape">No parameters</p>}
      <dl>
        {parameters.map(({ name, value, shape }) => (
          <div key={name} className="pair">
            <dt>{name}</dt>
            <dd className={value === undefined ? 'shape' : undefined}>{value ?? shape}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

const marks = { passed: '✓', failed: '✗', skipped: '–' } as const

function Checks({ checks }: { readonly checks: readonly Check[] }): React.ReactElement {
  return (
    <div>
      <h4>Checks</h4>
      <ul className="checks">
        {checks.map(({ name, result, section }) => (
          <li key={name} className={result === 'failed' ? 'fails' : result}>
            <b aria-hidden="true">{marks[result]}</b>
            <span>
              <span className="sr">{result}: </span>
              {name} {section !== undefined && <small>{section}</small>}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function HoldersTable({ holders }: { readonly holders: Holders }): React.ReactElement | null {
  const rows = Object.entries(holders) as [Secret, readonly (typeof lanes)[number][]][]
  if (rows.length === 0) return null
  const shown = lanes.slice(0, 4)
  return (
    <div>
      <h4>Who has which secret now</h4>
      <table className="holders">
        <thead>
          <tr>
            <td />
            {shown.map((lane) => (
              <th key={lane} scope="col" title={laneNames[lane]}>
                {shortLaneNames[lane]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([secret, holdersOf]) => (
            <tr key={secret}>
              <th scope="row">{secret}</th>
              {shown.map((lane) => (
                <td key={lane}>
                  {holdersOf.includes(lane) ? (
                    <>
                      <span aria-hidden="true">●</span>
                      <span className="sr">yes</span>
                    </>
                  ) : (
                    <span className="sr">no</span>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
