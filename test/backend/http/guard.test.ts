import { sha256 } from '../../../src/protocol/digest.js'
import { describe, expect, test, vi } from 'vitest'
import { app, createBench, redirectUri, type CallOptions } from '../support/bench.js'

type Headers = NonNullable<CallOptions['headers']>

const id = 'A'.repeat(22)

/** Every call of the contract that does something. */
const calls: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['POST', '/stitch/authorization', {}],
  ['POST', '/stitch/token', {}],
  ['GET', '/connections'],
  ['POST', `/connections/${id}/access-token`, {}],
  ['DELETE', `/connections/${id}`],
  ['GET', `/connections/${id}/resource/graphql`],
  ['POST', `/connections/${id}/resource/graphql`, {}],
]

const unsafe = calls.filter(([method]) => method !== 'GET')

const hostileOrigins = [
  'null',
  'https://evil.example',
  'https://app.example.evil.example',
  'https://evilapp.example',
  'https://sub.app.example',
  'http://app.example',
  'https://app.example:8443',
  'https://APP.example',
  'https://app.example/',
]

/** @see attack 83: a request that another site's page makes in the person's name */
describe('a forged request', () => {
  test.each([
    ...hostileOrigins.map((origin) => [`from ${origin}`, { origin }, 'origin'] as const),
    ['without Origin', { origin: undefined }, 'origin'],
    ['from another site by its metadata', { 'sec-fetch-site': 'cross-site' }, 'sec_fetch_site'],
    ['from a sibling domain by its metadata', { 'sec-fetch-site': 'same-site' }, 'sec_fetch_site'],
    ['by a person opening a link', { 'sec-fetch-site': 'none' }, 'sec_fetch_site'],
    ['without the header that a form cannot send', { countersign: undefined }, 'header'],
  ] as [string, Headers, string][])(
    '%s is refused before anything is done',
    async (_name, headers, reason) => {
      const session = vi.fn(() => ({ subject: 'robin' }))
      const { call, events, upstream } = await createBench({ backend: { session } })
      for (const [method, path, body] of unsafe) {
        const { status, body: answer } = await call(method, path, body, { headers })
        expect(status).toBe(403)
        expect(answer.error).toBe('forbidden_origin')
        expect(events.at(-1)).toMatchObject({ name: 'refused', reason })
      }
      expect(session).not.toHaveBeenCalled()
      expect(upstream.requests).toEqual([])
    },
  )

  test.each([
    ['a hostile Origin', { origin: 'https://evil.example' }, 'origin'],
    ['another site by its metadata', { origin: undefined, 'sec-fetch-site': 'cross-site' }, 'sec_fetch_site'],
    ['no header', { origin: undefined, countersign: undefined }, 'header'],
  ] as [string, Headers, string][])('that reads, with %s, is refused', async (_name, headers, reason) => {
    const { call, events } = await createBench()
    for (const path of ['/connections', `/connections/${id}/resource/graphql`]) {
      expect((await call('GET', path, undefined, { headers })).body.error).toBe('forbidden_origin')
      expect(events.at(-1)).toMatchObject({ reason })
    }
  })

  test('as a form with JSON in text/plain is refused for its type, with a stolen Origin, too', async () => {
    const { call } = await createBench()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
      const answer = await call('POST', '/stitch/token', '{"code":"a"}', {
        headers: { 'content-type': type },
      })
      expect(answer).toMatchObject({ status: 415, body: { error: 'unsupported_media_type' } })
    }
  })
})

test('a same-origin GET needs no Origin, because browsers send none', async () => {
  const { call } = await createBench()
  const headers = { origin: undefined, 'sec-fetch-site': 'same-origin' }
  expect(await call('GET', '/connections', undefined, { headers })).toMatchObject({ status: 200 })
})

test('another version of the contract is told from a forged request', async () => {
  const { call } = await createBench()
  const answer = await call('GET', '/connections', undefined, { headers: { countersign: '2' } })
  expect(answer.body.error).toBe('invalid_request')
  expect(answer.body.error_description).toContain('version 1')
})

/** @see attack 84: CORS that lets in more than it should */
describe('CORS', () => {
  const preflight = { 'access-control-request-method': 'POST', countersign: undefined, cookie: undefined }
  const corsHeaders = (headers: globalThis.Headers) =>
    [...headers.keys()].filter((name) => name.startsWith('access-control-'))

  test('is off unless it is asked for: a preflight gets 403 and no CORS header', async () => {
    const { call } = await createBench()
    const { status, headers } = await call('OPTIONS', '/stitch/token', undefined, { headers: preflight })
    expect(status).toBe(403)
    expect(corsHeaders(headers)).toEqual([])
    expect(corsHeaders((await call('GET', '/connections')).headers)).toEqual([])
  })

  test('lets in the app’s origins and no others, by name', async () => {
    const { call } = await createBench({ backend: { cors: true } })
    const allowed = await call('OPTIONS', '/stitch/token', undefined, { headers: preflight })
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe(app)
    expect(allowed.headers.get('access-control-allow-credentials')).toBe('true')
    expect(allowed.headers.get('access-control-allow-headers')).toContain('countersign')
    expect(allowed.headers.get('vary')).toContain('Origin')
    for (const origin of hostileOrigins) {
      const refused = await call('OPTIONS', '/stitch/token', undefined, { headers: { ...preflight, origin } })
      expect(refused.status).toBe(403)
      expect(corsHeaders(refused.headers)).toEqual([])
      const used = await call('POST', '/stitch/token', {}, { headers: { origin } })
      expect(used.status).toBe(403)
      expect(corsHeaders(used.headers)).toEqual([])
    }
  })

  test('lets the page read errors and requests from another site', async () => {
    const { call } = await createBench({ backend: { cors: true } })
    const headers = { 'sec-fetch-site': 'cross-site' }
    const answer = await call('POST', '/stitch/token', {}, { headers })
    expect(answer.body.error).toBe('invalid_request')
    expect(answer.headers.get('access-control-allow-origin')).toBe(app)
    expect(answer.headers.get('access-control-expose-headers')).toContain('retry-after')
  })
})

/** @see attack 92: tokens in somebody's cache */
test('every answer forbids caching, framing, sniffing and embedding', async () => {
  const bench = await createBench()
  const { id: connection } = await bench.connect()
  const answers = [
    await bench.call('GET', '/connections'),
    await bench.call('GET', '/nothing'),
    await bench.call('PUT', '/connections'),
    await bench.call('OPTIONS', '/connections', undefined, {
      headers: { 'access-control-request-method': 'GET' },
    }),
    await bench.call('POST', `/connections/${connection}/access-token`, {}),
    await bench.call('POST', '/stitch/token', '{'),
    await bench.call('DELETE', `/connections/${connection}`),
    ...(await Promise.all(calls.map(([method, path, body]) => bench.call(method, path, body)))),
    ...(await Promise.all(
      calls.map((call) => bench.call(call[0], call[1], call[2], { headers: { cookie: '' } })),
    )),
  ]
  const proof = await bench.begin()
  bench.upstream.next.push(() => new Response(null, { status: 503 }))
  const bff = await createBench({ mode: 'bff' })
  const { id: held } = await bff.connect()
  const limited = await createBench({ backend: { rateLimit: () => 1 } })
  const further = [
    await bench.redeem(proof),
    await bench.redeem(proof),
    await bff.call('POST', `/connections/${held}/resource/graphql`, { query: '{ me }' }),
    await bff.call('POST', `/connections/${held}/resource/nothing`, {}),
    await limited.call('GET', '/connections'),
  ]
  expect(further.map(({ status }) => status)).toEqual([504, 200, 200, 404, 429])
  for (const { headers } of [...answers, ...further]) {
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('vary')).toBe('Origin, Cookie')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; frame-ancestors 'none'")
    expect(headers.get('set-cookie')).toBeNull()
  }
})

test('nobody is signed in: 401 for every call, and the provider hears nothing', async () => {
  const { call, upstream } = await createBench()
  for (const [method, path, body] of calls) {
    const answer = await call(method, path, body, { headers: { cookie: undefined } })
    expect(answer).toMatchObject({ status: 401, body: { error: 'unauthenticated' } })
  }
  expect(upstream.requests).toEqual([])
})

test('forwarded hosts change nothing', async () => {
  const { call, upstream } = await createBench()
  const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }
  const body = {
    state: 'A'.repeat(43),
    code_challenge: 'B'.repeat(43),
    nonce: 'C'.repeat(43),
    redirect_uri: redirectUri,
  }
  const { text, status } = await call('POST', '/stitch/authorization', body, { headers })
  expect(status).toBe(201)
  expect(text).not.toContain('evil')
  expect(upstream.requests).toEqual([])
})

describe('a body', () => {
  const post = async (body: string | Uint8Array | ReadableStream, headers: Record<string, string> = {}) => {
    const { handle, events } = await createBench()
    const response = await handle(
      new Request(`${app}/connect/stitch/token`, {
        method: 'POST',
        headers: {
          origin: app,
          countersign: '1',
          cookie: 'subject=robin',
          'content-type': 'application/json',
          ...headers,
        },
        body: body as BodyInit,
        ...(body instanceof ReadableStream && { duplex: 'half' }),
      }),
    )
    const { error } = (await response.json()) as { error: string }
    return { status: response.status, error, reason: events.at(-1)?.reason }
  }

  test('over 16 KiB is refused by its length', async () => {
    expect(await post(`{"code":"${'a'.repeat(16_384)}"}`)).toMatchObject({
      status: 413,
      error: 'payload_too_large',
    })
  })

  test('without end is refused while it is read, and read no further', async () => {
    let chunks = 0
    const endless = new ReadableStream({
      pull(controller) {
        chunks += 1
        controller.enqueue(new Uint8Array(1024).fill(32))
      },
    })
    expect(await post(endless)).toMatchObject({ status: 413 })
    expect(chunks).toBeLessThan(32)
  })

  test('that says it is shorter than it is, is counted', async () => {
    const long = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(20_000).fill(32))
        controller.close()
      },
    })
    expect(await post(long, { 'content-length': '10' })).toMatchObject({ status: 413 })
  })

  test('of 16 KiB is read', async () => {
    const body = JSON.stringify({ code: 'a' })
    expect(await post(body.padEnd(16_384))).toMatchObject({ error: 'invalid_request', reason: 'parameters' })
  })

  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  test.each([
    ['that is not JSON', '{', 'json'],
    ['that is empty', '', 'json'],
    ['that is an array', '[]', 'body'],
    ['that is a string', '"a"', 'body'],
    ['that is null', 'null', 'body'],
    ['too deep', `{"code":${deep(9)}}`, 'shape'],
    ['far too deep', `{"code":${deep(4000)}}`, 'shape'],
    ['with too many members', `{"code":[${'1,'.repeat(300)}1]}`, 'shape'],
    ['with __proto__', '{"code":"a","__proto__":{"state":"b"}}', 'shape'],
    ['with constructor', '{"code":{"constructor":1}}', 'shape'],
    ['with a member that the contract lacks', '{"code":"a","client_id":"b"}', 'unknown_member'],
    ['with _method', '{"_method":"DELETE"}', 'unknown_member'],
  ])('%s is refused', async (_name, body, reason) => {
    expect(await post(body)).toEqual({ status: 400, error: 'invalid_request', reason })
  })

  test('in invalid UTF-8 is refused', async () => {
    const bytes = new TextEncoder().encode('{"code":"a"}')
    bytes[9] = 0xff
    expect(await post(bytes)).toMatchObject({ status: 400, reason: 'encoding' })
  })

  test('that is encoded, or in another charset, is refused for its type', async () => {
    expect(await post('{}', { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 })
    expect(await post('{}', { 'content-type': 'application/json; charset=utf-16' })).toMatchObject({
      status: 415,
    })
    expect(await post('{}', { 'content-type': 'application/jsonp' })).toMatchObject({ status: 415 })
    expect(await post('{}', { 'content-type': 'application/json; charset=utf-8' })).toMatchObject({
      status: 400,
    })
  })
})

test('a method-override header is ignored', async () => {
  const bench = await createBench()
  const { id: connection } = await bench.connect()
  const headers = { 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE' }
  await bench.call('POST', `/connections/${connection}/access-token`, {}, { headers })
  expect((await bench.call('GET', '/connections')).body.connections).toHaveLength(1)
})

describe('the user for whom a page asks', () => {
  const subjectOf = async (subject: string) => ({ 'countersign-subject': await sha256(subject) })
  const calls: readonly [method: string, path: string, body?: object][] = [
    ['POST', '/stitch/authorization', {}],
    ['POST', '/stitch/token', {}],
    ['GET', '/connections'],
    ['POST', '/connections/ID/access-token', {}],
    ['DELETE', '/connections/ID'],
    ['POST', '/connections/ID/resource/graphql', { query: '{ me }' }],
  ]

  test.each(calls)(
    'is compared with the session’s before anything is done: %s %s',
    async (method, path, body) => {
      const bench = await createBench({ mode: path.includes('resource') ? 'bff' : 'mediated' })
      const { id } = await bench.connect()
      bench.upstream.requests.length = 0
      for (const headers of [
        await subjectOf('sam'),
        await subjectOf(''),
        { 'countersign-subject': 'robin' },
      ]) {
        const answer = await bench.call(method, path.replace('ID', id), body, { headers })
        expect([answer.status, answer.body.error]).toEqual([409, 'subject_mismatch'])
      }
      expect(bench.upstream.requests).toEqual([])
      expect((await bench.call('GET', '/connections')).body.connections).toHaveLength(1)
    },
  )

  test('is served where it is the session’s, or is not named', async () => {
    const { call } = await createBench()
    for (const subject of ['robin', 'Jürgen 💶']) {
      const options = { subject: encodeURIComponent(subject) }
      const headers = await subjectOf(options.subject)
      expect((await call('GET', '/connections', undefined, { ...options, headers })).status).toBe(200)
      expect((await call('GET', '/connections', undefined, options)).status).toBe(200)
    }
  })
})
