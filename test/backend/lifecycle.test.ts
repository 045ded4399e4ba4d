import { memoryStore, type BackendHealth } from 'countersign/backend'
import { describe, expect, test } from 'vitest'
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

describe('a store that is read and takes no writes', () => {
  /** A bench over a store that outlives the process, and what that does with a write. */
  async function createWith(refuse: () => Promise<boolean> | undefined) {
    const store = memoryStore()
    const bench = await createBench({
      backend: { unsealed: true },
      store: { ...store, inProcess: false, put: (...values) => refuse() ?? store.put(...values) },
    })
    await bench.handle.ready
    return bench
  }

  test('is told, and its backend still gives out what is good', async () => {
    let isFull = false
    const bench = await createWith(() => (isFull ? Promise.reject(new Error('full')) : undefined))
    const { id } = await bench.connect()
    isFull = true
    expect(await bench.handle.health()).toMatchObject({ ok: true, store: 'unwritable' })
    expect((await bench.call('POST', `/connections/${id}/access-token`, {})).status).toBe(200)
    isFull = false
    expect(await bench.handle.health()).toMatchObject({ ok: true, store: 'ok' })
  })

  test('is told where a write is not answered in time, too', async () => {
    let hangs = false
    const { handle } = await createWith(() => (hangs ? new Promise<boolean>(() => undefined) : undefined))
    hangs = true
    expect(await handle.health({ timeoutMilliseconds: 1 })).toMatchObject({ ok: true, store: 'unwritable' })
  })

  test('is asked for a write every five seconds, however often health is', async () => {
    let writes = 0
    const bench = await createWith(() => void (writes += 1))
    const before = writes
    await Promise.all([bench.handle.health(), bench.handle.health()])
    await bench.handle.health()
    expect(writes).toBe(before + 1)
    bench.passed += 5
    await bench.handle.health()
    expect(writes).toBe(before + 2)
  })
})

test('a provider whose key cannot be used is a fault of the settings, whatever it rejects with', async () => {
  const { provider } = await createBench()
  const ready = Promise.reject(new Error('no such key'))
  ready.catch(() => undefined)
  const { handle } = await createBench({ backend: { providers: { stitch: { ...provider, ready } } } })
  expect(await handle.health()).toMatchObject({ ok: false, store: 'misconfigured' })
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
