// Counters and a histogram by OpenTelemetry's API. Register an SDK and an exporter in front of this file; without them it does
// nothing.
import { stdout } from 'node:process'
import { metrics } from '@opentelemetry/api'
import type { BackendLog } from 'countersign/backend'

/** Made when they are used first, so that they belong to the SDK that is registered by then. */
function createInstruments() {
  const meter = metrics.getMeter('countersign')
  return {
    events: meter.createCounter('countersign.events', { description: 'Events of the backend' }),
    duration: meter.createHistogram('countersign.request.duration', {
      description: 'Requests of pages',
      unit: 'ms',
    }),
  }
}
let made: ReturnType<typeof createInstruments> | undefined
const instruments = () => (made ??= createInstruments())

/** The backend's `log`: a line for people, and a count. Ids of users and connections are in the line alone. */
export const log: BackendLog = (event) => {
  stdout.write(`${JSON.stringify(event)}\n`)
  const { name, provider = 'none', error = 'none', reason = 'none' } = event
  instruments().events.add(1, { name, provider, error, reason })
}

/** Times the requests of pages, by what they ask for: no id is in a label. */
export function observe(
  handler: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const begun = performance.now()
    const response = await handler(request)
    instruments().duration.record(performance.now() - begun, {
      endpoint: endpointOf(new URL(request.url).pathname),
      status: response.status,
    })
    return response
  }
}

function endpointOf(pathname: string): string {
  const [, , first, second, third] = pathname.split('/')
  if (first !== 'connections') return second === 'authorization' || second === 'token' ? second : 'none'
  if (second === undefined) return 'connections'
  if (third === 'access-token' || third === 'resource') return third
  return 'disconnect'
}
