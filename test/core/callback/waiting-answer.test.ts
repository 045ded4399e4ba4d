import { HttpResponse } from 'msw'
import { generateKeyPair, SignJWT } from 'jose'
import { assert, describe, expect, test } from 'vitest'
import type { Resumable } from '../../../src/core/callback/callback.js'
import { metadataKey, transactionKey } from '../../../src/core/records/keys.js'
import { openDatabase } from '../../../src/platform/database.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { createScene, stateOf, type Scene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome, refusal } from '../../support/outcome.js'
import { eventually, settled, until } from '../../support/until.js'

const network = openNetwork()

/** Resolves when another page has asked for the answer that waits in one. */
async function isAwaited({ browser }: Pick<Scene, 'browser'>) {
  while (!browser.awaitedLockNames().some((name) => name.startsWith('answer:'))) await settled()
}

/** A page whose code has been spent while nobody could have the keys of the server. */
async function answered(
  jwks: () => Response = () => new HttpResponse(null, { status: 503 }),
  subject = 'anna',
) {
  const scene = createScene(network, { subject })
  scene.server.hostile.jwks = jwks
  const url = await scene.consent()
  const app = scene.open(url)
  const state = await until(app.client.callback, 'failed', 'connected')
  assert(state.status === 'failed')
  const record = async () => (await scene.browser.records()).get(transactionKey(stateOf(url)))
  const revoked = () => scene.server.requests.revocation.map(({ form }) => form.get('token_type_hint'))
  return { ...scene, url, app, state, record, revoked, isAwaited: () => isAwaited(scene) }
}

/** A page that took up the code of one that is gone, and has spent it while nobody could have the keys of the server. */
async function takenUp() {
  const scene = createScene(network)
  const { browser, consent, open, server } = scene
  const url = await consent()
  await browser.tamper(metadataKey('bank'), undefined)
  server.hostile.discovery = () => new HttpResponse(null, { status: 503 })
  const gone = open(url)
  await until(gone.client.callback, 'failed')
  gone.client.dispose()
  delete server.hostile.discovery
  server.hostile.jwks = () => new HttpResponse(null, { status: 503 })
  browser.clock.advance(20)
  const app = open('/accounts')
  await eventually(async () => {
    const record = (await browser.records()).get(transactionKey(stateOf(url)))
    expect(record).toMatchObject({ phase: 'answered' })
  })
  return { ...scene, app }
}

describe('the answer to a code, while the keys of its ID Token are out of reach', () => {
  test.each<[string, () => Response]>([
    ['offline', () => HttpResponse.error()],
    ['status 503', () => new HttpResponse(null, { status: 503 })],
    ['status 429', () => new HttpResponse(null, { status: 429 })],
    ['HTML', () => HttpResponse.html('<html></html>')],
  ])('(%s) waits, and resume checks it without the token endpoint', async (_name, jwks) => {
    const { app, server, state } = await answered(jwks)
    expect(state).toMatchObject({
      provider: 'bank',
      error: { code: 'provider_unavailable', recovery: 'resume' },
    })
    expect(await until(app.client.connections, 'ready')).toMatchObject({ connections: [] })
    expect(await state.resumeAsync?.()).toMatchObject({ error: { code: 'provider_unavailable' } })
    delete server.hostile.jwks
    expect(await state.resumeAsync?.()).toMatchObject({ status: 'connected' })
    expect(server.requests.token).toHaveLength(1)
    const tokens = await until(app.client.tokens('bank'), 'connected')
    expect(await tokens.getAccessToken()).toEqual(expect.any(String))
  })

  test('is in no storage, and the spent code is no longer', async () => {
    const { app, browser, record, state, server } = await answered()
    expect(await record()).toMatchObject({ phase: 'answered', code: '' })
    const before = JSON.stringify([...(await browser.records())])
    delete server.hostile.jwks
    await state.resumeAsync?.()
    const { getAccessToken } = await until(app.client.tokens('bank'), 'connected')
    expect(before).not.toContain(await getAccessToken())
  })

  test('is lost by a reload, which says so and sends nothing', async () => {
    const { app, open, record, server } = await answered()
    delete server.hostile.jwks
    expect(await refusal(open(app.reload()))).toEqual({ code: 'redemption_unknown' })
    expect(server.requests.token).toHaveLength(1)
    expect(await record()).not.toHaveProperty('codeVerifier')
  })

  test('is let alone by a page that opens meanwhile', async () => {
    const { browser, isAwaited, open, server, state } = await answered()
    browser.clock.advance(20)
    open('/accounts')
    await isAwaited()
    browser.clock.advance(1)
    await settled()
    delete server.hostile.jwks
    expect(await state.resumeAsync?.()).toMatchObject({ status: 'connected' })
    expect(server.requests.token).toHaveLength(1)
  })

  test('is waited for by a page with the same URL, which can ask again', async () => {
    const { browser, isAwaited, open, server, state, url } = await answered()
    const second = open(url)
    await isAwaited()
    browser.clock.advance(1)
    const waiting = await until(second.client.callback, 'failed')
    expect(waiting).toMatchObject({ error: { code: 'transaction_in_use', recovery: 'resume' } })
    delete server.hostile.jwks
    await state.resumeAsync?.()
    expect(await waiting.resumeAsync?.()).toMatchObject({ status: 'connected' })
    expect(server.requests.token).toHaveLength(1)
  })

  test('is let alone by other pages, and stays good, when the time to come back is over', async () => {
    const { app, browser, isAwaited, open, server, state } = await answered()
    browser.clock.advance(1200)
    const other = open('/accounts')
    await until(other.client.connections, 'ready')
    await isAwaited()
    browser.clock.advance(1)
    await other.client.connections.refreshAsync()
    expect(other.client.connections.get()).toMatchObject({ connections: [], abandoned: [] })
    delete server.hostile.jwks
    expect(await state.resumeAsync?.()).toMatchObject({ status: 'connected' })
    expect(await until(app.client.connections, 'ready')).toMatchObject({ abandoned: [] })
  })

  test('is checked again by a page that took the code up where another one went away', async () => {
    const { app, browser, server } = await takenUp()
    const asked = server.requests.jwks.length
    await eventually(() => {
      browser.clock.advance(10)
      expect(server.requests.jwks.length).toBeGreaterThan(asked)
    })
    delete server.hostile.jwks
    await eventually(() => {
      browser.clock.advance(10)
      expect(app.client.tokens('bank').get().status).toBe('connected')
    })
    expect(server.requests.token).toHaveLength(1)
  })

  test('is revoked by such a page once its user has signed out in another tab of an app without users', async () => {
    const { app, browser, open, server } = await takenUp()
    await open().client.signOut()
    await eventually(() => {
      browser.clock.advance(10)
      expect(server.requests.revocation).toHaveLength(2)
    })
    expect(app.client.tokens('bank').get().status).toBe('disconnected')
  })

  test('is revoked by such a page after an hour, and the attempt is told of for a week', async () => {
    const { browser, open, server } = await takenUp()
    await eventually(() => {
      browser.clock.advance(60)
      expect(server.requests.revocation).toHaveLength(2)
    })
    browser.clock.advance(6 * 24 * 3600)
    expect(await until(open().client.connections, 'ready')).toMatchObject({
      abandoned: [{ provider: 'bank' }],
    })
  })

  test('counts as lost where no Web Locks tell whether its page is there', async () => {
    const { open, record, url } = await answered()
    expect(await refusal(open(url, { webLocks: 'absent' }))).toEqual({ code: 'redemption_unknown' })
    expect(await record()).toMatchObject({ phase: 'failed' })
  })

  test('is revoked by its page where another one has taken that page for gone', async () => {
    const { app, open, revoked, server, state, url } = await answered()
    expect(await refusal(open(url, { webLocks: 'absent' }))).toEqual({ code: 'redemption_unknown' })
    await eventually(() => expect(revoked()).toEqual(['refresh_token', 'access_token']))
    delete server.hostile.jwks
    expect(await state.resumeAsync?.()).toMatchObject({ error: { code: 'redemption_unknown' } })
    expect(await until(app.client.connections, 'ready')).toMatchObject({ connections: [] })
  })

  test('waits in a page without Web Locks, too', async () => {
    const scene = createScene(network, { webLocks: 'refused' })
    scene.server.hostile.jwks = () => HttpResponse.error()
    const state = await until(scene.open(await scene.consent()).client.callback, 'failed')
    delete scene.server.hostile.jwks
    expect(await state.resumeAsync?.()).toMatchObject({ status: 'connected' })
  })

  test('is refused and revoked when it turns out to be signed by somebody else', async () => {
    const scene = createScene(network)
    const { privateKey } = await generateKeyPair('ES256')
    scene.server.hostile.idToken = (claims, header) =>
      new SignJWT(claims).setProtectedHeader(header as { alg: string }).sign(privateKey)
    scene.server.hostile.jwks = () => HttpResponse.error()
    const state = await until(scene.open(await scene.consent()).client.callback, 'failed', 'connected')
    assert(state.status === 'failed')
    expect(scene.server.requests.revocation).toEqual([])
    delete scene.server.hostile.jwks
    const refused = await state.resumeAsync?.()
    expect(refused).toMatchObject({ error: { code: 'id_token_invalid', parameter: 'signature' } })
    expect(refused).not.toHaveProperty('resume')
    await settled()
    expect(scene.server.requests.revocation).toHaveLength(2)
  })

  test('is revoked when the user of the app changes', async () => {
    const { app, revoked, server, state } = await answered()
    app.client.setSubject('berta')
    await settled()
    expect(revoked()).toEqual(['refresh_token', 'access_token'])
    delete server.hostile.jwks
    expect(await state.resumeAsync?.()).toMatchObject({ error: { code: 'subject_mismatch' } })
    app.client.setSubject('anna')
    expect(await outcome(app)).toMatchObject({ error: { code: 'redemption_unknown' } })
    expect(server.requests.token).toHaveLength(1)
  })

  test('is revoked after an hour', async () => {
    const { browser, leave, open, revoked, state } = await answered()
    browser.clock.advance(3601)
    await leave(open())
    await settled()
    expect(await state.resumeAsync?.()).toMatchObject({ error: { code: 'redemption_unknown' } })
    await settled()
    expect(revoked()).toEqual(['refresh_token', 'access_token'])
  })

  test('is revoked when its user has signed out by the time it comes', async () => {
    const scene = createScene(network, { subject: 'anna' })
    const { hostile, requests } = scene.server
    hostile.jwks = () => new HttpResponse(null, { status: 503 })
    const url = await scene.consent()
    hostile.token = () => {
      app.client.setSubject(null)
      return undefined
    }
    const app = scene.open(url)
    await eventually(() => expect(requests.revocation).toHaveLength(2))
    await eventually(async () =>
      expect((await scene.browser.records()).get(transactionKey(stateOf(url)))).toMatchObject({
        phase: 'failed',
        error: { code: 'redemption_unknown' },
      }),
    )
    expect(app.client.callback.get()).toEqual({ status: 'none' })
  })

  test('is revoked when its user has signed out by the time it turns out that it cannot be stored', async () => {
    const scene = createScene(network, { subject: 'anna' })
    const real = openDatabase('countersign')
    const app = scene.open(await scene.consent(), {
      database: {
        ...real,
        change: (keys, change) =>
          real.change(keys, (records) => {
            const [next, result] = change(records)
            if (!Object.keys(next).some((key) => key.startsWith('connection:'))) return [next, result]
            app.client.setSubject(null)
            throw new StorageError()
          }),
      },
    })
    await eventually(() => expect(scene.server.requests.revocation).toHaveLength(2))
    expect(app.client.callback.get()).toEqual({ status: 'none' })
  })

  test('is checked again, and its code not sent again, when that it came could not be stored', async () => {
    const scene = createScene(network)
    const { hostile, requests } = scene.server
    hostile.jwks = () => new HttpResponse(null, { status: 503 })
    const url = await scene.consent()
    const real = openDatabase('countersign')
    let isFull = false
    hostile.token = () => {
      isFull = true
      return undefined
    }
    const app = scene.open(url, {
      database: {
        ...real,
        change: (keys, change) => (isFull ? Promise.reject(new StorageError()) : real.change(keys, change)),
      },
    })
    const state = await until(app.client.callback, 'failed')
    expect(state).toMatchObject({ error: { code: 'storage_unavailable' } })
    isFull = false
    delete hostile.token
    delete hostile.jwks
    expect(await state.resumeAsync?.()).toMatchObject({ status: 'connected' })
    expect(requests.token).toHaveLength(1)
  })

  test('is not used when the user changes while it is checked', async () => {
    const { app, browser, revoked, server, state } = await answered()
    let answer = (): void => undefined
    const isHeld = new Promise<void>((resolve) => (answer = resolve))
    const isAsked = new Promise<void>((resolve) => {
      server.hostile.jwks = async (keys) => {
        resolve()
        await isHeld
        return HttpResponse.json({ keys })
      }
    })
    const resumed = state.resumeAsync?.()
    await isAsked
    app.client.setSubject('berta')
    await settled()
    expect(revoked()).toEqual(['refresh_token', 'access_token'])
    answer()
    expect(await resumed).toEqual({ status: 'none' })
    expect([...(await browser.records()).keys()].filter((key) => key.startsWith('connection:'))).toEqual([])
  })

  test('waits until the connection is stored: a page that opens meanwhile lets it alone', async () => {
    const scene = createScene(network)
    scene.server.hostile.jwks = () => new HttpResponse(null, { status: 503 })
    const url = await scene.consent()
    const real = openDatabase('countersign')
    let isFull = false
    const app = scene.open(url, {
      database: {
        ...real,
        change: (keys, change) =>
          real.change(keys, (records) => {
            const [next, result] = change(records)
            if (isFull && Object.keys(next).some((key) => key.startsWith('connection:')))
              throw new StorageError()
            return [next, result]
          }),
      },
    })
    const state = await until(app.client.callback, 'failed')
    delete scene.server.hostile.jwks
    isFull = true
    const unstored = await state.resumeAsync?.()
    expect(unstored).toMatchObject({ error: { code: 'storage_unavailable' } })
    const second = scene.open(url)
    await isAwaited(scene)
    scene.browser.clock.advance(1)
    await until(second.client.callback, 'failed')
    expect(await refusal(second)).toEqual({ code: 'transaction_in_use' })
    isFull = false
    expect(await (unstored as Resumable).resumeAsync()).toMatchObject({ status: 'connected' })
  })

  test.each([
    ['its user signs out of an app without users', 'signOut'],
    ['its client is disposed', 'dispose'],
  ] as const)('is revoked when %s', async (_name, act) => {
    const scene = createScene(network)
    scene.server.hostile.jwks = () => new HttpResponse(null, { status: 503 })
    const { client } = scene.open(await scene.consent())
    await until(client.callback, 'failed')
    await client[act]()
    await settled()
    expect(scene.server.requests.revocation).toHaveLength(2)
    if (act === 'signOut') expect(client.callback.get()).toEqual({ status: 'none' })
  })

  test.each([-1200, 0])(
    'gives a token whose lifetime counts from when it came, as does the report of a clock (server %i s ahead)',
    async (aheadSeconds) => {
      const scene = createScene(network)
      scene.serverClock.aheadSeconds = aheadSeconds
      scene.server.hostile.jwks = () => new HttpResponse(null, { status: 503 })
      const app = scene.open(await scene.consent())
      const state = await until(app.client.callback, 'failed')
      const receivedAt = scene.browser.clock.now()
      scene.browser.clock.advance(1200)
      delete scene.server.hostile.jwks
      expect(await state.resumeAsync?.()).toMatchObject({ status: 'connected' })
      const { expiresAt } = await until(app.client.tokens('bank'), 'connected')
      expect(expiresAt).toBe(receivedAt + 3600)
      const reported = app.events.filter(({ type }) => type === 'clock_differs').map(({ detail }) => detail)
      expect(reported).toEqual(aheadSeconds === 0 ? [] : ['20'])
    },
  )
})
