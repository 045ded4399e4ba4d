import { expect, test } from 'vitest'
import { createBench } from './support/bench.js'

test('requests that use something up have a connection of their own; requests for data do not', async () => {
  const bench = await createBench({ mode: 'bff' })
  const { id } = await bench.connect()
  await bench.call('POST', `/connections/${id}/resource/graphql`, { query: '{ user }' })
  const connections = bench.upstream.requests.map(({ url, headers }) => [
    new URL(url).pathname,
    headers.get('connection'),
  ])
  expect(connections).toEqual([
    ['/.well-known/openid-configuration', 'close'],
    // Fetched beside the code.
    ['/jwks', 'close'],
    ['/connect/token', 'close'],
    ['/graphql', null],
  ])
})
