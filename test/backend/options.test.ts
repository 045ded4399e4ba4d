import { randomBytes } from 'node:crypto'
import { createBackend, memoryStore, type BackendProvider, type Store } from 'countersign/backend'
import { expect, test } from 'vitest'

const provider: BackendProvider = {
  label: 'Plain',
  mode: 'mediated',
  redirectUris: ['https://app.example/callback/plain'],
  scope: 'accounts',
  authorize: () => Promise.resolve({ url: 'https://plain.example/authorize' }),
  redeem: () => Promise.resolve({}),
}

const good = {
  origins: ['https://app.example'],
  store: memoryStore(),
  session: () => null,
  providers: { plain: provider },
}

/** What holds values outside this process. */
const durable: Store = { ...memoryStore(), inProcess: false }

const key = randomBytes(32).toString('base64url')
const subjectKeySecret = randomBytes(32).toString('base64url')
const zeros = Buffer.alloc(32).toString('base64url')

const make = (change: object) => () => createBackend({ ...good, ...change })

test.each([
  ['no providers', { providers: {} }, /providers/],
  ['a provider called connections', { providers: { connections: provider } }, /connections/],
  ['a provider whose name is no path', { providers: { 'a/b': provider } }, /path/],
  [
    'a provider without a redirect URI',
    { providers: { plain: { ...provider, redirectUris: [] } } },
    /redirectUri/,
  ],
  [
    'a redirect URI over http',
    { providers: { plain: { ...provider, redirectUris: ['http://app.example/'] } } },
    /redirectUri/,
  ],
  ['one redirect URI for two providers', { providers: { plain: provider, other: provider } }, /redirectUri/],
  [
    'redirect URIs that only a query tells apart from each other',
    {
      providers: {
        plain: provider,
        other: { ...provider, redirectUris: ['https://app.example/callback/plain/?p=b'] },
      },
    },
    /The redirectUri of provider "other" is another provider's, too/,
  ],
  ['the mode browser', { providers: { plain: { ...provider, mode: 'browser' } } }, /mediated/],
  ['no origins', { origins: [] }, /origins/],
  ['an origin with a path', { origins: ['https://app.example/'] }, /without a path/],
  ['any origin', { origins: ['*'] }, /origins/],
  ['the origin null', { origins: ['null'] }, /origins/],
  ['no store', { store: undefined }, /memoryStore/],
  ['a store that cannot write', { store: { get: () => undefined } }, /store/],
  ['no session', { session: undefined }, /session/],
  ['a base path without its slash', { basePath: 'connect' }, /basePath/],
  ['a base path with one too many', { basePath: '/connect/' }, /basePath/],
  [
    'a store that outlives the process, without keys',
    { store: durable },
    /`keys`.*openssl.*`unsealed: true`/,
  ],
  [
    'a store that outlives the process, without a secret for its keys',
    { store: durable, keys: [key] },
    /`subjectKeySecret`.*openssl.*never change/,
  ],
  ['that also without seals', { store: durable, unsealed: true }, /`subjectKeySecret`/],
  ['a short secret', { subjectKeySecret: 'short' }, /`subjectKeySecret` is not 32 bytes.*openssl/],
  ['a secret of zeros', { subjectKeySecret: zeros }, /`subjectKeySecret` is nothing but zeros.*openssl/],
  [
    'a secret that is one of the keys',
    { keys: [key], subjectKeySecret: key },
    /among `keys`.*one of its own/,
  ],
  ['a key of zeros', { keys: [key, zeros] }, /`keys` is nothing but zeros.*openssl/],
  ['no key in keys', { keys: [] }, /openssl/],
  ['a short key', { keys: ['short'] }, /openssl/],
  ['a client address that is none', { clientAddress: 'x-forwarded-for' }, /clientAddress/],
  ['a rate limit that is none', { rateLimit: 10 }, /rateLimit/],
  ['a log that is none', { log: console }, /log/],
  ['an id that is no function', { createId: 'a' }, /createId/],
  ['ids that are no ids of connections', { createId: () => 'connection-1' }, /createId.*22 characters/],
  ['a clock that is none', { clock: Date.now }, /clock/],
  ['an option that does not exist', { origin: 'https://app.example' }, /"origin"/],
])('%s throws at start, with the remedy', (_name, change, message) => {
  expect(make(change)).toThrow(TypeError)
  expect(make(change)).toThrow(message)
})

test('a store that outlives the process takes keys, or the word that it has none', () => {
  const kept = { store: durable, subjectKeySecret }
  expect(make({ ...kept, keys: [key] })).not.toThrow()
  expect(make({ ...kept, unsealed: true })).not.toThrow()
  expect(make({ ...kept, unsealed: false })).toThrow(/keys/)
})

test('http origins and redirect URIs are for this machine', () => {
  const local = { ...provider, redirectUris: ['http://localhost:5173/callback/plain'] }
  expect(make({ origins: ['http://localhost:5173'], providers: { plain: local } })).not.toThrow()
})

test.each(['', '/connect', '/api/v1/connect'])('is served below the base path %j', async (basePath) => {
  const handle = make({ basePath, session: () => ({ subject: 'robin' }) })()
  const ask = (path: string) =>
    handle(new Request(`https://app.example${path}`, { headers: { countersign: '1' } }))
  expect((await ask(`${basePath}/connections`)).status).toBe(200)
  expect((await ask(`${basePath}/connections/`)).status).toBe(404)
  expect((await ask(`/other${basePath}/connections`)).status).toBe(404)
})

test('the session function sees method, URL and headers, cookies included, and no body', async () => {
  let seen: Request | undefined
  const session = (request: Request) => {
    seen = request
    return null
  }
  await make({ session })()(
    new Request('https://app.example/connect/plain/token', {
      method: 'POST',
      headers: {
        origin: 'https://app.example',
        countersign: '1',
        cookie: 'session=1',
        authorization: 'Bearer 1',
        'content-type': 'application/json',
      },
      body: '{}',
    }),
  )
  expect([seen?.method, seen?.headers.get('cookie'), seen?.headers.get('authorization'), seen?.body]).toEqual(
    ['POST', 'session=1', 'Bearer 1', null],
  )
})

test.each([
  ['throws', () => Promise.reject(new Error('secret-dsn'))],
  ['gives no subject', () => ({})],
  ['gives an empty subject', () => ({ subject: '' })],
  ['gives a number', () => ({ subject: 7 })],
])('a session function that %s is the backend’s own failure', async (_name, session) => {
  const events: unknown[] = []
  const handle = make({ session, log: (event: unknown) => events.push(event) })()
  const response = await handle(
    new Request('https://app.example/connect/connections', { headers: { countersign: '1' } }),
  )
  const text = await response.text()
  expect(response.status).toBe(503)
  expect(JSON.parse(text)).toMatchObject({ error: 'backend_unavailable' })
  expect(text + JSON.stringify(events)).not.toContain('secret-dsn')
  expect(events).toMatchObject([{ name: 'failed' }])
})

test('a failure that nobody foresaw is told by its name and code', async () => {
  const events: unknown[] = []
  const session = () => Promise.reject(Object.assign(new Error('secret-dsn'), { code: 'ECONNREFUSED' }))
  const handle = make({ session, log: (event: unknown) => events.push(event) })()
  await handle(new Request('https://app.example/connect/connections', { headers: { countersign: '1' } }))
  expect(events).toMatchObject([
    { name: 'failed', error: 'backend_unavailable', reason: 'Error:ECONNREFUSED' },
  ])
})

test('a log that throws breaks nothing', async () => {
  const log = () => {
    throw new Error('disk full')
  }
  const handle = make({ log })()
  const response = await handle(new Request('https://app.example/connect/nothing'))
  expect(response.status).toBe(404)
})
