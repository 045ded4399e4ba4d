import { createClient, singleUser } from 'countersign/core'
import { oidc, type OidcOptions } from 'countersign/providers'
import { http, HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { createScene, type Scene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { errorOf } from '../../support/refusal.js'
import { until } from '../../support/until.js'

const network = openNetwork()

/** Connects the bank of a scene by a client with these options. */
async function connect({ browser, server }: Scene, options: Partial<OidcOptions> = {}) {
  const bank = oidc({
    issuer: server.issuer,
    clientId: server.clientId,
    scope: 'openid offline_access',
    ...options,
  })
  const open = (url?: string) => {
    const page = browser.open(url)
    return {
      page,
      client: createClient({ subject: singleUser, providers: { bank }, platform: page.platform }),
    }
  }
  const { page, client } = open()
  const left = page.leaving()
  client.authorization('bank').authorize()
  const back = open(server.visit(await left))
  await until(back.client.callback, 'connected')
  return until(back.client.tokens('bank'), 'connected')
}

describe('userinfo', () => {
  test('is of the person of the ID Token, and stored nowhere', async () => {
    const scene = createScene(network)
    const { userinfo } = await connect(scene)
    expect(await userinfo()).toEqual({ sub: 'user-1', name: 'Ada' })
    expect(JSON.stringify([...(await scene.browser.records()).values()])).not.toContain('Ada')
  })

  test.each([{ sub: 'user-2' }, {}, { sub: ['user-1'] }])('about %j is refused', async (claims) => {
    const scene = createScene(network)
    const { userinfo } = await connect(scene)
    scene.server.hostile.userinfo = () => HttpResponse.json(claims)
    expect(await errorOf(userinfo)).toMatchObject({ code: 'response_malformed', parameter: 'sub' })
  })

  test('of an endpoint that wants a newer sign-in throws what it wants', async () => {
    const scene = createScene(network)
    const { userinfo } = await connect(scene)
    const challenge = 'Bearer error="insufficient_user_authentication", max_age=60'
    scene.server.hostile.userinfo = () =>
      new Response(null, { status: 401, headers: { 'www-authenticate': challenge } })
    expect(await errorOf(userinfo)).toMatchObject({ name: 'StepUpError', maxAgeSeconds: 60 })
  })

  test('as a JWT is refused with the remedy', async () => {
    const scene = createScene(network)
    const { userinfo } = await connect(scene)
    scene.server.hostile.userinfo = () =>
      new Response('e30.e30.c2ln', { headers: { 'content-type': 'application/jwt' } })
    expect(await errorOf(userinfo)).toMatchObject({
      code: 'response_malformed',
      message: expect.stringContaining('unsigned userinfo') as string,
    })
  })

  test('is asked for with a new token when the old one is refused', async () => {
    const scene = createScene(network)
    const { getAccessToken, userinfo } = await connect(scene)
    scene.server.expire(await getAccessToken())
    expect(await userinfo()).toMatchObject({ sub: 'user-1' })
    expect(scene.server.requests.userinfo).toHaveLength(2)
  })

  test('needs an ID Token to be compared with', async () => {
    const { userinfo } = await connect(createScene(network), { scope: 'accounts' })
    await expect(userinfo()).rejects.toThrow(/add "openid" to the scope/)
  })

  test('at an endpoint elsewhere needs the origin, and refuses no server by being there', async () => {
    const scene = createScene(network)
    const elsewhere = { userinfo_endpoint: 'https://people.example/userinfo' }
    scene.server.hostile.metadata = (document) => ({ ...document, ...elsewhere })
    const { userinfo } = await connect(scene)
    await expect(userinfo()).rejects.toThrow(/name that in `origins`/)
  })

  test('comes in mediated mode from a configured endpoint, for the sub that the backend tells', async () => {
    const scene = createScene(network)
    network.use(http.get('https://as.example/userinfo', () => HttpResponse.json({ sub: 'user-1' })))
    const mediated = oidc({
      issuer: scene.server.issuer,
      clientId: 'client-1',
      scope: 'openid',
      mode: 'mediated',
      authorizationEndpoint: 'https://as.example/authorize',
      userinfoEndpoint: 'https://as.example/userinfo',
    })
    const document = {
      provider: 'mediated',
      status: 'connected',
      scope: 'openid',
      missing_scope: '',
    } as const
    const listed = { ...document, created_at: 1 }
    scene.backend.connections.set('a', { ...listed, id: 'a', details: { sub: 'user-1' } })
    scene.backend.connections.set('b', { ...listed, id: 'b', details: {} })
    const { platform } = scene.browser.open()
    const client = createClient({
      subject: singleUser,
      providers: { mediated },
      backend: '/connect',
      platform,
    })
    const known = await until(client.tokens('mediated', { connection: 'a' }), 'connected')
    expect(await known.userinfo()).toEqual({ sub: 'user-1' })
    const unknown = await until(client.tokens('mediated', { connection: 'b' }), 'connected')
    await expect(unknown.userinfo()).rejects.toThrow(/`details` with "sub"/)
  })

  test('is absent in bff mode', async () => {
    const scene = createScene(network)
    const { client } = scene.open()
    scene.backend.connections.set('c', {
      id: 'c',
      provider: 'bff',
      status: 'connected',
      scope: 'openid',
      missing_scope: '',
      created_at: 1,
      details: {},
    })
    expect(await until(client.tokens('bff'), 'connected')).not.toHaveProperty('userinfo')
  })
})

describe('details', () => {
  const claims = (scene: Scene) => {
    scene.server.hostile.claims = (given) => ({ ...given, name: 'Ada', email: 'ada@example.com' })
    return scene
  }

  test('are the claims that are named, and no others', async () => {
    const scene = claims(createScene(network))
    const { connection } = await connect(scene, { details: ['name', 'locale'] })
    expect(connection.details).toEqual({ name: 'Ada' })
    expect(JSON.stringify([...(await scene.browser.records()).values()])).not.toContain('ada@example.com')
  })

  test('are empty unless some are named', async () => {
    const { connection } = await connect(claims(createScene(network)))
    expect(connection.details).toEqual({})
  })
})

test('an error that the provider uses for a refusal is one', async () => {
  const { browser, server } = createScene(network)
  const bank = oidc({
    issuer: server.issuer,
    clientId: server.clientId,
    scope: 'openid',
    deniedErrors: ['consent_rejected'],
  })
  const page = browser.open()
  const left = page.leaving()
  createClient({ subject: singleUser, providers: { bank }, platform: page.platform })
    .authorization('bank')
    .authorize()
  const { platform } = browser.open(server.visit(await left, { error: 'consent_rejected' }))
  const { callback } = createClient({ subject: singleUser, providers: { bank }, platform })
  expect(await until(callback, 'denied', 'failed')).toMatchObject({ status: 'denied' })
})
