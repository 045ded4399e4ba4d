import { describe, expect, test } from 'vitest'
import { expire } from '../../../src/core/authorize/expire.js'
import {
  connectionKey,
  disconnectedKey,
  leaseKey,
  tokensKey,
  transactionKey,
} from '../../../src/core/records/keys.js'
import type { EndedTransaction, Transaction } from '../../../src/core/records/transaction.js'
import type { Database } from '../../../src/platform/database.js'
import { eventually } from '../../support/until.js'

const now = 1_800_000_000

/** A transaction whose person left so many seconds ago, and never came back. */
const stale = (number: number, ago: number): [string, Transaction] => {
  const state = `cs${String(number).padStart(41, '0')}`
  return [
    transactionKey(state),
    {
      ...{ v: 1, phase: 'left', state, codeVerifier: 'v'.repeat(43), codeChallenge: 'c'.repeat(43) },
      ...{ provider: 'bank', clientId: 'client', redirectUri: 'https://app.example/callback/bank' },
      ...{ scope: 'accounts', subject: '', input: {}, returnTo: '/' },
      ...{ createdAt: now - ago, expiresAt: now - ago + 900 },
    },
  ]
}

/**
 * Sweeps what is stored, and gives what is left.
 *
 * @param meanwhile What another page writes after the sweep has looked.
 * @param onChange Hears of the keys of each transaction of the database.
 */
async function sweep(
  stored: readonly (readonly [string, unknown])[],
  meanwhile: readonly (readonly [string, unknown])[] = [],
  onChange: (keys: readonly string[]) => void = () => undefined,
): Promise<ReadonlyMap<string, unknown>> {
  const records = new Map(stored)
  const database = {
    entries: () => Promise.resolve([...records]),
    change: (keys, change) => {
      for (const [key, value] of meanwhile) records.set(key, value)
      onChange(keys)
      const [writes, result] = change(keys.map((key) => records.get(key)))
      for (const [key, value] of Object.entries(writes))
        if (value === undefined) records.delete(key)
        else records.set(key, value)
      return Promise.resolve(result)
    },
  } satisfies Partial<Database> as unknown as Database
  await expire({
    platform: { clock: { now: () => now }, database } as unknown as Parameters<typeof expire>[0]['platform'],
    providers: { bank: { clientId: 'client' } } as unknown as Parameters<typeof expire>[0]['providers'],
    redirectUri: () => 'https://app.example/callback/bank',
  })
  return records
}

describe('the sweep of transactions', () => {
  test('keeps of those who never came back the newest sixteen', async () => {
    const left = await sweep(Array.from({ length: 40 }, (_, index) => stale(index, 5000 + index)))
    const kept = [...left.values()] as EndedTransaction[]
    expect(kept.map(({ outcome }) => outcome)).toEqual(Array(16).fill('abandoned'))
    expect(Math.min(...kept.map(({ createdAt }) => createdAt))).toBe(now - 5015)
  })

  test('removes a great many in batches, and what is told of with the first', async () => {
    const changes: number[] = []
    const stored = Array.from({ length: 250 }, (_, index) => stale(index, 7000 - index))
    const records = await sweep(stored, [], ({ length }) => changes.push(length))
    const told = [...records.values()].filter((value) => (value as EndedTransaction).outcome === 'abandoned')
    expect(told).toHaveLength(16)
    await eventually(() => expect([...records.values()]).toEqual(told))
    expect(changes).toEqual([100, 100, 50])
  })

  test('looks at each connection a few times, however many transactions there are', async () => {
    let looks = 0
    const connections = Array.from({ length: 200 }, (_, index): [string, unknown] => [
      `connection:${String(index)}`,
      {
        v: 1,
        subject: '',
        mode: 'browser',
        get connection() {
          looks += 1
          return { id: String(index), provider: 'bank', connectedAt: now - 100_000 }
        },
      },
    ])
    await sweep([...connections, ...Array.from({ length: 200 }, (_, index) => stale(index, 5000))])
    expect(looks).toBeLessThanOrEqual(10 * connections.length)
  })
})

describe('the sweep of what nobody can use', () => {
  const connection = { v: 1, subject: '', mode: 'browser', connection: { id: 'one' } }

  test.each<[string, string, unknown, unknown]>([
    ['a damaged connection', connectionKey('one'), 'damaged', connection],
    ['damaged tokens', tokensKey('one'), 7, { v: 1 }],
    ['a lease that nobody gave back', leaseKey('tx'), { until: now - 90_000 }, { until: now + 60 }],
    [
      'an old note',
      disconnectedKey('one'),
      { v: 1, phase: 'disconnected', expiresAt: now - 1 },
      { v: 1, phase: 'disconnected', expiresAt: now + 60 },
    ],
  ])('takes %s, and leaves what another page has put in its place meanwhile', async (_, key, old, anew) => {
    expect((await sweep([[key, old]])).has(key)).toBe(false)
    expect((await sweep([[key, old]], [[key, anew]])).get(key)).toEqual(anew)
  })
})
