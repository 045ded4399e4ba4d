import { createClient, singleUser } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../../src/platform/database.js'
import { connectionKey } from '../../../src/core/records/keys.js'
import { createScene, providers, type Scene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { eventually, until } from '../../support/until.js'

const network = openNetwork()

interface Settings {
  readonly dpop?: boolean
  readonly persistTokens?: boolean
}

const open = (scene: Scene, settings: Settings, url?: string) => {
  const issuer = 'https://as.example'
  const bank = oidc({ issuer, clientId: 'client-1', scope: providers.bank.scope, ...settings })
  return createClient({
    subject: singleUser,
    providers: { bank },
    platform: scene.browser.open(url).platform,
  })
}

/** A connection that was made with other settings. */
async function made(before: Settings) {
  const scene = createScene(network)
  scene.server.metadata['dpop_signing_alg_values_supported'] = ['ES256']
  if (before.dpop) scene.server.hostile.tokens = (body) => ({ ...body, token_type: 'DPoP' })
  const begun = open(scene, before)
  const app = scene.browser.open()
  const leaving = app.leaving()
  void createClient({ subject: singleUser, providers: begun.providers, platform: app.platform })
    .authorization('bank')
    .authorizeAsync()
  const client = open(scene, before, scene.server.visit(await leaving))
  const { connection } = await until(client.tokens('bank'), 'connected')
  client.dispose()
  begun.dispose()
  return { scene, connection }
}

const tokenKeys = async (scene: Scene) =>
  [...(await scene.browser.records()).keys()].filter((key) => key.startsWith('tokens:'))

describe('a connection', () => {
  test.each<[string, Settings, Settings]>([
    ['persistTokens', { persistTokens: true }, {}],
    ['dpop', { dpop: true }, {}],
    ['dpop, while tokens are kept', { dpop: true, persistTokens: true }, { persistTokens: true }],
    ['persistTokens, for dpop', { persistTokens: true }, { dpop: true }],
  ])(
    'is what it is after %s was switched off: its tokens are gone, and revoked',
    async (_which, before, now) => {
      const { scene, connection } = await made(before)
      const client = open(scene, now)
      expect(await until(client.tokens('bank'), 'reauthorization_required')).toMatchObject({
        connection: { id: connection.id },
      })
      expect(await tokenKeys(scene)).toEqual([])
      await eventually(() => {
        expect(scene.server.requests.revocation.map(({ form }) => form.get('token_type_hint'))).toEqual([
          'refresh_token',
          'access_token',
        ])
      })
    },
  )

  test.each<[string, Settings, Settings]>([
    ['nothing', { persistTokens: true }, { persistTokens: true }],
    ['nothing', { dpop: true }, { dpop: true }],
    ['dpop on', { persistTokens: true }, { persistTokens: true, dpop: true }],
  ])('stays as it is after %s was switched', async (_which, before, now) => {
    const { scene } = await made(before)
    await until(open(scene, now).tokens('bank'), 'connected')
    expect(await tokenKeys(scene)).toHaveLength(1)
    expect(scene.server.requests.revocation).toEqual([])
  })

  test('stays as it is for a page that was open before it was made, and does not know of the setting', async () => {
    const scene = createScene(network)
    const older = open(scene, {})
    await until(older.connections, 'ready')
    scene.browser.clock.advance(1)
    const page = scene.browser.open()
    const leaving = page.leaving()
    const { providers: newer } = open(scene, { persistTokens: true })
    createClient({ subject: singleUser, providers: newer, platform: page.platform })
      .authorization('bank')
      .authorize()
    await until(
      open(scene, { persistTokens: true }, scene.server.visit(await leaving)).tokens('bank'),
      'connected',
    )
    await until(older.tokens('bank'), 'connected')
    expect(await tokenKeys(scene)).toHaveLength(1)
    expect(scene.server.requests.revocation).toEqual([])
  })

  test('loses its tokens also where nobody can be asked to revoke them', async () => {
    const { scene } = await made({ persistTokens: true })
    scene.server.hostile.revocation = () => HttpResponse.error()
    await until(open(scene, {}).tokens('bank'), 'reauthorization_required')
    expect(await tokenKeys(scene)).toEqual([])
  })

  test('stays gone where another tab disconnects it meanwhile', async () => {
    const { scene, connection } = await made({ persistTokens: true })
    const real = openDatabase('countersign')
    const change: Database['change'] = async (keys, step) => {
      if (keys.includes(connectionKey(connection.id)))
        await scene.browser.tamper(connectionKey(connection.id), undefined)
      return real.change(keys, step)
    }
    const bank = oidc({ issuer: 'https://as.example', clientId: 'client-1', scope: providers.bank.scope })
    const page = scene.browser.open()
    const client = createClient({
      subject: singleUser,
      providers: { bank },
      platform: { ...page.platform, database: { ...real, change } },
    })
    expect(await until(client.connections, 'ready', 'failed')).toMatchObject({
      status: 'ready',
      connections: [],
    })
    expect([...(await scene.browser.records()).keys()]).not.toContain(connectionKey(connection.id))
  })

  test('can be renewed, and is then as it should be', async () => {
    const { scene, connection } = await made({ persistTokens: true })
    const client = open(scene, {})
    await until(client.tokens('bank'), 'reauthorization_required')
    const page = scene.browser.open()
    const leaving = page.leaving()
    createClient({ subject: singleUser, providers: client.providers, platform: page.platform })
      .authorization('bank', { connection: connection.id })
      .authorize()
    const back = open(scene, {}, scene.server.visit(await leaving))
    expect((await until(back.tokens('bank'), 'connected')).connection.id).toBe(connection.id)
    expect(await tokenKeys(scene)).toEqual([])
  })

  test('that is disconnected has its tokens revoked that were stored before', async () => {
    const { scene } = await made({ persistTokens: true })
    const { disconnect } = await until(open(scene, { persistTokens: true }).tokens('bank'), 'connected')
    expect(await disconnect()).toEqual({ revoked: true })
    expect(await tokenKeys(scene)).toEqual([])
  })
})
