import { afterEach, describe, expect, test, vi } from 'vitest'
import { beginAttempt } from '../../../src/backend/storage/attempt.js'
import type { Conclusion } from '../../../src/backend/storage/lease.js'
import type { Fetch } from '../../../src/protocol/http.js'
import { networkFailure } from '../support/upstream.js'

afterEach(() => {
  vi.restoreAllMocks()
})

const post = { method: 'POST' }

/** An attempt whose time limit is reached when told. */
function begin(noteSent: () => Promise<Conclusion> = () => Promise.resolve('written')) {
  const limit = new AbortController()
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal)
  const clock = { now: 1000 }
  const attempt = beginAttempt(() => clock.now, noteSent)
  const sent: RequestInit[] = []
  let answer: () => Response | Promise<Response> = () => new Response()
  const fetch: Fetch = async (_url, init) => {
    sent.push(init)
    return answer()
  }
  return {
    attempt,
    clock,
    limit,
    timeout,
    sent,
    send: attempt.through(fetch),
    answer: (next: typeof answer) => {
      answer = next
    },
  }
}

describe('an attempt', () => {
  test('is noted once, before the first request that uses something up', async () => {
    const order: string[] = []
    const { attempt, send, sent, answer } = begin(() => {
      order.push(`noted after ${String(sent.length)}`)
      return Promise.resolve('written')
    })
    answer(() => (order.push('sent'), new Response()))
    await send('https://as.example/.well-known', {})
    expect(attempt.isUnsent()).toBe(true)
    await send('https://as.example/token', post)
    await send('https://as.example/token', post)
    expect(order).toEqual(['sent', 'noted after 1', 'sent', 'sent'])
    expect([attempt.isUnsent(), attempt.mayHaveArrived()]).toEqual([false, true])
  })

  test.each(['overtaken', 'gone'] as const)('whose lease is %s sends nothing', async (conclusion) => {
    const { attempt, send, sent } = begin(() => Promise.resolve(conclusion))
    await expect(send('https://as.example/token', post)).rejects.toThrow('overtaken')
    expect(sent).toEqual([])
    expect([attempt.isOvertaken(), attempt.isUnsent(), attempt.mayHaveArrived()]).toEqual([true, true, false])
  })

  test('that slept while it was noted sends nothing', async () => {
    const { attempt, clock, send, sent } = begin(() => {
      clock.now += 3600
      return Promise.resolve('written')
    })
    await expect(send('https://as.example/token', post)).rejects.toThrow('late')
    expect(sent).toEqual([])
    expect([attempt.isOvertaken(), attempt.isUnsent(), attempt.mayHaveArrived()]).toEqual([
      false,
      true,
      false,
    ])
  })

  test('that the store cannot note sends nothing, and keeps the store’s error', async () => {
    const failure = new Error('store')
    const { attempt, send, sent } = begin(() => Promise.reject(failure))
    await expect(send('https://as.example/token', post)).rejects.toBe(failure)
    expect(sent).toEqual([])
    expect(attempt.checkStore).toThrow(failure)
    expect(attempt.isUnsent()).toBe(true)
  })

  test('has half of its lease for all its requests together', async () => {
    const { limit, timeout, send, sent, attempt } = begin()
    expect(timeout).toHaveBeenCalledExactlyOnceWith(30_000)
    const own = new AbortController()
    await send('https://as.example/jwks', { signal: own.signal })
    const [{ signal } = {}] = sent
    expect(signal?.aborted).toBe(false)
    limit.abort()
    expect(signal?.aborted).toBe(true)
    await expect(send('https://as.example/token', post)).rejects.toThrow(/abort/i)
    expect(sent).toHaveLength(1)
    expect(attempt.isUnsent()).toBe(true)
  })

  test.each([
    ['ECONNREFUSED', false],
    ['ENOTFOUND', false],
    ['UND_ERR_CONNECT_TIMEOUT', false],
    ['ECONNRESET', true],
    ['UND_ERR_HEADERS_TIMEOUT', true],
  ])('that fails with %s may have arrived: %s', async (code, arrived) => {
    const { attempt, send, answer } = begin()
    answer(() => networkFailure(code))
    await expect(send('https://as.example/token', post)).rejects.toThrow('fetch failed')
    expect(attempt.mayHaveArrived()).toBe(arrived)
    expect(attempt.isUnsent()).toBe(false)
  })
})
