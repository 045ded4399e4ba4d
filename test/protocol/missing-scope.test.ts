import fc from 'fast-check'
import { expect, test } from 'vitest'
import { missingScope } from '../../src/protocol/missing-scope.js'

test('what was requested and not granted is missing, in whatever order it was granted', () => {
  expect(missingScope(['openid', 'accounts', 'balances'], ['balances', 'openid'])).toEqual(['accounts'])
  expect(missingScope(['a', 'b'], ['b', 'c', 'a'])).toEqual([])
})

test('granted and missing together are what was requested', () => {
  const values = fc.uniqueArray(fc.stringMatching(/^[a-z:/]{1,8}$/))
  fc.assert(
    fc.property(values, values, (requested, granted) => {
      const missing = missingScope(requested, granted)
      expect([...missing, ...requested.filter((value) => granted.includes(value))].sort()).toEqual(
        [...requested].sort(),
      )
    }),
  )
})
