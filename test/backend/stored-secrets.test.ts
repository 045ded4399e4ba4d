// Every record that a backend writes, of every kind, as its store holds it, with secrets in all that comes in.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryStore, type BackendProvider } from 'countersign/backend'
import { expect, test } from 'vitest'
import { NetworkError } from '../../src/protocol/errors.js'
import { leaksOf, randomSecret, secret } from '../support/secrets.js'
import { createBench, type BenchOptions } from './support/bench.js'
import { createUpstream, issuer, type Upstream } from './support/upstream.js'

/** The kinds of records: what is before the first colon of a key. */
const kinds = [
  ...['answers', 'canary', 'connection', 'connections', 'delivery', 'due', 'endings', 'health', 'provider'],
  ...['transaction', 'transactions', 'webhook'],
] as const

/** The secrets in records that are not sealed: what the next step needs. The other kinds hold none. */
const unsealed: Readonly<Partial<Record<(typeof kinds)[number], readonly string[]>>> = {
  connection: ['access token', 'bank’s data', 'bank’s detail', 'person', 'refresh token', 'user id'],
  endings: ['bank’s detail', 'refresh token'],
  provider: ['person'],
  // The ID Token that waits to be checked names the person.
  transaction: ['ID Token', 'access token', 'claim', 'data', 'nonce', 'person', 'refresh token'],
}

/** A backend that does all that it writes records for, and what it has written. */
async function runAll(options: Pick<BenchOptions, 'backend'>) {
  const names = new Map<string, string>()
  const seed = (name: string, value: string = randomSecret()): string => {
    names.set(secret(value), name)
    return value
  }
  const written: (readonly [key: string, value: string])[] = []
  const memory = memoryStore()
  const store = {
    ...memory,
    inProcess: false,
    put: (...parameters: Parameters<typeof memory.put>) => {
      written.push([parameters[0], parameters[1]])
      return memory.put(...parameters)
    },
  }
  const upstream = createUpstream(() => Date.now() / 1000)
  upstream.subject = seed('person')
  upstream.claims = (claims) => ({ ...claims, email: seed('claim') })
  upstream.tokens = (body) => {
    seed('access token', body['access_token'] as string)
    seed('refresh token', body['refresh_token'] as string)
    seed('ID Token', body['id_token'] as string)
    return { ...body, device_secret: seed('member of a token response') }
  }
  const keys = { areThere: false }
  const plain = await createBench()
  const bench = await createBench({
    store,
    upstream: { ...upstream, fetch: withKeys(upstream, keys) },
    backend: {
      ...options.backend,
      session: () => ({ subject, claims: { email: seed('claim of the session') } }),
      providers: { stitch: withSecrets(plain.provider, seed) },
    },
  })
  const subject = seed('user id')
  const ask = (method: string, path: string, body?: object) => bench.call(method, path, body)
  const begin = async () => {
    const proof = await bench.begin({ body: { nonce: seed('nonce', randomBytes(32).toString('base64url')) } })
    seed('state', proof.state)
    seed('verifier', proof.code_verifier)
    seed('code', proof.code)
    return proof
  }
  return { bench, keys, upstream, written, names, seed, ask, begin, subject }
}

/** The server's keys, while they are there. */
const withKeys =
  ({ fetch }: Upstream, keys: { readonly areThere: boolean }): Upstream['fetch'] =>
  (url, init) =>
    url === `${issuer}/jwks` && !keys.areThere
      ? Promise.resolve(new Response(null, { status: 503 }))
      : fetch(url, init)

/** A provider that keeps something of its own in each place where one may. */
const withSecrets = (provider: BackendProvider, seed: (name: string) => string): BackendProvider => ({
  ...provider,
  async authorize(setup, context) {
    const key = `person:${await context.subjectKey(setup.session.subject)}`
    await context.records.change(key, () => ({
      write: { person: seed('person') },
      until: context.now() + 3600,
      result: undefined,
    }))
    // Too much for a page to carry: the store keeps it.
    return {
      ...(await provider.authorize(setup, context)),
      data: { data: seed('data'), more: 'x'.repeat(3000) },
    }
  },
  redeem: async (redemption, context) => ({
    ...(await provider.redeem(redemption, context)),
    details: { detail: seed('bank’s detail') },
    data: { person: 'person-1', data: seed('bank’s data') },
  }),
  revoke: () => Promise.reject(new NetworkError('No answer came.')),
  toEnding: ({ details, refreshToken }) => ({ details, refreshToken }),
  webhooks: {
    nameOf: ({ data }) => data?.['person'] as string | undefined,
    read: () => ({
      name: 'person-1',
      events: [{ name: 'changed', kind: 'data_changed', detail: { detail: seed('detail of an event') } }],
    }),
  },
})

test.each([
  ['sealed: no secret', { keys: [randomBytes(32).toString('base64url')] }, {}],
  ['not sealed, at the app’s wish: what the next step needs, and nothing else', { unsealed: true }, unsealed],
])('the records of a store that are %s', async (_what, backend, byDesign) => {
  const { bench, keys, upstream, written, names, seed, ask, begin } = await runAll({ backend })

  // The keys come late.
  const proof = await begin()
  expect((await bench.redeem(proof)).body.error).toBe('provider_unavailable')
  keys.areThere = true
  const { body } = await bench.redeem(proof)
  await bench.handle.health()
  const { id } = body.connection
  // A refresh.
  bench.passed += 3600
  expect((await ask('POST', `/connections/${id}/access-token`, {})).status).toBe(200)
  // A code that is refused, by a server that repeats what it was sent.
  const refused = await begin()
  upstream.next.push(({ form }) =>
    form.has('code')
      ? Response.json({ error: 'invalid_grant', error_description: String(form) }, { status: 400 })
      : undefined,
  )
  expect((await bench.redeem(refused)).body.error).toBe('invalid_grant')
  // A webhook.
  const webhooks = bench.handle.webhooks({ onEvent: () => undefined })
  const delivery = new Request('https://app.example/webhooks/stitch', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: seed('member of a webhook') }),
  })
  expect((await webhooks(delivery)).status).toBeLessThan(300)
  // The end, which the bank does not confirm.
  expect((await ask('DELETE', `/connections/${id}`)).body).toMatchObject({ revoked: false })

  const found = new Map<string, Set<string>>()
  for (const [key, value] of written) {
    const [kind = ''] = key.split(':')
    const own = found.get(kind) ?? new Set()
    found.set(kind, own)
    for (const leak of leaksOf([key, value])) own.add(names.get(leak) ?? 'another')
  }
  expect(Object.fromEntries([...found].map(([kind, all]) => [kind, [...all].sort()]))).toEqual({
    ...Object.fromEntries(kinds.map((kind) => [kind, []])),
    ...byDesign,
  })
})

test('each kind of record is searched', () => {
  const folder = fileURLToPath(new URL('../../src/backend', import.meta.url))
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  const written = sources.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/`([a-z]+):\$\{/g)].map(([, kind = '']) => kind),
  )
  // Words of the log and of examples.
  const others = ['input', 'rate', 'record', 'user']
  expect(new Set(written.filter((kind) => !others.includes(kind)))).toEqual(
    new Set(kinds.filter((kind) => kind !== 'canary' && kind !== 'health')),
  )
})
