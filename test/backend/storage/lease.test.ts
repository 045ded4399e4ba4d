import { describe, expect, test } from 'vitest'
import { leaseRecord, type Lease } from '../../../src/backend/storage/lease.js'
import { createRecords } from '../../../src/backend/storage/records.js'
import { memoryStore } from '../../../src/backend/storage/memory.js'
import type { Store } from '../../../src/backend/storage/store.js'

type Job =
  { readonly phase: 'working'; readonly lease: Lease } | { readonly phase: 'done'; readonly by: string }

const until = 10_000

/** Several replicas over one store, and a clock of theirs. */
function openStore(through: (store: Store) => Store = (store) => store) {
  const clock = { now: 1000 }
  const now = () => clock.now
  const records = createRecords(through(memoryStore({ now })), undefined, now, () => undefined)
  /** @param sent The claim says that something is sent at once. */
  const replica = (leaseSeconds = 60, sent = false) => {
    const looks: boolean[] = []
    const job = leaseRecord<Job>((next) => records.change('job', next), now, {
      leaseOf: (record) => (record.phase === 'working' ? record.lease : undefined),
      leaseSeconds,
      pollMilliseconds: 1,
    })
    const claim = () =>
      job.claim<Lease | string>((current, lease, held) => {
        looks.push(held)
        if (current?.phase === 'done') return { result: current.by }
        if (held) return 'wait'
        return { write: { phase: 'working', lease: { ...lease, sent } }, until, result: lease }
      })
    const send = (lease: Lease | string) =>
      job.proceed(lease as Lease, (_current, sending) => ({
        write: { phase: 'working', lease: sending },
        until,
      }))
    const conclude = (lease: Lease | string, by: string) =>
      job.conclude(lease as Lease, () => ({ write: { phase: 'done', by }, until }))
    return { looks, claim, send, conclude }
  }
  return { clock, records, replica }
}

describe('a lease', () => {
  test('of a holder that slept after its claim counts from when it sends', async () => {
    const { replica, clock } = openStore()
    const [one, two] = [replica(), replica()]
    const lease = await one.claim()
    clock.now += 3600
    expect(await one.send(lease)).toBe('written')
    const waiting = two.claim()
    await one.conclude(lease, 'the one that slept')
    expect(await waiting).toBe('the one that slept')
    expect(two.looks[0]).toBe(true)
  })

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

  describe('does not stand in the way of its holder', () => {
    /** A store that goes down at its next write; it may have written by then. */
    function openFailing(isWritten: boolean) {
      const store = { state: 'up' as 'up' | 'failing' | 'down' }
      const opened = openStore((real) => ({
        ...real,
        async put(...change) {
          if (store.state === 'up') return real.put(...change)
          store.state = 'down'
          if (isWritten) await real.put(...change)
          throw new Error('the connection was lost')
        },
        get: (key) => (store.state === 'down' ? Promise.reject(new Error('nobody is there')) : real.get(key)),
      }))
      return { ...opened, store }
    }

    test.each([false, true])(
      'when the store has written the claim and could not say so; the claim says %s of what is sent',
      async (sent) => {
        const { replica, store } = openFailing(true)
        store.state = 'failing'
        await expect(replica(60, sent).claim()).rejects.toThrow('the connection was lost')
        store.state = 'up'
        const { claim, conclude, looks } = replica()
        expect(await conclude(await claim(), 'the second try')).toBe('written')
        expect(looks).toEqual([false])
      },
    )

    test('when the store has not taken the conclusion', async () => {
      const { replica, store } = openFailing(false)
      const first = replica()
      const lease = await first.claim()
      store.state = 'failing'
      await expect(first.conclude(lease, 'the first try')).rejects.toThrow('the connection was lost')
      store.state = 'up'
      const { claim, looks } = replica()
      await claim()
      expect(looks).toEqual([false])
    })

    test('but does, when something was sent under it', async () => {
      const { replica, store } = openFailing(false)
      const first = replica()
      const lease = await first.claim()
      await first.send(lease)
      store.state = 'failing'
      await expect(first.conclude(lease, 'the first try')).rejects.toThrow('the connection was lost')
      store.state = 'up'
      // Seconds for which it must be seen unchanged.
      const { claim, looks } = replica(0.01)
      await claim()
      expect(looks[0]).toBe(true)
    })
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

  test('under which something was sent is not over by the clock of another replica', async () => {
    const { clock, replica } = openStore()
    const [holder, ahead] = [replica(), replica()]
    const lease = await holder.claim()
    expect(await holder.send(lease)).toBe('written')
    clock.now += 359
    const result = ahead.claim()
    await expect.poll(() => ahead.looks.length).toBeGreaterThan(2)
    expect(new Set(ahead.looks)).toEqual(new Set([true]))
    expect(await holder.conclude(lease, 'the holder')).toBe('written')
    expect(await result).toBe('the holder')
  })

  test('under which something was sent is over when it was seen unchanged for as long as it holds', async () => {
    const { replica } = openStore()
    const [dead, next] = [replica(0.1), replica(0.1)]
    await dead.send(await dead.claim())
    expect(await next.claim()).toMatchObject({ sent: false })
    expect(next.looks.filter((held) => held).length).toBeGreaterThan(2)
  })

  test('under which something was sent is over when it ran out longer ago than clocks differ', async () => {
    const { clock, replica } = openStore()
    const [dead, next] = [replica(), replica()]
    await dead.send(await dead.claim())
    clock.now += 360
    await next.claim()
    expect(next.looks).toEqual([false])
  })

  test('of a version that does not say what was sent is taken for one under which something was', async () => {
    const { clock, records, replica } = openStore()
    const lease = { id: 'of before', until: clock.now + 60 }
    await records.change('job', () => ({ write: { phase: 'working', lease }, until, result: undefined }))
    clock.now += 61
    const next = replica()
    const claimed = next.claim()
    await expect.poll(() => next.looks.length).toBeGreaterThan(1)
    expect(new Set(next.looks)).toEqual(new Set([true]))
    clock.now += 300
    expect(await claimed).toMatchObject({ sent: false })
  })

  test('that its holder has lost does not let it send', async () => {
    const { clock, replica } = openStore()
    const [slow, next] = [replica(), replica()]
    const lease = await slow.claim()
    clock.now += 60
    await next.claim()
    expect(await slow.send(lease)).toBe('overtaken')
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
