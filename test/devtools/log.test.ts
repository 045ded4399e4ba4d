import { afterEach, expect, test } from 'vitest'
import type { NewEvent } from '../../src/devtools/log/event.js'
import { openLog, type Log } from '../../src/devtools/log/log.js'
import { eventually } from '../support/until.js'

let logs: Log[] = []
const time = { seconds: 1_800_000_000 }
const clock = { now: () => time.seconds, after: () => () => undefined }
const open = (): Log => {
  const log = openLog('test', clock)
  logs.push(log)
  return log
}
afterEach(() => {
  for (const log of logs) log.close()
  logs = []
})

const event = (outcome: string): NewEvent => ({ kind: 'session', from: 'page', to: 'page', outcome })
const outcomes = (log: Log) => log.get().map(({ outcome }) => outcome)

test('a log is of all pages: each hears what another notes, and a later one finds it', async () => {
  const [one, other] = [open(), open()]
  one.add(event('first'))
  other.add(event('second'))
  await eventually(() => {
    expect(outcomes(one)).toEqual(['first', 'second'])
    expect(outcomes(other)).toEqual(['first', 'second'])
  })
  const later = open()
  await eventually(() => expect(outcomes(later)).toEqual(['first', 'second']))
})

test('a page that opens removes what is older than a day, and nothing that another has just noted', async () => {
  const before = open()
  before.add(event('old'))
  await before.saved()
  time.seconds += 25 * 3600
  const later = open()
  before.add(event('new'))
  await before.saved()
  await later.saved()
  const last = open()
  await eventually(() => expect(outcomes(last)).toEqual(['new']))
})

test('clearing empties it in every page, and leaves the panel as it is', async () => {
  const [one, other] = [open(), open()]
  one.view.set({ isOpen: true, tab: 'errors' })
  one.add(event('first'))
  await eventually(() => expect(outcomes(other)).toEqual(['first']))
  await other.clear()
  await eventually(() => expect(outcomes(one)).toEqual([]))
  const later = open()
  await eventually(() => expect(later.view.get()).toEqual({ isOpen: true, tab: 'errors' }))
  expect(later.get()).toEqual([])
})
