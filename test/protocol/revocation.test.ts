import { HttpResponse } from 'msw'
import * as oauth from 'oauth4webapi'
import { expect, test } from 'vitest'
import { revoke } from '../../src/protocol/revocation.js'
import type { TokenEndpoint } from '../../src/protocol/token-endpoint.js'
import { createAuthorizationServer } from '../support/authorization-server.js'
import { openNetwork } from '../support/network.js'
import { refusalOf } from '../support/refusal.js'

const network = openNetwork()

function scene(metadata: Record<string, unknown> = {}) {
  const server = createAuthorizationServer()
  network.use(...server.handlers)
  const endpoint: TokenEndpoint = {
    server: { ...server.metadata, ...metadata } as unknown as oauth.AuthorizationServer,
    clientId: server.clientId,
    authentication: oauth.None(),
    fetch: (url, init) => fetch(url, init),
    now: () => Date.now() / 1000,
    idToken: 'optional',
  }
  const both = [
    ['refresh', 'refresh_token'],
    ['access', 'access_token'],
  ] as const
  return { server, endpoint, both }
}

test('revokes the refresh token, then the access token', async () => {
  const { server, endpoint, both } = scene()
  expect(await revoke(endpoint, both)).toEqual({ revoked: true })
  expect(server.requests.revocation.map(({ form }) => Object.fromEntries(form))).toEqual([
    { client_id: 'client-1', token: 'refresh', token_type_hint: 'refresh_token' },
    { client_id: 'client-1', token: 'access', token_type_hint: 'access_token' },
  ])
})

test('passes over a token that there is not', async () => {
  const { server, endpoint } = scene()
  expect(
    await revoke(endpoint, [
      [undefined, 'refresh_token'],
      ['access', 'access_token'],
    ]),
  ).toEqual({ revoked: true })
  expect(server.requests.revocation).toHaveLength(1)
})

test.each([
  [200, { revoked: true }],
  [204, { revoked: true }],
  [400, { revoked: false, reason: 'refused' }],
  [429, { revoked: false, reason: 'unreachable' }],
  [503, { revoked: false, reason: 'unreachable' }],
])('status %i means %j', async (status, result) => {
  const { server, endpoint, both } = scene()
  server.hostile.revocation = () =>
    status === 400
      ? HttpResponse.json({ error: 'unsupported_token_type' }, { status })
      : new HttpResponse(null, { status })
  expect(await revoke(endpoint, both)).toEqual(result)
  expect(server.requests.revocation).toHaveLength(2)
})

test.each([
  ['503 and 200', 503, 200, { revoked: false, reason: 'unreachable' }],
  ['400 and 200', 400, 200, { revoked: false, reason: 'refused' }],
  ['200 and 503', 200, 503, { revoked: false, reason: 'unreachable' }],
  // The access token went with its grant: RFC 7009 §2.1.
  ['200 and 400', 200, 400, { revoked: true }],
  ['400 and 503', 400, 503, { revoked: false, reason: 'refused' }],
])('%s for refresh and access token', async (_both, refresh, access, result) => {
  const { server, endpoint, both } = scene()
  server.hostile.revocation = (form) =>
    new HttpResponse(null, { status: form.get('token') === 'refresh' ? refresh : access })
  expect(await revoke(endpoint, both)).toEqual(result)
})

test('without a revocation endpoint or a token nothing is sent', async () => {
  const { server, endpoint, both } = scene({ revocation_endpoint: undefined })
  const nothing = { revoked: false, reason: 'no_endpoint' }
  expect(await revoke(endpoint, both)).toEqual(nothing)
  expect(await revoke(scene().endpoint, [[undefined, 'refresh_token']])).toEqual(nothing)
  expect(server.requests.revocation).toEqual([])
})

test('without an answer it is not known', async () => {
  const { server, endpoint, both } = scene()
  server.hostile.revocation = () => HttpResponse.error()
  expect(await refusalOf(() => revoke(endpoint, both))).toEqual({ code: 'network_error' })
})
