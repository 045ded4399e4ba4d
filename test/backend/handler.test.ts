import { expect, test } from 'vitest'
import { createBench, redirectUri } from './support/bench.js'

test('answers 404 for what is not in the contract, whatever the method', async () => {
  const { call, upstream } = await createBench()
  for (const path of [
    '',
    '/',
    '/stitch',
    '/stitch/authorization/',
    '/stitch/TOKEN',
    '/connections/',
    '/x/y/z',
  ]) {
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect((await call(method, path, method === 'POST' ? {} : undefined)).body.error).toBe('not_found')
    }
  }
  expect(upstream.requests).toEqual([])
})

test('answers 405 with the methods that there are', async () => {
  const { call } = await createBench()
  const answers = [
    [await call('GET', '/stitch/token'), 'POST'],
    [await call('HEAD', '/connections'), 'GET'],
    [await call('POST', '/connections', {}), 'GET'],
    [await call('OPTIONS', '/connections/abc'), 'DELETE'],
    [await call('constructor', '/stitch/authorization'), 'POST'],
  ] as const
  for (const [{ status, headers }, allow] of answers) {
    expect(status).toBe(405)
    expect(headers.get('allow')).toBe(allow)
  }
})

test('connects, lists and forgets', async () => {
  const bench = await createBench()
  const { id, accessToken } = await bench.connect()
  expect(accessToken).toBeDefined()
  const { body } = await bench.call('GET', '/connections')
  expect(body.connections).toMatchObject([{ id, provider: 'stitch', status: 'connected', details: {} }])
  expect(await bench.call('DELETE', `/connections/${id}`)).toMatchObject({
    status: 200,
    body: { revoked: false },
  })
  expect((await bench.call('GET', '/connections')).body).toEqual({ connections: [] })
  expect((await bench.call('DELETE', `/connections/${id}`)).body.error).toBe('unknown_connection')
  expect(redirectUri).toBeDefined()
})
