import { memoryStore, type Store } from 'countersign/backend'
import { describe, expect, test } from 'vitest'
import { api, clientId, createUpstream, issuer, tokenEndpoint } from '../support/upstream.js'
import { createBench, type Bench, type BenchOptions } from '../support/bench.js'

const ask = (bench: Bench, id: string) => bench.call('POST', `/connections/${id}/access-token`, {})
const listed = async (bench: Bench) => (await bench.call('GET', '/connections')).body.connections

/** A connection, and a backend on the same store whose provider of the same name is another one. */
async function open(options: BenchOptions, change: object) {
  const upstream = createUpstream(() => Date.now() / 1000)
  const store = memoryStore()
  const common = { ...options, upstream, store }
  const before = await createBench(common)
  const { id } = await before.connect()
  const changed = await createBench({ ...common, stitch: { ...options.stitch, ...change } })
  const { length } = upstream.requests
  return { id, store, upstream, before, changed, sent: () => upstream.requests.slice(length) }
}

const changes: [string, object][] = [
  ['issuer', { issuer: 'https://other.example', tokenEndpoint: 'https://other.example/token' }],
  ['client id', { clientId: 'test-other' }],
]

describe.each(changes)('a connection of another %s than the provider has now', (_what, change) => {
  test('must be renewed, and none of its tokens goes anywhere', async () => {
    const revocationEndpoint = 'https://other.example/revoke'
    const { id, changed, sent } = await open({}, { ...change, revocationEndpoint })
    expect(await listed(changed)).toMatchObject([{ id, status: 'reauthorization_required' }])
    expect(await ask(changed, id)).toMatchObject({
      status: 409,
      body: { error: 'reauthorization_required', connection: id },
    })
    changed.passed += 3600
    expect((await ask(changed, id)).body.error).toBe('reauthorization_required')
    expect((await changed.call('DELETE', `/connections/${id}`)).body).toEqual({
      revoked: false,
      reason: 'no_endpoint',
    })
    expect(sent()).toEqual([])
  })

  test('is as it was when the configuration comes back', async () => {
    const { id, before, changed } = await open({}, change)
    await ask(changed, id)
    await listed(changed)
    before.passed += 3600
    expect((await ask(before, id)).status).toBe(200)
    expect(await listed(before)).toMatchObject([{ id, status: 'connected' }])
  })
})

test('a connection of another API than the provider has now is not used for it', async () => {
  const { id, changed, sent } = await open({ mode: 'bff' }, { api: 'https://other-api.example/' })
  const query = await changed.call('POST', `/connections/${id}/resource/graphql`, {
    query: '{ user { id } }',
  })
  expect(query.body.error).toBe('reauthorization_required')
  expect(sent()).toEqual([])
  expect(api).not.toContain('other-api')
})

test('a connection is as it was when the app learns the issuer of ID Tokens, which it did not know', async () => {
  const unknown = { issuer: undefined, idToken: 'unverified' } as object
  const { id, changed } = await open({ stitch: unknown }, { issuer, idToken: 'required' })
  expect((await ask(changed, id)).status).toBe(200)
})

test('a connection that was bound without an API stays good when the provider is given one', async () => {
  const { id, store, before } = await open({ mode: 'bff' }, {})
  const key = `connection:${id}`
  const entry = await store.get(key)
  const record = JSON.parse(entry?.value ?? '{}') as { binding: { api?: string } }
  delete record.binding.api
  await store.put(key, JSON.stringify(record), entry?.version ?? null, Date.now() / 1000 + 3600)
  expect(await listed(before)).toMatchObject([{ id, status: 'connected' }])
})

describe('a renewal at another server', () => {
  test('is of nobody who is known, and leaves the connection as it was', async () => {
    const upstream = createUpstream(() => Date.now() / 1000)
    const store = memoryStore()
    const before = await createBench({ upstream, store })
    const { id } = await before.connect()
    const other = `${issuer}/v2/token`
    const moved = {
      ...upstream,
      fetch: (url: string, init: RequestInit) => upstream.fetch(url === other ? tokenEndpoint : url, init),
    }
    const stitch = { tokenEndpoint: other, assertionAudience: tokenEndpoint } as object
    const changed = await createBench({ upstream: moved, store, stitch })
    const { status, body } = await changed.redeem(await changed.begin({ body: { connection: id } }))
    expect([status, body.error]).toEqual([409, 'person_unknown'])
    expect((await ask(before, id)).status).toBe(200)
  })
})

test('a code is not sent to another server than the person was sent to', async () => {
  const upstream = createUpstream(() => Date.now() / 1000)
  const store = memoryStore()
  const before = await createBench({ upstream, store })
  const proof = await before.begin()
  const changed = await createBench({ upstream, store, stitch: { clientId: 'test-other' } })
  const { length } = upstream.requests
  expect((await changed.redeem(proof)).body.error).toBe('transaction_invalid')
  expect(upstream.requests.slice(length)).toEqual([])
  expect((await before.redeem(proof)).status).toBe(200)
})

describe('a record of before there were bindings', () => {
  /** Takes the binding out of a stored connection. */
  async function unbind(store: Store, id: string): Promise<void> {
    const key = `connection:${id}`
    const entry = await store.get(key)
    const { binding, ...record } = JSON.parse(entry?.value ?? '{}') as { binding: unknown }
    expect(binding).toEqual({
      ...{ issuer: tokenEndpoint, clientId, api: new URL(api).origin },
      formerIssuer: issuer,
    })
    await store.put(key, JSON.stringify(record), entry?.version ?? null, Date.now() / 1000 + 3600)
  }

  test('is used as before, and bound by its first use', async () => {
    const { id, store, before, changed } = await open({}, { clientId: 'test-other' })
    await unbind(store, id)
    expect(await listed(before)).toMatchObject([{ id, status: 'connected' }])
    expect((await ask(before, id)).status).toBe(200)
    expect((await ask(changed, id)).body.error).toBe('reauthorization_required')
    before.passed += 3600
    expect((await ask(before, id)).status).toBe(200)
  })

  test('is bound by reindex', async () => {
    const { id, store, before, changed } = await open({}, { clientId: 'test-other' })
    await unbind(store, id)
    await before.handle.connections.reindex()
    expect((await ask(changed, id)).body.error).toBe('reauthorization_required')
  })

  test('is bound by the answer to a refresh that began before it was', async () => {
    const { id, store, before, changed } = await open({}, { clientId: 'test-other' })
    before.upstream.next.push(async ({ form }) => {
      if (form.get('grant_type') === 'refresh_token') await unbind(store, id)
      return undefined
    })
    before.passed += 3600
    expect((await ask(before, id)).status).toBe(200)
    expect((await ask(changed, id)).body.error).toBe('reauthorization_required')
  })

  test('is renewed in place', async () => {
    const { id, store, before } = await open({}, {})
    await unbind(store, id)
    expect((await before.connect({ body: { connection: id } })).id).toBe(id)
    before.upstream.subject = 'user/test/bank/2'
    await expect(before.connect({ body: { connection: id } })).rejects.toThrow('other_person')
  })
})
