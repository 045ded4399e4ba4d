import { expect, test } from 'vitest'
import { retryAfterOf } from '../../src/protocol/retry-after.js'

test.each([
  ['120', 120],
  ['0', 0],
  ['Fri, 31 Dec 1999 23:59:59 GMT', undefined],
  ['soon', undefined],
  ['Infinity', undefined],
])('Retry-After: %s asks for a wait of %s seconds', (value, seconds) => {
  expect(retryAfterOf(new Headers({ 'retry-after': value }))).toBe(seconds)
})

test('an answer without Retry-After asks for no wait', () => {
  expect(retryAfterOf(new Headers())).toBeUndefined()
})
