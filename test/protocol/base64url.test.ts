import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeBase64url } from '../../src/protocol/base64url.js'

/** @see https://www.rfc-editor.org/rfc/rfc4648.html#section-10 */
test.each([
  ['', ''],
  ['f', 'Zg'],
  ['fo', 'Zm8'],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg'],
  ['fooba', 'Zm9vYmE'],
  ['foobar', 'Zm9vYmFy'],
])('encodes the vector %j of RFC 4648 without padding', (text, encoded) => {
  expect(encodeBase64url(new TextEncoder().encode(text))).toBe(encoded)
})

test('encodes bytes as Node does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(encodeBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
    }),
  )
})
