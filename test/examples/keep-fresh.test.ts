import { expect, test } from 'vitest'
import { keepFresh } from '../../examples/keep-fresh/keep-fresh.js'
import { createBench, type Bench } from '../backend/support/bench.js'
import { refusalOf } from '../backend/support/refusal-of.js'

const day = 86_400

/** Connections of as many users, unused for fifty of sixty days. */
async function open(number: number): Promise<Bench> {
  const bench = await createBench({ backend: { rateLimit: 'off' } })
  for (let index = 0; index < number; index += 1) await bench.connect({ subject: `user-${String(index)}` })
  bench.passed += 50 * day
  return bench
}

const run = (bench: Bench, options: Parameters<typeof keepFresh>[1] = {}) =>
  keepFresh(bench.handle, { now: () => Date.now() / 1000 + bench.passed, ...options })

function answerRefreshes(bench: Bench, ...responses: (() => Response)[]): void {
  for (const response of responses)
    bench.upstream.next.push(({ form }) =>
      form.get('grant_type') === 'refresh_token' ? response() : undefined,
    )
}

test('every connection is renewed that would die within two weeks, and none twice', async () => {
  const bench = await open(7)
  expect(await run(bench)).toEqual({ renewed: 7, later: 0, ended: 0 })
  expect(await run(bench)).toEqual({ renewed: 0, later: 0, ended: 0 })
})

test('what cannot be renewed now is left to the next run, and who must connect again is written to', async () => {
  const bench = await open(5)
  answerRefreshes(
    bench,
    () => Response.json({ error: 'temporarily_unavailable' }, { status: 503 }),
    () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
  )
  const written: string[] = []
  const onEnded = ({ subject }: { subject: string }) => written.push(subject)
  expect(await run(bench, { onEnded })).toEqual({ renewed: 3, later: 1, ended: 1 })
  expect(written).toHaveLength(1)
  expect(await run(bench, { onEnded })).toEqual({ renewed: 1, later: 0, ended: 0 })
})

test('a job ends where the backend closes', async () => {
  const bench = await open(3)
  await bench.handle.close()
  expect((await refusalOf(run(bench))).error).toBe('backend_unavailable')
})
