'use client'
import * as React from 'react'
import { readSubject } from '../facts/read-subject.js'
import { Table } from './table.js'
import type { TabProps } from './tab-props.js'
import { timeOf, useRead } from './time.js'

/** Who the app's user is, and when that changed. */
export function Session({ inspection, events, flows }: TabProps): React.ReactElement {
  const read = React.useCallback(() => {
    return readSubject(inspection.watched)
  }, [inspection])
  const subject = useRead(read, events) ?? '…'
  const changes = events.filter(({ kind }) => kind === 'session').reverse()
  return (
    <>
      <p className="pad">
        <strong>{subject.endsWith('…') ? subject : `${subject}.`}</strong>
      </p>
      <Table
        label="Changes of the app's user"
        columns={['Time', 'Change', 'Flows under way']}
        none="The app's user has not changed while this was watched."
        rows={changes.map(({ id, at, outcome = '' }) => {
          const during = flows.filter(
            ({ startedAt, milliseconds, status }) =>
              startedAt <= at && (status === 'under way' || startedAt + milliseconds >= at),
          )
          return {
            key: id,
            isBad: during.length > 0,
            cells: [
              timeOf(at),
              outcome,
              during.length === 0
                ? 'none'
                : `Warning: ${during.map(({ provider }) => provider).join(', ')}. What comes back is nobody else's: it is refused, or waits until the one who began signs in again.`,
            ],
          }
        })}
      />
    </>
  )
}
