import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { toNodeListener } from 'countersign/backend/node'
import express from 'express'
import { afterEach, expect, test, vi } from 'vitest'
import { createBench } from '../support/bench.js'

const servers: Server[] = []

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

const echo = async (seen: Request): Promise<Response> =>
  Response.json({ url: seen.url, method: seen.method, body: await seen.text(), headers: [...seen.headers] })

test('a request arrives as it was sent, and its answer goes back', async () => {
  const port = await listen(toNodeListener(echo, { origin: 'https://app.example' }))
  const response = await fetch(`http://127.0.0.1:${port}/connect/stitch/token?a=1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-a': 'b' },
    body: '{"é":1}',
  })
  const seen = (await response.json()) as { url: string; method: string; body: string; headers: string[][] }
  expect(seen).toMatchObject({
    url: 'https://app.example/connect/stitch/token?a=1',
    method: 'POST',
    body: '{"é":1}',
  })
  expect(seen.headers).toContainEqual(['x-a', 'b'])
})

test.each(['https://app.example', 'https://app.example/'])(
  'whatever the path looks like, a request is for the origin %s',
  async (origin) => {
    const port = await listen(toNodeListener(echo, { origin }))
    for (const path of ['/https:evil.example/', '/@evil.example', '/..//evil.example', '/a/\\/evil.example'])
      expect(new URL((await echoed(port, path)).url).origin).toBe('https://app.example')
  },
)

test('statuses, headers and empty bodies go back', async () => {
  const port = await listen(
    toNodeListener(() => Promise.resolve(new Response(null, { status: 204, headers: { 'x-a': 'b' } }))),
  )
  const response = await fetch(`http://127.0.0.1:${port}/`)
  expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([204, 'b', ''])
})

test('below Express, whose url is shortened, the whole path counts', async () => {
  const port = await listen((incoming, outgoing) => {
    Object.assign(incoming, { originalUrl: incoming.url, url: '/token' })
    toNodeListener(echo)(incoming, outgoing)
  })
  const response = await fetch(`http://127.0.0.1:${port}/connect/stitch/token`)
  expect(await response.json()).toMatchObject({ url: 'http://localhost/connect/stitch/token' })
})

const raw = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(text))
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })

/** What the handler saw of a GET whose target is sent as it is. */
async function echoed(port: number, path: string): Promise<{ readonly url: string }> {
  const answer = await raw(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  return JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? '{}') as { url: string }
}

test.each([
  ['TRACE', '/connect/connections', 405],
  ['GET', '//evil.example/connect/connections', 400],
  ['GET', '/\\evil.example/connect/connections', 400],
  ['GET', 'http://evil.example/connect/connections', 400],
  ['OPTIONS', '*', 400],
])('%s %s reaches no handler', async (method, target, status) => {
  let reached = false
  const port = await listen(
    toNodeListener((seen) => {
      reached = true
      return echo(seen)
    }),
  )
  const answer = await raw(
    port,
    `${method} ${target} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n`,
  )
  expect(answer).toContain(`HTTP/1.1 ${status}`)
  expect(answer.toLowerCase()).toContain('cache-control: no-store')
  expect(reached).toBe(false)
})

test('a handler that rejects is a 500 without a word', async () => {
  const port = await listen(toNodeListener(() => Promise.reject(new Error('secret'))))
  const response = await fetch(`http://127.0.0.1:${port}/`)
  expect([response.status, await response.text()]).toEqual([500, ''])
})

test('a body that is too large is answered without being read', async () => {
  const bench = await createBench()
  const port = await listen(toNodeListener(bench.handle))
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(
      {
        port,
        host: '127.0.0.1',
        path: '/connect/stitch/token',
        method: 'POST',
        headers: {
          origin: 'https://app.example',
          countersign: '1',
          cookie: 'subject=robin',
          'content-type': 'application/json',
        },
      },
      resolve,
    )
    outgoing.on('error', reject)
    // Chunked, and never ended: only counting helps.
    outgoing.write(' '.repeat(20_000))
  })
  expect(answer.statusCode).toBe(413)
  answer.destroy()
})

test('a page that goes away aborts the request', async () => {
  let signal: AbortSignal | undefined
  const port = await listen(
    toNodeListener(async (seen) => {
      signal = seen.signal
      await new Promise((resolve) => seen.signal.addEventListener('abort', resolve))
      return new Response()
    }),
  )
  const controller = new AbortController()
  const pending = fetch(`http://127.0.0.1:${port}/`, { signal: controller.signal })
  await expect.poll(() => signal).toBeDefined()
  controller.abort()
  await expect(pending).rejects.toThrow()
  await expect.poll(() => signal?.aborted).toBe(true)
})

test('an answer that breaks off is seen to be broken, not taken for whole', async () => {
  const broken = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":1}')),
    pull: (controller) => controller.error(new Error('the API is gone')),
  })
  const port = await listen(toNodeListener(async () => new Response(broken)))
  await expect(fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())).rejects.toThrow()
})

test('of an answer no more is taken than the page reads, and none when it goes away', async () => {
  let taken = 0
  let cancelled = false
  const endless = new ReadableStream({
    pull(controller) {
      taken += 65_536
      controller.enqueue(new Uint8Array(65_536))
    },
    cancel() {
      cancelled = true
    },
  })
  const port = await listen(toNodeListener(async () => new Response(endless)))
  const incoming = await new Promise<IncomingMessage>((resolve) => {
    request({ port, host: '127.0.0.1' }, resolve).end()
  })
  let before = -1
  // Nobody reads, so it comes to a halt once the buffers between here and there are full.
  const moves = () => before !== (before = taken)
  await expect.poll(moves, { interval: 100 }).toBe(false)
  expect(taken).toBeLessThan(50_000_000)
  incoming.destroy()
  await expect.poll(() => cancelled).toBe(true)
})

test('over HTTP/2 serves the contract, and ends a request whose body is too large', async () => {
  const { handle } = await createBench()
  const server = createHttp2Server(toNodeListener(handle))
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
  const session = connectHttp2(`http://[::1]:${(server.address() as AddressInfo).port}`)

  /** A request; one with a body does not end it. */
  async function ask(method: string, path: string, body?: string) {
    const stream = session.request({
      ':method': method,
      ':path': path,
      origin: 'https://app.example',
      countersign: '1',
      cookie: 'subject=robin',
      'content-type': 'application/json',
    })
    if (body === undefined) stream.end()
    else stream.write(body)
    const closed = once(stream, 'close')
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    let answer = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
    await closed
    return [headers[':status'], JSON.parse(answer) as unknown]
  }

  expect(await ask('GET', '/connect/connections')).toEqual([200, { connections: [] }])
  expect(await ask('POST', '/connect/stitch/token', ' '.repeat(20_000))).toEqual([
    413,
    expect.objectContaining({ error: 'payload_too_large' }),
  ])
  session.destroy()
  await new Promise((resolve) => server.close(resolve))
})

test('serves the contract whole', async () => {
  const bench = await createBench()
  const port = await listen(toNodeListener(bench.handle, { origin: 'https://app.example' }))
  const headers = { countersign: '1', cookie: 'subject=robin', 'sec-fetch-site': 'same-origin' }
  const response = await fetch(`http://127.0.0.1:${port}/connect/connections`, { headers })
  expect([response.status, await response.json()]).toEqual([200, { connections: [] }])
})

test('below a body parser of Express says that it must stand above, in the answer and once in the log', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const { handle } = await createBench()
  const app = express()
  app.use(express.json())
  app.use(toNodeListener(handle))
  const port = await listen(app as RequestListener)
  const headers = { origin: 'https://app.example', countersign: '1', cookie: 'subject=robin' }
  for (let count = 0; count < 2; count += 1) {
    const response = await fetch(`http://127.0.0.1:${port}/connect/stitch/token`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"code":"secret"}',
    })
    expect(response.status).toBe(503)
    const sentence = expect.stringMatching(/mount the backend above express\.json\(\)/) as string
    expect(await response.json()).toEqual({ error: 'backend_unavailable', error_description: sentence })
    expect(warned.mock.calls.map(([text]) => text)).toEqual([sentence])
  }
  // What has no body is served all the same.
  expect((await fetch(`http://127.0.0.1:${port}/connect/connections`, { headers })).status).toBe(200)
})
