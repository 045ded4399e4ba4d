'use client'
import type * as React from 'react'
import { causeOf } from '../facts/causes.js'
import { titleOf } from '../flow/titles.js'
import type { InspectedEvent } from '../log/event.js'
import { Table } from './table.js'
import type { TabProps } from './tab-props.js'
import { timeOf } from './time.js'

const hasFailed = ({ error, status }: InspectedEvent): boolean =>
  error !== undefined || status === 0 || (status ?? 0) >= 400

/** What failed, of a log. A request that failed, and the end of the flow that it led to, are one error. */
export function errorsIn(events: readonly InspectedEvent[]): readonly InspectedEvent[] {
  const errors: InspectedEvent[] = []
  const places = new Map<string, number>()
  for (const event of events.filter(hasFailed)) {
    const { flow, kind, error } = event
    const name = `${flow ?? ''} ${codeOf(event) ?? ''}`
    const place = places.get(name)
    const first = place === undefined ? undefined : errors[place]
    if (place !== undefined && first && flow !== undefined && (kind === 'ended' || kind === 'callback'))
      errors[place] = { ...first, error: { ...first.error, ...error } }
    else places.set(name, errors.push(event) - 1)
  }
  return errors
}

/** The code by which an event is explained. */
const codeOf = ({ error, status }: InspectedEvent): string | undefined =>
  error?.code ?? (status === 0 ? 'network_error' : error?.error)

/** Every error, with what most likely caused it. */
export function Errors({ events }: Pick<TabProps, 'events'>): React.ReactElement {
  return (
    <Table
      label="Errors"
      columns={['Time', 'Where', 'Code', "Server's or backend's error", 'Status', 'Recovery', 'Likely cause']}
      none="Nothing has failed."
      rows={[...errorsIn(events)].reverse().map((event) => {
        const cause = causeOf(codeOf(event))
        const { id, at, error, status, provider } = event
        return {
          key: id,
          cells: [
            timeOf(at),
            [titleOf(event), provider].filter(Boolean).join(', '),
            [error?.code, error?.parameter].filter(Boolean).join(': ') || '–',
            error?.error ?? '–',
            statusOf(error?.status ?? status),
            error?.recovery ?? '–',
            cause ? (
              <>
                {cause.text}{' '}
                <a href={cause.link} target="_blank" rel="noreferrer">
                  Read more<span className="sr"> about {codeOf(event)}</span>
                </a>
              </>
            ) : (
              '–'
            ),
          ],
        }
      })}
    />
  )
}

const statusOf = (status: number | undefined): string =>
  status === undefined ? '–' : status === 0 ? 'no answer' : String(status)
