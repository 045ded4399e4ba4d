'use client'
import * as React from 'react'
import { readTransactions } from '../facts/read-transactions.js'
import { Table } from './table.js'
import type { TabProps } from './tab-props.js'
import { dateOf, untilMoment, useNow, useRead } from './time.js'

/** Every transaction that is stored, pending and ended. */
export function Transactions({
  inspection,
  events,
}: Pick<TabProps, 'inspection' | 'events'>): React.ReactElement {
  const now = useNow(inspection.watched.context.platform.clock)
  // Locks come and go without an event.
  const second = Math.floor(now)
  const read = React.useCallback(() => {
    return readTransactions(inspection)
  }, [inspection])
  const transactions = useRead(read, `${String(events.length)} ${String(second)}`) ?? []
  return (
    <Table
      label="Transactions"
      columns={['Provider', 'Id', 'Phase', 'Begun', 'Expires', 'Lock held by']}
      none="No transaction is stored."
      rows={transactions.map(({ id, provider, phase, isLive, createdAt, expiresAt, holder }) => {
        const isExpired = isLive && expiresAt < now
        return {
          key: id,
          isBad: isExpired || phase === 'failed' || phase === 'abandoned',
          cells: [
            provider,
            <code key="id">{id}</code>,
            isExpired ? `expired (${phase})` : isLive ? `pending (${phase})` : phase,
            dateOf(createdAt),
            isLive ? untilMoment(expiresAt, now) : 'has ended',
            holder ?? 'nobody',
          ],
        }
      })}
    />
  )
}
