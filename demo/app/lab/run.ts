import { at, pathOf } from '../base.js'
import { keep, readKept, tab } from '../kept.js'
import { navigate } from '../router.js'
import { createStore, useStore } from '../store.js'

/** The scenarios there are. */
export type ScenarioId =
  'lost-reply' | 'ten-tabs' | 'forged-state' | 'stolen-token' | 'wrong-person' | 'lost-cookie'

/** A scenario that is on its way, over a visit to a bank and back. */
export interface Run {
  readonly id: ScenarioId
  /** When it began: milliseconds since the epoch. */
  readonly since: number
  /** The connection it is about, where there was one. */
  readonly connection?: string
}

/** What was observed. */
export interface Verdict {
  readonly holds: boolean
  readonly observed: readonly string[]
}

const key = 'lasagna:run'
const present = createStore<Run | undefined>(readKept<Run | null>(tab, key, null) ?? undefined)

/** The scenario that is on its way, of which there is one. */
export const useRun = (): Run | undefined => useStore(present)

/** Begins one, or puts it away. */
export function setRun(run: Run | undefined): void {
  present.set(run)
  keep(tab, key, run ?? null)
}

type Verdicts = Readonly<Partial<Record<ScenarioId, Verdict>>>

const verdictsKey = 'lasagna:verdicts'
const verdicts = createStore<Verdicts>(readKept<Verdicts>(tab, verdictsKey, {}))

/** What came of a scenario the last time; `undefined` where it has not been run. */
export const useVerdict = (id: ScenarioId): Verdict | undefined => useStore(verdicts)[id]

/** Stores what came of a scenario, or forgets it. */
export function setVerdict(id: ScenarioId, verdict: Verdict | undefined): void {
  verdicts.change((before) => ({ ...before, [id]: verdict }))
  keep(tab, verdictsKey, verdicts.get())
}

/** Ends a run, unless it is over. Its verdict stays, whatever is run next. */
export function finish(run: Run, verdict: Verdict): void {
  if (present.get() !== run) return
  setVerdict(run.id, verdict)
  // The address of an answer is no place to stay at.
  if (pathOf(location.pathname).startsWith('/callback/')) navigate('/lab', { replace: true })
  setRun(undefined)
}

/** What a bank has seen. */
export interface Seen {
  readonly redemptions: number
  readonly refreshes: number
  readonly requests: number
  readonly refused: number
}

/** Asks a bank what it has received since a time. */
export async function readSeen(provider: string, since: number): Promise<Seen> {
  const answer = await fetch(at(`/banks/${provider}/seen?since=${String(since)}`))
  return (await answer.json()) as Seen
}

/** Tells a bank, or the app's own server, what to do next. */
export async function tell(path: string, what: object): Promise<void> {
  await fetch(at(path), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(what),
  })
}
