import { http, HttpResponse } from 'msw'
import * as oauth from 'oauth4webapi'
import { expect, test } from 'vitest'
import { pushAuthorizationRequest } from '../../src/protocol/pushed-authorization.js'
import { openNetwork } from '../support/network.js'
import { errorOf, refusalOf } from '../support/refusal.js'

const network = openNetwork()

const issuer = 'https://as.example'
const good = { request_uri: 'urn:ietf:params:oauth:request_uri:abc', expires_in: 60 }

/** Pushes a request to a server that answers so. */
function push(answer: () => Response, metadata: Record<string, unknown> = {}) {
  const forms: URLSearchParams[] = []
  network.use(
    http.post(`${issuer}/par`, async ({ request }) => {
      forms.push(new URLSearchParams(await request.text()))
      return answer()
    }),
  )
  const pushed = pushAuthorizationRequest(
    {
      server: {
        issuer,
        pushed_authorization_request_endpoint: `${issuer}/par`,
        ...metadata,
      },
      clientId: 'client-1',
      authentication: oauth.None(),
      fetch: (url, init) => fetch(url, init),
    },
    { response_type: 'code', state: 's' },
  )
  return { pushed, forms }
}

const created = (body: object) => () => HttpResponse.json(body, { status: 201 })

test('sends every parameter once, and gives the request URI with its lifetime', async () => {
  const { pushed, forms } = push(created(good))
  expect(await pushed).toEqual({ requestUri: good.request_uri, expiresInSeconds: 60 })
  expect(forms.map((form) => [...form].sort())).toEqual([
    [
      ['client_id', 'client-1'],
      ['response_type', 'code'],
      ['state', 's'],
    ],
  ])
})

test.each<[string, object, string]>([
  ['without a request URI', { expires_in: 60 }, 'request_uri'],
  ['with an empty one', { ...good, request_uri: '' }, 'request_uri'],
  ['with one that is no text', { ...good, request_uri: 7 }, 'request_uri'],
  ['with one that holds a space', { ...good, request_uri: 'urn:a b' }, 'request_uri'],
  ['with one that holds a line break', { ...good, request_uri: 'urn:a\r\nb' }, 'request_uri'],
  ['with one that is too long', { ...good, request_uri: `urn:${'a'.repeat(2048)}` }, 'request_uri'],
  ['without a lifetime', { request_uri: 'urn:a' }, 'expires_in'],
  ['with a lifetime of nothing', { ...good, expires_in: 0 }, 'expires_in'],
  ['with a lifetime that is not a number', { ...good, expires_in: '60' }, 'expires_in'],
])('refuses an answer %s', async (_what, body, parameter) => {
  const { pushed } = push(created(body))
  expect(await refusalOf(() => pushed)).toEqual({ code: 'response_malformed', parameter })
})

test.each([200, 202, 302])('takes status %i for no yes', async (status) => {
  const { pushed } = push(() => HttpResponse.json(good, { status }))
  await expect(pushed).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) as string })
})

test.each([
  [400, { error: 'invalid_request' }, 'configure', 'invalid_request'],
  [401, { error: 'invalid_client' }, 'configure', 'invalid_client'],
  [429, {}, 'authorize', undefined],
  [503, {}, 'authorize', undefined],
])('status %i is a refusal', async (status, body, recovery, error) => {
  const { pushed } = push(() => HttpResponse.json(body, { status, headers: { 'retry-after': '7' } }))
  expect(await errorOf(() => pushed)).toMatchObject({
    code: 'token_error',
    status,
    error,
    recovery,
    retryAfterSeconds: 7,
  })
})

test('says so where the server has no endpoint for it', async () => {
  const { pushed, forms } = push(created(good), { pushed_authorization_request_endpoint: undefined })
  expect(await errorOf(() => pushed)).toMatchObject({ code: 'metadata_invalid', recovery: 'configure' })
  expect(forms).toEqual([])
})
