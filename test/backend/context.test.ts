import { expect, test } from 'vitest'
import type { Context } from '../../src/backend/context.js'
import { providerContext } from '../../src/backend/provider-context.js'
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

test('a provider’s own records have keys of at most 130 characters, which every store takes', async () => {
  const { provider } = await createBench()
  const read: string[] = []
  const records = {
    read(key: string) {
      read.push(key)
      return Promise.resolve()
    },
  }
  const context = { providers: new Map([['p'.repeat(64), provider]]), records } as unknown as Context
  const own = providerContext(context, provider).records
  await own.read('k'.repeat(56))
  expect(read.map(({ length }) => length)).toEqual([130])
  expect(() => own.read('k'.repeat(57))).toThrow('at most 56 characters')
})
