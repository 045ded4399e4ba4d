import { createServer, request } from 'node:http'
import { afterEach, expect, test, vi } from 'vitest'
import { checkBackend, rules } from '../../src/check-backend/check-backend.js'
import type { CheckOptions } from '../../src/check-backend/options.js'
import type { Rule } from '../../src/check-backend/rule.js'
import { SetupError } from '../../src/check-backend/setup.js'
import { checkOptions } from './support/app.js'
import { startExpress } from './support/express.js'
import { listen, startReference, type Listening } from './support/reference.js'

vi.setConfig({ testTimeout: 120_000 })

let backend: Listening | undefined
afterEach(() => backend?.close())

const unlimited = rules.filter(({ name }) => !name.startsWith('rate-limit'))
const names = { mediated: 'check', bff: 'check-bff', openid: 'check-openid' }

test.each([
  ['its transactions in the store', {}],
  ['sealed transactions', { carried: true }],
  ['pages on another origin', { cors: true }],
])('passes every rule against the reference backend with %s', async (_, options) => {
  const check = await checkOptions()
  backend = await startReference(check, options)
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
  expect(results.map(({ name }) => name)).toEqual(unlimited.map(({ name }) => name))
})

test('passes every rule against the Express example', async () => {
  const check = await checkOptions()
  backend = await startExpress(check)
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
})

test('leaves no connection behind, and keeps those that were there', async () => {
  const check = await checkOptions({ only: ['token'] })
  backend = await startReference(check)
  const list = async (): Promise<unknown> => {
    const headers = { ...check.sessions.user, origin: check.origin, countersign: '1' }
    return (await fetch(`${backend?.baseUrl}/connections`, { headers })).json()
  }
  await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(await list()).toEqual({ connections: [] })
})

test('names every rule once, each with a reason and a section', () => {
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length)
  for (const { sent, why, section } of rules)
    for (const text of [sent, why, section]) expect(text).not.toBe('')
})

test.each([
  ['the reference backend', startReference],
  ['the Express example', startExpress],
] as const)('finds the rate limits of %s', async (_, start) => {
  const check = await checkOptions({ only: ['rate-limit', 'rate-limit-address'], rateLimit: true })
  backend =
    start === startReference
      ? await startReference(check, { rateLimit: true })
      : await startExpress(check, undefined, { perMinute: 60 })
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.map(({ name, result }) => [name, result])).toEqual([
    ['authorization', 'pass'],
    ['rate-limit', 'pass'],
    ['rate-limit-address', 'pass'],
  ])
})

test.each([
  ['at all', { perMinute: Infinity }, ['fail', 'fail']],
  ['by address', { perMinute: 60, perAddress: Infinity }, ['pass', 'fail']],
])('notices where there is no rate limit %s', async (_, limits, expected) => {
  const check = await checkOptions({ only: ['rate-limit', 'rate-limit-address'], rateLimit: true })
  backend = await startExpress(check, undefined, limits)
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.slice(1).map(({ result }) => result)).toEqual(expected)
})

test.each([
  [
    'the backend cannot reach the provider',
    { providerPort: 1 },
    "must reach the check's provider at http://127.0.0.1:",
  ],
  ['the origin is not accepted', { origin: 'https://other.example' }, '--origin'],
  ['no session is given', { sessions: { user: {}, other: undefined } }, 'signed in. Give the session'],
  [
    'the session is unknown',
    { sessions: { user: { cookie: 'x=1' }, other: undefined } },
    'does not know the session',
  ],
  [
    'the session of the other user is unknown',
    { sessions: { user: { cookie: 'session=robin' }, other: { cookie: 'x=1' } } },
    '--other-cookie',
  ],
  ['there is no bff provider', { providers: { ...names, bff: 'none' } }, '--level 1'],
  ['there is no OpenID provider', { providers: { ...names, openid: 'none' } }, '--no-openid'],
  ['there is no provider of that name', { providers: { ...names, mediated: 'none' } }, '--provider'],
  ['the redirect URI is not registered', { redirectUri: 'https://app.example/back' }, '--redirect-uri'],
])('says in one sentence that %s', async (_, changes: Partial<CheckOptions>, sentence) => {
  const check = await checkOptions()
  backend = await startReference({ ...check, ...('providerPort' in changes && changes) })
  const results: unknown[] = []
  const { providerPort: _port, ...rest } = changes
  const options = { ...check, ...rest, baseUrl: backend.baseUrl }
  const checked = checkBackend(options, { onRule: (result) => results.push(result) })
  await expect(checked).rejects.toThrow(SetupError)
  await expect(checked).rejects.toThrow(sentence)
  expect(results).toEqual([])
})

test('says in one sentence that people are sent to another provider', async () => {
  const check = await checkOptions()
  backend = await startExpress(await checkOptions())
  const checked = checkBackend({ ...check, baseUrl: backend.baseUrl })
  await expect(checked).rejects.toThrow(`elsewhere than to http://127.0.0.1:${check.providerPort}`)
})

test.each([
  ['a page of an app', 200, 'text/html', '<!doctype html>'],
  ["another server's error", 404, 'application/json', '{"message":"Not Found"}'],
  ['another path of the backend', 404, 'application/json', '{"error":"not_found","error_description":"-"}'],
])('takes %s for no backend', async (_, status, type, body) => {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(body)
  })
  backend = await listen(server)
  const checked = checkBackend({ ...(await checkOptions()), baseUrl: backend.baseUrl })
  await expect(checked).rejects.toThrow(`There is no countersign backend at ${backend.baseUrl}`)
})

test('tells a fault that many rules meet once', async () => {
  const check = await checkOptions({ level: 1 })
  const reference = await startReference(check)
  // Every token answer lacks the connection.
  const server = createServer((incoming, outgoing) => {
    const target = new URL(incoming.url ?? '', reference.baseUrl)
    const forwarded = request(target, { method: incoming.method, headers: incoming.headers }, (answer) => {
      const isToken = incoming.url?.endsWith('/token') && answer.statusCode === 200
      // Without the length and the encoding of the body, which may be another.
      const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 500, headers)
      if (isToken) outgoing.end('{}')
      else answer.pipe(outgoing)
    })
    incoming.pipe(forwarded)
  })
  backend = await listen(server)
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  await reference.close()
  const failed = results.filter(({ result }) => result === 'fail').map(({ name }) => name)
  expect(failed).toEqual(['token'])
  const needing = results.filter(({ problem }) => problem === 'see token, which failed')
  expect(needing.length).toBeGreaterThan(20)
})

test('says which rules need a second user', async () => {
  const check = await checkOptions()
  backend = await startReference(check)
  const sessions = { user: check.sessions.user, other: undefined }
  const { results } = await checkBackend({ ...check, sessions, baseUrl: backend.baseUrl })
  const skipped = results.filter(({ result }) => result === 'skipped')
  expect(skipped.map(({ name }) => name)).toEqual([
    'transaction-foreign',
    'connection-foreign',
    'resource-foreign',
  ])
  expect(skipped[0]?.problem).toContain('--other-cookie')
})

test.each([
  ['level 1 alone where there is no bff provider', { level: 1 }, ({ level }) => level === 1],
  [
    'no ID Tokens where there is no OpenID provider',
    { providers: { ...names, openid: undefined } },
    ({ needs }) => needs !== 'openid',
  ],
  ['what is required alone', { tier: 'required' }, ({ tier }) => tier === 'required'],
] satisfies [string, Partial<CheckOptions>, (rule: Rule) => boolean][])(
  'checks %s',
  async (_, changes, isWanted) => {
    const check = await checkOptions()
    backend = await startReference(check)
    const { results } = await checkBackend({ ...check, ...changes, baseUrl: backend.baseUrl })
    expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
    expect(results.map(({ name }) => name)).toEqual(unlimited.filter(isWanted).map(({ name }) => name))
    expect(results.length).toBeLessThan(unlimited.length)
  },
)
