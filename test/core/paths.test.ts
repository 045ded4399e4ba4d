// What each path costs: requests, and transactions of the database between a click and the navigation.
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { metadataKey } from '../../src/core/records/keys.js'
import { openDatabase, type Database } from '../../src/platform/database.js'
import { createScene, type Scene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { outcome } from '../support/outcome.js'
import { eventually, settled, until } from '../support/until.js'

const network = openNetwork()

/** A database that counts the transactions of each kind. */
function counting() {
  const real = openDatabase('countersign')
  const counts = { reads: 0, writes: 0 }
  const database: Database = {
    get(key) {
      counts.reads++
      return real.get(key)
    },
    entries() {
      counts.reads++
      return real.entries()
    },
    change(keys, change) {
      counts.writes++
      return real.change(keys, change)
    },
  }
  return { database, counts }
}

const requested = ({ server: { requests } }: Scene) =>
  Object.fromEntries(Object.entries(requests).map(([name, { length }]) => [name, length]))

/** A page in which nothing is under way any more, and what it does from now on. */
async function quiet(scene: Scene, subject?: string) {
  const { database, counts } = counting()
  const app = scene.open('/', { database, ...(subject !== undefined && { subject }) })
  await until(app.client.connections, 'ready')
  await eventually(async () => {
    const before = { ...counts }
    await settled()
    expect(counts).toEqual(before)
  })
  const start = { ...counts }
  return {
    app,
    view: start,
    spent: () => ({ reads: counts.reads - start.reads, writes: counts.writes - start.writes }),
  }
}

describe('a page view', () => {
  test('of the user who is noted already writes nothing', async () => {
    const scene = createScene(network)
    const first = await quiet(scene, 'anna')
    expect(first.view.writes).toBeGreaterThan(0)
    expect((await quiet(scene, 'anna')).view.writes).toBe(0)
    expect((await quiet(scene, 'ben')).view.writes).toBeGreaterThan(0)
  })
})

describe('a click', () => {
  test('that was prepared costs no request and one transaction of the database', async () => {
    const scene = createScene(network)
    const { app } = await quiet(scene)
    await app.client.authorization('bank').prepareAsync()
    const before = requested(scene)
    const { database, counts } = counting()
    Object.assign(app.platform.database, database)
    await scene.leave(app)
    expect(requested(scene)).toEqual(before)
    expect(counts).toEqual({ reads: 0, writes: 1 })
  })

  test('that nothing was prepared for costs no request on the second visit, and one write', async () => {
    const scene = createScene(network)
    await scene.leave(scene.open())
    const before = requested(scene)
    expect(before).toMatchObject({ discovery: 1 })
    const { app, spent } = await quiet(scene)
    const left = scene.leave(app).then(spent)
    // The metadata; and what has expired, which is looked at beside the way.
    expect(await left).toEqual({ reads: 2, writes: 1 })
    expect(requested(scene)).toEqual(before)
  })

  test('that is prepared has a connection opened to the server that it will leave for', async () => {
    const app = createScene(network).open()
    await app.client.authorization('bank').prepareAsync()
    await app.client.authorization('bff').prepareAsync()
    expect(app.preconnected).toEqual(['https://as.example', 'https://as.example'])
  })
})

describe('a callback', () => {
  test('costs one token request; the keys come beside it, and nothing before it', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    const before = requested(scene)
    const answer = holdToken(scene)
    const app = scene.open(url)
    await eventually(() => expect(requested(scene)).toMatchObject({ jwks: 1 }))
    expect(app.client.callback.get().status).toBe('pending')
    answer()
    await until(app.client.callback, 'connected')
    expect(requested(scene)).toEqual({ ...before, token: 1, jwks: 1 })
  })

  test('goes on with its own request where the keys do not come beside the code', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    scene.server.hostile.jwks = () => {
      delete scene.server.hostile.jwks
      return HttpResponse.error()
    }
    await until(scene.open(url).client.callback, 'connected')
    expect(requested(scene)).toMatchObject({ token: 1, jwks: 2 })
  })
})

describe('metadata', () => {
  const evil = 'https://evil.example/token'

  test.each<[string, (record: Record<string, unknown>) => unknown]>([
    [
      'names a token endpoint elsewhere',
      (record) => ({
        ...record,
        document: { ...(Object(record['document']) as object), token_endpoint: evil },
      }),
    ],
    ['is of another issuer', (record) => ({ ...record, issuer: 'https://other.example' })],
    ['is of another client', (record) => ({ ...record, clientId: 'client-2' })],
    ['is of another version', (record) => ({ ...record, v: 2 })],
    ['is from a time to come', (record) => ({ ...record, fetchedAt: Number(record['fetchedAt']) + 90_000 })],
    ['is damaged', () => 'x'],
  ])('that is stored and %s is fetched again', async (_name, change) => {
    const scene = createScene(network)
    const url = await scene.consent()
    const record = (await scene.browser.records()).get(metadataKey('bank'))
    await scene.browser.tamper(metadataKey('bank'), change(record as Record<string, unknown>))
    expect((await outcome(scene.open(url))).status).toBe('connected')
    expect(requested(scene)).toMatchObject({ discovery: 2, token: 1 })
  })

  test('is stored without keys', async () => {
    const scene = createScene(network)
    await until(scene.open(await scene.consent()).client.callback, 'connected')
    const stored = JSON.stringify([...(await scene.browser.records())])
    expect(stored).toContain('jwks_uri')
    expect(stored).not.toMatch(/"kty"|"keys"/)
  })

  test('is forgotten where an endpoint is not there any more, so that the next page asks for it', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    scene.server.hostile.token = () => new HttpResponse(null, { status: 404 })
    await until(scene.open(url).client.callback, 'failed')
    await eventually(async () => expect((await scene.browser.records()).has(metadataKey('bank'))).toBe(false))
  })
})

/** Holds the answer of the token endpoint back; the function given back lets it go. */
function holdToken({ server: { hostile } }: Scene): () => void {
  let release!: () => void
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  hostile.token = async () => {
    await held
    return undefined
  }
  return release
}
