import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ControlState } from '../../../demo/banks/control.js'
import { appOrigin, openApiture, openStitch, redirectUri } from './support.js'
import { createVisitor } from './visitor.js'

let app: Awaited<ReturnType<typeof openApiture>>
let stitch: Awaited<ReturnType<typeof openStitch>>

beforeAll(async () => {
  app = await openApiture()
  stitch = await openStitch()
})

afterEach(() => {
  for (const { bank } of [app, stitch]) {
    bank.control.reset()
    bank.requests.clear()
  }
})

afterAll(() => Promise.all([app.bank.close(), stitch.bank.close()]))

const order = (orders: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  fetch(`${app.bank.origin}/__control`, { method: 'POST', headers, body: JSON.stringify(orders) })

const codeOf = async () => (await app.open()).url.searchParams.get('code') ?? ''

test('answers one authorization without pages', async () => {
  app.bank.control.next({ automatic: true })
  expect((await app.open()).url.searchParams.has('code')).toBe(true)
  expect((await app.open()).text).toContain('Sign in')
})

test('answers every authorization without pages until it is reset', async () => {
  app.bank.control.always({ automatic: true })
  expect(await codeOf()).not.toBe('')
  expect(await codeOf()).not.toBe('')
  app.bank.control.reset()
  expect((await app.open()).text).toContain('Sign in')
})

test('prefers what is meant once to what always holds', async () => {
  app.bank.control.always({ automatic: true, outcome: 'approve' })
  app.bank.control.next({ outcome: 'deny' })
  expect((await app.open()).url.searchParams.get('error')).toBe('access_denied')
  expect(await codeOf()).not.toBe('')
})

test('lets a preset outcome win over the button, and says so on the page', async () => {
  app.bank.control.next({ outcome: 'deny' })
  const visitor = createVisitor(app.bank.origin)
  await visitor.open(await app.authorizationUrl())
  expect((await visitor.signIn()).text).toContain('the answer is set to <strong>deny</strong>')
  expect((await visitor.press('approve')).url.searchParams.get('error')).toBe('access_denied')
})

test('lets a preset scope win over the boxes, and ticks them so', async () => {
  stitch.bank.control.next({ scope: 'accounts' })
  const visitor = createVisitor(stitch.bank.origin)
  await visitor.open(await stitch.authorizationUrl())
  const { text } = await visitor.signIn()
  expect([...text.matchAll(/value="(\w+)"\s+checked/g)].map((match) => match[1])).toEqual(['accounts'])
  const { url } = await visitor.press('approve', [['scope', 'balances']])
  expect(url.searchParams.get('scope')).toBe('openid accounts')
})

test('ends an authorization with any error, before any page', async () => {
  for (const { bank, open } of [app, stitch]) {
    bank.control.next({ error: 'temporarily_unavailable' })
    const { searchParams } = (await open()).url
    expect([searchParams.get('error'), searchParams.get('state')]).toEqual(['temporarily_unavailable', 'abc'])
  }
})

test('rewrites the authorization response', async () => {
  app.bank.control.next({ automatic: true, redirect: { iss: null, state: 'tampered', extra: '1' } })
  const { url } = await app.open()
  expect(url.href.startsWith(redirectUri)).toBe(true)
  expect([...url.searchParams.keys()]).toEqual(['code', 'state', 'extra'])
  expect(url.searchParams.get('state')).toBe('tampered')
})

test('rewrites the answer to a code and the answer to a refresh token, each once', async () => {
  app.bank.control.always({ automatic: true })
  app.bank.control.next({
    tokenResponse: { token_type: 'mac', id_token: null },
    refreshResponse: { refresh_token: null },
  })
  const { body } = await app.redeem(await codeOf())
  expect(body.token_type).toBe('mac')
  expect(body).not.toHaveProperty('id_token')
  const refreshed = await app.refresh(body.refresh_token ?? '')
  expect(refreshed.body).not.toHaveProperty('refresh_token')
  expect((await app.redeem(await codeOf())).body.token_type).toBe('Bearer:')
})

test('shortens the life of an access token', async () => {
  app.bank.control.next({ accessTokenSeconds: 30 })
  const { expires_in, refresh_token = '' } = await app.connect()
  expect(expires_in).toBe(30)
  expect((await app.refresh(refresh_token)).body.expires_in).toBe(3600)
})

test('revokes every grant, as a person can at their bank', async () => {
  const { access_token, refresh_token = '' } = await app.connect()
  await app.bank.control.act('revokeGrants')
  expect((await app.refresh(refresh_token)).body.error).toBe('invalid_grant')
  const headers = { authorization: `Bearer ${access_token}` }
  expect((await fetch(`${app.bank.origin}/banking/accounts`, { headers })).status).toBe(401)
})

test('refuses a field or an action it does not know', async () => {
  expect(() => {
    app.bank.control.next({ outcom: 'deny' } as object)
  }).toThrow('This bank does not know "outcom". It knows: outcome, automatic')
  await expect(app.bank.control.act('explode' as 'rotateKeys')).rejects.toThrow('rotateKeys')
})

test('obeys over HTTP, and shows what is set', async () => {
  const response = await order({ next: { automatic: true }, always: { outcome: 'deny' } })
  expect(response.status).toBe(200)
  const state = (await (await fetch(`${app.bank.origin}/__control`)).json()) as ControlState
  expect([state.next, state.always]).toEqual([{ automatic: true }, { outcome: 'deny' }])
  expect(state.fields.outcome).toContain('cancel')
  expect(state.actions).toContain('rotateKeys')
  expect((await app.open()).url.searchParams.get('error')).toBe('access_denied')
  await order({ reset: true, clearRequests: true })
  expect(app.bank.control.state).toMatchObject({ next: {}, always: {} })
  expect(app.bank.requests.all).toEqual([])
})

test('acts over HTTP', async () => {
  const { refresh_token = '' } = await app.connect()
  expect((await order({ act: 'revokeGrants' })).status).toBe(200)
  expect((await app.refresh(refresh_token)).status).toBe(400)
})

test('says over HTTP what is wrong with an order', async () => {
  const response = await order({ next: { outcom: 'deny' } })
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('does not know')
})

test('takes no order that another site’s page could send without a preflight', async () => {
  expect((await order({ reset: true }, { 'content-type': 'text/plain' })).status).toBe(415)
  const preflight = await fetch(`${app.bank.origin}/__control`, {
    method: 'OPTIONS',
    headers: { origin: appOrigin },
  })
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
})

test('takes no order under another name, such as one that was rebound to this machine', async () => {
  const status = await new Promise((resolve) => {
    const options = { headers: { host: 'evil.example' } }
    request(`${app.bank.origin}/__control/requests`, options, (response) => {
      resolve(response.resume().statusCode)
    }).end()
  })
  expect(status).toBe(403)
})
