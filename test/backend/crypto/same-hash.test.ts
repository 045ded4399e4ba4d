import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { isSameHash } from '../../../src/backend/crypto/same-hash.js'

const hash = createHash('sha256').update('a').digest('base64url')

test('a hash is the same as itself, and as no other', () => {
  expect(isSameHash(hash, createHash('sha256').update('a').digest('base64url'))).toBe(true)
  for (let at = 0; at < hash.length; at += 1) {
    const other = hash.slice(0, at) + (hash[at] === 'A' ? 'B' : 'A') + hash.slice(at + 1)
    expect(isSameHash(hash, other)).toBe(false)
    expect(isSameHash(other, hash)).toBe(false)
  }
})

test.each(['', hash.slice(1), hash.slice(0, -1), `${hash}A`, hash + hash])(
  'a hash is not the same as %j, of another length',
  (other) => {
    expect(isSameHash(hash, other)).toBe(false)
    expect(isSameHash(other, hash)).toBe(false)
  },
)
