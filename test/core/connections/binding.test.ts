import { createClient, singleUser } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { assert, describe, expect, test } from 'vitest'
import type { ConnectionRecord } from '../../../src/core/records/connection.js'
import { connectionKey, tokensKey } from '../../../src/core/records/keys.js'
import type { StoredTokens } from '../../../src/core/records/tokens.js'
import { createScene, providers, type Scene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { errorOf } from '../../support/refusal.js'
import { until } from '../../support/until.js'

const network = openNetwork()
const { scope } = providers.bank

interface Parties {
  readonly issuer: string
  readonly clientId: string
  readonly api: string
}

const before: Parties = {
  issuer: 'https://as.example',
  clientId: 'client-1',
  api: 'https://as.example/api/v1',
}

/** A page whose provider `bank` is the one given. */
const open = (scene: Scene, parties: Parties, url?: string) => {
  const page = scene.browser.open(url)
  const bank = oidc({ ...parties, scope, persistTokens: true })
  return {
    page,
    client: createClient({ subject: singleUser, providers: { bank }, platform: page.platform }),
  }
}

/** Has the person authorize in a page, and gives the page they come back to. */
async function authorize(scene: Scene, parties: Parties, connection?: string) {
  const { page, client } = open(scene, parties)
  const leaving = page.leaving()
  client.authorization('bank', connection === undefined ? {} : { connection }).authorize()
  const { server, other } = scene
  const url = await leaving
  return open(scene, parties, (url.startsWith(other.issuer) ? other : server).visit(url)).client
}

/** A connection whose tokens lie in IndexedDB, made with the provider as it was. */
async function made() {
  const scene = createScene(network)
  const client = await authorize(scene, before)
  const { connection } = await until(client.tokens('bank'), 'connected')
  client.dispose()
  return { scene, connection }
}

const requests = ({ server, other }: Scene) => [
  ...other.requests.token,
  ...other.requests.revocation,
  ...server.requests.revocation,
  ...server.requests.token.filter(({ form }) => form.get('grant_type') === 'refresh_token'),
]

const read = async ({ browser }: Scene, id: string) => {
  const records = await browser.records()
  return {
    record: records.get(connectionKey(id)) as ConnectionRecord,
    tokens: records.get(tokensKey(id)) as StoredTokens,
  }
}

describe.each<[string, Partial<Parties>]>([
  ['issuer', { issuer: 'https://other.example' }],
  ['client id', { clientId: 'client-2' }],
  ['API', { api: 'https://other-api.example/v1' }],
])('stored tokens, after the %s of the name has changed', (_which, change) => {
  const now = { ...before, ...change }

  test('are used nowhere: the person connects again, and the record is left alone', async () => {
    const { scene, connection } = await made()
    const stored = await read(scene, connection.id)
    const { client } = open(scene, now)
    expect(await until(client.tokens('bank'), 'reauthorization_required')).toMatchObject({
      connection: { id: connection.id },
    })
    // Where they belong they are good.
    const { getAccessToken } = await until(open(scene, before).client.tokens('bank'), 'connected')
    expect(await getAccessToken()).toEqual(expect.any(String))
    expect(requests(scene)).toEqual([])
    expect(await read(scene, connection.id)).toEqual(stored)
  })

  test('are refused to whoever kept a connection from before', async () => {
    const { scene } = await made()
    const { getAccessToken } = await until(open(scene, before).client.tokens('bank'), 'connected')
    const { connection } = await until(open(scene, now).client.tokens('bank'), 'reauthorization_required')
    const record = (await read(scene, connection.id)).record
    await scene.browser.tamper(connectionKey(connection.id), {
      ...record,
      binding: JSON.stringify([now.issuer, now.clientId, now.api]),
    })
    expect(await errorOf(getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
    expect(requests(scene)).toEqual([])
  })

  test.each([0, 3600])(
    'are used nowhere, although their connection is bound to what the name is now (%i seconds later)',
    async (seconds) => {
      const { scene, connection } = await made()
      const { record, tokens } = await read(scene, connection.id)
      const binding = JSON.stringify([now.issuer, now.clientId, now.api])
      await scene.browser.tamper(connectionKey(connection.id), { ...record, binding })
      const { getAccessToken } = await until(open(scene, now).client.tokens('bank'), 'connected')
      scene.browser.clock.advance(seconds)
      expect(await errorOf(getAccessToken)).toMatchObject({ code: 'reauthorization_required' })
      expect(requests(scene)).toEqual([])
      expect((await read(scene, connection.id)).tokens).toEqual(tokens)
    },
  )

  test.each([0, 3600])(
    'are used nowhere, and their connection, which an older version did not bind, is left alone (%i seconds later)',
    async (seconds) => {
      const { scene, connection } = await made()
      const { binding: _, ...record } = (await read(scene, connection.id)).record
      await scene.browser.tamper(connectionKey(connection.id), record)
      const stored = await read(scene, connection.id)
      const { getAccessToken } = await until(open(scene, now).client.tokens('bank'), 'connected')
      scene.browser.clock.advance(seconds)
      expect(await errorOf(getAccessToken)).toMatchObject({
        code: 'reauthorization_required',
        message: expect.stringContaining('with another authorization server') as unknown,
      })
      expect(requests(scene)).toEqual([])
      expect(await read(scene, connection.id)).toEqual(stored)
      // Where they belong they are good.
      const own = await until(open(scene, before).client.tokens('bank'), 'connected')
      expect(await own.getAccessToken()).toEqual(expect.any(String))
    },
  )

  test('are forgotten by a disconnect, and sent to nobody', async () => {
    const { scene, connection } = await made()
    const { disconnect } = await until(open(scene, now).client.tokens('bank'), 'reauthorization_required')
    expect(await disconnect()).toEqual({ revoked: false, reason: 'no_endpoint' })
    expect(requests(scene)).toEqual([])
    expect(await read(scene, connection.id)).toEqual({ record: undefined, tokens: undefined })
  })
})

test.each<[string, (key: string) => boolean]>([
  ['', () => false],
  [', also of one that an older version did not bind', (key) => key.startsWith(connectionKey(''))],
  [', also of one whose tokens an older version did not bind', (key) => key.startsWith(tokensKey(''))],
])('a renewal at another server gives a connection of its own%s', async (_which, isOld) => {
  const { scene, connection } = await made()
  for (const [key, record] of await scene.browser.records()) {
    const { binding: _, ...old } = Object(record) as ConnectionRecord
    if (isOld(key)) await scene.browser.tamper(key, old)
  }
  const now = { ...before, issuer: 'https://other.example' }
  scene.browser.clock.advance(1)
  const client = await authorize(scene, now, connection.id)
  const renewed = await outcome({ client })
  if (renewed.status !== 'connected') assert.fail(renewed.status)
  expect(renewed.connection.id).not.toBe(connection.id)
  expect(await read(scene, connection.id)).toMatchObject({ record: { connection: { status: 'connected' } } })
})

describe('stored tokens', () => {
  test.each<[string, Partial<Parties>]>([
    ['another path of the API', { api: 'https://as.example/api/v2' }],
    ['the same', {}],
  ])('are good with %s', async (_what, change) => {
    const { scene } = await made()
    const { getAccessToken } = await until(
      open(scene, { ...before, ...change }).client.tokens('bank'),
      'connected',
    )
    scene.browser.clock.advance(3600)
    expect(await getAccessToken()).toEqual(expect.any(String))
  })

  test('of an older version, which bound nothing, are used and bound', async () => {
    const { scene, connection } = await made()
    const { record, tokens } = await read(scene, connection.id)
    const { binding, ...old } = record
    expect(binding).toBe('["https://as.example","client-1","https://as.example"]')
    const { binding: _, ...oldTokens } = tokens
    await scene.browser.tamper(connectionKey(connection.id), old)
    await scene.browser.tamper(tokensKey(connection.id), oldTokens)
    const { getAccessToken } = await until(open(scene, before).client.tokens('bank'), 'connected')
    scene.browser.clock.advance(3600)
    expect(await getAccessToken()).toEqual(expect.any(String))
    expect((await read(scene, connection.id)).tokens.binding).toBe(binding)
  })

  test('whose binding somebody has damaged are used nowhere', async () => {
    const { scene, connection } = await made()
    const { record } = await read(scene, connection.id)
    await scene.browser.tamper(connectionKey(connection.id), { ...record, binding: '{' })
    await until(open(scene, before).client.tokens('bank'), 'reauthorization_required')
    expect(requests(scene)).toEqual([])
  })
})
