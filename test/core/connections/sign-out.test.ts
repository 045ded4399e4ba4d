import { createClient, singleUser } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { connectionKey, sessionKey, subjectKeyKey, tokensKey } from '../../../src/core/records/keys.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { openDatabase, type Database } from '../../../src/platform/database.js'
import { createScene, providers, type Scene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { errorOf } from '../../support/refusal.js'
import { leaksOf } from '../../support/secrets.js'
import { eventually, settled, until } from '../../support/until.js'

const network = openNetwork()
const day = 24 * 3600

const kept = oidc({
  issuer: 'https://as.example',
  clientId: 'client-1',
  scope: providers.bank.scope,
  persistTokens: true,
})

/** A page of an app whose tokens outlive it. */
const openKept = (scene: Scene, subject: string | typeof singleUser, url?: string) =>
  createClient({ subject, providers: { bank: kept }, platform: scene.browser.open(url).platform })

/** A user's connection, with tokens in IndexedDB. */
async function connectKept(scene: Scene, subject: string | typeof singleUser) {
  const page = scene.browser.open()
  const leaving = page.leaving()
  const begun = createClient({ subject, providers: { bank: kept }, platform: page.platform })
  begun.authorization('bank').authorize()
  const client = openKept(scene, subject, scene.server.visit(await leaving))
  begun.dispose()
  const tokens = await until(client.tokens('bank'), 'connected')
  return { client, ...tokens }
}

/** A database that tells when a page has noted its user in it. */
function sessionNoted(database: Database) {
  let note!: () => void
  const once = new Promise<void>((resolve) => {
    note = resolve
  })
  const change: Database['change'] = async (keys, step) => {
    const result = await database.change(keys, step)
    if (keys.includes(sessionKey)) note()
    return result
  }
  const get: Database['get'] = async (key) => {
    const value = await database.get(key)
    // Another page of the same user has noted it: nothing is written.
    if (key === sessionKey && value !== undefined) note()
    return value
  }
  return { once, database: { ...database, get, change } }
}

/** A page of a user with a connection whose storage can be read for a number of times, then no more. */
function openFailing(scene: Scene, subject: string) {
  const real = openDatabase('countersign')
  let left = Infinity
  const database: Database = {
    ...real,
    entries: () => (left-- > 0 ? real.entries() : Promise.reject(new StorageError())),
  }
  const platform = { ...scene.browser.open('/').platform, database }
  const fail = (after: number): void => {
    left = after
  }
  return { fail, client: createClient({ subject, providers: { bank: kept }, platform }) }
}

const hints = ({ server }: Scene) => server.requests.revocation.map(({ form }) => form.get('token_type_hint'))
const keysOf = async ({ browser }: Scene) => [...(await browser.records()).keys()]

describe('signOut()', () => {
  test('removes everything of the user from this browser, revokes the tokens, and hides the rest', async () => {
    const scene = createScene(network)
    const { client } = await connectKept(scene, 'anna')
    const page = scene.browser.open()
    const noted = sessionNoted(page.platform.database)
    const other = createClient({
      subject: 'anna',
      providers: { bank: kept },
      platform: { ...page.platform, database: noted.database },
    })
    await until(other.tokens('bank'), 'connected')
    // Its own note would win over the sign-out.
    await noted.once
    expect(await client.signOut()).toEqual({ revoked: true })
    expect(hints(scene)).toEqual(['refresh_token', 'access_token'])
    expect(client.connections.get()).toEqual({ status: 'sign_in_required' })
    await until(other.connections, 'sign_in_required')
    await settled()
    const records = [...(await scene.browser.records())]
    expect(JSON.stringify(records)).not.toContain('anna')
    expect(records.map(([key]) => key).filter((key) => !key.startsWith('metadata:'))).toEqual([
      sessionKey,
      subjectKeyKey,
    ])
    expect(leaksOf(records)).toEqual([])
  })

  test('leaves alone what is another user’s', async () => {
    const scene = createScene(network)
    const anna = await connectKept(scene, 'anna')
    anna.client.dispose()
    const berta = await connectKept(scene, 'berta')
    await berta.client.signOut()
    expect(await keysOf(scene)).toEqual(
      expect.arrayContaining([connectionKey(anna.connection.id), tokensKey(anna.connection.id)]),
    )
    expect(hints(scene)).toHaveLength(2)
    await until(openKept(scene, 'anna').tokens('bank'), 'connected')
  })

  test('revokes the tokens that pages have in memory, each its own', async () => {
    const scene = createScene(network)
    const connect = async () => {
      const url = scene.server.visit(await scene.leave(scene.open('/', { subject: 'anna' })))
      const app = scene.open(url, { subject: 'anna' })
      expect((await outcome(app)).status).toBe('connected')
      return app
    }
    const first = await connect()
    const second = await connect()
    await settled()
    expect(await second.client.signOut()).toEqual({ revoked: true })
    await eventually(() => {
      expect(hints(scene)).toEqual(['refresh_token', 'access_token', 'refresh_token', 'access_token'])
    })
    expect(new Set(scene.server.requests.revocation.map(({ form }) => form.get('token'))).size).toBe(4)
    await until(first.client.connections, 'sign_in_required')
  })

  test('ends nothing that a backend keeps', async () => {
    const scene = createScene(network)
    const url = await scene.leave(scene.open('/', { subject: 'anna' }), 'mediated')
    const app = scene.open(scene.backend.visit(url), { subject: 'anna' })
    expect((await outcome(app)).status).toBe('connected')
    expect(await app.client.signOut()).toEqual({ revoked: true })
    expect(scene.backend.calls.filter(({ method }) => method === 'DELETE')).toEqual([])
    expect((await keysOf(scene)).filter((key) => key.startsWith('connection:'))).toEqual([])
    app.client.setSubject('anna')
    await until(app.client.tokens('mediated'), 'connected')
  })

  test('says so where a provider has not confirmed it; nothing is left here all the same', async () => {
    const scene = createScene(network)
    const { client } = await connectKept(scene, 'anna')
    scene.server.hostile.revocation = () => HttpResponse.error()
    expect(await client.signOut()).toEqual({ revoked: false })
    expect(leaksOf([...(await scene.browser.records())])).toEqual([])
  })

  test('hides everything although storage does not work', async () => {
    const scene = createScene(network)
    const { connection } = await connectKept(scene, 'anna')
    const real = openDatabase('countersign')
    let isBroken = false
    const page = scene.browser.open('/', {
      database: {
        ...real,
        entries: () => (isBroken ? Promise.reject(new StorageError()) : real.entries()),
      },
    })
    const client = createClient({ subject: 'anna', providers: { bank: kept }, platform: page.platform })
    await until(client.tokens('bank', { connection: connection.id }), 'connected')
    isBroken = true
    expect(await errorOf(client.signOut)).toMatchObject({ code: 'storage_unavailable' })
    expect(client.connections.get()).toEqual({ status: 'sign_in_required' })
  })

  test('revokes what was removed before storage failed', async () => {
    const scene = createScene(network)
    const { client: first } = await connectKept(scene, 'anna')
    first.dispose()
    const { client, fail } = openFailing(scene, 'anna')
    await until(client.tokens('bank'), 'connected')
    await settled()
    fail(1)
    expect(await errorOf(client.signOut)).toMatchObject({ code: 'storage_unavailable' })
    expect(hints(scene)).toEqual(['refresh_token', 'access_token'])
    expect((await keysOf(scene)).filter((key) => key.startsWith('tokens:'))).toEqual([])
  })

  test('revokes the tokens in memory although storage does not work', async () => {
    const scene = createScene(network)
    const url = scene.server.visit(await scene.leave(scene.open('/', { subject: 'anna' })))
    const real = openDatabase('countersign')
    let isBroken = false
    const entries: Database['entries'] = () =>
      isBroken ? Promise.reject(new StorageError()) : real.entries()
    const app = scene.open(url, { subject: 'anna', database: { ...real, entries } })
    expect((await outcome(app)).status).toBe('connected')
    await until(app.client.connections, 'ready')
    isBroken = true
    expect(await errorOf(app.client.signOut)).toMatchObject({ code: 'storage_unavailable' })
    expect(hints(scene)).toEqual(['refresh_token', 'access_token'])
  })

  test('says so where another page goes on writing', async () => {
    const scene = createScene(network)
    const { connection, client: first } = await connectKept(scene, 'anna')
    first.dispose()
    const record = (await scene.browser.records()).get(connectionKey(connection.id))
    const real = openDatabase('countersign')
    const page = scene.browser.open('/')
    let isWriting = false
    const entries: Database['entries'] = async () => {
      if (isWriting) await real.change([], () => [{ [connectionKey(connection.id)]: record }, undefined])
      return real.entries()
    }
    const platform = { ...page.platform, database: { ...real, entries } }
    const client = createClient({ subject: 'anna', providers: { bank: kept }, platform })
    await until(client.tokens('bank'), 'connected')
    await settled()
    isWriting = true
    expect(await errorOf(client.signOut)).toMatchObject({ code: 'storage_unavailable' })
    expect(client.connections.get()).toEqual({ status: 'sign_in_required' })
    expect(hints(scene)).toEqual(['refresh_token', 'access_token'])
  })

  test('leaves alone a user who signs in meanwhile', async () => {
    const scene = createScene(network)
    const { client, connection } = await connectKept(scene, 'anna')
    const signedOut = client.signOut()
    client.setSubject('berta')
    expect(await signedOut).toEqual({ revoked: true })
    expect(client.connections.get()).toMatchObject({ status: 'ready', connections: [] })
    expect(await keysOf(scene)).not.toContain(connectionKey(connection.id))
    expect(hints(scene)).toEqual(['refresh_token', 'access_token'])
  })

  test('revokes what the page has in memory although another user signs in at once', async () => {
    const scene = createScene(network, { subject: 'anna' })
    const app = scene.open(await scene.consent())
    expect((await outcome(app)).status).toBe('connected')
    const signedOut = app.client.signOut()
    app.client.setSubject('berta')
    expect(await signedOut).toEqual({ revoked: true })
    expect(new Set(hints(scene))).toEqual(new Set(['refresh_token', 'access_token']))
    await until(app.client.connections, 'ready')
  })

  test('ends when the sign-out is noted for the other tabs', async () => {
    const scene = createScene(network)
    const { client } = await connectKept(scene, 'anna')
    await client.signOut()
    expect((await scene.browser.records()).get(sessionKey)).toEqual({ v: 1, subject: '' })
  })

  test('waits until it is known who is signed in', async () => {
    const scene = createScene(network)
    const { client: first } = await connectKept(scene, 'anna')
    first.dispose()
    let find!: (subject: string) => void
    const subject = new Promise<string>((resolve) => {
      find = resolve
    })
    const { platform } = scene.browser.open('/')
    const client = createClient({ subject, providers: { bank: kept }, platform })
    const signedOut = client.signOut()
    find('anna')
    expect(await signedOut).toEqual({ revoked: true })
    expect(hints(scene)).toEqual(['refresh_token', 'access_token'])
    expect(client.connections.get()).toEqual({ status: 'sign_in_required' })
  })

  test('of somebody whom the app cannot find out says so, and hides everything', async () => {
    const scene = createScene(network)
    const { platform } = scene.browser.open('/')
    const subject = Promise.reject<string>(new Error('offline'))
    const client = createClient({ subject, providers: { bank: kept }, platform })
    expect(await errorOf(client.signOut)).toMatchObject({ code: 'subject_unknown' })
    await until(client.connections, 'sign_in_required')
  })

  test('of an app without users leaves the same user with nothing', async () => {
    const scene = createScene(network)
    const { client } = await connectKept(scene, singleUser)
    expect(await client.signOut()).toEqual({ revoked: true })
    expect(client.connections.get()).toEqual({ status: 'ready', connections: [], abandoned: [] })
  })

  test('of nobody does nothing', async () => {
    const scene = createScene(network)
    const client = openKept(scene, 'anna')
    client.setSubject(null)
    expect(await client.signOut()).toEqual({ revoked: true })
    expect(hints(scene)).toEqual([])
  })
})

test('setSubject(null) removes and revokes nothing', async () => {
  const scene = createScene(network)
  const { client, connection } = await connectKept(scene, 'anna')
  client.setSubject(null)
  await until(client.connections, 'sign_in_required')
  await settled()
  expect(await keysOf(scene)).toContain(tokensKey(connection.id))
  expect(hints(scene)).toEqual([])
})

describe('stored tokens that nobody uses', () => {
  test('are removed and revoked after 180 days, whoever is signed in', async () => {
    const scene = createScene(network)
    const { client, connection } = await connectKept(scene, 'anna')
    client.dispose()
    scene.browser.clock.advance(179 * day)
    const soon = openKept(scene, 'berta')
    await until(soon.connections, 'ready')
    await settled()
    expect(await keysOf(scene)).toContain(tokensKey(connection.id))
    soon.dispose()
    scene.browser.clock.advance(2 * day)
    await until(openKept(scene, 'berta').connections, 'ready')
    await eventually(() => {
      expect(hints(scene)).toEqual(['refresh_token', 'access_token'])
    })
    expect(leaksOf([...(await scene.browser.records())])).toEqual([])
    await until(openKept(scene, 'anna').tokens('bank'), 'reauthorization_required')
  })

  test('stay where they are used', async () => {
    const scene = createScene(network)
    const { getAccessToken, connection } = await connectKept(scene, 'anna')
    scene.browser.clock.advance(170 * day)
    await getAccessToken()
    scene.browser.clock.advance(20 * day)
    const client = openKept(scene, 'anna')
    await until(client.tokens('bank', { connection: connection.id }), 'connected')
    await settled()
    expect(await keysOf(scene)).toContain(tokensKey(connection.id))
  })

  test('stay where they never expire and are used from time to time', async () => {
    const scene = createScene(network)
    scene.server.hostile.tokens = ({ refresh_token: _, expires_in: __, ...body }) => body
    const { client, connection } = await connectKept(scene, 'anna')
    client.dispose()
    for (const days of [100, 100, 100]) {
      scene.browser.clock.advance(days * day)
      const page = openKept(scene, 'anna')
      const { getAccessToken } = await until(page.tokens('bank', { connection: connection.id }), 'connected')
      await getAccessToken()
      await settled()
      page.dispose()
    }
    expect(await keysOf(scene)).toContain(tokensKey(connection.id))
    expect(hints(scene)).toEqual([])
  })

  test('are removed without a connection, too', async () => {
    const scene = createScene(network)
    const { client, connection } = await connectKept(scene, 'anna')
    client.dispose()
    await scene.browser.tamper(connectionKey(connection.id), undefined)
    scene.browser.clock.advance(181 * day)
    await until(openKept(scene, 'berta').connections, 'ready')
    await eventually(async () => {
      expect(await keysOf(scene)).not.toContain(tokensKey(connection.id))
    })
  })
})
