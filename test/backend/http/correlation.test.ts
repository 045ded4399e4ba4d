import { expect, test } from 'vitest'
import { createBench } from '../support/bench.js'

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/
const header = 'x-fapi-interaction-id'
const own = '9B1DEB4D-3B7D-4BAD-9BDD-2B0D7B3DCB6D'

test('every answer and its events have one id, and no two requests have the same', async () => {
  const bench = await createBench()
  const ids: (string | null)[] = []
  for (const [method, path] of [
    ['GET', '/connections'],
    ['GET', '/none'],
    ['POST', '/stitch/token'],
  ] as const) {
    const { headers } = await bench.call(method, path, method === 'POST' ? {} : undefined)
    ids.push(headers.get(header))
  }
  expect(ids.every((id) => id !== null && uuid.test(id))).toBe(true)
  expect(new Set(ids).size).toBe(3)
  expect(bench.events.map(({ correlation }) => correlation)).toEqual(ids.slice(1))
})

test('the id of the page is kept, where it is a UUID', async () => {
  const bench = await createBench()
  const { headers } = await bench.call('GET', '/none', undefined, { headers: { [header]: own } })
  expect(headers.get(header)).toBe(own.toLowerCase())
  expect(bench.events.at(-1)?.correlation).toBe(own.toLowerCase())
})

test.each(['a', 'ya29.secret-token', `${own}0`, `${own}\u00a0`])(
  'anything else, such as %j, gets into no event',
  async (value) => {
    const bench = await createBench()
    await bench.call('GET', '/none', undefined, { headers: { [header]: encodeURI(value) } })
    expect(bench.events.at(-1)?.correlation).toMatch(uuid)
  },
)

test('a request to the API has the id of the request that it is for', async () => {
  const bench = await createBench({ mode: 'bff' })
  const { id } = await bench.connect()
  await bench.call('POST', `/connections/${id}/resource/graphql`, { query: 'query { user { id } }' })
  const event = bench.events.find(({ name }) => name === 'resource_requested')
  const [sent] = bench.upstream.to('/graphql')
  expect(event?.correlation).toMatch(uuid)
  expect(sent?.headers.get(header)).toBe(event?.correlation)
})

test('a page on another origin may read it', async () => {
  const bench = await createBench({ backend: { cors: true } })
  const { headers } = await bench.call('GET', '/connections')
  expect(headers.get('access-control-expose-headers')).toContain(header)
})
