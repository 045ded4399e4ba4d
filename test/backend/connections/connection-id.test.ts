import { memoryStore } from 'countersign/backend'
import { expect, test } from 'vitest'
import { createBench } from '../support/bench.js'

const idOf = (letter: string) => letter.repeat(22)

/** A backend with ids of the app's own, in this order; the last one again and again. */
function open(ids: readonly unknown[], store = memoryStore()) {
  const left = [...ids]
  const createId = () => (left.length > 1 ? left.shift() : left[0]) as string
  return createBench({ store, backend: { createId, rateLimit: 'off' } })
}

test('ids of the app’s own are those of its connections, in their order', async () => {
  const bench = await open(['a', 'b', 'c'].map(idOf))
  expect((await bench.connect()).id).toBe(idOf('a'))
  expect((await bench.connect()).id).toBe(idOf('b'))
})

test('an id that another connection has is passed over, also that of another user and process', async () => {
  const store = memoryStore()
  const first = await open([idOf('a')], store)
  await first.connect({ subject: 'mallory' })
  const bench = await open(['a', 'b', 'b', 'c'].map(idOf), store)
  expect((await bench.connect()).id).toBe(idOf('b'))
  expect((await bench.connect()).id).toBe(idOf('c'))
  const { body } = await bench.call('GET', '/connections', undefined, { subject: 'mallory' })
  expect(body.connections).toMatchObject([{ id: idOf('a') }])
})

test('an id that is none is passed over, and the connection can be ended', async () => {
  const bench = await open([idOf('a'), 'connection-2', 7, idOf('b')])
  await bench.connect()
  const { id } = await bench.connect()
  expect(id).toBe(idOf('b'))
  expect((await bench.call('DELETE', `/connections/${id}`)).status).toBe(200)
})

test('where no other id comes, no connection is made, and the log says why', async () => {
  const bench = await open([idOf('a')])
  await bench.connect()
  const refused = await bench.redeem(await bench.begin())
  expect([refused.status, refused.body.error]).toEqual([503, 'backend_unavailable'])
  expect(bench.events).toContainEqual(expect.objectContaining({ name: 'failed', reason: 'create_id' }))
  const { body } = await bench.call('GET', '/connections')
  expect(body.connections).toHaveLength(1)
})
