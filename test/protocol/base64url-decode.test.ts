import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64url } from '../../src/protocol/base64url-decode.js'

test('decodes base64url and base64 as Node does', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.constantFrom('base64url', 'base64'),
      (bytes, encoding) => {
        expect(decodeBase64url(Buffer.from(bytes).toString(encoding))).toEqual(new Uint8Array(bytes))
      },
    ),
  )
})

test.each([
  ['a character of no alphabet', 'Zm9v!'],
  ['a letter beyond Latin-1', 'Zm9✓'],
  ['a length that no bytes have', 'Zm9vY'],
  ['padding in the middle', 'Zg==Zg=='],
])('refuses %s', (_name, text) => {
  expect(() => decodeBase64url(text)).toThrow(expect.objectContaining({ name: 'InvalidCharacterError' }))
})
