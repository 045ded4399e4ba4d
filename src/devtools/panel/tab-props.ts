import type { Flow } from '../flow/flows.js'
import type { Inspection } from '../inspect.js'
import type { InspectedEvent } from '../log/event.js'

/** What the tabs of the panel are given; each takes its part. */
export interface TabProps {
  readonly inspection: Inspection
  readonly events: readonly InspectedEvent[]
  readonly flows: readonly Flow[]
}
