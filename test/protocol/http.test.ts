import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { http, HttpResponse, passthrough } from 'msw'
import { expect, test } from 'vitest'
import { readJsonObject, request, type Answer, type Fetch } from '../../src/protocol/http.js'
import { openNetwork } from '../support/network.js'
import { errorOf, refusalOf } from '../support/refusal.js'

const network = openNetwork()
const url = 'https://as.example/token'
const answer = (response: () => Response | Promise<Response>) => {
  let calls = 0
  network.use(
    http.all(`${url}*`, () => {
      calls++
      return response()
    }),
  )
  return () => calls
}
const send: Fetch = (address, init) => fetch(address, init)

/** A body that goes on for ever, one chunk at a time. */
const endless = (chunk: Uint8Array) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(chunk)
    },
  })

test('sends no cookie, no referrer, keeps nothing and follows nothing', async () => {
  let seen: RequestInit | undefined
  await request(
    async (_address, init) => {
      seen = init
      return new Response()
    },
    url,
    { method: 'POST' },
  )
  expect(seen).toMatchObject({
    method: 'POST',
    credentials: 'omit',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    redirect: 'manual',
    signal: expect.any(AbortSignal) as AbortSignal,
  })
  expect(seen?.headers).toBeUndefined()
})

test('gives the whole answer', async () => {
  answer(() => HttpResponse.json({ a: 1 }, { status: 201, headers: { 'retry-after': '5' } }))
  const { response, text } = await request(send, url, {})
  expect(response.status).toBe(201)
  expect(response.headers.get('retry-after')).toBe('5')
  expect(text).toBe('{"a":1}')
})

test.each([204, 205, 304])('a bare %i is an answer or a redirect, not a crash', async (status) => {
  answer(() => new Response(null, { status }))
  if (status === 304)
    expect(await refusalOf(() => request(send, url, {}))).toEqual({
      code: 'response_malformed',
      parameter: 'status',
    })
  else expect((await request(send, url, {})).response.status).toBe(status)
})

test.each([301, 302, 303, 307, 308])(
  'a %i to another place is refused, and nobody asks there',
  async (status) => {
    const calls = answer(() => new Response(null, { status, headers: { location: 'https://evil.example/' } }))
    expect(await refusalOf(() => request(send, url, { method: 'POST', body: 'code=abc' }))).toEqual({
      code: 'response_malformed',
      parameter: 'status',
    })
    expect(calls()).toBe(1)
  },
)

test('a redirect as a browser shows it, with status 0, is refused', async () => {
  const opaque = Object.defineProperty(new Response(), 'status', { value: 0 })
  expect(await refusalOf(() => request(async () => opaque, url, {}))).toEqual({
    code: 'response_malformed',
    parameter: 'status',
  })
})

test('a body without end is cut off at the limit', async () => {
  answer(() => new Response(endless(new Uint8Array(65_536))))
  expect(await refusalOf(() => request(send, url, {}))).toEqual({
    code: 'response_malformed',
    parameter: 'body',
  })
})

test('of a body that is too large nothing more is taken', async () => {
  let cancelled = false
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    cancel() {
      cancelled = true
    },
  })
  await refusalOf(() => request(async () => new Response(body), url, {}))
  expect(cancelled).toBe(true)
})

test('a body may be as large as the limit, and no byte larger', async () => {
  const options = { maximumBytes: 1000 }
  answer(() => new Response('x'.repeat(1000)))
  expect((await request(send, url, {}, options)).text).toHaveLength(1000)
  network.resetHandlers()
  answer(() => new Response('x'.repeat(1001)))
  expect(await refusalOf(() => request(send, url, {}, options))).toMatchObject({ parameter: 'body' })
})

test('a server that does not answer in time has not answered', async () => {
  answer(() => new Promise<Response>(() => {}))
  expect(await refusalOf(() => request(send, url, {}, { timeoutSeconds: 0.05 }))).toEqual({
    code: 'network_error',
  })
})

test('every request has a signal that ends it in time', async () => {
  let signal: AbortSignal | null | undefined
  const neverAnswered = (_url: string, init: RequestInit) => {
    signal = init.signal
    return new Promise<Response>(() => {})
  }
  void request(neverAnswered, url, {}, { timeoutSeconds: 0.05 })
  await expect.poll(() => signal?.aborted).toBe(true)
})

test('a body that does not arrive in time is no answer', async () => {
  // A real server: MSW hands out a body that no signal reaches.
  const server = createServer((_request, response) => response.writeHead(200).write('{'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  network.use(http.get(`http://127.0.0.1:${port}/`, () => passthrough()))
  expect(
    await refusalOf(() => request(send, `http://127.0.0.1:${port}/`, {}, { timeoutSeconds: 0.2 })),
  ).toEqual({ code: 'network_error' })
  server.closeAllConnections()
  server.close()
})

test('a connection that breaks is no answer, and the same step may be taken again', async () => {
  answer(() => HttpResponse.error())
  expect(await errorOf(() => request(send, url, {}))).toMatchObject({
    name: 'NetworkError',
    code: 'network_error',
    recovery: 'resume',
  })
})

test('what the caller aborts has not been answered', async () => {
  answer(() => new Promise<Response>(() => {}))
  const controller = new AbortController()
  const waiting = refusalOf(() => request(send, url, { signal: controller.signal }))
  controller.abort()
  expect(await waiting).toEqual({ code: 'network_error' })
})

/** An answer that has been read. */
const document = (text: string, type = 'application/json'): Answer => ({
  response: new Response(null, { headers: { 'content-type': type } }),
  text,
})

test.each([
  'application/json',
  'Application/JSON',
  'application/json;charset=utf-8',
  'application/json ; charset=utf-8',
  'application/problem+json',
])('JSON is read as %s', (type) => {
  expect(readJsonObject(document('{"a":1}', type))).toEqual({ a: 1 })
})

test.each(['text/html', 'text/plain', 'application/jsonp', 'application/json-seq', 'text/json', ''])(
  'JSON is not read as %j, even when it could be parsed',
  (type) => {
    expect(readJsonObject(document('{"a":1}', type))).toBeUndefined()
  },
)

test.each(['[]', 'null', '7', '"text"', 'true', '', '{', '{"a":1}{}', '<html>'])(
  'only an object is an answer: %j is none',
  (body) => {
    expect(readJsonObject(document(body))).toBeUndefined()
  },
)

test('a byte order mark before the object is no fault', async () => {
  answer(() => new Response('\ufeff{"a":1}', { headers: { 'content-type': 'application/json' } }))
  expect(readJsonObject(await request(send, url, {}))).toEqual({ a: 1 })
})

test('an object with "__proto__" changes no prototype', () => {
  readJsonObject(document('{"__proto__":{"polluted":true}}'))
  expect({}).not.toHaveProperty('polluted')
})
