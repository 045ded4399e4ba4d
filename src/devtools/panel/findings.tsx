'use client'
import * as React from 'react'
import { findFindings, readPageFacts, type Finding } from '../findings/findings.js'
import type { Inspection } from '../inspect.js'
import { useRead } from './time.js'
import type { TabProps } from './tab-props.js'

/** What is to be looked at in the configuration; `undefined` while that is found out. */
export function useFindings(
  inspection: Inspection,
  events: TabProps['events'],
): readonly Finding[] | undefined {
  const { context } = inspection.watched
  const readPage = React.useCallback(() => {
    const [name] = Object.keys(context.providers)
    return readPageFacts(name === undefined ? undefined : context.redirectUri(name))
  }, [context])
  const page = useRead(readPage)
  const read = React.useCallback(() => {
    return page ? findFindings(inspection, page) : Promise.resolve(undefined)
  }, [inspection, page])
  return useRead(read, events)
}

/** The findings, each with what to change. */
export function Findings({
  findings,
}: {
  readonly findings: readonly Finding[] | undefined
}): React.ReactElement {
  if (!findings) return <p className="none">Looking at the configuration…</p>
  if (findings.length === 0) return <p className="none">Nothing about the configuration stands out.</p>
  return (
    <ul className="findings pad">
      {findings.map(({ title, advice, provider }) => (
        <li key={`${title} ${provider ?? ''}`}>
          <h3>{provider === undefined ? title : `${provider}: ${title}`}</h3>
          <p>{advice}</p>
        </li>
      ))}
    </ul>
  )
}
