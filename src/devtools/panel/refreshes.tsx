'use client'
import type * as React from 'react'
import { duration } from '../flow/duration.js'
import { Table } from './table.js'
import type { TabProps } from './tab-props.js'
import { timeOf } from './time.js'

const many = (count: number, noun: string): string => `${String(count)} ${noun}${count === 1 ? '' : 's'}`

/** Each renewal of an access token: how many asked for it, and how many requests it took. */
export function Refreshes({ events }: Pick<TabProps, 'events'>): React.ReactElement {
  const renewals = events.filter(({ kind }) => kind === 'renewal').reverse()
  const waits = events.filter(({ kind, outcome }) => kind === 'lock' && outcome === 'refresh')
  return (
    <Table
      label="Renewals of access tokens"
      columns={['Time', 'Connection', 'Callers and requests', 'Took', 'Outcome']}
      none="No access token has been renewed yet: that happens at the first use after it has expired, once however many ask."
      rows={renewals.map(
        ({ id, at, connection, callers = 0, requests = 0, milliseconds = 0, outcome, error }) => ({
          key: id,
          isBad: outcome === 'failed',
          cells: [
            timeOf(at),
            <code key="id">{connection}</code>,
            `${many(callers, 'caller')} → ${many(requests, 'request')}`,
            duration(milliseconds),
            [
              outcome,
              error?.code,
              requests === 0 && outcome === 'renewed' && 'another tab had a good token',
              waits.some(
                (wait) => wait.connection === connection && wait.at >= at && wait.at <= at + milliseconds,
              ) && 'waited for another tab',
            ]
              .filter(Boolean)
              .join(', '),
          ],
        }),
      )}
    />
  )
}
