import type { BackendProvider, RateLimitRequest } from 'countersign/backend'
import { expect, test } from 'vitest'
import { createBench } from '../support/bench.js'

/** A provider whose details change, and a budget of requests to it. */
async function open() {
  const plain = await createBench()
  const counted: RateLimitRequest[] = []
  const scene: { reads: number; wait: number; until?: Promise<void> } = { reads: 0, wait: 0 }
  const provider: BackendProvider = {
    ...plain.provider,
    readDetails: async () => {
      const details = { status: `read ${String((scene.reads += 1))}` }
      await scene.until
      return details
    },
  }
  const bench = await createBench({
    upstream: plain.upstream,
    backend: {
      providers: { stitch: provider },
      rateLimit: (request) => {
        if (request.by !== 'provider' || request.action !== 'connections') return 0
        counted.push(request)
        return scene.wait
      },
    },
  })
  await bench.connect()
  bench.passed += 1000
  const list = async () => (await bench.call('GET', '/connections')).body.connections
  return { bench, plain, scene, counted, list }
}

test('what a provider is asked about a connection counts against its budget, for the user who reads the list', async () => {
  const { counted, list } = await open()
  expect(await list()).toMatchObject([{ details: { status: 'read 1' } }])
  expect(counted).toEqual([{ by: 'provider', key: 'stitch', action: 'connections', subject: 'robin' }])
})

test('a list is given as it is where the provider’s budget is used up, and the next one asks', async () => {
  const { scene, list } = await open()
  scene.wait = 60
  expect(await list()).toMatchObject([{ details: {} }])
  expect(scene.reads).toBe(0)
  scene.wait = 0
  expect(await list()).toMatchObject([{ details: { status: 'read 1' } }])
})

test('what a provider said of a consent is not told of the one that has taken its place meanwhile', async () => {
  const { bench, plain, scene, list } = await open()
  const [{ id } = { id: '' }] = await list()
  bench.passed += 1000
  plain.passed = bench.passed
  let answer = (): void => undefined
  scene.until = new Promise((resolve) => (answer = resolve))
  const reading = list()
  await expect.poll(() => scene.reads).toBe(2)
  await bench.connect({ body: { connection: id } })
  answer()
  expect(await reading).toMatchObject([{ id }])
  expect((await reading)[0]?.details).not.toHaveProperty('status')
})
