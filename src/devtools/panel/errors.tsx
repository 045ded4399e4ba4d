'use client'
import type * as React from 'react'
import { causeOf } from '../facts/causes.js'
import { hasFailed } from '../flow/has-failed.js'
import { titleOf } from '../flow/titles.js'
import type { InspectedEvent } from '../log/event.js'
import { Table } from './table.js'
import type { TabProps } from './tab-props.js'
import { timeOf } from './time.js'

/** What failed, of a log. A request that failed, and the end of the flow that it led to, are one error. */
export function errorsIn(events: readonly InspectedEvent[]): readonly InspectedEvent[] {
  let errors: readonly InspectedEvent[] = []
  for (const event of events.filter(hasFailed)) {
    const led = ends.includes(event.kind) ? errors.filter((one) => ledTo(one, event)) : []
    const last = led.at(-1)
    const { flow } = event
    const one = last
      ? { ...last, ...(flow !== undefined && { flow }), error: { ...last.error, ...event.error } }
      : event
    errors = [...errors.filter((other) => !led.includes(other)), one]
  }
  return errors
}

/** What tells that a flow has come to nothing. */
const ends: readonly string[] = ['ended', 'callback', 'not_left']

/** Metadata is asked for before there is a flow, and its failure ends one within: milliseconds. */
const earlyMilliseconds = 10_000

const ledTo = (one: InspectedEvent, end: InspectedEvent): boolean =>
  one.flow === undefined
    ? one.kind === 'metadata' &&
      end.kind === 'not_left' &&
      one.provider === end.provider &&
      end.at - one.at < earlyMilliseconds
    : one.flow === end.flow

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
