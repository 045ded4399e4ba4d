import { memoryStore } from 'countersign/backend'
import { expect, test } from 'vitest'
import type { ProviderRecords } from '../../../../src/backend/provider-given.js'
import { createRecords } from '../../../../src/backend/storage/records.js'
import { sendWithProof } from '../../../../src/protocol/send-with-proof.js'
import { createDpop } from '../../../../src/providers/kit/backend/dpop.js'

const client = { issuer: 'https://as.example', clientId: 'client-1' }

/** Records in a store of their own. */
function openContext() {
  const now = () => Date.now() / 1000
  const store = memoryStore()
  const records = createRecords(store, undefined, now, () => undefined) as unknown as ProviderRecords
  return { store, context: { records, now, fetch: () => Promise.reject(new Error('unused')) } }
}

const thumbprints = async (...handles: readonly Awaited<ReturnType<ReturnType<typeof createDpop>>>[]) =>
  new Set(await Promise.all(handles.map((handle) => handle.calculateThumbprint()))).size

test('a key is made once, for replicas that need it at the same time, too', async () => {
  const { context, store } = openContext()
  const made = await Promise.all([1, 2, 3].map(() => createDpop(client)(context)))
  expect(await thumbprints(...made, await createDpop(client)(context))).toBe(1)
  const keys: string[] = []
  for await (const key of store.keys?.() ?? []) keys.push(key)
  expect(keys).toHaveLength(1)
})

test('another client has another key, and so has the same one at another server', async () => {
  const { context } = openContext()
  const others = [client, { ...client, clientId: 'client-2' }, { ...client, issuer: 'https://b.example' }]
  expect(await thumbprints(...(await Promise.all(others.map((one) => createDpop(one)(context)))))).toBe(3)
})

test('a handle stays, with the nonces of servers, until the store has another key', async () => {
  const dpop = createDpop(client)
  const { context } = openContext()
  const first = await dpop(context)
  expect(await dpop(context)).toBe(first)
  const { context: restored } = openContext()
  const second = await dpop(restored)
  expect(await thumbprints(first, second)).toBe(2)
})

test('the key of a handle cannot be read out of it', async () => {
  const { context } = openContext()
  const handle = await createDpop(client)(context)
  expect(JSON.stringify(handle)).toBe('{}')
})

test('a provider of one’s own that leaves `records` out is told so', async () => {
  const { context } = openContext()
  await expect(createDpop(client)({ ...context, records: undefined as never })).rejects.toThrow(/`records`/)
})

test.each(['GET', 'POST'])(
  'a %s that the API wants a nonce for is sent once more, and no third time',
  async (method) => {
    const { context } = openContext()
    const asked: { proof: string | null; body: unknown; authorization: string | null }[] = []
    const send = sendWithProof(await createDpop(client)(context), 'token-1', (_url, { headers, body }) => {
      const seen = new Headers(headers)
      asked.push({ proof: seen.get('dpop'), authorization: seen.get('authorization'), body })
      const challenge = {
        'www-authenticate': 'DPoP error="use_dpop_nonce"',
        'dpop-nonce': `nonce-${String(asked.length)}`,
      }
      return Promise.resolve(new Response(null, { status: 401, headers: challenge }))
    })
    const body = method === 'POST' ? '{"amount":1}' : undefined
    const answer = await send('https://api.example/payments', { method, ...(body !== undefined && { body }) })
    expect(answer.status).toBe(401)
    expect(asked).toHaveLength(2)
    expect(new Set(asked.map(({ proof }) => proof)).size).toBe(2)
    for (const one of asked) expect(one).toMatchObject({ authorization: 'DPoP token-1', body })
  },
)

test.each([200, 201, 403, 502])(
  'a payment that is answered with %i is not sent once more, whatever nonce the answer asks for',
  async (status) => {
    const { context } = openContext()
    let sent = 0
    const send = sendWithProof(await createDpop(client)(context), 'token-1', () => {
      sent += 1
      const headers = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'nonce-1' }
      return Promise.resolve(new Response('{}', { status, headers }))
    })
    const answer = await send('https://api.example/payments', { method: 'POST', body: '{"amount":1}' })
    expect([answer.status, await answer.text(), sent]).toEqual([status, '{}', 1])
  },
)

test('a failure of the network is the failure that it was', async () => {
  const { context } = openContext()
  const lost = new TypeError('fetch failed')
  const send = sendWithProof(await createDpop(client)(context), 'token-1', () => Promise.reject(lost))
  await expect(send('https://api.example/accounts', { method: 'GET' })).rejects.toBe(lost)
})
