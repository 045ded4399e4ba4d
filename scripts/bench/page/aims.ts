// What the figures are held to. Nothing fails where an aim is missed: the table says so, and docs/performance.md says why.
import type { KeptMeasure } from './kept.js'
import type { Measure } from './paths.js'
import { figure } from './scale.js'

interface Aim {
  readonly title: string
  readonly measure: Measure
  readonly profile: string
  /** The subject whose figure the limit is a multiple of; absent: the limit is a figure itself. */
  readonly beside?: string
  readonly limit: number
}

const discovers = 'floor with discovery'
const aims: readonly Aim[] = [
  { title: 'callback, 50 ms', measure: 'callback', profile: '50 ms', beside: 'floor', limit: 1.15 },
  { title: 'callback, 200 ms', measure: 'callback', profile: '200 ms', beside: 'floor', limit: 1.15 },
  { title: 'first click, 50 ms', measure: 'first click', profile: '50 ms', beside: discovers, limit: 1.2 },
  { title: 'first click, 200 ms', measure: 'first click', profile: '200 ms', beside: discovers, limit: 1.2 },
  { title: 'click that `prepare()` went ahead of', measure: 'prepared click', profile: '0 ms', limit: 2 },
  { title: 'click after the page was loaded again', measure: 'second visit', profile: '0 ms', limit: 3 },
  { title: 'heap, kB', measure: 'heap', profile: '0 ms', limit: 1400 },
]

const keptAims: readonly { readonly title: string; readonly measure: KeptMeasure; readonly limit: number }[] =
  [
    { title: 'stored token after the page was loaded again', measure: 'same tab', limit: 12 },
    { title: 'stored token in a new tab', measure: 'new tab', limit: 20 },
    { title: '10 tabs × 20 callers at expiry, all served', measure: 'storm', limit: 120 },
    { title: 'the same: requests for a refresh', measure: 'requests', limit: 1 },
    { title: 'the same: callers without a token', measure: 'failed', limit: 0 },
    { title: 'the same: renders of 200 components', measure: 'renders', limit: 0 },
  ]

/** The same for stored tokens. */
export const keptAimRows = (medianOf: (subject: string, measure: KeptMeasure) => number): string[][] =>
  keptAims.map(({ title, measure, limit }) => {
    const ours = medianOf('countersign', measure)
    return [title, String(limit), figure(ours), ours <= limit ? 'met' : 'missed']
  })

/** A row for each aim: the limit, what was measured, and whether that is within it. */
export const aimRows = (
  medianOf: (profile: string, subject: string, measure: Measure) => number,
): string[][] =>
  aims.map(({ title, measure, profile, beside, limit }) => {
    const ours = medianOf(profile, 'countersign', measure)
    const base = beside === undefined ? 1 : medianOf(profile, beside, measure)
    const of = beside === undefined ? '' : ` × ${beside}`
    const ratio = ours / base
    return [
      title,
      `${String(limit)}${of}`,
      beside === undefined ? figure(ours) : ratio.toFixed(2),
      ratio <= limit ? 'met' : 'missed',
    ]
  })
