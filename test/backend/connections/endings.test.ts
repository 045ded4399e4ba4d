import { memoryStore, type BackendProvider, type ProviderRevocation, type Store } from 'countersign/backend'
import { describe, expect, test } from 'vitest'
import { createBench, type Bench } from '../support/bench.js'

interface Scene {
  readonly bench: Bench
  /** Details of the grants whose end was asked for. */
  readonly asked: string[]
  /** Results of the next attempts; those after them are confirmed. */
  readonly answers: ProviderRevocation[]
  /** The grant of the next connection. */
  grant: string
  /** While true, no connection can be written or deleted. */
  isStuck: boolean
  /** While true, the provider is not to be asked for more. */
  isBudgetUsed: boolean
  /** Number of requests that were one too many. */
  refused: number
  /** What happens once, when a connection that is about to be stored has dropped the endings of its grant. */
  afterDropped: (() => Promise<unknown>) | undefined
}

/** A provider that names its grants, in front of a store that may fail. */
async function open(): Promise<Scene> {
  const plain = await createBench()
  const inner = memoryStore({ now: () => Math.floor(Date.now() / 1000) + scene.bench.passed })
  const check = async (key: string): Promise<void> => {
    await Promise.resolve()
    if (scene.isStuck && key.startsWith('connection:')) throw new Error('the store is down')
  }
  const store: Store = {
    ...inner,
    async get(key) {
      const value = await inner.get(key)
      if (!key.startsWith('endings:')) return value
      const { afterDropped } = scene
      scene.afterDropped = undefined
      await afterDropped?.()
      return value
    },
    put: async (key, ...rest) => (await check(key), inner.put(key, ...rest)),
    delete: async (key) => (await check(key), inner.delete(key)),
  }
  const provider: BackendProvider = {
    ...plain.provider,
    redeem: async (redemption, context) => ({
      ...(await plain.provider.redeem(redemption, context)),
      details: { grant: scene.grant },
    }),
    toEnding: ({ details }) => ({ details }),
    revoke: ({ details }) => {
      scene.asked.push(details['grant'] as string)
      return Promise.resolve(scene.answers.shift() ?? { revoked: true })
    },
  }
  const bench = await createBench({
    store,
    upstream: plain.upstream,
    backend: {
      providers: { stitch: provider },
      rateLimit({ by, action }) {
        if (by !== 'provider' || action !== 'connections' || !scene.isBudgetUsed) return 0
        scene.refused += 1
        return 60
      },
    },
  })
  const scene: Scene = {
    bench,
    asked: [],
    answers: [],
    grant: 'one',
    isStuck: false,
    isBudgetUsed: false,
    refused: 0,
    afterDropped: undefined,
  }
  return scene
}

const unreachable = { revoked: false, reason: 'unreachable' } as const

/** Reads the list when the next attempt is due, and waits for what it begins. */
async function later({ bench }: Scene): Promise<void> {
  bench.passed += 700
  await bench.call('GET', '/connections')
  await bench.handle.close()
}

describe('the end of a grant that is tried again', () => {
  test('is that of a connection that was forgotten', async () => {
    const scene = await open()
    const { id } = await scene.bench.connect()
    scene.answers.push(unreachable)
    await scene.bench.call('DELETE', `/connections/${id}`)
    await later(scene)
    expect(scene.asked).toEqual(['one', 'one'])
  })

  test('is not that of a connection that stayed because the store failed', async () => {
    const scene = await open()
    const { id } = await scene.bench.connect()
    scene.isStuck = true
    expect((await scene.bench.call('DELETE', `/connections/${id}`)).status).toBe(503)
    scene.isStuck = false
    await later(scene)
    expect(scene.asked).toEqual([])
  })

  test('is asked for once where the connection was forgotten at the second attempt', async () => {
    const scene = await open()
    const { id } = await scene.bench.connect()
    scene.isStuck = true
    await scene.bench.call('DELETE', `/connections/${id}`)
    scene.isStuck = false
    scene.answers.push(unreachable)
    await scene.bench.call('DELETE', `/connections/${id}`)
    await later(scene)
    expect(scene.asked).toEqual(['one', 'one'])
  })

  test('is not that of a grant which the person has connected again', async () => {
    const scene = await open()
    const { id } = await scene.bench.connect()
    scene.answers.push(unreachable)
    await scene.bench.call('DELETE', `/connections/${id}`)
    scene.grant = 'two'
    await scene.bench.connect()
    scene.grant = 'one'
    await scene.bench.connect()
    await later(scene)
    expect(scene.asked).toEqual(['one'])
  })

  test.each([
    ['renewed', (id: string) => ({ body: { connection: id } })],
    ['connected anew', () => ({})],
  ])('is not that of a grant which is being %s while the person disconnects it', async (_name, by) => {
    const scene = await open()
    const { id } = await scene.bench.connect()
    const next = await scene.bench.begin(by(id))
    scene.answers.push(unreachable)
    scene.afterDropped = () => scene.bench.call('DELETE', `/connections/${id}`)
    expect((await scene.bench.redeem(next)).status).toBe(200)
    expect(scene.asked).toEqual(['one'])
    await later(scene)
    expect(scene.asked).toEqual(['one'])
  })

  test('is kept where its provider is missing from the configuration', async () => {
    const scene = await open()
    const { id } = await scene.bench.connect()
    scene.answers.push(unreachable)
    await scene.bench.call('DELETE', `/connections/${id}`)
    const { store, upstream, provider } = scene.bench
    const without = await createBench({ store, upstream, backend: { providers: { other: provider } } })
    await later({ ...scene, bench: without })
    scene.bench.passed += 1200
    await later(scene)
    expect(scene.asked).toEqual(['one', 'one'])
  })

  test('waits for its next time where the provider’s budget is used up', async () => {
    const scene = await open()
    const { id } = await scene.bench.connect()
    scene.answers.push(unreachable)
    await scene.bench.call('DELETE', `/connections/${id}`)
    scene.isBudgetUsed = true
    scene.bench.passed += 700
    await scene.bench.call('GET', '/connections')
    await expect.poll(() => scene.refused).toBe(1)
    expect(scene.asked).toEqual(['one'])
    scene.isBudgetUsed = false
    scene.bench.passed += 1300
    await scene.bench.call('GET', '/connections')
    await expect.poll(() => scene.asked).toEqual(['one', 'one'])
  })
})
