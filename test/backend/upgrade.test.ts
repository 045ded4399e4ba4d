// What earlier versions left in the store, each by its own code: a user has three connections, one whose access token has run out, one
// whose is good, and one whose grant has ended, and is at the bank for a fourth when the new version is rolled out.
import { memoryStore } from 'countersign/backend'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { ConnectionDocument } from '../../src/protocol/contract.js'
import { createBench, type Proof } from './support/bench.js'
import { createUpstream, tokenEndpoint } from './support/upstream.js'

interface Fixture {
  /** When the records were written: epoch seconds. */
  readonly at: number
  readonly subject: string
  /** Ids of the connections. */
  readonly expired: string
  readonly good: string
  readonly ended: string
  /** The token request of the transaction that was under way. */
  readonly proof: Proof
  /** The user's list as the earlier version gave it. */
  readonly connections: readonly ConnectionDocument[]
  readonly records: Readonly<Record<string, { readonly value: object; readonly expiresAt: number }>>
  /** Absent for a version that named users without one. */
  readonly subjectKeySecret?: string
}

const folder = join(import.meta.dirname, 'fixtures')
const names = readdirSync(folder)

/** The backend of this version over what an earlier one has stored. */
async function upgrade(name: string) {
  const fixture = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Fixture
  const now = () => fixture.at
  // The bank looks at the time of the client's assertions.
  vi.useFakeTimers({ toFake: ['Date'], now: fixture.at * 1000 })
  // One that ended with its process would hold nothing of earlier versions.
  const store = { ...memoryStore({ now }), inProcess: false }
  for (const [key, { value, expiresAt }] of Object.entries(fixture.records))
    await store.put(key, JSON.stringify(value), null, expiresAt)
  // They were written to a store that ended with its process. One that stays has this, too.
  await store.put('canary', JSON.stringify({ v: 1 }), null, fixture.at + 315_360_000)
  const upstream = createUpstream(now)
  const { subjectKeySecret } = fixture
  const backend = {
    clock: { now },
    unsealed: true,
    ...(subjectKeySecret !== undefined && { subjectKeySecret }),
  }
  const bench = await createBench({ store, upstream, backend })
  const list = async () => (await bench.call('GET', '/connections')).body.connections
  const accessToken = (id: string) => bench.call('POST', `/connections/${id}/access-token`, {})
  return { ...bench, fixture, list, accessToken }
}

/** Has the bank answer the token request that holds this, whatever it has issued itself. */
function answerOnce({ upstream }: Awaited<ReturnType<typeof upgrade>>, parameter: string, value: string) {
  const sent: string[] = []
  upstream.next.push(({ url, form }) => {
    if (url !== tokenEndpoint || form.get(parameter) !== value) return undefined
    sent.push(value)
    return Response.json({
      access_token: 'access-token-of-this-version',
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: 'refresh-token-of-this-version',
    })
  })
  return sent
}

afterEach(() => {
  vi.useRealTimers()
})

test('there are some', () => {
  expect(names.length).toBeGreaterThan(1)
})

describe.each(names)('with what the version of %s stored', (name) => {
  test('the list is what it was', async () => {
    const { list, fixture } = await upgrade(name)
    expect(await list()).toMatchObject(fixture.connections)
    // What the first reading may have moved stays where it is.
    expect(await list()).toMatchObject(fixture.connections)
  })

  test('an access token that is good is handed out, and the bank is asked for nothing', async () => {
    const { accessToken, upstream, fixture } = await upgrade(name)
    expect((await accessToken(fixture.good)).body).toMatchObject({ access_token: 'access-token-of-two' })
    expect(upstream.requests).toEqual([])
  })

  test('one that has run out is replaced with the refresh token of then', async () => {
    const upgraded = await upgrade(name)
    const { accessToken, list, fixture } = upgraded
    const sent = answerOnce(upgraded, 'refresh_token', 'refresh-token-of-one')
    const answers = await Promise.all([accessToken(fixture.expired), accessToken(fixture.expired)])
    for (const { body } of answers)
      expect(body).toMatchObject({ access_token: 'access-token-of-this-version' })
    expect(sent).toHaveLength(1)
    expect((await list()).map(({ id, status }) => [id, status])).toEqual(
      fixture.connections.map(({ id, status }) => [id, status]),
    )
  })

  test('a grant that has ended can be renewed, and keeps its id', async () => {
    const upgraded = await upgrade(name)
    const { accessToken, begin, redeem, fixture } = upgraded
    expect((await accessToken(fixture.ended)).body.error).toBe('reauthorization_required')
    const { body } = await redeem(await begin({ body: { connection: fixture.ended } }))
    expect(body.connection).toMatchObject({ id: fixture.ended, status: 'connected' })
  })

  test('the person who is at the bank comes back to a connection', async () => {
    const { redeem, upstream, list, fixture } = await upgrade(name)
    const begun = Object.values(fixture.records).find(({ value }) => 'transaction' in value)?.value
    const { nonce, challenge } = (begun as { transaction: Record<'nonce' | 'challenge', string> }).transaction
    const address = new URL('https://secure.bank.example/connect/authorize')
    address.search = String(
      new URLSearchParams({
        ...{ nonce, code_challenge: challenge },
        redirect_uri: 'https://app.example/callback/stitch',
        scope: 'openid accounts balances offline_access',
      }),
    )
    const code = upstream.visit(address.href)
    const { status, body } = await redeem({ ...fixture.proof, code })
    expect([status, body.connection.status]).toEqual([200, 'connected'])
    expect((await list()).map(({ id }) => id)).toEqual([
      ...fixture.connections.map(({ id }) => id),
      body.connection.id,
    ])
    // The same request again, from a page that missed the answer.
    expect((await redeem({ ...fixture.proof, code })).body.connection.id).toBe(body.connection.id)
  })

  test('a connection can be disconnected, and its tokens are not left in the store', async () => {
    const { call, store, list, fixture } = await upgrade(name)
    expect((await call('DELETE', `/connections/${fixture.good}`)).status).toBe(200)
    expect((await list()).map(({ id }) => id)).toEqual([fixture.expired, fixture.ended])
    expect(await store.get(`connection:${fixture.good}`)).toBeUndefined()
  })

  test('what this version writes has every member that the earlier one reads', async () => {
    const upgraded = await upgrade(name)
    const { accessToken, store, fixture } = upgraded
    answerOnce(upgraded, 'refresh_token', 'refresh-token-of-one')
    await accessToken(fixture.expired)
    const key = `connection:${fixture.expired}`
    const before = fixture.records[key]?.value ?? {}
    const after = JSON.parse((await store.get(key))?.value ?? '{}') as object
    const { tokens, ...rest } = before as { readonly tokens: object }
    expect(after).toMatchObject({ ...rest, renewBy: expect.any(Number) as number })
    expect(Object.keys((after as { tokens: object }).tokens)).toEqual(
      expect.arrayContaining(Object.keys(tokens)),
    )
  })

  test('what must be used in time is found, before reindex and after', async () => {
    const { store, fixture, handle, upstream } = await upgrade(name)
    const filed = Object.entries(fixture.records).flatMap(([key, { value }]) =>
      key.startsWith('due:') ? (value as unknown as string[]) : [],
    )
    const { subjectKeySecret } = fixture
    const backend = { unsealed: true, ...(subjectKeySecret !== undefined && { subjectKeySecret }) }
    const clock = { now: () => fixture.at + 50 * 86_400 }
    const later = await createBench({ store, upstream, backend: { ...backend, clock } })
    const renewBefore = fixture.at + 90 * 86_400
    const find = async (): Promise<Set<string>> => {
      const found = new Set<string>()
      for await (const { id } of later.handle.connections.due({ renewBefore })) found.add(id)
      return found
    }
    // Before there were such entries, nothing is found. The one whose grant has ended is filed, and not due.
    expect(await find()).toEqual(new Set(filed.filter((id) => id !== fixture.ended)))
    await handle.connections.reindex()
    expect(await find()).toEqual(new Set([fixture.expired, fixture.good]))
  })
})
