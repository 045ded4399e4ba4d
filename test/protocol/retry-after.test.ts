import { afterEach, expect, test, vi } from 'vitest'
import { retryAfterOf } from '../../src/protocol/retry-after.js'

afterEach(() => {
  vi.useRealTimers()
})

test.each([
  ['120', 120],
  [' 7 ', 7],
  ['0', 0],
  ['86401', 86_400],
  ['9'.repeat(400), 86_400],
  ['1e308', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['0x10', undefined],
  ['Fri, 15 Jan 2027 08:02:00 GMT', 120],
  ['Friday, 15-Jan-27 08:02:00 GMT', 120],
  ['Fri, 31 Dec 1999 23:59:59 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400],
  ['Fri, 99 Dec 2027 23:59:59 GMT', undefined],
  ['soon', undefined],
  ['Infinity', undefined],
  ['2026-01-01', undefined],
  ['Mon, 99 Foo 2026 00:00:00 GMT', undefined],
])('Retry-After: %s asks for a wait of %s seconds', (value, seconds) => {
  expect(retryAfterOf(new Headers({ 'retry-after': value }), 1_800_000_000)).toBe(seconds)
})

const date = 'Mon, 30 Nov 2026 10:00:00 GMT'

test.each([
  ['Mon, 30 Nov 2026 10:00:45 GMT', 45],
  ['Monday, 30-Nov-26 10:00:45 GMT', 45],
  ['Mon, 30 Nov 2026 09:00:00 GMT', 0],
  ['Fri, 31 Dec 2027 23:59:59 GMT', 86_400],
])('a date is compared with that of the answer, whatever this clock says: %s', (value, seconds) => {
  expect(retryAfterOf(new Headers({ 'retry-after': value, date }))).toBe(seconds)
})

test('and with this clock where the answer does not say when it was sent', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(date) })
  expect(retryAfterOf(new Headers({ 'retry-after': 'Mon, 30 Nov 2026 10:02:00 GMT' }))).toBe(120)
})

test('an answer without Retry-After asks for no wait', () => {
  expect(retryAfterOf(new Headers())).toBeUndefined()
})
