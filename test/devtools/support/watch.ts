import { flowsOf, type Flow } from '../../../src/devtools/flow/flows.js'
import { inspectionOf, type Inspection } from '../../../src/devtools/inspect.js'
import type { InspectedEvent } from '../../../src/devtools/log/event.js'
import { eventually } from '../../support/until.js'

let opened: Inspection[] = []

/** Inspects the client of a page. */
export function watch(app: { readonly client: object }): Inspection {
  const inspection = inspectionOf(app.client)
  opened.push(inspection)
  return inspection
}

/** Clears every log, which all tests share, and closes it. */
export async function forgetLogs(): Promise<void> {
  for (const { log } of opened) {
    await log.clear()
    log.close()
  }
  opened = []
}

/** The flows that a page knows, the latest first. */
export const flowsIn = ({ log }: Inspection): readonly Flow[] => flowsOf(log.get())

/** The kinds of a flow's events, in order. */
export const kindsOf = (flow: Flow | undefined): string[] => (flow?.events ?? []).map(({ kind }) => kind)

/** Resolves with the events of a kind as soon as there is one. */
export const eventsOf = (
  { log }: Inspection,
  kind: InspectedEvent['kind'],
): Promise<readonly InspectedEvent[]> =>
  eventually(() => {
    const found = log.get().filter((event) => event.kind === kind)
    if (found.length === 0)
      throw new Error(
        `no ${kind} among ${log
          .get()
          .map((one) => one.kind)
          .join(' ')}`,
      )
    return found
  })
