import { createClient, singleUser, type CountersignEvent } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { tokensKey } from '../../../src/core/records/keys.js'
import { createScene, providers, type Scene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { errorOf } from '../../support/refusal.js'
import { leaksOf, secret } from '../../support/secrets.js'
import { settled, until } from '../../support/until.js'

const network = openNetwork()
const hour = 3600

const refreshes = ({ server }: Scene) =>
  server.requests.token.filter(({ form }) => form.get('grant_type') === 'refresh_token')

const refuse = (scene: Scene, error = 'invalid_request') => {
  scene.server.hostile.token = () => HttpResponse.json({ error }, { status: 400 })
}
const answerNothing = (scene: Scene) => {
  scene.server.hostile.token = () => new HttpResponse(null, { status: 400 })
}
const answerWith = ({ hostile }: Scene['server'], answer: () => Response) => {
  hostile.token = answer
}
const recover = (scene: Scene) => {
  delete scene.server.hostile.token
}

describe.each([
  ['in memory', {}],
  ['in IndexedDB', { persistTokens: true }],
])('tokens %s', (_where, settings) => {
  /** An app whose access token has just ended. */
  async function ended({ repeats = false } = {}) {
    const scene = createScene(network)
    let first: Record<string, unknown> | undefined
    if (repeats)
      scene.server.hostile.claims = (claims) => {
        first ??= { nonce: claims['nonce'], auth_time: claims['auth_time'] }
        return { ...claims, ...first }
      }
    const device = { offline: false }
    const events: CountersignEvent[] = []
    const issuer = 'https://as.example'
    const api = `${issuer}/api/v1`
    const bank = oidc({ issuer, clientId: 'client-1', scope: providers.bank.scope, api, ...settings })
    const open = (url?: string) => {
      const page = scene.browser.open(url, device)
      return {
        ...createClient({
          subject: singleUser,
          providers: { bank },
          platform: page.platform,
          onEvent: (event) => events.push(event),
        }),
        show: page.show,
      }
    }
    const client = open(await scene.consent())
    const tokens = await until(client.tokens('bank'), 'connected')
    scene.browser.clock.advance(hour)
    return { scene, device, events, open, client, tokens }
  }

  test('end at the second refusal, ten minutes after the first', async () => {
    const { scene, client, tokens } = await ended()
    refuse(scene)
    for (const seconds of [0, 60, 539]) {
      scene.browser.clock.advance(seconds)
      expect(await errorOf(tokens.getAccessToken)).toMatchObject({
        code: 'token_error',
        error: 'invalid_request',
      })
      expect(client.tokens('bank').get().status).toBe('connected')
    }
    scene.browser.clock.advance(1)
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
    await until(client.tokens('bank'), 'reauthorization_required')
    expect(refreshes(scene)).toHaveLength(4)
  })

  test.each(['invalid_grant', 'invalid_token'])(
    'end at once by %s, and are not tried again',
    async (error) => {
      const { scene, client, tokens } = await ended()
      refuse(scene, error)
      expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
      await until(client.tokens('bank'), 'reauthorization_required')
      recover(scene)
      scene.browser.clock.advance(2 * hour)
      client.show()
      await settled()
      expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
      expect(refreshes(scene)).toHaveLength(1)
    },
  )

  test.each([
    'invalid_client',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_scope',
    'invalid_target',
    'invalid_dpop_proof',
    'temporarily_unavailable',
  ])('never end by %s', async (error) => {
    const { scene, client, tokens } = await ended()
    refuse(scene, error)
    for (let times = 0; times < 5; times++) {
      scene.browser.clock.advance(hour)
      expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'token_error', error })
    }
    expect(client.tokens('bank').get().status).toBe('connected')
    recover(scene)
    expect(await tokens.getAccessToken()).toEqual(expect.any(String))
  })

  test('that one refusal did not end go on as if nothing had been', async () => {
    const { scene, client, tokens } = await ended()
    refuse(scene)
    await errorOf(tokens.getAccessToken)
    recover(scene)
    await tokens.getAccessToken()
    scene.browser.clock.advance(hour)
    refuse(scene)
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'token_error' })
    expect(client.tokens('bank').get().status).toBe('connected')
  })

  async function stopped() {
    const all = await ended()
    refuse(all.scene)
    await errorOf(all.tokens.getAccessToken)
    all.scene.browser.clock.advance(600)
    await errorOf(all.tokens.getAccessToken)
    await until(all.client.tokens('bank'), 'reauthorization_required')
    return all
  }

  test('are tried once an hour after that, and a success revives the connection', async () => {
    const { scene, client, tokens } = await stopped()
    client.show()
    await settled()
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
    expect(refreshes(scene)).toHaveLength(2)
    scene.browser.clock.advance(hour)
    client.show()
    await settled()
    client.show()
    await settled()
    expect(refreshes(scene)).toHaveLength(3)
    expect(client.tokens('bank').get().status).toBe('reauthorization_required')
    scene.browser.clock.advance(hour)
    recover(scene)
    client.show()
    const again = await until(client.tokens('bank'), 'connected')
    expect(again.connection.id).toBe(tokens.connection.id)
    expect(await again.getAccessToken()).toEqual(expect.any(String))
    expect(refreshes(scene)).toHaveLength(4)
  })

  test('are kept for seven days, and then not at all', async () => {
    const { scene, client, tokens } = await stopped()
    const [{ form } = { form: new URLSearchParams() }] = refreshes(scene)
    secret(form.get('refresh_token') ?? '')
    scene.browser.clock.advance(7 * 24 * hour)
    recover(scene)
    client.show()
    await settled()
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
    expect(refreshes(scene)).toHaveLength(2)
    expect(leaksOf([...(await scene.browser.records())])).toEqual([])
  })

  test.each<[string, (scene: Scene) => void, code: string]>([
    ['none', answerNothing, 'token_error'],
    [
      "a gateway's",
      ({ server }) => answerWith(server, () => new HttpResponse(null, { status: 502 })),
      'token_error',
    ],
    ['lost', ({ server }) => answerWith(server, () => HttpResponse.error()), 'network_error'],
  ])('are not ended by an answer that is %s: it is asked for once more', async (_what, breakDown, code) => {
    const { scene, client, tokens } = await ended()
    breakDown(scene)
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code })
    // The server may be at it still.
    scene.browser.clock.advance(29)
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({
      code: 'network_error',
      recovery: 'resume',
      retryAfterSeconds: 1,
    })
    expect(refreshes(scene)).toHaveLength(1)
    expect(client.tokens('bank').get().status).toBe('connected')
    scene.browser.clock.advance(1)
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'refresh_failed' })
    expect(await until(client.tokens('bank'), 'failed')).toMatchObject({
      error: { code: 'refresh_failed', recovery: 'authorize' },
      connection: { id: tokens.connection.id, status: 'failed' },
    })
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'refresh_failed' })
    expect(refreshes(scene)).toHaveLength(2)
    // Not before an hour is over.
    scene.browser.clock.advance(hour - 1)
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'refresh_failed' })
    expect(refreshes(scene)).toHaveLength(2)
    // However long it lasts.
    for (let days = 0; days < 10; days++) {
      scene.browser.clock.advance(24 * hour)
      client.show()
      await settled()
    }
    expect(refreshes(scene)).toHaveLength(12)
    scene.browser.clock.advance(hour)
    recover(scene)
    client.show()
    await until(client.tokens('bank'), 'connected')
  })

  test.each([
    ['is left good by the server', ({ refresh_token: _, ...body }: Record<string, unknown>) => body, 1],
    ['is replaced', (body: Record<string, unknown>) => body, 0],
  ])('whose refresh token %s: the app is told where it is bound to nothing', async (_what, change, times) => {
    const { scene, tokens, events } = await ended()
    scene.server.hostile.tokens = change
    expect(await tokens.getAccessToken()).toEqual(expect.any(String))
    const told = events.filter(({ type }) => type === 'refresh_token_not_rotated')
    expect(told.map(({ id, detail }) => [id, detail])).toEqual(
      Array.from({ length: times }, () => [tokens.connection.id, 'bank']),
    )
  })

  test('of which one answer was lost go on with the next', async () => {
    const { scene, client, tokens } = await ended()
    answerNothing(scene)
    await errorOf(tokens.getAccessToken)
    recover(scene)
    scene.browser.clock.advance(30)
    expect(await tokens.getAccessToken()).toEqual(expect.any(String))
    scene.browser.clock.advance(hour)
    answerNothing(scene)
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'token_error' })
    expect(client.tokens('bank').get().status).toBe('connected')
  })

  test('are not sent by a device that is offline, and nothing is held against them', async () => {
    const { scene, device, client, tokens } = await ended()
    device.offline = true
    for (let times = 0; times < 3; times++) {
      scene.browser.clock.advance(hour)
      expect(await errorOf(tokens.getAccessToken)).toMatchObject({
        code: 'network_error',
        recovery: 'resume',
      })
    }
    expect(client.tokens('bank').get().status).toBe('connected')
    expect(refreshes(scene)).toEqual([])
    device.offline = false
    expect(await tokens.getAccessToken()).toEqual(expect.any(String))
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['scope', { scope: 7 }, 'scope'],
    ['lifetime', { expires_in: 'soon' }, 'expires_in'],
    ['ID Token', { id_token: 'x'.repeat(70_000) }, 'id_token'],
    ['access token', { access_token: 'a b' }, 'access_token'],
  ])('that came with a %s of no use are kept, and used next', async (_what, changes, parameter) => {
    const { scene, client, tokens } = await ended()
    let issued: unknown
    scene.server.hostile.tokens = (body) => {
      issued = body['refresh_token']
      return { ...body, ...changes }
    }
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'token_response_invalid', parameter })
    expect(client.tokens('bank').get().status).toBe('connected')
    delete scene.server.hostile.tokens
    expect(await tokens.getAccessToken()).toEqual(expect.any(String))
    expect(refreshes(scene).map(({ form }) => form.get('refresh_token'))).toEqual([
      expect.any(String),
      issued,
    ])
  })

  test('end by faults of form that last for ten minutes, and are tried hourly like those of a refusal', async () => {
    const { scene, client, tokens } = await ended()
    scene.server.hostile.tokens = (body) => ({ ...body, scope: 7 })
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'token_response_invalid' })
    scene.browser.clock.advance(600)
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
    await until(client.tokens('bank'), 'reauthorization_required')
    delete scene.server.hostile.tokens
    scene.browser.clock.advance(hour)
    client.show()
    await until(client.tokens('bank'), 'connected')
  })

  test.each<[string, (scene: Scene) => void]>([
    ['another person', ({ server }) => (server.subject = 'user-2')],
    [
      'another issuer',
      ({ server: { hostile } }) =>
        (hostile.claims = (claims) => ({ ...claims, iss: 'https://evil.example' })),
    ],
    [
      'another request (nonce)',
      ({ server: { hostile } }) => (hostile.claims = (claims) => ({ ...claims, nonce: 'of another' })),
    ],
    [
      'an earlier sign-in (auth_time)',
      ({ server: { hostile } }) => (hostile.claims = (claims) => ({ ...claims, auth_time: 1 })),
    ],
    [
      'another type',
      ({ server: { hostile } }) => (hostile.tokens = (body) => ({ ...body, token_type: 'mac' })),
    ],
  ])('that come for %s are revoked, and end the connection', async (_what, change) => {
    const { scene, client, tokens } = await ended()
    let issued: Record<string, unknown> = {}
    change(scene)
    const make = scene.server.hostile.tokens ?? ((body: Record<string, unknown>) => body)
    scene.server.hostile.tokens = (body) => {
      issued = body
      return make(body)
    }
    expect(await errorOf(tokens.getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
    await until(client.tokens('bank'), 'reauthorization_required')
    expect(scene.server.requests.revocation.map(({ form }) => form.get('token'))).toEqual([
      secret(String(issued['refresh_token'])),
      secret(String(issued['access_token'])),
    ])
    expect(leaksOf([...(await scene.browser.records())])).toEqual([])
  })

  test('go on after an ID Token that repeats the nonce and the time of the sign-in', async () => {
    const { scene, tokens } = await ended({ repeats: true })
    expect(await tokens.getAccessToken()).toEqual(expect.any(String))
    expect(refreshes(scene)).toHaveLength(1)
  })

  test('go on after an ID Token of a later sign-in of the same person', async () => {
    const { scene, client, tokens } = await ended()
    scene.server.hostile.claims = (claims) => ({ ...claims, auth_time: claims.iat })
    expect(await tokens.getAccessToken()).toEqual(expect.any(String))
    expect(client.tokens('bank').get().status).toBe('connected')
    expect(scene.server.requests.revocation).toEqual([])
  })

  test('that the API refuses are replaced twice a minute and ten times an hour, and no oftener', async () => {
    const { scene, tokens } = await ended()
    const { browser, server } = scene
    const refused = async () => {
      server.expire(await tokens.getAccessToken())
      return (await tokens.fetch('accounts')).status
    }
    await tokens.getAccessToken()
    expect(await refused()).toBe(200)
    expect(await refused()).toBe(200)
    // What the API says reaches the app, and nobody is asked for another token.
    expect(await refused()).toBe(401)
    expect(await Promise.all([refused(), refused()])).toEqual([401, 401])
    expect(refreshes(scene)).toHaveLength(3)
    for (let minutes = 1; minutes <= 10; minutes += 1) {
      browser.clock.advance(60)
      expect([await refused(), await refused()]).toEqual(minutes < 5 ? [200, 200] : [401, 401])
    }
    expect(refreshes(scene)).toHaveLength(11)
  })

  test('that have failed can be given up by the person', async () => {
    const { scene, client, tokens } = await ended()
    answerNothing(scene)
    await errorOf(tokens.getAccessToken)
    scene.browser.clock.advance(30)
    await errorOf(tokens.getAccessToken)
    const failed = await until(client.tokens('bank'), 'failed')
    expect('disconnect' in failed && (await failed.disconnect())).toEqual({ revoked: true })
    await until(client.tokens('bank'), 'disconnected')
    expect(scene.server.requests.revocation.map(({ form }) => form.get('token_type_hint'))).toContain(
      'refresh_token',
    )
  })
})

test('tokens that an older version stored, without what the first ID Token said, go on', async () => {
  const scene = createScene(network)
  const issuer = 'https://as.example'
  const bank = oidc({ issuer, clientId: 'client-1', scope: providers.bank.scope, persistTokens: true })
  const open = (url?: string) =>
    createClient({ subject: singleUser, providers: { bank }, platform: scene.browser.open(url).platform })
  const { connection } = await until(open(await scene.consent()).tokens('bank'), 'connected')
  const key = tokensKey(connection.id)
  const { firstIdToken, ...stored } = (await scene.browser.records()).get(key) as Record<string, unknown>
  expect(firstIdToken).toEqual({
    nonceHash: expect.any(String) as string,
    authTime: expect.any(Number) as number,
  })
  await scene.browser.tamper(key, stored)
  scene.server.hostile.claims = (claims) => ({ ...claims, nonce: 'of another', auth_time: 1 })
  scene.browser.clock.advance(hour)
  const tokens = await until(open().tokens('bank'), 'connected')
  expect(await tokens.getAccessToken()).toEqual(expect.any(String))
})

describe('tokens of several pages', () => {
  test('are tried by one of them, and revived in all, by a page that is opened later, too', async () => {
    const scene = createScene(network)
    const issuer = 'https://as.example'
    const bank = oidc({ issuer, clientId: 'client-1', scope: providers.bank.scope, persistTokens: true })
    const open = (url?: string) =>
      createClient({ subject: singleUser, providers: { bank }, platform: scene.browser.open(url).platform })
    const first = open(await scene.consent())
    const tokens = await until(first.tokens('bank'), 'connected')
    scene.browser.clock.advance(hour)
    refuse(scene)
    await errorOf(tokens.getAccessToken)
    scene.browser.clock.advance(600)
    await errorOf(tokens.getAccessToken)
    await until(first.tokens('bank'), 'reauthorization_required')
    // Within the hour nothing is asked, by new pages neither.
    await until(open().tokens('bank'), 'reauthorization_required')
    await settled()
    expect(refreshes(scene)).toHaveLength(2)
    scene.browser.clock.advance(hour)
    recover(scene)
    const pages = [open(), open(), open()]
    for (const page of [first, ...pages]) await until(page.tokens('bank'), 'connected')
    expect(refreshes(scene)).toHaveLength(3)
  })

  test('of an older version, which remembered nothing of this, are read as they are', async () => {
    const scene = createScene(network)
    const issuer = 'https://as.example'
    const bank = oidc({ issuer, clientId: 'client-1', scope: providers.bank.scope, persistTokens: true })
    const open = (url?: string) =>
      createClient({ subject: singleUser, providers: { bank }, platform: scene.browser.open(url).platform })
    const { connection } = await until(open(await scene.consent()).tokens('bank'), 'connected')
    const key = `connection:${connection.id}`
    const { dpop, ...old } = (await scene.browser.records()).get(key) as Record<string, unknown>
    expect(dpop).toBe(false)
    await scene.browser.tamper(key, old)
    scene.browser.clock.advance(hour)
    const { getAccessToken } = await until(open().tokens('bank'), 'connected')
    expect(await getAccessToken()).toEqual(expect.any(String))
  })
})
