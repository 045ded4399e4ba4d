import { randomBytes } from 'node:crypto'
import { memoryStore, type Store } from 'countersign/backend'
import { expect, test } from 'vitest'
import { fileConnection, namedShards, placeKey, placeOf } from '../../../src/backend/connections/due-index.js'
import type { ConnectionRecord } from '../../../src/backend/connections/record.js'
import { createRecords } from '../../../src/backend/storage/records.js'
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

test('many who file at once write the record of a day once for each shard, and lose no entry', async () => {
  const memory = memoryStore({ now: () => now })
  let written = 0
  const store: Store = {
    ...memory,
    async put(key, ...rest) {
      const isWritten = await memory.put(key, ...rest)
      if (isWritten && /^due:\d+$/.test(key)) written += 1
      return isWritten
    },
  }
  const open = () =>
    createRecords(
      store,
      undefined,
      () => now,
      ({ key }) => expect.fail(key),
    )
  const replicas = [{ records: open() }, { records: open() }] as const
  const filed = Array.from({ length: 400 }, (_, index) => {
    // One weekday, so one day; each of the 64 shards.
    const id = `${alphabet[index % 64] ?? ''}A${String(index).padStart(20, '0')}`
    return { id, renewBy: now + 90 * day, tokens: { refreshToken: 'r' } } as unknown as ConnectionRecord
  })
  await Promise.all(filed.map((record, index) => fileConnection(replicas[index % 2 ? 1 : 0], record)))
  const days = new Set(filed.map((record) => placeOf(record)?.day))
  expect(days.size).toBe(1)
  const [only = 0] = days
  expect([...(await namedShards(replicas[0], only))].sort((one, other) => one - other)).toEqual(
    Array.from({ length: 64 }, (_, shard) => shard),
  )
  expect(written).toBe(64)
  for (const record of filed) {
    const place = placeOf(record)
    expect(place && (await replicas[1].records.read(placeKey(place)))).toContain(record.id)
  }
})

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
