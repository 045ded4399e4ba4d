import { describe, expect, it } from 'vitest'
import { useBench } from '../browser/support/bench.js'
import { crashAt, findPoints, type Aftermath } from '../browser/support/crash.js'

const bench = useBench()

describe.each([
  // The page may send a code once more when it does not know whether the first time counted.
  { title: 'Apiture', mode: 'browser', sends: 2 },
  // The backend answers a repeated request like the first one, without asking the bank again.
  { title: 'Stitch', mode: 'mediated', sends: 1 },
] as const)('$mode mode: a tab that dies between click and stored connection', ({ title, sends }) => {
  it('at whichever point, has the code redeemed once at most, and ends in a connection', async () => {
    const points = await findPoints(bench, title)
    expect(points.length).toBeGreaterThanOrEqual(12)
    const ends: Aftermath[] = []
    for (const point of points) ends.push(await crashAt(bench, title, point))
    expect(ends.filter(({ granted }) => granted > 1)).toEqual([])
    expect(ends.filter(({ sent }) => sent > sends)).toEqual([])
    // Before the answer of the bank is in the database it can only be begun again; after the connection is, it never is. How many
    // points there are may differ by one or two from run to run.
    const kinds = ends.map(({ end }) => end)
    expect(kinds.at(0)).toBe('restarted')
    expect(new Set(kinds).size).toBeGreaterThan(1)
    const after = ends.filter(({ point }) => /lock tx: (?:work done|released)$/.test(point))
    expect(after.filter(({ end }) => end === 'restarted')).toEqual([])
  })
})
