import { randomBytes } from 'node:crypto'
import { exportPKCS8 } from 'jose'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { createState } from '../../src/protocol/pkce.js'
import { leaksOf, secret } from '../support/secrets.js'
import { app, createBench, redirectUri, type Bench } from './support/bench.js'
import { clientKeys } from './support/upstream.js'

const hosts = ['https://secure.bank.example', 'https://api.bank.example']
const sealingKey = secret(randomBytes(32).toString('base64url'))

/** A connected backend whose every secret is known to {@link leaksOf}. */
async function createTarget(mode: 'mediated' | 'bff'): Promise<Bench & { readonly id: string }> {
  const pem = await exportPKCS8((await clientKeys).privateKey)
  for (const line of pem.split('\n').filter((text) => text.length > 40)) secret(line)
  const bench = await createBench({
    mode,
    stitch: { privateKey: pem, keyId: 'client' },
    backend: { keys: [sealingKey], rateLimit: 'off' },
  })
  return Object.assign(bench, await bench.connect())
}

/** Something at a place where a good request has something. */
const odd = fc.oneof(
  fc.string({ maxLength: 50 }),
  fc.constantFrom('', '__proto__', 'constructor', '../..', 'null', '\u0000', '\r\nset-cookie: a=b', '\ud800'),
  fc.constantFrom(redirectUri, createState(), 'openid', 'stitch', 'https://evil.example/'),
)
const value = fc.oneof(odd, fc.jsonValue({ maxDepth: 4 }), fc.constant('a'.repeat(5000)))
const member = fc.oneof(
  fc.constantFrom('state', 'code_challenge', 'nonce', 'redirect_uri', 'scope', 'connection', 'input'),
  fc.constantFrom('code', 'code_verifier', 'iss', 'transaction', 'rejected', 'query', '__proto__'),
  odd,
)
const json = fc
  .array(fc.tuple(member, value), { maxLength: 8 })
  .map((entries) => JSON.stringify(Object.fromEntries(entries)))
/** A good authorization request, with up to one member that is not. */
const nearlyGood = fc.array(fc.tuple(member, value), { maxLength: 1 }).map((entries) =>
  JSON.stringify({
    state: createState(),
    code_challenge: createState(),
    nonce: createState(),
    redirect_uri: redirectUri,
    ...Object.fromEntries(entries),
  }),
)
const body = fc.oneof(
  { weight: 4, arbitrary: nearlyGood },
  { weight: 4, arbitrary: json },
  { weight: 1, arbitrary: fc.constant('{}') },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
)

const segment = fc.oneof(
  fc.constantFrom('stitch', 'connections', 'authorization', 'token', 'access-token', 'resource', 'graphql'),
  fc.constantFrom('ID', '..', '%2e%2e', '%2f', '%00', '', '__proto__', 'constructor', 'toString'),
  odd,
)
const calls: readonly [method: string, path: string][] = [
  ['POST', 'stitch/authorization'],
  ['POST', 'stitch/token'],
  ['GET', 'connections'],
  ['DELETE', 'connections/ID'],
  ['POST', 'connections/ID/access-token'],
  ['POST', 'connections/ID/resource/graphql'],
]
const method = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('GET', 'POST', 'DELETE') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('PUT', 'PATCH', 'OPTIONS', 'HEAD', 'constructor', 'QUERY', 'post'),
  },
)
const path = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...calls.map(([, known]) => known)) },
  { weight: 1, arbitrary: fc.array(segment, { maxLength: 6 }).map((segments) => segments.join('/')) },
)
/** A call of the contract, or any method of any path. */
const call = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...calls) },
  { weight: 2, arbitrary: fc.tuple(method, path) },
)
const header = fc.tuple(
  fc.constantFrom(
    'origin',
    'countersign',
    'content-type',
    'cookie',
    'sec-fetch-site',
    'content-length',
    'host',
  ),
  fc.oneof(fc.constantFrom(app, '1', 'application/json', 'subject=robin', 'same-origin', 'null', '-1'), odd),
)

const anyRequest = fc.record({
  call,
  query: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: odd }),
  headers: fc.oneof(
    { weight: 2, arbitrary: fc.constant<[string, string][]>([]) },
    { weight: 1, arbitrary: fc.array(header, { maxLength: 2 }) },
  ),
  body,
})

const plain = { query: '', headers: [] as [string, string][], body: '{}' }
const goodBody = JSON.stringify({
  state: createState(),
  code_challenge: createState(),
  nonce: createState(),
  redirect_uri: redirectUri,
})
/** One request for each status that the property is worth nothing without: what chance makes may leave one out. */
const examples: [typeof anyRequest extends fc.Arbitrary<infer Request> ? Request : never][] = [
  [{ ...plain, call: ['GET', 'connections'] }],
  [{ ...plain, call: ['POST', 'stitch/authorization'], body: goodBody }],
  [{ ...plain, call: ['POST', 'stitch/token'] }],
  [{ ...plain, call: ['GET', 'connections'], headers: [['origin', 'null']] }],
  [{ ...plain, call: ['GET', 'nothing'] }],
  [{ ...plain, call: ['DELETE', 'connections'] }],
  [{ ...plain, call: ['POST', 'stitch/token'], headers: [['content-type', 'text/plain']] }],
]

const statuses = [200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 502]

/** @see attacks 88, 94, 95 */
test.each(['mediated', 'bff'] as const)(
  'whatever is asked in %s mode: no failure, no other host, no secret in answers and logs',
  async (mode) => {
    const target = await createTarget(mode)
    const lines = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name))
    const { handle, upstream, events } = target
    let { id } = target
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(anyRequest, async ({ call: [method, path], query, headers, body }) => {
        upstream.requests.length = 0
        events.length = 0
        let request: Request
        try {
          request = new Request(`${app}/connect/${path.replace('ID', id)}${query && `?${query}`}`, {
            method,
            headers: new Headers([
              ...Object.entries({
                origin: app,
                countersign: '1',
                cookie: 'subject=robin',
                'content-type': 'application/json',
              }).filter(([name]) => !headers.some(([changed]) => changed === name)),
              ...headers,
            ]),
            ...(!/^(?:GET|HEAD)$/i.test(method) && { body: body as BodyInit }),
          })
        } catch {
          // No such request can be made at all.
          return
        }
        const response = await handle(request)
        const text = await response.text()
        expect(statuses).toContain(response.status)
        seen.add(response.status)
        if (response.status >= 400 && response.headers.has('countersign')) {
          expect(Object.keys(JSON.parse(text) as object)).toEqual(
            expect.arrayContaining(['error', 'error_description']),
          )
        }
        for (const { url } of upstream.requests) expect(hosts).toContain(new URL(url).origin)
        // The one secret that has a place: an access token, for the page in mediated mode.
        const answered = mode === 'mediated' ? text.replace(/"access_token":"[^"]+"/, '') : text
        expect(leaksOf([answered, [...response.headers], events])).toEqual([])
        if (method === 'DELETE' && response.status === 200) id = (await target.connect()).id
      }),
      { numRuns: 400, examples },
    )
    for (const line of lines) expect(line).not.toHaveBeenCalled()
    expect([...seen]).toEqual(expect.arrayContaining([200, 201, 400, 403, 404, 405, 415]))
  },
  180_000,
)
