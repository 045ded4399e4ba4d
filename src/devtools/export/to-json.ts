import type { Flow } from '../flow/flows.js'
import { titleOf } from '../flow/titles.js'

/** A flow as JSON, for a report of a fault. It holds what the log holds: no secret, and no name of a person. */
export function toJson({ events, startedAt, ...flow }: Flow): string {
  return JSON.stringify(
    {
      format: 'countersign-flow',
      version: 1,
      ...flow,
      startedAt: new Date(startedAt).toISOString(),
      events: events.map(({ v: _v, id: _id, flow: _flow, at, milliseconds, ...event }) => ({
        title: titleOf(event as never),
        afterMilliseconds: Math.round(at - startedAt),
        ...(milliseconds !== undefined && { milliseconds: Math.round(milliseconds) }),
        ...event,
      })),
    },
    undefined,
    2,
  )
}
