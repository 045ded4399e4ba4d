import { expect, test, vi } from 'vitest'
import { systemClock } from '../../src/platform/clock.js'

test('tells epoch seconds', () => {
  vi.useFakeTimers({ now: 1_800_000_000_500, toFake: ['Date'] })
  expect(systemClock.now()).toBe(1_800_000_000.5)
  vi.useRealTimers()
})

test('runs work after so many seconds, unless that is cancelled', () => {
  vi.useFakeTimers()
  const done: string[] = []
  systemClock.after(2, () => done.push('two'))
  const cancel = systemClock.after(1, () => done.push('one'))
  cancel()
  vi.advanceTimersByTime(1999)
  expect(done).toEqual([])
  vi.advanceTimersByTime(1)
  expect(done).toEqual(['two'])
  vi.useRealTimers()
})

test('does not run at once what is due in a month or later', () => {
  vi.useFakeTimers()
  const done: string[] = []
  // Beyond 2^31 ms a timer overflows and fires immediately.
  for (const seconds of [30 * 86_400, 1e12, Number.MAX_VALUE])
    systemClock.after(seconds, () => done.push('early'))
  vi.advanceTimersByTime(86_400_000)
  expect(done).toEqual([])
  vi.useRealTimers()
})
