import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { startBank, type Bank, type Endpoint } from '../../../demo/banks/bank.js'
import { behaviourFields, type Behaviour } from '../../../demo/banks/control.js'
import { sendJson } from '../../../demo/banks/http.js'
import type { Theme } from '../../../demo/banks/theme.js'
import { ternHarbor } from '../../../demo/banks/themes.js'

const appOrigin = 'http://localhost:5173'

const theme: Theme = { ...ternHarbor, name: 'Plain Bank' }

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/par': 'par',
  '/token': 'token',
  '/revoke': 'revocation',
  '/discovery': 'discovery',
  '/jwks': 'jwks',
  '/api': 'api',
}

let worked: string[] = []
let secondOrigin = ''
let bank: Bank

const open = (port = 0) =>
  startBank<Behaviour, string>(
    {
      theme,
      clientId: 'client',
      port,
      portOption: 'ports.plain',
      fields: behaviourFields,
      actions: {},
      endpoint: (path) => endpoints[path],
      readers: (endpoint) => (endpoint === 'api' ? [appOrigin] : []),
    },
    async ({ origin, listenAlso }) => {
      secondOrigin = (await listenAlso({ portOption: 'ports.plain' })).origin
      return {
        issuer: origin,
        handler: (request, response) => {
          if (request.path === '/broken') throw new Error('a bug')
          worked.push(request.path)
          sendJson(response, 200, { origin: request.origin, ...request.parameters })
        },
      }
    },
  )

beforeAll(async () => {
  bank = await open()
})

afterEach(() => {
  bank.control.reset()
  bank.requests.clear()
  worked = []
})

afterAll(() => bank.close())

const post = (path: string, parameters: Record<string, string> = {}, headers: Record<string, string> = {}) =>
  fetch(bank.origin + path, { method: 'POST', body: new URLSearchParams(parameters), headers })

test('names the port and its option when the port is taken', async () => {
  const { port } = new URL(bank.origin)
  await expect(open(Number(port))).rejects.toThrow(
    `Port ${port} is taken: stop what listens there, or choose another with ports.plain.`,
  )
})

test('answers at every listener it has opened', async () => {
  expect(await (await fetch(`${secondOrigin}/x?a=1`)).json()).toEqual({ origin: secondOrigin, a: '1' })
  expect(bank.requests.count('/x')).toBe(1)
})

test('closes while a request is still waiting for its answer', async () => {
  const other = await open()
  const also = secondOrigin
  other.control.next({ token: 'hang' })
  const waiting = expect(fetch(`${other.origin}/token`, { method: 'POST' })).rejects.toThrow('fetch failed')
  while (other.requests.count('/token') === 0) await new Promise(setImmediate)
  await other.close()
  await waiting
  await expect(fetch(also)).rejects.toThrow('fetch failed')
})

test('closes what is open when it cannot be built', async () => {
  let origin = ''
  const building = startBank(
    {
      theme,
      clientId: 'client',
      portOption: 'port',
      fields: behaviourFields,
      actions: {},
      endpoint: () => undefined,
    },
    (foundation) => {
      origin = foundation.origin
      throw new Error('no luck')
    },
  )
  await expect(building).rejects.toThrow('no luck')
  await expect(fetch(origin)).rejects.toThrow('fetch failed')
})

test.each(Object.entries(endpoints))('refuses once at %s with the fault of %s', async (path, endpoint) => {
  bank.control.next({
    [endpoint]: { status: 503, error: 'temporarily_unavailable', headers: { 'retry-after': '7' } },
  })
  const response = await post(path)
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('7')
  expect(await response.json()).toEqual({ error: 'temporarily_unavailable' })
  expect(worked).toEqual([])
  expect((await post(path)).status).toBe(200)
})

test('tells a refresh token from other grants', async () => {
  bank.control.always({ refresh: { error: 'invalid_grant' } })
  expect((await post('/token', { grant_type: 'authorization_code' })).status).toBe(200)
  const refused = await post('/token', { grant_type: 'refresh_token' })
  expect([refused.status, await refused.json()]).toEqual([400, { error: 'invalid_grant' }])
})

test('answers with a page that is not JSON', async () => {
  bank.control.next({ token: { status: 502, body: '<h1>Bad gateway</h1>' } })
  const response = await post('/token')
  expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8'])
  expect(await response.text()).toBe('<h1>Bad gateway</h1>')
})

test('lets pages read a refusal where they may read an answer', async () => {
  const refused = async (path: string, origin: string) => {
    bank.control.next({ api: { error: 'x' }, token: { error: 'x' } })
    return (await post(path, {}, { origin })).headers.get('access-control-allow-origin')
  }
  expect(await refused('/api', appOrigin)).toBe(appOrigin)
  expect(await refused('/token', appOrigin)).toBeNull()
  expect(await refused('/api', 'https://evil.example')).toBeNull()
})

test('does its work and loses the answer', async () => {
  bank.control.next({ token: 'lost-reply' })
  await expect(post('/token')).rejects.toThrow('fetch failed')
  expect(worked).toEqual(['/token'])
  expect(bank.requests.find('/token')[0]?.status).toBeUndefined()
})

test('breaks the connection before it works', async () => {
  bank.control.next({ token: 'dropped' })
  await expect(post('/token')).rejects.toThrow('fetch failed')
  expect(worked).toEqual([])
  expect(bank.requests.count('/token')).toBe(1)
})

test('logs each request with its parameters, its scheme and its answer', async () => {
  await post('/token?a=1', { grant_type: 'refresh_token', b: '2' }, { authorization: 'Basic eDp5' })
  expect(bank.requests.all).toEqual([
    expect.objectContaining({
      method: 'POST',
      path: '/token',
      grantType: 'refresh_token',
      parameters: { a: '1', b: '2', grant_type: 'refresh_token' },
      authorizationScheme: 'Basic',
      status: 200,
    }),
  ])
})

test('logs the members of a JSON body', async () => {
  const headers = { 'content-type': 'application/json' }
  await fetch(`${bank.origin}/api`, {
    method: 'POST',
    headers,
    body: '{"query":"{ user }","variables":null}',
  })
  expect(bank.requests.all[0]?.parameters).toEqual({ query: '{ user }', variables: 'null' })
})

test('counts requests by path and parameters, without preflights', async () => {
  await fetch(`${bank.origin}/token`, { method: 'OPTIONS' })
  await post('/token', { grant_type: 'authorization_code' })
  await post('/token', { grant_type: 'refresh_token' })
  expect(bank.requests.count('/token')).toBe(2)
  expect(bank.requests.count('/token', { grant_type: 'refresh_token' })).toBe(1)
  expect(bank.requests.count(/^\/tok/)).toBe(2)
  expect(bank.requests.count('/other')).toBe(0)
  expect(bank.requests.all).toHaveLength(3)
  bank.requests.clear()
  expect(bank.requests.all).toEqual([])
})

test('serves the log over HTTP, without the requests for it', async () => {
  await post('/token', { grant_type: 'refresh_token' })
  const log = (await (await fetch(`${bank.origin}/__control/requests`)).json()) as unknown[]
  expect(log).toEqual([expect.objectContaining({ path: '/token', grantType: 'refresh_token', status: 200 })])
})

test('refuses a body above one megabyte', async () => {
  expect((await post('/token', { a: 'x'.repeat(1024 * 1024) })).status).toBe(413)
})

test('answers a bug with 500, and shows it', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  expect((await post('/broken')).status).toBe(500)
  expect(log).toHaveBeenCalledWith(new Error('a bug'))
})

test('serves how each institution looks: colours for light and dark, a mark and a typeface, and an empty icon', async () => {
  const get = (path: string) => fetch(bank.origin + path)
  const css = await get('/brand/tern.css')
  expect(css.headers.get('content-type')).toBe('text/css; charset=utf-8')
  const text = await css.text()
  expect(text).toContain(`--accent: ${theme.look.light.accent}`)
  expect(text).toContain(`--accent: ${theme.look.dark.accent}`)
  expect(await (await get('/brand/fynbos.css')).text()).not.toContain(theme.look.light.accent)
  expect((await get('/brand/tern.svg')).headers.get('content-type')).toBe('image/svg+xml')
  expect(
    Buffer.from(await (await get('/brand/tern.woff2')).arrayBuffer())
      .subarray(0, 4)
      .toString(),
  ).toBe('wOF2')
  expect((await get('/favicon.ico')).status).toBe(204)
})
