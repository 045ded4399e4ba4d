import { expect, test } from 'vitest'
import { keepIdentity, project } from '../../../src/core/connections/project.js'
import { createHeldTokens } from '../../../src/core/held-tokens.js'

test('a list that is read again is compared with the one before, each item a few times, however many there are', () => {
  let looks = 0
  const list = (changed: number) =>
    Array.from({ length: 300 }, (_, index) => ({
      get id() {
        looks += 1
        return String(index)
      },
      status: index === changed ? 'failed' : 'connected',
    }))
  const before = list(-1)
  const next = keepIdentity(list(7), before)
  expect(looks).toBeLessThanOrEqual(10 * before.length)
  expect(next.flatMap((item, index) => (item === before[index] ? [] : [index]))).toEqual([7])
  expect(keepIdentity(list(-1), before)).toBe(before)
})

test('attempts from which nobody came back are oldest first', () => {
  const attempt = (key: string, createdAt: number): [string, unknown] => [
    key,
    { v: 1, phase: 'failed', outcome: 'abandoned', provider: 'bank', subject: 'anna', createdAt },
  ]
  const { abandoned } = project(
    { providers: { bank: { clientId: 'client' } }, tokens: createHeldTokens() } as unknown as Parameters<
      typeof project
    >[0],
    [attempt('b', 2), attempt('a', 3), attempt('c', 1)],
    'anna',
  )
  expect(abandoned.map(([key]) => key)).toEqual(['c', 'b', 'a'])
})
