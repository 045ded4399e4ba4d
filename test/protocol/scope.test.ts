import { expect, test } from 'vitest'
import { parseScope } from '../../src/protocol/scope.js'

test('a scope is a set of values between spaces', () => {
  expect(parseScope('openid  banking/read openid ')).toEqual(['openid', 'banking/read'])
  expect(parseScope('')).toEqual([])
})
