// Whatever waits, reads the time or draws lots goes through the platform's clock or the backend's. What does not is listed here
// with its reason: the simulation takes the place of these globals (scripts/simulate/realm.ts).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../../src')
const folders = ['core', 'backend', 'protocol', 'platform', 'providers']

/** A text that is no comment. */
const use =
  /\b(?:Date\.now\(|new Date\(\)|Math\.random\(|performance\.now\(|AbortSignal\.timeout\(|set(?:Timeout|Interval)\()/g

const clock = 'the clock itself, where none is given'
const timer = 'a wait that no clock may shorten or lengthen'

/** Files, the number of uses in them, and why. */
const exceptions: Readonly<Record<string, readonly [uses: number, why: string]>> = {
  'backend/connections/live-details.ts': [1, timer],
  'backend/flow/kept-answer.ts': [1, timer],
  'backend/http/body.ts': [1, timer],
  'backend/http/rate-limit.ts': [1, clock],
  'backend/lifecycle.ts': [3, 'the length of a real look at the store'],
  'backend/node/sqlite.ts': [1, clock],
  'backend/options.ts': [1, clock],
  'backend/storage/attempt.ts': [1, timer],
  'backend/storage/lease.ts': [1, timer],
  'backend/storage/memory.ts': [1, clock],
  'backend/storage/records.ts': [2, 'a pause of chance between callers that collide'],
  'backend/storage/redis-replicas.ts': [2, timer],
  'backend/storage/reseal.ts': [1, clock],
  'backend/storage/retry.ts': [1, timer],
  'backend/webhooks/later.ts': [1, timer],
  'platform/clock.ts': [2, clock],
  'protocol/retry-after.ts': [1, clock],
  'protocol/time-limit.ts': [1, timer],
}

function usesIn(path: string): number {
  const code = readFileSync(path, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:connections\.due)[^']*'/g, '')
  return code.match(use)?.length ?? 0
}

test('time and chance come from the injected clock, but for what is listed with a reason', () => {
  const found = folders.flatMap((folder) =>
    readdirSync(join(source, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name): [string, number] => {
        const file = `${folder}/${name.replaceAll('\\', '/')}`
        return [file, usesIn(join(source, file))]
      })
      .filter(([, uses]) => uses > 0),
  )
  const listed = Object.entries(exceptions).map(([file, [uses]]) => [file, uses])
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(listed))
})
