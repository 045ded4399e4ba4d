import { randomBytes } from 'node:crypto'
import { createBackend, memoryStore, type BackendEvent, type Store } from 'countersign/backend'
import { expect, test } from 'vitest'
import { createBench, subjectKeySecret } from '../support/bench.js'

const key = (): string => randomBytes(32).toString('base64url')
const [right, wrong] = [key(), key()]

/** A store that outlives the process, as far as a backend can tell. */
function outliving(): Store {
  return { ...memoryStore(), inProcess: false }
}

async function open(store: Store, keys: readonly string[] | undefined): Promise<void> {
  const { handle } = await createBench({ store, backend: keys ? { keys } : { unsealed: true } })
  await handle.ready
}

test('a backend whose keys opened the store before starts again', async () => {
  const store = outliving()
  await open(store, [right])
  await expect(open(store, [right])).resolves.toBeUndefined()
  await expect(open(store, [wrong, right])).resolves.toBeUndefined()
})

test.each([
  ['another key', [right], [wrong], 'No key in `keys` opens what is in this store'],
  ['no key', [right], undefined, 'createBackend has no `keys`'],
  ['a key for what was stored without', undefined, [right], 'was written without `keys`'],
])('a start with %s is refused with the remedy, and writes nothing', async (_name, before, after, remedy) => {
  const store = outliving()
  await open(store, before)
  const canary = await store.get('canary')
  await expect(open(store, after)).rejects.toThrow(remedy)
  expect(await store.get('canary')).toEqual(canary)
})

test('a canary that something else has changed is told', async () => {
  const store = outliving()
  await open(store, [right])
  const { version = '' } = (await store.get('canary')) ?? {}
  await store.put('canary', 'something else', version, 4_000_000_000)
  await expect(open(store, [right])).rejects.toThrow('changed by something other')
})

const session = () => ({ subject: 'robin' })
const options = {
  origins: ['https://app.example'],
  session,
  subjectKeySecret,
  providers: {
    bank: {
      label: 'Bank',
      mode: 'bff' as const,
      redirectUris: ['https://app.example/callback'],
      scope: 'accounts',
      authorize: () => Promise.reject(new Error('unused')),
      redeem: () => Promise.reject(new Error('unused')),
    },
  },
}
const request = (): Request =>
  new Request('https://app.example/connect/connections', { headers: { countersign: '1' } })

test('who does not await ready is not served with a wrong key either', async () => {
  const store = outliving()
  await createBackend({ ...options, store, keys: [right] }).ready
  const events: BackendEvent[] = []
  const backend = createBackend({ ...options, store, keys: [wrong], log: (event) => events.push(event) })
  expect((await backend(request())).status).toBe(503)
  expect(events).toContainEqual(
    expect.objectContaining({ name: 'record_unreadable', record: 'canary', reason: 'unknown_key' }),
  )
  expect(await backend.health()).toMatchObject({ ok: false, store: 'misconfigured' })
})

test.each([
  ['an error', new Error('ECONNREFUSED')],
  ['a TypeError, as `fetch` does', new TypeError('fetch failed')],
])('a store that is away at the start with %s is asked again by the next request', async (_name, error) => {
  const store = outliving()
  let isAway = true
  const away: Store = {
    ...store,
    get: (name) => (isAway ? Promise.reject(error) : store.get(name)),
  }
  const backend = createBackend({ ...options, store: away, keys: [right] })
  await expect(backend.ready).rejects.toBe(error)
  expect(await backend.health()).toMatchObject({ ok: false, store: 'unreachable' })
  expect((await backend(request())).status).toBe(503)
  isAway = false
  expect((await backend(request())).status).toBe(200)
  await expect(backend.ready).resolves.toBeUndefined()
})

test('nothing is asked of the store before ready or the first request', async () => {
  const store = outliving()
  let asked = 0
  const backend = createBackend({
    ...options,
    keys: [right],
    store: { ...store, get: (name) => ((asked += 1), store.get(name)) },
  })
  expect(asked).toBe(0)
  await backend.ready
  expect(asked).toBe(1)
})

test('two replicas that start at once agree on one canary', async () => {
  const store = outliving()
  await Promise.all([1, 2, 3].map(() => createBackend({ ...options, store, keys: [right] }).ready))
  expect((await store.get('canary'))?.value).toMatch(/^1\./)
})
