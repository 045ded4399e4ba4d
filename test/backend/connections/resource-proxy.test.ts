import { createBackend, memoryStore, Refusal, type BackendProvider } from 'countersign/backend'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  forwardedHeaders,
  readableHeaders,
  relayedHeaders,
  sendableHeaders,
} from '../../../src/backend/http/headers.js'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../../src/protocol/pkce.js'
import { hostilePath } from '../../support/hostile-paths.js'
import { app, createBench, type Bench } from '../support/bench.js'
import { networkFailure } from '../support/upstream.js'

const origin = 'https://api.plain.example'

interface Seen {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: unknown
}

/** A backend with one plain provider in bff mode, whose API answers as the test says. */
async function createPlain(
  respond: (seen: Seen) => Response | Promise<Response> = () => Response.json({ ok: true }),
  changes: Partial<BackendProvider> = {},
  options: { readonly cors?: boolean } = {},
) {
  const seen: Seen[] = []
  let issued = 0
  const provider: BackendProvider = {
    label: 'Plain',
    mode: 'bff',
    redirectUris: [`${app}/callback/plain`],
    scope: 'accounts',
    authorize: () => Promise.resolve({ url: 'https://plain.example/authorize' }),
    redeem: () =>
      Promise.resolve({
        tokens: {
          accessToken: `token-${(issued += 1)}`,
          tokenType: 'bearer' as const,
          expiresInSeconds: 3600,
          refreshToken: 'refresh-canary',
          idToken: undefined,
          scope: undefined,
          extra: {},
        },
        details: { consent: 'c-1' },
      }),
    refresh: (connection) =>
      Promise.resolve({
        tokens: {
          accessToken: `token-${(issued += 1)}`,
          tokenType: 'bearer' as const,
          expiresInSeconds: 3600,
          refreshToken: connection.refreshToken,
          idToken: undefined,
          scope: undefined,
          extra: {},
        },
      }),
    resources: {
      base: `${origin}/v3`,
      routes: [
        { method: 'GET', path: '/accounts', query: ['limit', 'offset'] },
        { method: 'GET', path: '/accounts/{accountId}/transactions' },
        { method: 'GET', path: '/{customerId}/transactions' },
        { method: 'POST', path: '/payments' },
        { method: 'PUT', path: '/accounts/{accountId}' },
        {
          method: 'GET',
          path: '/consents/{consentId}',
          bind: { consentId: ({ details }) => details['consent'] },
        },
      ],
    },
    ...changes,
  }
  const handle = createBackend({
    origins: [app],
    store: memoryStore(),
    session: () => ({ subject: 'robin' }),
    rateLimit: 'off',
    ...options,
    providers: { plain: provider },
    fetch: async (url, init) => {
      const request = {
        url,
        method: init.method ?? 'GET',
        headers: new Headers(init.headers),
        body: init.body,
      }
      seen.push(request)
      return respond(request)
    },
  })
  const call = (
    method: string,
    path: string,
    init: { headers?: Record<string, string>; body?: string } = {},
  ) =>
    handle(
      new Request(`${app}/connect${path}`, {
        method,
        headers: {
          origin: app,
          countersign: '1',
          ...(init.body !== undefined && { 'content-type': 'application/json' }),
          ...init.headers,
        },
        ...(init.body !== undefined && { body: init.body }),
      }),
    )
  const verifier = createCodeVerifier()
  const state = createState()
  const begin = {
    state,
    code_challenge: await calculateCodeChallenge(verifier),
    redirect_uri: `${app}/callback/plain`,
  }
  await call('POST', '/plain/authorization', { body: JSON.stringify(begin) })
  const proof = JSON.stringify({ code: 'c', state, code_verifier: verifier })
  const redeemed = (await (await call('POST', '/plain/token', { body: proof })).json()) as {
    connection: { id: string }
  }
  const get = (path: string, headers: Record<string, string> = {}) =>
    call('GET', `/connections/${redeemed.connection.id}/resource/${path}`, { headers })
  const send = (method: string, path: string, body: string, headers: Record<string, string> = {}) =>
    call(method, `/connections/${redeemed.connection.id}/resource/${path}`, { body, headers })
  return { seen, get, send, redeemed, handle }
}

const errorOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: string }).error

test('a listed path is asked with the token, and the answer comes back as it was', async () => {
  const text = '{"balance": 12345678901234567890.10}'
  const { get, seen, redeemed } = await createPlain(
    () => new Response(text, { headers: { 'content-type': 'application/json' } }),
  )
  const response = await get('accounts?limit=10&offset=0')
  expect(response.status).toBe(200)
  expect(await response.text()).toBe(text)
  expect(seen.map(({ url }) => url)).toEqual([`${origin}/v3/accounts?limit=10&offset=0`])
  expect(seen[0]!.headers.get('authorization')).toBe('Bearer token-1')
  expect(redeemed).not.toHaveProperty('access_token')
})

/** @see https://www.rfc-editor.org/rfc/rfc9470.html#section-3 */
describe('an API that wants the person to sign in by a stronger way', () => {
  const challenge = 'Bearer error="insufficient_user_authentication", acr_values="phr phrh", max_age="600"'
  const challenged = (header: string) => () =>
    new Response('<p>Who are you?</p>', {
      status: 401,
      headers: { 'www-authenticate': header, 'content-type': 'text/html' },
    })

  test('is told to the page with what it wants, and no other token is asked for', async () => {
    const { get, send, seen, redeemed } = await createPlain(challenged(challenge))
    for (const response of [await get('accounts'), await send('POST', 'payments', '{}')]) {
      expect([response.status, response.headers.get('countersign')]).toEqual([409, '1'])
      expect(await response.json()).toEqual({
        error: 'step_up_required',
        error_description:
          'The API wants the person to sign in again, or by a stronger way. Renew the connection with that.',
        connection: redeemed.connection.id,
        acr_values: 'phr phrh',
        max_age: 600,
      })
    }
    expect(seen.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer token-1',
      'Bearer token-1',
    ])
  })

  test('is told to the app’s own server in the same way', async () => {
    const { handle, redeemed } = await createPlain(challenged(challenge))
    const connection = { subject: 'robin', id: redeemed.connection.id }
    await expect(handle.connections.fetch(connection, '/accounts')).rejects.toMatchObject({
      error: 'step_up_required',
      details: { connection: connection.id, asked: { acrValues: ['phr', 'phrh'], maxAgeSeconds: 600 } },
    })
    expect(await handle.connections.find(connection)).toMatchObject({ status: 'connected' })
  })

  test('tells no page the token in what it wants', async () => {
    const { get } = await createPlain(challenged(challenge.replace('phrh', 'token-1')))
    expect(await errorOf(await get('accounts'))).toBe('provider_error')
  })
})

describe('a consent that has ended at the bank, while tokens are still issued', () => {
  const forbidden = () => Response.json({ code: 'NO_CONSENT' }, { status: 403 })

  test('makes the connection one to renew, from the first 403 on, and the API is asked no more', async () => {
    const asked: unknown[] = []
    const { get, handle, seen, redeemed } = await createPlain(forbidden, {
      hasEnded: ({ details }) => Promise.resolve(asked.push(details) > 0),
    })
    const { id } = redeemed.connection
    for (let times = 0; times < 2; times++) {
      const response = await get('accounts')
      expect([response.status, await response.json()]).toMatchObject([
        409,
        { error: 'reauthorization_required', connection: id },
      ])
    }
    expect(await handle.connections.find({ subject: 'robin', id })).toMatchObject({
      status: 'reauthorization_required',
    })
    expect([asked, seen.length]).toEqual([[{ consent: 'c-1' }], 1])
  })

  test('is asked for with the token that the API was asked with, also after a refresh', async () => {
    const asked: unknown[] = []
    const { get, seen } = await createPlain(
      ({ headers }) =>
        headers.get('authorization') === 'Bearer token-1' ? new Response(null, { status: 401 }) : forbidden(),
      { hasEnded: ({ accessToken }) => Promise.resolve(asked.push(accessToken) > 0) },
    )
    expect(await errorOf(await get('accounts'))).toBe('reauthorization_required')
    expect(seen.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ])
    expect(asked).toEqual(['token-2'])
  })

  test.each(['succeeds', 'fails'])('stays ended when a refresh that had begun before %s', async (end) => {
    let answer = (): void => undefined
    let noteBegun = (): void => undefined
    const begun = new Promise<void>((resolve) => {
      noteBegun = resolve
    })
    const { get, handle, redeemed } = await createPlain(
      ({ url }) => (url.endsWith('limit=1') ? new Response(null, { status: 401 }) : forbidden()),
      {
        hasEnded: () => Promise.resolve(true),
        refresh: async ({ refreshToken }) => {
          await new Promise<void>((resolve) => {
            answer = resolve
            noteBegun()
          })
          if (end === 'fails') throw new Refusal('provider_unavailable')
          const tokens = { accessToken: 'token-9', tokenType: 'bearer' as const, expiresInSeconds: 3600 }
          return { tokens: { ...tokens, refreshToken, idToken: undefined, scope: undefined, extra: {} } }
        },
      },
    )
    const refreshing = get('accounts?limit=1')
    await begun
    expect(await errorOf(await get('accounts'))).toBe('reauthorization_required')
    answer()
    await refreshing
    const connection = { subject: 'robin', id: redeemed.connection.id }
    expect(await handle.connections.find(connection)).toMatchObject({ status: 'reauthorization_required' })
  })

  test('of a connection that is gone by then says so', async () => {
    const { get, handle, redeemed } = await createPlain(forbidden, {
      hasEnded: async () => {
        await handle.connections.disconnect({ subject: 'robin', id: redeemed.connection.id })
        return true
      },
    })
    expect((await get('accounts')).status).toBe(403)
  })

  test.each([
    ['goes on', () => Promise.resolve(false)],
    ['cannot be read', () => Promise.reject(new Error('offline'))],
    [
      'cannot be asked for',
      () => {
        throw new Error('offline')
      },
    ],
    ['is not asked for', undefined],
  ])(
    'is not to be seen in a 403 where the consent %s: the API’s answer is the answer',
    async (_title, hasEnded) => {
      const { get, handle, redeemed } = await createPlain(forbidden, { ...(hasEnded && { hasEnded }) })
      const response = await get('accounts')
      expect([response.status, await response.json()]).toEqual([403, { code: 'NO_CONSENT' }])
      const { id } = redeemed.connection
      expect(await handle.connections.find({ subject: 'robin', id })).toMatchObject({ status: 'connected' })
    },
  )
})

describe('a path', () => {
  test.each([
    'nothing',
    'accounts/',
    'accounts/a/b',
    'accounts//transactions',
    'ACCOUNTS',
    'accounts/..%2fadmin/transactions',
    'accounts/%2e%2e%2fadmin/transactions',
    'accounts/a%00/transactions',
    'accounts/..;/transactions',
    'accounts/a;b/transactions',
    'accounts/%252e%252e/transactions',
    'accounts/@evil.example/transactions',
    'accounts/a%5cb/transactions',
    'accounts/{accountId}/transactions',
    'https://evil.example/accounts',
    '/evil.example/accounts',
  ])('%s that is not listed does not exist', async (path) => {
    const { get, seen } = await createPlain()
    expect(await errorOf(await get(path))).toBe('not_found')
    expect(seen).toEqual([])
  })

  /** @see https://www.rfc-editor.org/rfc/rfc3986.html#section-5.2.2 */
  test.each(['http:127.0.0.1:4680', 'https:evil.example', 'localhost:1', 'data:1', 'c:', ':', 'a:b:c'])(
    'that begins with %s is not a URL of its own: it goes below the base, as it came',
    async (first) => {
      const { get, seen } = await createPlain()
      expect((await get(`${first}/transactions`)).status).toBe(200)
      expect(seen.map(({ url }) => url)).toEqual([`${origin}/v3/${first}/transactions`])
    },
  )

  test('with a segment of more than 128 characters does not exist', async () => {
    const { get, seen } = await createPlain()
    expect((await get(`accounts/${'a'.repeat(128)}/transactions`)).status).toBe(200)
    expect((await get(`accounts/${'a'.repeat(129)}/transactions`)).status).toBe(404)
    expect(seen).toHaveLength(1)
  })

  test('has the methods that are listed', async () => {
    const { send, seen } = await createPlain()
    const response = await send('POST', 'accounts', '{}')
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET'])
    expect(seen).toEqual([])
  })

  test('that is bound to the connection has one value', async () => {
    const { get, seen } = await createPlain()
    expect((await get('consents/c-1')).status).toBe(200)
    expect(await errorOf(await get('consents/c-2'))).toBe('not_found')
    expect(seen).toHaveLength(1)
  })

  /** @see attack 89: whatever a page asks for, nothing but a listed path is asked for, at the one origin */
  test('however it is written leads nowhere else', async () => {
    const { get, seen } = await createPlain()
    let sent = 0
    await fc.assert(
      fc.asyncProperty(hostilePath, async (path) => {
        seen.length = 0
        let response: Response
        try {
          response = await get(path)
        } catch (error) {
          // Not even a URL: it cannot be asked for.
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(response.status).toBeLessThan(500)
        for (const { url } of seen) {
          sent += 1
          expect(url).toMatch(
            /^https:\/\/api\.plain\.example\/v3\/(?:accounts(?:\/[\w.~:-]+\/transactions)?|[\w.~:-]+\/transactions|consents\/c-1)(?:\?[^/]*)?$/,
          )
        }
      }),
      { numRuns: 1000, examples: [['http:evil.example/transactions'], ['evil.example:80/transactions']] },
    )
    expect(sent).toBeGreaterThanOrEqual(2)
  })
})

describe('an answer that repeats the token', () => {
  const tokenOf = ({ headers }: Seen): string => headers.get('authorization')?.replace('Bearer ', '') ?? ''
  const escaped = (text: string) =>
    Array.from(text, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')

  test.each<[string, (seen: Seen) => Response]>([
    ['in an error', (seen) => Response.json({ headers: Object.fromEntries(seen.headers) }, { status: 400 })],
    ['in its data', (seen) => Response.json([{ token: tokenOf(seen) }])],
    ['in a name', (seen) => Response.json({ [tokenOf(seen)]: 1 })],
    [
      'in escapes',
      (seen) =>
        new Response(`{"a":"${escaped(tokenOf(seen))}"}`, {
          headers: { 'content-type': 'application/json' },
        }),
    ],
    [
      'half in escapes',
      (seen) =>
        new Response(
          `{"a":"${escaped(tokenOf(seen).slice(0, 3)).toUpperCase().replaceAll('\\U', '\\u')}${tokenOf(seen).slice(3)}"}`,
          {
            headers: { 'content-type': 'application/json' },
          },
        ),
    ],
    [
      'in a header that is relayed',
      (seen) => Response.json({}, { headers: { 'x-fapi-interaction-id': tokenOf(seen) } }),
    ],
  ])('%s does not reach the page', async (_where, respond) => {
    let token = ''
    const { get } = await createPlain((seen) => {
      token = tokenOf(seen)
      return respond(seen)
    })
    const response = await get('accounts')
    expect(response.status).toBe(502)
    expect(JSON.stringify([...response.headers])).not.toContain(token)
    expect(await errorOf(response)).toBe('provider_error')
  })
})

describe('a query', () => {
  test.each([
    ['a parameter that is not listed', 'accounts?admin=1'],
    ['a parameter twice', 'accounts?limit=1&limit=2'],
    ['more than 2048 characters', `accounts?limit=${'1'.repeat(3000)}`],
    ['a parameter that another path takes', 'consents/c-1?limit=1'],
  ])('with %s is refused', async (_name, path) => {
    const { get, seen } = await createPlain()
    expect(await errorOf(await get(path))).toBe('invalid_request')
    expect(seen).toEqual([])
  })
})

/** @see attack 90: headers that mean something to the servers between */
describe('headers', () => {
  test('go on by name only', async () => {
    const { get, seen } = await createPlain()
    await get('accounts', {
      cookie: 'session=canary',
      authorization: 'Bearer canary',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=10.0.0.1',
      'x-real-ip': '10.0.0.1',
      'x-http-method-override': 'DELETE',
      'x-secret': 'canary',
      referer: 'https://app.example/secret',
      te: 'trailers',
      connection: 'x-secret, close',
      'keep-alive': 'timeout=5',
      'transfer-encoding': 'chunked',
      upgrade: 'h2c',
      host: 'evil.example',
      dpop: 'canary',
      'proxy-authorization': 'Basic canary',
      'sec-fetch-user': '?1',
      'accept-language': 'en',
      'if-none-match': '"1"',
      'if-modified-since': 'Sat, 21 Nov 2026 12:00:00 GMT',
      'idempotency-key': 'payment-1',
      'x-fapi-interaction-id': 'c770aef3-6784-41f7-8e0e-ff5f97bddb3a',
    })
    expect(Object.fromEntries(seen[0]!.headers)).toEqual({
      accept: 'application/json',
      authorization: 'Bearer token-1',
      'idempotency-key': 'payment-1',
      'x-fapi-interaction-id': 'c770aef3-6784-41f7-8e0e-ff5f97bddb3a',
    })
  })

  test.each(forwardedHeaders)('of the name %s go on, and may be sent from another origin', async (name) => {
    const { get, seen, handle } = await createPlain(undefined, {}, { cors: true })
    await get('accounts', { [name]: 'value-1' })
    expect(seen[0]!.headers.get(name)).toBe('value-1')
    const headers = { origin: app, 'access-control-request-method': 'GET' }
    const answer = await handle(new Request(`${app}/connect/connections`, { method: 'OPTIONS', headers }))
    expect(answer.headers.get('access-control-allow-headers')?.split(', ')).toContain(name)
  })

  test.each(relayedHeaders)('of the name %s come back, and may be read from another origin', async (name) => {
    const respond = () => Response.json({}, { headers: { [name]: '7' } })
    const { headers } = await (await createPlain(respond, {}, { cors: true })).get('accounts')
    expect(headers.get(name)).toBe('7')
    expect(headers.get('access-control-expose-headers')?.split(', ')).toContain(name)
  })

  test.each([
    ['-5', null],
    ['1e308', null],
    ['soon', null],
    ['9'.repeat(300), '86400'],
    ['Fri, 31 Dec 1999 23:59:59 GMT', '0'],
  ])('of an API that asks to wait for %s ask a page to wait for %s seconds', async (asked, told) => {
    const respond = () => Response.json({}, { status: 429, headers: { 'retry-after': asked } })
    const { headers } = await (await createPlain(respond)).get('accounts')
    expect(headers.get('retry-after')).toBe(told)
  })

  test('that another origin may send and read are those that mean something here', () => {
    expect(sendableHeaders.join(', ')).toBe(
      'authorization, content-type, countersign, countersign-subject, idempotency-key, x-fapi-interaction-id',
    )
    expect(readableHeaders.join(', ')).toBe('countersign, retry-after, x-fapi-interaction-id')
  })

  test('of a page cannot make a request conditional: a 304 is no answer', async () => {
    const { get } = await createPlain(() => new Response(null, { status: 304, headers: { etag: '"1"' } }))
    const response = await get('accounts', { 'if-none-match': '"1"' })
    expect(response.status).toBe(502)
    expect(await errorOf(response)).toBe('provider_error')
  })

  test('come back by name only', async () => {
    const { get } = await createPlain(() =>
      Response.json(
        {},
        {
          headers: {
            'set-cookie': 'session=evil',
            location: 'https://evil.example',
            'access-control-allow-origin': '*',
            'clear-site-data': '"*"',
            'content-security-policy': "default-src 'unsafe-inline'",
            refresh: '0; url=https://evil.example',
            link: '</x>; rel=preload',
            'www-authenticate': 'Basic',
            'strict-transport-security': 'max-age=0',
            'service-worker-allowed': '/',
            'cache-control': 'public, max-age=86400',
            etag: '"1"',
            'x-fapi-interaction-id': 'id-1',
          },
        },
      ),
    )
    const { headers } = await get('accounts')
    const names = [...headers.keys()]
    for (const name of [
      'etag',
      'set-cookie',
      'location',
      'clear-site-data',
      'refresh',
      'link',
      'www-authenticate',
    ]) {
      expect(names).not.toContain(name)
    }
    expect(names.filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(names).not.toContain('strict-transport-security')
    expect(names).not.toContain('service-worker-allowed')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('x-fapi-interaction-id')).toBe('id-1')
    expect(headers.get('countersign')).toBeNull()
  })
})

describe('an answer', () => {
  /** @see attack 91: a page of somebody else's on the app's origin */
  test.each(['text/html', 'image/svg+xml', 'text/javascript', 'application/xml', 'application/jsonp', ''])(
    'of the type %s is not relayed',
    async (type) => {
      const script = '<script>alert(1)</script>'
      const { get } = await createPlain(() => new Response(script, { headers: { 'content-type': type } }))
      const response = await get('accounts')
      expect(response.status).toBe(502)
      const text = await response.text()
      expect(text).toContain('provider_error')
      expect(text).not.toContain('<script')
    },
  )

  test('that says it is JSON and is not, is not relayed', async () => {
    const headers = { 'content-type': 'application/json' }
    const { get } = await createPlain(() => new Response('<script>', { headers }))
    expect(await errorOf(await get('accounts'))).toBe('provider_error')
  })

  test.each([
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: '/x' } }),
      502,
      'provider_error',
    ],
    ['a failure', () => new Response('stack trace', { status: 500 }), 504, 'provider_unavailable'],
    ['no answer', () => networkFailure(), 504, 'provider_unavailable'],
    ['20 MB', () => new Response(new Uint8Array(20_000_000)), 502, 'provider_error'],
  ] as [string, () => Response, number, string][])(
    'with %s becomes an error of the contract',
    async (_name, make, status, error) => {
      const { get } = await createPlain(make)
      const response = await get('accounts')
      expect(response.status).toBe(status)
      const text = await response.text()
      expect(JSON.parse(text)).toMatchObject({ error })
      expect(text).not.toContain('stack')
      expect(response.headers.get('countersign')).toBe('1')
    },
  )

  test('with an error of the API is the app’s to read', async () => {
    const { get } = await createPlain(() => Response.json({ code: 'NO_SUCH_ACCOUNT' }, { status: 404 }))
    const response = await get('accounts/a-1/transactions')
    expect([response.status, await response.json()]).toEqual([404, { code: 'NO_SUCH_ACCOUNT' }])
  })

  test('without a body stays one', async () => {
    const { send } = await createPlain(() => new Response(null, { status: 204 }))
    const response = await send('PUT', 'accounts/a-1', '{}')
    expect([response.status, await response.text()]).toEqual([204, ''])
  })
})

describe('a refused token', () => {
  const refuseFirst = (count: number) => {
    let refused = 0
    return () => ((refused += 1) <= count ? new Response(null, { status: 401 }) : Response.json({ ok: true }))
  }
  const tokens = (seen: readonly Seen[]) => seen.map(({ headers }) => headers.get('authorization'))

  test('is replaced once, and the request sent once more', async () => {
    const { get, seen } = await createPlain(refuseFirst(1))
    expect((await get('accounts')).status).toBe(200)
    expect(tokens(seen)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  test('twice in a row ends it', async () => {
    const { get, seen } = await createPlain(refuseFirst(9))
    expect(await errorOf(await get('accounts'))).toBe('provider_error')
    expect(seen).toHaveLength(2)
  })

  test('is not replaced a third time in a minute by an API that refuses every token', async () => {
    const { get, seen } = await createPlain(refuseFirst(9))
    for (let times = 1; times <= 3; times += 1)
      expect(await errorOf(await get('accounts'))).toBe('provider_error')
    expect(new Set(tokens(seen)).size).toBe(3)
    expect(seen).toHaveLength(5)
  })

  test('of a payment is not answered by paying again', async () => {
    const { send, seen } = await createPlain(refuseFirst(1))
    expect(await errorOf(await send('POST', 'payments', '{"amount":1}'))).toBe('provider_error')
    expect(seen).toHaveLength(1)
  })

  test('of a payment is replaced for the next one', async () => {
    const { send, seen } = await createPlain(refuseFirst(1))
    await send('POST', 'payments', '{"amount":1}')
    expect((await send('POST', 'payments', '{"amount":1}')).status).toBe(200)
    expect(tokens(seen)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  test('without a refresh token asks for the person', async () => {
    const { get } = await createPlain(refuseFirst(1), { refresh: undefined as never })
    const response = await get('accounts')
    expect([response.status, await errorOf(response)]).toEqual([409, 'reauthorization_required'])
  })
})

describe('a body', () => {
  test('of JSON goes on as it is', async () => {
    const { send, seen } = await createPlain()
    await send('POST', 'payments', '{"amount": 1.10}')
    expect(seen[0]).toMatchObject({ method: 'POST', body: '{"amount": 1.10}' })
    expect(seen[0]!.headers.get('content-type')).toBe('application/json')
  })

  test.each([
    [
      'of another type',
      'a=1',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'unsupported_media_type',
    ],
    ['that is not JSON', '{', {}, 'invalid_request'],
    ['over 64 KiB', `"${'a'.repeat(65_536)}"`, {}, 'payload_too_large'],
  ] as [string, string, Record<string, string>, string][])(
    '%s is refused',
    async (_name, body, headers, error) => {
      const { send, seen } = await createPlain()
      expect(await errorOf(await send('POST', 'payments', body, headers))).toBe(error)
      expect(seen).toEqual([])
    },
  )
})

test('a token of the client’s own is asked for anew when the API refuses it, and reaches no page', async () => {
  const asked: unknown[] = []
  const { get, seen } = await createPlain(
    ({ headers }) =>
      headers.get('authorization') === 'Bearer client-canary-1'
        ? new Response(null, { status: 401 })
        : Response.json({ ok: true }),
    {
      resources: { base: origin, routes: [{ method: 'GET', path: '/accounts', scope: 'accounts:read' }] },
      resourceToken: (_connection, route, rejected) => {
        asked.push([route.scope, rejected])
        return Promise.resolve(`client-canary-${asked.length}`)
      },
    },
  )
  const response = await get('accounts')
  expect(await response.text()).toBe('{"ok":true}')
  expect(asked).toEqual([
    ['accounts:read', undefined],
    ['accounts:read', 'client-canary-1'],
  ])
  expect(seen).toHaveLength(2)
})

describe('Stitch’s GraphQL', () => {
  const query = JSON.stringify({ query: '{ user { bankAccounts { name } } }' })
  const ask = async (bench: Bench, id: string, body = query) =>
    bench.call('POST', `/connections/${id}/resource/graphql`, body)

  test('is asked through the backend in bff mode, and no token reaches the page', async () => {
    const bench = await createBench({ mode: 'bff' })
    const { id } = await bench.connect()
    const { status, text } = await ask(bench, id)
    expect(status).toBe(200)
    expect(JSON.parse(text)).toEqual({ data: { echo: JSON.parse(query) as unknown } })
  })

  test('is not there in mediated mode, where pages ask themselves', async () => {
    const bench = await createBench()
    const { id } = await bench.connect()
    expect((await ask(bench, id)).body.error).toBe('not_found')
  })

  test('that says UNAUTHENTICATED with status 200 gets a new token, for a query once', async () => {
    const bench = await createBench({ mode: 'bff' })
    const { id } = await bench.connect()
    bench.upstream.expireAccessTokens()
    expect((await ask(bench, id)).status).toBe(200)
    expect(bench.upstream.to('/graphql')).toHaveLength(2)
    expect(bench.upstream.to('/connect/token')).toHaveLength(2)
  })

  test.each([
    ['plainly', JSON.stringify({ query: 'mutation { pay { id } }' })],
    ['with escapes', String.raw`{"query":"\u006dutation { pay { id } }"}`],
    ['among others', JSON.stringify([{ query: '{ me }' }, { query: 'mutation { pay { id } }' }])],
  ])('does not repeat a mutation that is written %s', async (_name, mutation) => {
    const bench = await createBench({ mode: 'bff' })
    const { id } = await bench.connect()
    bench.upstream.expireAccessTokens()
    expect((await ask(bench, id, mutation)).body.error).toBe('provider_error')
    expect(bench.upstream.to('/graphql')).toHaveLength(1)
  })

  test.each(['USER_INTERACTION_REQUIRED', 'REAUTHORIZATION_REQUIRED'])(
    'that says %s is relayed, so that the app can send the person to the bank, and ends nothing',
    async (code) => {
      const bench = await createBench({ mode: 'bff' })
      const { id } = await bench.connect()
      const userInteractionUrl = 'https://secure.bank.example/connect/user-interaction?id=1'
      const answer = {
        data: null,
        errors: [{ message: code, extensions: { code, id: '1', userInteractionUrl } }],
      }
      bench.upstream.next.push(({ url }) => (url.endsWith('/graphql') ? Response.json(answer) : undefined))
      const { status, text } = await ask(bench, id)
      expect(status).toBe(200)
      expect(JSON.parse(text)).toEqual(answer)
      expect(bench.upstream.to('/connect/token')).toHaveLength(1)
      expect((await bench.call('GET', '/connections')).body.connections[0]?.status).toBe('connected')
    },
  )

  test.each(['https://evil.example/connect', 'javascript:alert(1)', 7])(
    'that would send the person to %s is not relayed',
    async (userInteractionUrl) => {
      const bench = await createBench({ mode: 'bff' })
      const { id } = await bench.connect()
      const extensions = { code: 'USER_INTERACTION_REQUIRED', userInteractionUrl }
      bench.upstream.next.push(({ url }) =>
        url.endsWith('/graphql') ? Response.json({ errors: [{ message: 'x', extensions }] }) : undefined,
      )
      expect((await ask(bench, id)).body.error).toBe('provider_error')
    },
  )
})
