import { expect, test } from 'vitest'
import { narrowScope, parseScope } from '../../src/protocol/scope.js'

test('a scope is a set of values between spaces', () => {
  expect(parseScope('openid  banking/read openid ')).toEqual(['openid', 'banking/read'])
  expect(parseScope('')).toEqual([])
})

test('what was granted is narrowed by what an address names, and never widened', () => {
  const granted = ['openid', 'accounts']
  expect(narrowScope(granted, undefined)).toEqual(granted)
  expect(narrowScope(granted, 'payments accounts')).toEqual(['accounts'])
  expect(narrowScope(granted, 'payments')).toEqual([])
})
