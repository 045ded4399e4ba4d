import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { placeKey, placeOf } from '../../../src/backend/connections/due-index.js'
import type { ConnectionRecord } from '../../../src/backend/connections/record.js'
import { createSealing } from '../../../src/backend/storage/sealing.js'

const now = 1_800_000_000
const day = 86_400

/** The records of 100,000 connections of which each must be used by one of these times: the ids in each. */
function file(renewByOf: (index: number) => number): string[][] {
  const records = new Map<string, string[]>()
  for (let index = 0; index < 100_000; index += 1) {
    const id = randomBytes(16).toString('base64url')
    const record = { id, renewBy: renewByOf(index), tokens: { refreshToken: 'r' } }
    const place = placeOf(record as unknown as ConnectionRecord)
    if (!place) throw new Error('no place')
    const key = placeKey(place)
    records.set(key, [...(records.get(key) ?? []), id])
  }
  return [...records.values()]
}

test.each([
  ['all in one day: 7 days take them', () => now + 90 * day, 448, 7, 12],
  ['over three months', (index: number) => now + (index % 90) * day, 6144, 0.6, 1.7],
])(
  'records stay small when 100,000 connections are made %s',
  async (_when, renewByOf, records, kilobytes, most) => {
    const filed = file(renewByOf)
    expect(filed.length).toBeLessThanOrEqual(records)
    const sealing = createSealing([randomBytes(32).toString('base64url')])
    const sizes = await Promise.all(
      filed.map(async (ids) => (await sealing.seal(ids, 'record due', now + day)).length / 1000),
    )
    const middle = sizes.sort((one, other) => one - other)[Math.floor(sizes.length / 2)]
    expect(middle).toBeGreaterThan(kilobytes * 0.9)
    expect(middle).toBeLessThan(kilobytes * 1.25)
    expect(sizes.at(-1)).toBeLessThan(most)
  },
)
