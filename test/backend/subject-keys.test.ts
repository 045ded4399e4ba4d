import { createHash, createHmac, randomBytes } from 'node:crypto'
import { memoryStore, type Store } from 'countersign/backend'
import { expect, test } from 'vitest'
import { createWebHmac } from '../../src/backend/crypto/hmac.js'
import { createSubjectKeys } from '../../src/backend/subject-keys.js'
import { createBench, subjectKeySecret } from './support/bench.js'

/** A store that outlives the process, as far as a backend can tell, with the names of what it holds. */
function openStore(): { store: Store; names: () => Promise<string[]> } {
  const store = { ...memoryStore(), inProcess: false }
  return {
    store,
    async names() {
      const names: string[] = []
      for await (const name of store.keys?.() ?? []) names.push(name)
      return names
    },
  }
}

const keys = [randomBytes(32).toString('base64url')]
const bareHash = (subject: string) => createHash('sha256').update(`subject ${subject}`).digest('base64url')

test('a user is named by an HMAC under the secret, the same on every platform', async () => {
  const secret = Buffer.from(subjectKeySecret, 'base64url')
  const expected = createHmac('sha256', secret).update('subject robin').digest('base64url')
  expect(await createSubjectKeys(subjectKeySecret, memoryStore()).of('robin')).toBe(expected)
  expect(await createWebHmac(new Uint8Array(secret))('subject robin')).toBe(expected)
})

test('without a secret, backends over one store name a user alike, and others do not', async () => {
  const store = memoryStore()
  const [a, b, other] = [store, store, memoryStore()].map((one) =>
    createSubjectKeys(undefined, one).of('robin'),
  )
  expect(a).toBe(b)
  expect(other).not.toBe(a)
})

test('who reads the store and the log cannot find a user there by trying their ids', async () => {
  const { store, names } = openStore()
  const bench = await createBench({ store, backend: { keys } })
  await bench.connect()
  const written = JSON.stringify([await names(), bench.events])
  for (const guess of ['robin', 'subject robin'])
    for (const encoding of ['base64url', 'hex', 'base64'] as const)
      expect(written).not.toContain(createHash('sha256').update(guess).digest(encoding).slice(0, 16))
})

/** Puts the list of robin's connections, which is not sealed, where earlier versions had it. */
async function moveBack(store: Store, names: readonly string[]): Promise<void> {
  const name = names.find((one) => one.startsWith('connections:')) ?? ''
  const { value = '' } = (await store.get(name)) ?? {}
  await store.put(`connections:${bareHash('robin')}`, value, null, 4_000_000_000)
  await store.delete(name)
}

test('a list under a bare hash is found, and moved', async () => {
  const { store, names } = openStore()
  const open = () => createBench({ store, backend: { unsealed: true } })
  const { id } = await (await open()).connect()
  await moveBack(store, await names())
  const later = await open()
  const listed = await later.call('GET', '/connections')
  expect(listed.body.connections.map((one) => one.id)).toEqual([id])
  expect(await names()).not.toContain(`connections:${bareHash('robin')}`)
  expect((await (await open()).call('GET', '/connections')).body.connections).toHaveLength(1)
})

test('a list under a bare hash is kept where a connection is added, or taken away, first', async () => {
  for (const first of ['add', 'remove'] as const) {
    const { store, names } = openStore()
    const open = () => createBench({ store, backend: { unsealed: true } })
    const before = await open()
    const [one, two] = [await before.connect(), await before.connect()]
    await moveBack(store, await names())
    const later = await open()
    const expected = first === 'add' ? [one.id, two.id] : [two.id]
    if (first === 'add') expected.push((await later.connect()).id)
    else await later.call('DELETE', `/connections/${one.id}`)
    const { body } = await later.call('GET', '/connections')
    expect(body.connections.map(({ id }) => id)).toEqual(expected)
  }
})

test('a former list that cannot be read is no empty one, and is looked for again', async () => {
  const { store } = openStore()
  const name = `connections:${bareHash('robin')}`
  await store.put(name, '1.AAAAAAAA.AAAAAAAAAAAAAAAA.AAAA', null, 4_000_000_000)
  const bench = await createBench({ store, backend: { keys } })
  expect((await bench.call('GET', '/connections')).status).toBe(503)
  await store.delete(name)
  expect((await bench.call('GET', '/connections')).status).toBe(200)
})

test('another secret than the one of the store serves nobody, and says which to put back', async () => {
  const { store } = openStore()
  const first = await createBench({ store, backend: { keys } })
  await first.connect()
  const backend = { keys, subjectKeySecret: randomBytes(32).toString('base64url') }
  const second = await createBench({ store, backend })
  await expect(second.handle.ready).rejects.toThrow(/`subjectKeySecret` is not the one.*Put that one back/)
  expect((await second.call('GET', '/connections')).status).toBe(503)
  expect(await second.handle.health()).toMatchObject({ store: 'misconfigured' })
})
