import { memoryStore, type BackendHealth } from 'countersign/backend'
import { expect, test } from 'vitest'
import { createBench } from './support/bench.js'

test('a backend whose store answers is healthy', async () => {
  const { handle: backend } = await createBench()
  expect(await backend.health()).toEqual({
    ok: true,
    store: 'ok',
    milliseconds: expect.any(Number) as number,
    underWay: 0,
    closing: false,
  } satisfies BackendHealth)
})

test('one whose store throws, or does not answer in time, is not', async () => {
  const store = memoryStore()
  let answer: 'throws' | 'hangs' | undefined
  const { handle: backend } = await createBench({
    store: {
      ...store,
      get(key) {
        if (answer === 'throws') return Promise.reject(new Error('gone'))
        return answer === 'hangs' ? new Promise(() => undefined) : store.get(key)
      },
    },
  })
  answer = 'throws'
  expect(await backend.health()).toMatchObject({ ok: false, store: 'unreachable' })
  answer = 'hangs'
  expect(await backend.health({ timeoutMilliseconds: 1 })).toMatchObject({ ok: false, store: 'unreachable' })
  answer = undefined
  expect(await backend.health()).toMatchObject({ ok: true, store: 'ok' })
})

test('close waits for a redemption under way, and the connection is stored', async () => {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const bench = await createBench()
  const proof = await bench.begin()
  bench.upstream.next.push(() => released.then(() => undefined))
  const redeemed = bench.redeem(proof)
  await expect.poll(async () => (await bench.handle.health()).underWay).toBe(1)
  let isClosed = false
  const closed = bench.handle.close().then(() => (isClosed = true))
  expect(await bench.handle.health()).toMatchObject({ ok: false, closing: true, underWay: 1 })
  expect(isClosed).toBe(false)
  release()
  expect((await redeemed).status).toBe(200)
  await closed
  expect((await bench.handle.health()).underWay).toBe(0)
})

test('a backend that is closing refuses new requests, and says when to ask again', async () => {
  const bench = await createBench()
  await bench.handle.close()
  const { status, body, headers } = await bench.call('GET', '/connections')
  expect([status, body.error, headers.get('retry-after')]).toEqual([503, 'backend_unavailable', '1'])
  expect(bench.events.at(-1)).toMatchObject({ name: 'failed', reason: 'closing' })
})
