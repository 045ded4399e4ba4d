import { createHash } from 'node:crypto'
import { memoryStore, type BackendProvider, type Store, type WebhookEvent } from 'countersign/backend'
import { generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createBench, type Bench } from '../support/bench.js'
import { clientId, createUpstream, issuer, networkFailure, type Upstream } from '../support/upstream.js'
import { leaksOf } from '../../support/secrets.js'
import { settled } from '../../support/until.js'

/** The issuer of events, which is not that of ID Tokens, although the keys are the same. */
const eventIssuer = 'https://events.bank.example'

/** What a bank's webhooks are; without `signature` nothing is signed. */
const webhooksOf = (isSigned: boolean): NonNullable<BackendProvider['webhooks']> => {
  const server = { issuer, jwks_uri: `${issuer}/jwks` }
  return {
    ...(isSigned && {
      signature: { issuer: eventIssuer, audience: clientId, server: () => Promise.resolve(server) },
    }),
    nameOf: ({ data }) => data?.['person'] as string | undefined,
    read: ({ sub, events }) => ({
      name: sub as string,
      events: Object.entries(events as Record<string, { connection?: string }>).map(([name, detail]) => ({
        name,
        kind: 'synced',
        detail,
        ...(detail.connection !== undefined && {
          isAbout: ({ id }: { readonly id: string }) => id === detail.connection,
        }),
      })),
    }),
  }
}

interface Scene {
  readonly bench: Bench
  readonly told: WebhookEvent[]
  /** What the app does with the next events. */
  readonly then: (() => unknown)[]
  readonly claims: (more?: Readonly<Record<string, unknown>>) => JWTPayload
  send(body: string, headers?: Record<string, string>, path?: string, method?: string): Promise<Response>
  /** Signs and sends. */
  push(claims?: JWTPayload, header?: object): Promise<Response>
}

async function open({
  isSigned = true,
  store,
  upstream,
}: {
  readonly isSigned?: boolean
  readonly store?: Store
  readonly upstream?: Upstream
} = {}): Promise<Scene> {
  const plain = await createBench()
  const used = upstream ?? createUpstream(() => Date.now() / 1000 + bench.passed)
  const bench: Bench = await createBench({
    ...(store && { store }),
    upstream: used,
    backend: {
      rateLimit: 'off',
      providers: {
        stitch: {
          ...plain.provider,
          redeem: async (redemption, context) => ({
            ...(await plain.provider.redeem(redemption, context)),
            data: { person: redemption.session.subject === 'robin' ? 'person-1' : 'person-2' },
          }),
          webhooks: webhooksOf(isSigned),
        } satisfies BackendProvider,
      },
    },
  })
  const told: WebhookEvent[] = []
  const then: (() => unknown)[] = []
  const handle = bench.handle.webhooks({
    onEvent: async (event) => {
      await then.shift()?.()
      told.push(event)
    },
  })
  let count = 0
  const scene: Scene = {
    bench,
    told,
    then,
    claims: (more = {}) => ({
      iss: eventIssuer,
      aud: clientId,
      iat: Math.floor(Date.now() / 1000) + bench.passed,
      jti: `delivery-${String((count += 1))}`,
      sub: 'person-1',
      events: { 'sync-completed': { accounts: 2 } },
      ...more,
    }),
    send: (
      body,
      headers = { 'content-type': 'application/jwt' },
      path = '/webhooks/stitch',
      method = 'POST',
    ) =>
      handle(
        new Request(`https://app.example${path}`, { method, headers, ...(method === 'POST' && { body }) }),
      ),
    push: async (claims = scene.claims(), header) => scene.send(await bench.upstream.sign(claims, header)),
  }
  return scene
}

const errorOf = async (response: Response): Promise<unknown> => {
  const text = await response.text()
  return [response.status, text === '' ? undefined : (JSON.parse(text) as { err?: string }).err]
}

describe('a signed event', () => {
  test('is told to the app, with the user and the connection that it is about', async () => {
    const { bench, told, push } = await open()
    const { id } = await bench.connect()
    await bench.connect({ subject: 'kim' })
    const response = await push()
    expect([response.status, await response.text()]).toEqual([202, ''])
    expect(told).toEqual([
      {
        subject: 'robin',
        id,
        provider: 'stitch',
        name: 'sync-completed',
        kind: 'synced',
        verified: true,
        detail: { accounts: 2 },
      },
    ])
    expect(bench.events.at(-1)).toMatchObject({ name: 'webhook_received', connection: id, attended: false })
    expect(leaksOf([told, bench.events])).toEqual([])
  })

  test('is about one connection, where it names one, and about all of the person’s otherwise', async () => {
    const { bench, told, push, claims } = await open()
    const first = await bench.connect()
    const second = await bench.connect()
    await push(claims({ events: { synced: { connection: first.id } } }))
    expect(told.map(({ id }) => id)).toEqual([first.id])
    await push()
    expect(told.map(({ id }) => id)).toEqual([first.id, first.id, second.id])
  })

  test('about nobody here, or about a connection that was ended, is accepted and told to nobody', async () => {
    const { bench, told, push, claims } = await open()
    const { id } = await bench.connect()
    expect((await push(claims({ sub: 'stranger' }))).status).toBe(202)
    await bench.handle.connections.disconnect({ subject: 'robin', id })
    expect((await push()).status).toBe(202)
    expect(told).toEqual([])
  })

  test('is taken with the type of RFC 8417, too, and after the provider has changed its keys', async () => {
    const { bench, told, push } = await open()
    await bench.connect()
    await push(undefined, { typ: 'secevent+jwt' })
    await bench.upstream.rotateKeys('next')
    expect((await push()).status).toBe(202)
    expect(told).toHaveLength(2)
  })

  const now = Math.floor(Date.now() / 1000)
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['of another issuer', { iss: 'https://other.example' }, 'invalid_issuer'],
    ['of the issuer of ID Tokens', { iss: issuer }, 'invalid_issuer'],
    ['without an issuer', { iss: undefined }, 'invalid_issuer'],
    ['for another client', { aud: 'other' }, 'invalid_audience'],
    ['for this client and another', { aud: [clientId, 'other'] }, 'invalid_audience'],
    ['for nobody', { aud: undefined }, 'invalid_audience'],
    ['without a time', { iat: undefined }, 'invalid_request'],
    ['that is older than ten minutes', { iat: now - 605 }, 'invalid_request'],
    ['of a time to come', { iat: now + 300 }, 'invalid_request'],
    ['without an id', { jti: undefined }, 'invalid_request'],
    ['with an empty id', { jti: '' }, 'invalid_request'],
    ['without a subject', { sub: undefined }, 'invalid_request'],
    ['without events', { events: undefined }, 'invalid_request'],
    ['with no event', { events: {} }, 'invalid_request'],
    ['with an event that is no object', { events: { synced: true } }, 'invalid_request'],
    ['that has ended', { exp: now - 60 }, 'invalid_request'],
    ['with the nonce of an ID Token', { nonce: 'n' }, 'invalid_request'],
  ])('%s is refused', async (_, more, err) => {
    const { bench, told, push, claims } = await open()
    await bench.connect()
    expect(await errorOf(await push(claims(more)))).toEqual([400, err])
    expect(told).toEqual([])
    expect(bench.events.at(-1)).toMatchObject({ name: 'refused', error: 'invalid_request' })
    expect(bench.events.at(-1)?.reason).toMatch(/^webhook:\w+$/)
  })

  test.each(['JWT', 'at+jwt', 'dpop+jwt', 7])('of the type %s is refused', async (typ) => {
    const { bench, told, push } = await open()
    await bench.connect()
    expect((await push(undefined, { typ })).status).toBe(400)
    expect(bench.events.at(-1)?.reason).toBe('webhook:typ')
    expect(told).toEqual([])
  })

  test('is refused where nobody, another key, or a secret that is public has signed it', async () => {
    const { bench, told, send, claims } = await open()
    await bench.connect()
    const { privateKey } = await generateKeyPair('RS256')
    const foreign = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'RS256', kid: 'server' })
      .sign(privateKey)
    const unknown = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'RS256', kid: 'nobody' })
      .sign(privateKey)
    const secret = createHash('sha256').update('public').digest()
    const symmetric = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'server' })
      .sign(secret)
    const [header, , signature] = (await bench.upstream.sign(claims())).split('.')
    const other = Buffer.from(JSON.stringify(claims({ sub: 'person-2' }))).toString('base64url')
    for (const jwt of [
      foreign,
      unknown,
      symmetric,
      new UnsecuredJWT(claims()).encode(),
      `${header ?? ''}.${other}.${signature ?? ''}`,
    ])
      expect(await errorOf(await send(jwt))).toEqual([400, 'invalid_key'])
    expect(told).toEqual([])
  })

  test.each(['', '.', 'a.b.c', 'e30.e30.', `${'a'.repeat(2000)}.a.a`])('%j is none', async (body) => {
    const { told, send } = await open()
    expect((await send(body)).status).toBe(400)
    expect(told).toEqual([])
  })

  test('waits until the provider’s keys are there: the provider may send it again', async () => {
    const { bench, told, push, claims } = await open()
    await bench.connect()
    bench.passed += 400
    const given = claims()
    let isAway = true
    bench.upstream.next.push(({ url }) => (isAway && url.endsWith('/jwks') ? networkFailure() : undefined))
    expect((await push(given)).status).toBe(504)
    isAway = false
    expect((await push(given)).status).toBe(202)
    expect(told).toHaveLength(1)
  })

  test('is not an ID Token, and an ID Token is no event', async () => {
    const { bench, told, send, claims } = await open()
    const event = await bench.upstream.sign(claims({ exp: now + 300 }))
    bench.upstream.tokens = (body) => ({ ...body, id_token: event })
    const proof = await bench.begin()
    expect((await bench.redeem(proof)).body.error).toBe('provider_error')
    let idToken = ''
    bench.upstream.tokens = (body) => {
      idToken = body['id_token'] as string
      return body
    }
    await bench.connect()
    expect((await send(idToken)).status).toBe(400)
    expect(told).toEqual([])
  })
})

describe('a delivery', () => {
  test('has its effect once, in whatever replica it arrives, and is accepted every time', async () => {
    const store = memoryStore()
    const one = await open({ store })
    const two = await open({ store, upstream: one.bench.upstream })
    await one.bench.connect()
    const given = one.claims()
    expect((await one.push(given)).status).toBe(202)
    expect((await one.push(given)).status).toBe(202)
    expect((await two.push(given)).status).toBe(202)
    expect([...one.told, ...two.told]).toHaveLength(1)
  })

  test('is told once, also when it comes twice at the same time', async () => {
    const { bench, told, then, push, claims } = await open()
    await bench.connect()
    let release = (): void => undefined
    then.push(() => new Promise<void>((resolve) => (release = resolve)))
    const given = claims()
    const first = push(given)
    await expect.poll(() => then.length).toBe(0)
    expect((await push(given)).status).toBe(503)
    release()
    expect((await first).status).toBe(202)
    expect((await push(given)).status).toBe(202)
    expect(told).toHaveLength(1)
  })

  test('that the app could not take is taken when it comes again', async () => {
    const { bench, told, then, push, claims } = await open()
    await bench.connect()
    then.push(() => Promise.reject(new Error('the queue is full')))
    const given = claims()
    expect((await push(given)).status).toBe(503)
    expect(bench.events.at(-1)).toMatchObject({ name: 'failed', reason: 'webhook:on_event' })
    expect((await push(given)).status).toBe(202)
    expect(told).toHaveLength(1)
  })

  test('whose replica has died is taken by another six minutes later, whichever clock is ahead', async () => {
    const { bench, told, then, push, claims } = await open()
    await bench.connect()
    then.push(() => new Promise(() => undefined))
    const given = claims()
    void push(given)
    await expect.poll(() => then.length).toBe(0)
    bench.passed += 359
    expect((await push(given)).status).toBe(503)
    bench.passed += 1
    expect((await push(given)).status).toBe(202)
    expect(told).toHaveLength(1)
  })

  test('that fails after another replica has taken it over leaves it done', async () => {
    const { bench, told, then, push, claims } = await open()
    await bench.connect()
    let fail = (): void => undefined
    then.push(() => new Promise<void>((_, reject) => (fail = () => reject(new Error('too late')))))
    const given = claims()
    const first = push(given)
    await expect.poll(() => then.length).toBe(0)
    bench.passed += 360
    expect((await push(given)).status).toBe(202)
    fail()
    expect((await first).status).toBe(503)
    expect((await push(given)).status).toBe(202)
    expect(told).toHaveLength(1)
  })

  test('is answered with 503 where the app fails by a refusal, which is no fault of the delivery', async () => {
    const { bench, then, push } = await open()
    await bench.connect()
    const other = { subject: 'robin', id: 'A'.repeat(22) }
    then.push(() => bench.handle.connections.accessToken(other))
    expect((await push()).status).toBe(503)
    expect(bench.events.at(-1)).toMatchObject({ name: 'failed', reason: 'webhook:on_event' })
  })

  test('goes to a provider that has webhooks, by POST, and in the type that is set up there', async () => {
    const { told, send, claims, bench } = await open()
    const jwt = await bench.upstream.sign(claims())
    expect((await send(jwt, undefined, '/webhooks/other')).status).toBe(404)
    expect((await send(jwt, undefined, '/webhooks/')).status).toBe(404)
    expect((await send(jwt, undefined, '/connect/stitch')).status).toBe(404)
    const get = await send(jwt, undefined, '/webhooks/stitch', 'GET')
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    const json = JSON.stringify(claims())
    expect((await send(json, { 'content-type': 'application/json' })).status).toBe(415)
    expect((await send('a'.repeat(1_100_000))).status).toBe(413)
    expect(told).toEqual([])
  })

  test('is refused by a backend that closes', async () => {
    const { bench, push } = await open()
    await bench.handle.close()
    expect((await push()).status).toBe(503)
  })
})

describe('an event that nobody has signed', () => {
  const json = { 'content-type': 'application/json' }
  const body = JSON.stringify({ sub: 'person-1', events: { changed: { amount: 10 } } })

  test('says no more than that there is something to read', async () => {
    const { bench, told, send } = await open({ isSigned: false })
    const { id } = await bench.connect()
    expect((await send(body, json)).status).toBe(202)
    expect(told).toEqual([
      { subject: 'robin', id, provider: 'stitch', name: 'changed', kind: 'synced', verified: false },
    ])
  })

  test('has no effect while it is repeated within ten seconds', async () => {
    const { bench, told, send } = await open({ isSigned: false })
    await bench.connect()
    for (let index = 0; index < 20; index += 1) expect((await send(body, json)).status).toBe(202)
    expect(told).toHaveLength(1)
    bench.passed += 61
    await send(body, json)
    expect(told).toHaveLength(2)
  })

  describe('that a stranger has sent a moment before the provider', () => {
    /** Two deliveries of one event, and the time until the second is told. */
    async function twice(
      meanwhile: (scene: Scene, id: string) => Promise<unknown> = () => Promise.resolve(),
    ) {
      const scene = await open({ isSigned: false })
      const { id } = await scene.bench.connect()
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      onTestFinished(() => void vi.useRealTimers())
      for (let count = 0; count < 3; count += 1) expect((await scene.send(body, json)).status).toBe(202)
      expect(scene.told).toHaveLength(1)
      await meanwhile(scene, id)
      scene.bench.passed += 11
      await vi.advanceTimersByTimeAsync(11_000)
      vi.useRealTimers()
      return scene
    }

    test('does not pass for the provider’s, which is told once those ten seconds are over', async () => {
      const { told } = await twice()
      await expect.poll(() => told.length).toBe(2)
    })

    test('is not told about a connection that has ended meanwhile', async () => {
      const { told } = await twice(({ bench }, id) =>
        bench.handle.connections.disconnect({ subject: 'robin', id }),
      )
      await settled()
      expect(told).toHaveLength(1)
    })

    test('goes to the log where the app fails by the provider’s', async () => {
      const { bench } = await twice(({ then }) => {
        then.push(() => Promise.reject(new Error('the queue is full')))
        return Promise.resolve()
      })
      await expect
        .poll(() => bench.events.at(-1))
        .toMatchObject({ name: 'failed', reason: 'webhook:on_event' })
    })
  })

  test('has no effect either where its text is written in another way', async () => {
    const { bench, told, send } = await open({ isSigned: false })
    await bench.connect()
    for (let index = 0; index < 5; index += 1)
      await send(JSON.stringify({ ...(JSON.parse(body) as object), index }), json)
    expect(told).toHaveLength(1)
  })

  test('about nobody here leaves nothing in the store', async () => {
    const store = memoryStore()
    const { bench, send } = await open({ isSigned: false, store })
    await bench.connect()
    const keys = async () => {
      const all: string[] = []
      for await (const key of store.keys?.() ?? []) all.push(key)
      return all
    }
    const before = await keys()
    const nobody = JSON.stringify({ sub: 'person-9', events: { changed: {} } })
    expect((await send(nobody, json)).status).toBe(202)
    expect(await keys()).toEqual(before)
  })

  test.each(['', '[]', '"a"', '{'])('is refused where it is %j', async (text) => {
    const { send } = await open({ isSigned: false })
    expect((await send(text, json)).status).toBe(400)
  })
})

test('connections whose note was lost are found again after reindex', async () => {
  const store = memoryStore()
  const { bench, told, push } = await open({ store })
  await bench.connect()
  for await (const key of store.keys?.() ?? []) if (key.startsWith('webhook:')) await store.delete(key)
  await push()
  expect(told).toEqual([])
  await bench.handle.connections.reindex()
  await push()
  expect(told).toHaveLength(1)
})

test.each([undefined, {}, { onEvent: 'no' }, { onEvent: () => undefined, path: '/' }])(
  'options such as %j are refused at the start',
  async (options) => {
    const { handle } = await createBench()
    expect(() => handle.webhooks(options as never)).toThrow(TypeError)
  },
)
