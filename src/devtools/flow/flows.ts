import type { InspectedError, InspectedEvent } from '../log/event.js'
import type { Mode } from '../../core/index.js'
import { checksOfResponse, checksOfTokens } from './checks.js'

/** One authorization, from the click to its end, over all the pages that took part. */
export interface Flow {
  /** The transaction's id. */
  readonly id: string
  readonly provider: string
  readonly mode: Mode | undefined
  readonly status: 'prepared' | 'under way' | 'connected' | 'cancelled' | 'denied' | 'failed'
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** Milliseconds from the first event to the last. */
  readonly milliseconds: number
  readonly error?: InspectedError | undefined
  /** The connection that came of it. */
  readonly connection?: string | undefined
  readonly events: readonly InspectedEvent[]
}

/** A request for metadata may be made this long before its transaction is stored: milliseconds. */
const aheadMilliseconds = 10_000

/** Requests to the API this soon after a flow are shown with it: milliseconds. */
const useMilliseconds = 10_000

/** The flows in a log, the latest first. */
export function flowsOf(log: readonly InspectedEvent[]): readonly Flow[] {
  const byId = new Map<string, InspectedEvent[]>()
  for (const event of log)
    if (event.flow !== undefined) byId.set(event.flow, [...(byId.get(event.flow) ?? []), event])
  const beginnings = [...byId.values()].map(([first]) => first)
  const flows = [...byId].map(([id, events]) => {
    const provider = events.find((event) => event.provider !== undefined)?.provider ?? ''
    const others = beginnings.filter((one) => one !== events[0] && one?.provider === provider)
    const all = [...events, ...besides(log, provider, events, others), ...firstUse(log, provider, events)]
    return toFlow(id, provider, inOrder(all.sort(byTime)))
  })
  return flows.sort((a, b) => b.startedAt - a.startedAt)
}

const byTime = (a: InspectedEvent, b: InspectedEvent): number => a.at - b.at || (a.id < b.id ? -1 : 1)

/** A refusal ends its transaction before the client tells that it came back. */
function inOrder(events: readonly InspectedEvent[]): readonly InspectedEvent[] {
  const back = events.find(({ kind }) => kind === 'returned')
  const end = events.find(({ kind, page }) => kind === 'ended' && page === back?.page)
  if (!back || !end || end.id > back.id) return events
  return events.flatMap((event) =>
    event === back ? [] : event === end ? [{ ...back, at: end.at }, end] : [event],
  )
}

/** What was asked of a provider while a flow was under way, and ahead of it where no other has begun since. */
function besides(
  log: readonly InspectedEvent[],
  provider: string,
  events: readonly InspectedEvent[],
  others: readonly (InspectedEvent | undefined)[],
): readonly InspectedEvent[] {
  const begun = events[0]?.id ?? ''
  const from = events[0]?.at ?? 0
  const to = events.at(-1)?.id ?? ''
  const isAhead = ({ kind, id, at }: InspectedEvent): boolean =>
    kind === 'metadata' &&
    at >= from - aheadMilliseconds &&
    !others.some((other) => other && other.id > id && other.id < begun)
  return log
    .filter(({ kind, flow }) => (kind === 'metadata' || kind === 'keys') && flow === undefined)
    .filter((event) => event.provider === provider && event.id < to)
    .filter((event) => event.id > begun || isAhead(event))
}

/** The first requests to the API with what was connected. */
function firstUse(
  log: readonly InspectedEvent[],
  provider: string,
  events: readonly InspectedEvent[],
): readonly InspectedEvent[] {
  const { at: from = Infinity, connection } = events.find(({ kind }) => kind === 'stored') ?? {}
  const isOf = (event: InspectedEvent): boolean =>
    event.connection === undefined ? event.provider === provider : event.connection === connection
  return log
    .filter((event) => (event.kind === 'resource' || event.kind === 'userinfo' ? isOf(event) : false))
    .filter(({ at }) => at >= from && at < from + useMilliseconds)
    .slice(0, 4)
}

function toFlow(id: string, provider: string, seen: readonly InspectedEvent[]): Flow {
  const end = seen.filter(({ kind }) => kind === 'stored' || kind === 'ended' || kind === 'not_left').at(-1)
  const refusal = seen.filter(({ kind, outcome }) => kind === 'callback' && outcome === 'refused').at(-1)
  const error = end ? end.error : refusal?.error
  const startedAt = seen[0]?.at ?? 0
  const last = end ?? seen.at(-1)
  return {
    id,
    provider,
    mode: seen.find(({ mode }) => mode !== undefined)?.mode,
    status: statusOf(end, refusal !== undefined && !seen.some(({ kind }) => kind === 'left'), seen),
    startedAt,
    milliseconds: (last ? last.at + (last.milliseconds ?? 0) : startedAt) - startedAt,
    error,
    connection: end?.connection,
    events: withInferred(seen).map((event) => withChecks(event, seen, end !== undefined, error)),
  }
}

function statusOf(
  end: InspectedEvent | undefined,
  isForeign: boolean,
  seen: readonly InspectedEvent[],
): Flow['status'] {
  const outcome = end?.outcome
  if (outcome === 'connected' || outcome === 'cancelled' || outcome === 'denied') return outcome
  if (end || isForeign) return 'failed'
  return seen.every(({ kind }) => ahead.includes(kind)) ? 'prepared' : 'under way'
}

/** What happens ahead of a click. */
const ahead: readonly string[] = ['prepared', 'metadata', 'keys']

/** Adds what must have happened at another party. Nobody saw it. */
function withInferred(seen: readonly InspectedEvent[]): readonly InspectedEvent[] {
  return seen.flatMap((event): readonly InspectedEvent[] => {
    const { kind, to, status = 0 } = event
    if (kind === 'left') {
      const back = seen.find((other) => other.kind === 'returned' && other.at >= event.at)
      return [event, ...(back ? [infer(event, 'at_provider', back.at - event.at)] : [])]
    }
    if (kind === 'redeemed' && to === 'backend' && status > 0)
      return [event, infer(event, 'backend_redeems', event.milliseconds)]
    if (kind === 'resource' && to === 'backend' && status > 0)
      return [event, infer(event, 'backend_calls', event.milliseconds)]
    return [event]
  })
}

const inferredLanes = {
  at_provider: { from: 'server', to: 'server' },
  backend_redeems: { from: 'backend', to: 'server' },
  backend_calls: { from: 'backend', to: 'api' },
} as const

function infer(
  { id, at, flow, provider, mode, page }: InspectedEvent,
  kind: keyof typeof inferredLanes,
  milliseconds = 0,
): InspectedEvent {
  return {
    ...{ v: 1, id: `${id}-${kind}`, at, page, kind, milliseconds, inferred: true },
    ...inferredLanes[kind],
    ...(flow !== undefined && { flow }),
    ...(provider !== undefined && { provider }),
    ...(mode && { mode }),
  }
}

const has = (parameters: InspectedEvent['parameters'], wanted: string): boolean =>
  parameters?.some(({ name }) => name === wanted) ?? false

/** Adds the checks that the library makes of an answer, as they came out. */
function withChecks(
  event: InspectedEvent,
  seen: readonly InspectedEvent[],
  hasEnded: boolean,
  error: InspectedError | undefined,
): InspectedEvent {
  const { kind, outcome, parameters, mode } = event
  if (kind === 'returned') {
    const facts = {
      sentIss: has(parameters, 'iss'),
      isKnown: parameters?.some(({ name, shape }) => name === 'state' && shape?.startsWith('known')) ?? false,
    }
    // What comes after the code has left is no fault of the response.
    const isOwn = outcome !== 'send' && outcome !== 'check'
    return { ...event, checks: checksOfResponse(facts, isOwn ? error : undefined) }
  }
  if (kind === 'redeemed' && hasEnded) {
    const response = seen.find(({ kind: one }) => one === 'returned')?.parameters
    const asksIdToken = mode === 'browser' && has(response, 'nonce')
    const isRenewal = has(response, 'connection')
    return { ...event, checks: checksOfTokens({ asksIdToken, isRenewal }, error) }
  }
  return event
}
