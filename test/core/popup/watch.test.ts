import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { sessionKey } from '../../../src/core/records/keys.js'
import { openDatabase } from '../../../src/platform/database.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { createScene, stateOf, type App, type Scene } from '../../support/app.js'
import { createPopup } from '../../support/browser.js'
import { openNetwork } from '../../support/network.js'
import { interrupted, once } from '../../support/noise.js'
import { withoutSecrets } from '../../support/refusal.js'
import { eventually, settled, until } from '../../support/until.js'

const network = openNetwork()

/** An app that has opened a popup, which shows the provider. */
async function opened(scene: Scene, input: { returnTo?: string } = {}) {
  const popup = createPopup()
  const app = scene.open('/', { popup })
  const authorization = app.client.authorization('bank', { display: 'popup', ...input })
  const outcome = authorization.authorizeAsync()
  const { cancel } = await until(authorization, 'waiting')
  return { app, popup, authorization, outcome, cancel, url: popup.shows }
}

/** An app whose popup was seen at the provider, and then seemed closed. */
async function closed(scene: Scene) {
  const all = await opened(scene)
  await pass(scene, 1)
  all.popup.closed = true
  await pass(scene, 3)
  await until(all.authorization, 'closed')
  return all
}

/** Lets time pass in steps, as a page that looks after its popup has it. */
async function pass({ browser }: Scene, seconds: number) {
  for (let elapsed = 0; elapsed < seconds; elapsed += 0.25) {
    browser.clock.advance(0.25)
    await settled()
  }
}

const verifiers = async ({ browser }: Scene) =>
  [...(await browser.records()).values()].filter((value) => 'codeVerifier' in (Object(value) as object))

const hasToken = async ({ client }: App) => (await until(client.tokens('bank'), 'connected')).getAccessToken()

describe('a popup', () => {
  test('connects the app that opened it, where the tokens are then', async () => {
    const scene = createScene(network)
    const { app, popup, authorization, outcome, url } = await opened(scene, { returnTo: '/accounts' })
    const inPopup = scene.open(scene.server.visit(url))
    expect(await outcome).toMatchObject({ status: 'connected', provider: 'bank', returnTo: '/accounts' })
    expect(authorization.get().status).toBe('connected')
    expect(await hasToken(app)).toMatch(/^[\w-]+$/)
    expect(popup.closed).toBe(true)
    expect((await until(inPopup.client.callback, 'connected')).connection).toMatchObject({ provider: 'bank' })
    expect(inPopup.closed).toBe(true)
    expect(scene.server.requests.token).toHaveLength(1)
    expect(app.left).toEqual([])
  })

  test('connects also when the provider has changed its signing key since the last one', async () => {
    const scene = createScene(network)
    const app = scene.open()
    for (const kid of ['key-1', 'key-2']) {
      await scene.server.rotateKeys(kid)
      const popup = createPopup()
      app.platform.navigation.openPopup = () => popup as unknown as Window
      const { authorizeAsync: authorize } = app.client.authorization('bank', { display: 'popup' })
      const outcome = authorize()
      while (popup.shows === '') await settled()
      scene.open(scene.server.visit(popup.shows))
      expect((await outcome).status).toBe('connected')
    }
    expect(app.client.connections.get()).toMatchObject({ connections: [{}, {}] })
  })

  test.each(['bank', 'mediated', 'bff'] as const)(
    'tells the app of the connection, whatever it hears in that moment: %s',
    async (mode) => {
      const scene = createScene(network)
      const noise = () => {
        scene.browser.post({ v: 1, id: 'of-another-tab' })
      }
      const popup = createPopup()
      const app = scene.open('/', { popup, database: interrupted(once(noise)) })
      const authorization = app.client.authorization(mode, { display: 'popup', returnTo: '/accounts' })
      const outcome = authorization.authorizeAsync()
      await until(authorization, 'waiting')
      const bank = mode === 'bank' ? scene.server : scene.backend
      const inPopup = scene.open(bank.visit(popup.shows), { database: interrupted(once(noise)) })
      const connected = { status: 'connected', provider: mode, returnTo: '/accounts' }
      expect(await outcome).toMatchObject(connected)
      expect(await until(inPopup.client.callback, 'connected', 'none')).toMatchObject(connected)
    },
  )

  test('that was closed before the bank was shown gives way to the next click', async () => {
    const scene = createScene(network)
    const popups = [createPopup(), createPopup()] as const
    const app = scene.open('/', { popup: [...popups] })
    const authorization = app.client.authorization('bank', { display: 'popup' })
    const first = authorization.authorizeAsync()
    await until(authorization, 'waiting')
    popups[0].close()
    const second = authorization.authorizeAsync()
    expect(authorization.get().status).toBe('leaving')
    await until(authorization, 'waiting')
    expect(popups[1].shows).not.toBe(popups[0].shows)
    scene.open(scene.server.visit(popups[1].shows))
    expect((await second).status).toBe('connected')
    // What only looked closed may still come back.
    scene.open(scene.server.visit(popups[0].shows))
    expect((await first).status).toBe('connected')
  })

  test('gives way to one for what the person chooses instead', async () => {
    const scene = createScene(network)
    const popups = [createPopup(), createPopup()] as const
    const app = scene.open('/', { popup: [...popups] })
    const authorization = app.client.authorization('bank', { display: 'popup' })
    authorization.authorize({ scope: 'openid' })
    await until(authorization, 'waiting')
    const second = authorization.authorizeAsync({ scope: 'openid accounts' })
    expect(popups[0].closed).toBe(true)
    await until(authorization, 'waiting')
    // What the person left behind is neither shown nor told as abandoned.
    await pass(scene, 5)
    expect(authorization.get().status).toBe('waiting')
    scene.open(scene.server.visit(popups[1].shows))
    expect((await second).status).toBe('connected')
    scene.browser.clock.advance(1000)
    expect(await until(scene.open().client.connections, 'ready')).toMatchObject({ abandoned: [] })
  })

  test('connects although the provider cut it off from the app, so that it looks closed', async () => {
    const scene = createScene(network)
    const popup = { ...createPopup(), closed: true, location: { href: '' } }
    const app = scene.open('/', { popup })
    const authorization = app.client.authorization('bank', { display: 'popup' })
    const outcome = authorization.authorizeAsync()
    await until(authorization, 'waiting')
    await pass(scene, 5)
    expect(authorization.get().status).toBe('waiting')
    scene.open(scene.server.visit(popup.location.href))
    expect((await outcome).status).toBe('connected')
  })

  test('goes on by itself when the app that opened it is gone', async () => {
    const scene = createScene(network)
    const { app, url } = await opened(scene)
    app.client.dispose()
    const inPopup = scene.open(scene.server.visit(url))
    await settled()
    expect(scene.server.requests.token).toEqual([])
    // However long it takes until the popup has begun to wait.
    while (inPopup.client.callback.get().status === 'pending') await pass(scene, 0.5)
    expect(inPopup.client.callback.get()).toMatchObject({ status: 'connected', provider: 'bank' })
    expect(inPopup.closed).toBe(false)
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test.each([
    ['access_denied', 'denied'],
    ['server_error', 'failed'],
  ] as const)('that comes back with %s tells the app so', async (error, status) => {
    const scene = createScene(network)
    const { popup, outcome, url } = await opened(scene)
    scene.open(scene.server.visit(url, { error }))
    const state = await outcome
    expect(state.status).toBe(status)
    if ('error' in state) withoutSecrets(state.error)
    expect(popup.closed).toBe(true)
  })

  test('that comes back while the network is gone leaves a failure, and no second request', async () => {
    const scene = createScene(network)
    scene.server.hostile.token = () => HttpResponse.error()
    const { outcome, url } = await opened(scene)
    scene.open(scene.server.visit(url))
    expect(await outcome).toMatchObject({ status: 'failed', error: { code: 'network_error' } })
  })

  test('that the person closes is told as closed, and given up once its time is over', async () => {
    const scene = createScene(network)
    const { authorization, outcome } = await closed(scene)
    expect(await outcome).toEqual({ status: 'closed' })
    expect(authorization.get()).toEqual({ status: 'closed' })
    scene.browser.clock.advance(901)
    await settled()
    expect(await verifiers(scene)).toEqual([])
    expect(authorization.get()).toEqual({ status: 'closed' })
  })

  test('that seemed closed, cut off by the page it came back to, connects when that page has loaded', async () => {
    const scene = createScene(network)
    const { app, authorization, url } = await closed(scene)
    await pass(scene, 60)
    const inPopup = scene.open(scene.server.visit(url))
    expect(await until(authorization, 'connected')).toMatchObject({ provider: 'bank' })
    expect(await hasToken(app)).toMatch(/^[\w-]+$/)
    await until(inPopup.client.callback, 'connected')
    expect(inPopup.closed).toBe(true)
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('that seemed closed does not take the place of one that was opened since', async () => {
    const scene = createScene(network)
    const { app, popup, authorization, url } = await closed(scene)
    popup.closed = false
    void authorization.authorizeAsync()
    await until(authorization, 'waiting')
    const late = scene.open(scene.server.visit(url))
    await until(late.client.callback, 'connected')
    await until(app.client.tokens('bank'), 'connected')
    expect(authorization.get().status).toBe('waiting')
  })

  test.each([
    ['before it came back', true],
    ['when the person was asked to try again', false],
  ])(
    'whose answer waits for keys connects by itself where another click is shown since %s',
    async (_name, isEarly) => {
      const scene = createScene(network)
      const { app, popup, authorization, url } = await closed(scene)
      const clickAnew = async () => {
        popup.closed = false
        void authorization.authorizeAsync()
        await until(authorization, 'waiting')
      }
      if (isEarly) await clickAnew()
      scene.server.hostile.jwks = () => new HttpResponse(null, { status: 503 })
      scene.open(scene.server.visit(url))
      const phase = async () => {
        const record = [...(await scene.browser.records())].find(([key]) => key.endsWith(stateOf(url)))?.[1]
        return (record as { phase: string }).phase
      }
      await eventually(async () => expect(await phase()).toBe('answered'))
      if (!isEarly) {
        await until(authorization, 'failed')
        await clickAnew()
      }
      delete scene.server.hostile.jwks
      await eventually(() => {
        scene.browser.clock.advance(10)
        expect(app.client.tokens('bank').get().status).toBe('connected')
      })
      expect(authorization.get().status).toBe('waiting')
      expect(scene.server.requests.token).toHaveLength(1)
    },
  )

  test('that is seen away while the provider cuts it off, but not again, does not count as closed', async () => {
    const scene = createScene(network)
    const popup = createPopup()
    const app = scene.open('/', { popup })
    const authorization = app.client.authorization('bank', { display: 'popup' })
    void authorization.authorizeAsync()
    await until(authorization, 'waiting')
    popup.closed = true
    await pass(scene, 5)
    expect(authorization.get().status).toBe('waiting')
  })

  test('closes when the app has taken the code, however long the answer takes', async () => {
    const scene = createScene(network)
    const { outcome, url } = await opened(scene)
    let answer = (): void => undefined
    scene.server.hostile.token = () =>
      new Promise((resolve) => {
        answer = () => {
          resolve(undefined)
        }
      })
    const inPopup = scene.open(scene.server.visit(url))
    while (scene.server.requests.token.length === 0) await settled()
    await pass(scene, 10)
    answer()
    expect((await outcome).status).toBe('connected')
    await until(inPopup.client.callback, 'connected')
    expect(inPopup.closed).toBe(true)
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('that comes back in the moment it closes has come back', async () => {
    const scene = createScene(network)
    const { popup, outcome, url } = await opened(scene)
    popup.closed = true
    scene.open(scene.server.visit(url))
    expect((await outcome).status).toBe('connected')
  })

  test('can be given up', async () => {
    const scene = createScene(network)
    const { popup, outcome, cancel, url } = await opened(scene)
    cancel()
    expect(await outcome).toEqual({ status: 'closed' })
    expect(popup.closed).toBe(true)
    const late = scene.open(scene.server.visit(url))
    expect((await until(late.client.callback, 'cancelled')).provider).toBe('bank')
    expect(scene.server.requests.token).toEqual([])
  })

  test('that never comes back is given up when its time is over', async () => {
    const scene = createScene(network)
    const { outcome, popup } = await opened(scene)
    scene.browser.clock.advance(901)
    expect(await outcome).toEqual({ status: 'closed' })
    expect(popup.closed).toBe(true)
  })

  test('that the browser refuses is a failure that says so', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const { authorizeAsync: authorize, get } = app.client.authorization('bank', { display: 'popup' })
    expect(await authorize()).toMatchObject({ status: 'failed', error: { code: 'popup_blocked' } })
    expect(get().status).toBe('failed')
    expect(app.left).toEqual([])
  })

  test('is closed again when nobody can be sent away', async () => {
    const scene = createScene(network)
    scene.server.hostile.discovery = () => HttpResponse.error()
    const popup = createPopup()
    const app = scene.open('/', { popup })
    expect(await app.client.authorization('bank', { display: 'popup' }).authorizeAsync()).toMatchObject({
      status: 'failed',
      error: { code: 'network_error' },
    })
    expect(popup.closed).toBe(true)
    expect(popup.shows).toBe('')
  })

  test('is one, however often it is asked for', async () => {
    const scene = createScene(network)
    const { app, authorization, outcome, url } = await opened(scene)
    expect(app.client.authorization('bank', { display: 'popup' }).authorizeAsync()).toBe(outcome)
    expect(authorization.get().status).toBe('waiting')
    scene.open(scene.server.visit(url))
    await outcome
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('that comes back when nobody is signed in connects nothing, and the app that opened it once somebody is', async () => {
    const scene = createScene(network, { subject: 'user-1' })
    const { app, popup, authorization, url } = await opened(scene)
    const inPopup = scene.open(scene.server.visit(url), { subject: null })
    const { resume } = await until(inPopup.client.callback, 'sign_in_required')
    // The app has not heard that the session has ended, and takes the popup for closed.
    await pass(scene, 1)
    popup.closed = true
    await pass(scene, 5)
    expect(authorization.get()).toEqual({ status: 'closed' })
    expect(scene.server.requests.token).toEqual([])

    inPopup.client.setSubject('user-1')
    resume()
    expect(await until(authorization, 'connected')).toMatchObject({ provider: 'bank' })
    expect(await hasToken(app)).toMatch(/^[\w-]+$/)
    await until(inPopup.client.callback, 'connected')
    expect(inPopup.closed).toBe(true)
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('that has made the connection itself stays open and shows it', async () => {
    const scene = createScene(network, { subject: 'user-1' })
    const { app, url } = await opened(scene)
    app.client.setSubject(null)
    const inPopup = scene.open(scene.server.visit(url), { subject: null })
    const { resume } = await until(inPopup.client.callback, 'sign_in_required')
    // The sign-in resumes the flow, and so does the app: whichever comes second finds the transaction ended.
    inPopup.client.setSubject('user-1')
    resume()
    await settled()
    while (inPopup.client.callback.get().status === 'pending') await pass(scene, 0.5)
    expect(inPopup.client.callback.get().status).toBe('connected')
    await settled()
    expect(inPopup.closed).toBe(false)
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test.each([null, 'user-2'])('is left alone by an app whose user is %s by then', async (subject) => {
    const scene = createScene(network, { subject: 'user-1' })
    const { app, popup, url } = await opened(scene)
    const noted = async () => (await scene.browser.records()).get(sessionKey)
    const before = await noted()
    app.client.setSubject(subject)
    await eventually(async () => expect(await noted()).not.toEqual(before))
    const inPopup = scene.open(scene.server.visit(url), { subject: 'user-1' })
    await settled()
    while (inPopup.client.callback.get().status === 'pending') await pass(scene, 0.5)
    expect(inPopup.client.callback.get()).toMatchObject({ status: 'connected', provider: 'bank' })
    expect(await hasToken(inPopup)).toMatch(/^[\w-]+$/)
    expect(popup.closed).toBe(false)
    expect(app.client.callback.get()).toEqual({ status: 'none' })
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('sends its code once while a slow token endpoint is at it, and leaves the rest to the person', async () => {
    const scene = createScene(network)
    let answer = (_: Response): void => undefined
    scene.server.hostile.token = () => new Promise<Response>((resolve) => (answer = resolve))
    const { outcome, url } = await opened(scene)
    const inPopup = scene.open(scene.server.visit(url))
    await eventually(() => expect(scene.server.requests.token).toHaveLength(1))
    // The popup is gone before it goes on by itself.
    Object.assign(inPopup.platform.tabs, { lock: () => new Promise(() => undefined) })
    await pass(scene, 12)
    answer(HttpResponse.error())
    expect(await outcome).toMatchObject({
      status: 'failed',
      error: { code: 'network_error', recovery: 'resume' },
    })
    await pass(scene, 12)
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('is waited for although storage refused one look', async () => {
    const scene = createScene(network)
    const { app, outcome, url } = await opened(scene)
    const { database } = app.platform
    const { get } = database
    let refused = 0
    Object.assign(database, {
      get: (key: string) =>
        key.startsWith('transaction:') && refused++ === 0 ? Promise.reject(new StorageError()) : get(key),
    })
    await pass(scene, 6)
    expect(refused).toBe(1)
    scene.open(scene.server.visit(url))
    expect(await outcome).toMatchObject({ status: 'connected' })
  })

  test('that is gone before it could tell how it ended is found out by the page that opened it', async () => {
    const scene = createScene(network)
    const { outcome, url } = await opened(scene)
    const inPopup = scene.browser.open(scene.server.visit(url, { error: 'access_denied' }))
    inPopup.platform.tabs.close()
    scene.open(inPopup)
    await pass(scene, 6)
    expect(await outcome).toMatchObject({ status: 'denied', provider: 'bank' })
  })

  test('goes on by itself when it could not read what the app’s page had told it', async () => {
    const scene = createScene(network)
    const { url } = await opened(scene)
    const real = openDatabase('countersign')
    let refused = 0
    const inPopup = scene.open(scene.server.visit(url), {
      database: {
        ...real,
        get: (key) => {
          if (!key.startsWith('transaction:') || refused > 0) return real.get(key)
          refused += 1
          return Promise.reject(new StorageError())
        },
      },
    })
    while (inPopup.client.callback.get().status === 'pending') await pass(scene, 0.5)
    expect(inPopup.client.callback.get()).toMatchObject({ status: 'connected', provider: 'bank' })
    expect(refused).toBe(1)
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('is not finished by a message that says so', async () => {
    const scene = createScene(network)
    const { authorization, url } = await opened(scene)
    const id = stateOf(url).slice(0, 16)
    for (let i = 0; i < 20; i++) scene.browser.post({ v: 1, id, status: 'connected', code: 'stolen' })
    await settled()
    expect(authorization.get().status).toBe('waiting')
    expect(scene.server.requests.token).toEqual([])
    expect((await verifiers(scene)).length).toBe(1)
  })
})
