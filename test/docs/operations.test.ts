// The alarms of docs/backend-operations.md, held against the events and the contract: one that names what never comes is silent.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const [, alarms = ''] = /^## Metrics and alarms\n([^]*)/m.exec(read('docs/backend-operations.md')) ?? []

/** The values that the alarms compare a label with. */
const valuesOf = (label: string): string[] => [
  ...new Set([...alarms.matchAll(new RegExp(`\\b${label}!?="(\\w+)"`, 'g'))].map(([, value = '']) => value)),
]

test('each event that an alarm names exists', () => {
  const events = read('src/backend/backend-events.ts')
  expect(valuesOf('name').length).toBeGreaterThan(4)
  for (const name of valuesOf('name')) expect(events).toContain(`| '${name}'`)
})

test('each error that an alarm names is one of the contract', () => {
  const contract = read('src/protocol/contract.ts')
  expect(valuesOf('error').length).toBeGreaterThan(1)
  for (const error of valuesOf('error')) expect(contract).toContain(`'${error}'`)
})

test('the reason that an alarm leaves out is that of a backend that closes', () => {
  expect(valuesOf('reason')).toEqual(['closing'])
  expect(read('src/backend/lifecycle.ts')).toContain("reason: 'closing'")
})

test('each metric of an alarm is an instrument of the example', () => {
  const telemetry = read('examples/operations/telemetry.ts')
  const used = new Set([...alarms.matchAll(/\bcountersign_\w+/g)].map(([name]) => name))
  expect(used).toEqual(
    new Set([
      'countersign_events_total',
      'countersign_request_duration_milliseconds',
      'countersign_request_duration_milliseconds_bucket',
    ]),
  )
  expect(telemetry).toContain("createCounter('countersign.events'")
  expect(telemetry).toContain("createHistogram('countersign.request.duration'")
  expect(telemetry).toContain("unit: 'ms'")
})
