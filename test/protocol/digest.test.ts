import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/protocol/digest.js'

test('hashes any string as Node does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (value) => {
      expect(await sha256(value)).toBe(createHash('sha256').update(value).digest('base64url'))
    }),
  )
})
