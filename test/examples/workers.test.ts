import { expect, test, vi } from 'vitest'
import { durableObjectStore, CountersignRecord } from '../../examples/workers/durable-object-store.js'

// What the example takes of the Workers runtime; test/slow/runtimes.test.ts runs it in that runtime itself.
vi.mock('cloudflare:workers', () => ({ DurableObject: Object }))

/** The storage of one object. */
function createStorage() {
  const values = new Map<string, unknown>()
  return {
    get: (name: string) => Promise.resolve(values.get(name)),
    put: (name: string, value: unknown) => Promise.resolve(values.set(name, value)),
    delete: (name: string) => Promise.resolve(values.delete(name)),
    deleteAll: () => {
      values.clear()
      return Promise.resolve()
    },
    setAlarm: () => Promise.resolve(),
    deleteAlarm: () => Promise.resolve(),
    list: ({ limit, startAfter = '' }: { readonly limit: number; readonly startAfter?: string }) =>
      Promise.resolve(
        new Map(
          [...values]
            .filter(([name]) => name > startAfter)
            .sort(([one], [other]) => (one < other ? -1 : 1))
            .slice(0, limit),
        ),
      ),
  }
}

/** The objects of a namespace, by their names. */
function createNamespace() {
  const objects = new Map<string, CountersignRecord>()
  const object = (name: string): CountersignRecord => {
    const found =
      objects.get(name) ?? Object.assign(new CountersignRecord(), { ctx: { storage: createStorage() } })
    objects.set(name, found)
    return found
  }
  return {
    object,
    idFromName: (name: string) => ({ name }),
    get: (id: object) => object((id as { readonly name: string }).name),
  }
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600

async function listedBy(store: ReturnType<typeof durableObjectStore>): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys?.() ?? []) keys.push(key)
  return keys
}

test('the Durable Object store lists a record of its earlier version, which wrote no name, from its next update on', async () => {
  const namespace = createNamespace()
  const store = durableObjectStore(namespace)
  await namespace.object('connections:robin').put('sealed', null, inAnHour())
  expect(await listedBy(store)).toEqual([])
  const { version = '' } = { ...(await store.get('connections:robin')) }
  expect(await store.put('connections:robin', 'sealed again', version, inAnHour())).toBe(true)
  expect(await listedBy(store)).toEqual(['connections:robin'])
})
