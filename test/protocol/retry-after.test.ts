import { expect, test } from 'vitest'
import { retryAfterOf } from '../../src/protocol/retry-after.js'

test.each([
  ['120', 120],
  ['0', 0],
  ['-5', undefined],
  ['1e308', undefined],
  ['1.5', undefined],
  ['0x10', undefined],
  ['9'.repeat(400), 86_400],
  ['86401', 86_400],
  ['Fri, 15 Jan 2027 08:02:00 GMT', 120],
  ['Friday, 15-Jan-27 08:02:00 GMT', 120],
  ['Fri, 31 Dec 1999 23:59:59 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400],
  ['Fri, 99 Dec 2027 23:59:59 GMT', undefined],
  ['soon', undefined],
  ['Infinity', undefined],
])('Retry-After: %s asks for a wait of %s seconds', (value, seconds) => {
  expect(retryAfterOf(new Headers({ 'retry-after': value }), 1_800_000_000)).toBe(seconds)
})

test('an answer without Retry-After asks for no wait', () => {
  expect(retryAfterOf(new Headers())).toBeUndefined()
})
