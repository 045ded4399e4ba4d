import { existsSync, readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { toNodeListener } from 'countersign/backend/node'
import { afterEach, beforeEach, expect, expectTypeOf, test, vi } from 'vitest'
import { checkBackend } from '../../src/check-backend/check-backend.js'
import type { CheckOptions } from '../../src/check-backend/options.js'
import { checkOptions } from '../check-backend/support/app.js'
import { listen, type Listening } from '../check-backend/support/reference.js'

vi.setConfig({ testTimeout: 60_000 })

let check: Omit<CheckOptions, 'baseUrl'>
let backend: Listening | undefined

beforeEach(async () => {
  check = await checkOptions()
  vi.resetModules()
  vi.stubEnv('APP_ORIGIN', check.origin)
  vi.stubEnv('PROVIDER', `http://127.0.0.1:${check.providerPort}`)
  vi.stubEnv('CLIENT_SECRET', crypto.randomUUID())
  vi.stubEnv('RATE_LIMIT', 'off')
})

afterEach(() => backend?.close())

type Route = (request: Request) => Promise<Response>

/** As Next.js does: the export that is called like the method, or else no such method. */
const routed = (routes: Readonly<Record<string, Route>>): RequestListener =>
  toNodeListener(async (request) => routes[request.method]?.(request) ?? new Response(null, { status: 405 }))

const load = {
  async Node() {
    return (await import('../../examples/runtimes/node.js')).server
  },
  async Express() {
    const { app } = (await import('../../examples/runtimes/express.js')) as { app: RequestListener }
    return createServer(app)
  },
  async Fastify() {
    const { app } = await import('../../examples/runtimes/fastify.js')
    await app.ready()
    return app.server
  },
  async Koa() {
    const { app } = await import('../../examples/runtimes/koa.js')
    return createServer(app.callback() as RequestListener)
  },
  async Hono() {
    const { app } = await import('../../examples/runtimes/hono.js')
    return createServer(toNodeListener(async (request) => app.fetch(request)))
  },
  async 'Next.js'() {
    return createServer(routed(await import('../../examples/runtimes/next-route.js')))
  },
}

test.each(Object.entries(load))('keeps the contract below %s', async (_name, server) => {
  backend = await listen(await server())
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
  expect(results.length).toBeGreaterThan(40)
})

test('keeps it by Web Crypto alone, as elsewhere than on Node', async () => {
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
  backend = await listen(await load.Node())
  expect((await import('../../src/backend/crypto/node-crypto.js')).nodeCrypto).toBeUndefined()
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
})

test('keeps it with the listener of @hono/node-server, which answers itself what is no path', async () => {
  const { app } = await import('../../examples/runtimes/hono.js')
  const listener = getRequestListener(app.fetch)
  backend = await listen(createServer((incoming, outgoing) => void listener(incoming, outgoing)))
  const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
  const failed = results.filter(({ result }) => result !== 'pass')
  expect(failed.map(({ name }) => name)).toEqual(['caching', 'headers'])
  expect(failed.every(({ problem }) => problem?.includes('..\\admin (400)'))).toBe(true)
})

test('is what Workers, Deno and Bun serve', async () => {
  const { default: server } = await import('../../examples/runtimes/fetch.js')
  expectTypeOf(server.fetch).toBeCallableWith(new Request('https://app.example/'))
  const answer = await server.fetch(new Request(`${check.origin}/connect/connections`))
  expect(answer.status).toBe(403)
})

test('names its files as they are, since Deno looks for no others', () => {
  const folder = new URL('../../examples/runtimes/', import.meta.url)
  const named = [...readFileSync(new URL('fetch.ts', folder), 'utf8').matchAll(/from '(\.[^']+)'/g)]
  expect(named.length).toBeGreaterThan(0)
  for (const [, file = ''] of named) expect([file, existsSync(new URL(file, folder))]).toEqual([file, true])
})

test('needs a secret, and says so', async () => {
  vi.stubEnv('CLIENT_SECRET', '')
  await expect(import('../../examples/runtimes/handler.js')).rejects.toThrow('CLIENT_SECRET is missing')
})
