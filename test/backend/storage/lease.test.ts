import { describe, expect, test } from 'vitest'
import { leaseRecord, type Lease } from '../../../src/backend/storage/lease.js'
import { createRecords } from '../../../src/backend/storage/records.js'
import { memoryStore } from '../../../src/backend/storage/memory.js'

type Job =
  { readonly phase: 'working'; readonly lease: Lease } | { readonly phase: 'done'; readonly by: string }

const until = 10_000

/** Several replicas over one store, and a clock of theirs. */
function openStore() {
  const clock = { now: 1000 }
  const now = () => clock.now
  const records = createRecords(memoryStore({ now }), undefined, now, () => undefined)
  const replica = () => {
    const looks: boolean[] = []
    const job = leaseRecord<Job>((next) => records.change('job', next), now, {
      leaseOf: (record) => (record.phase === 'working' ? record.lease : undefined),
      leaseSeconds: 60,
      pollMilliseconds: 1,
    })
    const claim = () =>
      job.claim<Lease | string>((current, lease, held) => {
        looks.push(held)
        if (current?.phase === 'done') return { result: current.by }
        if (held) return 'wait'
        return { write: { phase: 'working', lease }, until, result: lease }
      })
    const conclude = (lease: Lease | string, by: string) =>
      job.conclude(lease as Lease, () => ({ write: { phase: 'done', by }, until }))
    return { looks, claim, conclude }
  }
  return { clock, records, replica }
}

describe('a lease', () => {
  test('goes to one of many who claim at once; the others get what it concluded', async () => {
    const { replica } = openStore()
    let works = 0
    const run = async (by: string): Promise<string> => {
      const { claim, conclude } = replica()
      const claimed = await claim()
      if (typeof claimed === 'string') return claimed
      works += 1
      await conclude(claimed, by)
      return by
    }
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => run(`replica ${String(index)}`)),
    )
    expect(works).toBe(1)
    expect(new Set(results).size).toBe(1)
  })

  test('is looked at again until its holder concludes', async () => {
    const { replica } = openStore()
    const [holder, waiting] = [replica(), replica()]
    const lease = await holder.claim()
    const result = waiting.claim()
    await expect.poll(() => waiting.looks.length).toBeGreaterThan(2)
    expect(new Set(waiting.looks)).toEqual(new Set([true]))
    await holder.conclude(lease, 'the holder')
    expect(await result).toBe('the holder')
  })

  test('that has run out goes to the next, and its former holder writes nothing any more', async () => {
    const { clock, records, replica } = openStore()
    const [slow, next] = [replica(), replica()]
    const first = await slow.claim()
    clock.now += 60
    const second = await next.claim()
    expect(second).toMatchObject({ until: 1120 })
    expect(await slow.conclude(first, 'the former holder')).toBe('overtaken')
    expect(await next.conclude(second, 'the next')).toBe('written')
    expect(await records.read('job')).toEqual({ phase: 'done', by: 'the next' })
  })

  test('of a record that was removed meanwhile concludes nothing', async () => {
    const { records, replica } = openStore()
    const { claim, conclude } = replica()
    const lease = await claim()
    await records.remove('job')
    expect(await conclude(lease, 'the holder')).toBe('gone')
    expect(await records.read('job')).toBeUndefined()
  })
})
