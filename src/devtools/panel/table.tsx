'use client'
import type * as React from 'react'

/** A cell: a text, or an element. */
export type Cell = React.ReactNode

/** Props of {@link Table}. */
export interface TableProps {
  readonly label: string
  readonly columns: readonly string[]
  /** Each with a key of its own; the first cell heads its row. */
  readonly rows: readonly {
    readonly key: string
    readonly cells: readonly Cell[]
    readonly isBad?: boolean
  }[]
  /** What is said where there are no rows. */
  readonly none: string
}

/**
 * A table that scrolls sideways where it is too wide, by the keyboard as well. On a phone each row is a list of its own. The roles say
 * what it is where its look takes that from it.
 */
export function Table({ label, columns, rows, none }: TableProps): React.ReactElement {
  if (rows.length === 0) return <p className="none">{none}</p>
  return (
    <div className="scroll pad" tabIndex={0} role="group" aria-label={label}>
      <table role="table" className="wide">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column} scope="col" role="columnheader">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map(({ key, cells: [head, ...cells], isBad }) => (
            <tr key={key} role="row" className={isBad ? 'bad' : undefined}>
              <th scope="row" role="rowheader">
                {head}
              </th>
              {cells.map((cell, index) => (
                <td key={columns[index + 1]} role="cell" data-label={columns[index + 1]}>
                  <span>{cell}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
