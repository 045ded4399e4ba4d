import { expect, test } from 'vitest'
import { requestedScope } from '../../src/protocol/requested-scope.js'

test.each([
  ['openid accounts', undefined, 'openid accounts'],
  ['openid accounts', 'accounts', 'accounts openid'],
  ['openid accounts', 'accounts openid', 'accounts openid'],
  ['accounts openid', '', 'openid'],
  ['openid', ' openid2  openid2 ', 'openid2 openid'],
  ['accounts', 'accounts', 'accounts'],
  ['accounts', 'openid accounts', 'openid accounts'],
  ['accounts', undefined, 'accounts'],
])('where %j is configured and %j wanted, %j is requested', (configured, wanted, requested) => {
  expect(requestedScope(configured, wanted)).toBe(requested)
})
