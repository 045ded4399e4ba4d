import { createClient, singleUser, type ClientOptions } from 'countersign/core'
import { describe, expect, test, vi } from 'vitest'
import { synchronize } from '../../src/core/connections/synchronize.js'
import { createContext } from '../../src/core/create-context.js'
import { subjectName } from '../support/subject-name.js'
import { connectionKey, sessionKey, syncedKey, transactionKey } from '../../src/core/records/keys.js'
import { createSubject } from '../../src/core/subject.js'
import { createScene, providers, stateOf, type App, type Scene } from '../support/app.js'
import { refusal } from '../support/backend.js'
import { createBrowser, createPopup } from '../support/browser.js'
import { openNetwork } from '../support/network.js'
import { outcome } from '../support/outcome.js'
import { refusalOf } from '../support/refusal.js'
import { eventually, settled, until } from '../support/until.js'

const network = openNetwork()

/** An answer to "who is signed in" that a test gives when it wants to. */
function asking() {
  let answer!: (subject: string | null) => void
  let fail!: (reason: unknown) => void
  const subject = new Promise<string | null>((resolve, reject) => {
    answer = resolve
    fail = reject
  })
  return { subject, answer, fail }
}

/** Connects a provider for a user, in a page that stays open. */
async function connect(scene: Scene, subject: string, name: 'bank' | 'mediated' = 'bank'): Promise<App> {
  const left = scene.open('/', { subject })
  const url = await scene.leave(left, name)
  // Gone with the navigation: it would go on asking the backend for its list.
  left.client.dispose()
  const app = scene.open(name === 'bank' ? scene.server.visit(url) : scene.backend.visit(url), { subject })
  expect((await outcome(app)).status).toBe('connected')
  return app
}

const synced = async ({ browser }: Pick<Scene, 'browser'>) => syncedKey(await subjectName(browser, 'anna'))

const keysOf = async ({ browser }: Scene) => [...(await browser.records()).keys()]

const names = (app: App): string[] => {
  const state = app.client.connections.get()
  return state.status === 'ready' ? state.connections.map(({ provider }) => provider) : [state.status]
}

describe('the option `subject`', () => {
  const make = (subject: unknown) => () =>
    createClient({ ...createOptions(), subject } as unknown as ClientOptions)
  const createOptions = () => ({
    providers: { bank: providers.bank },
    platform: createBrowser().open().platform,
  })

  test.each([
    ['undefined', undefined],
    ['an empty string', ''],
    ['number', 7],
    ['boolean', false],
    ['object', { id: 'anna@example.com' }],
    ['symbol', Symbol('singleUser')],
  ])('refuses %s with a sentence that says what to give', (name, value) => {
    expect(make(value)).toThrow(TypeError)
    expect(make(value)).toThrow(new RegExp(`^The subject is ${name}\\. Give the id of the app's user`))
    expect(make(value)).not.toThrow(/anna/)
  })

  test('cannot be left out', () => {
    expect(() => createClient(createOptions() as unknown as ClientOptions)).toThrow(TypeError)
  })

  test.each([
    ['an id', 'anna'],
    ['null', null],
    ['singleUser', singleUser],
  ])('takes %s', (_name, value) => {
    expect(make(value)).not.toThrow()
  })

  test.each([undefined, '', 7])('setSubject refuses %j, and nothing changes', async (value) => {
    const app = createScene(network).open('/', { subject: 'anna' })
    await until(app.client.connections, 'ready')
    expect(() => app.client.setSubject(value as unknown as string)).toThrow(TypeError)
    expect(app.client.connections.get().status).toBe('ready')
  })
})

describe('while a promise is pending', () => {
  test('connections are restoring, also after the page is shown again, and then they are there', async () => {
    const scene = createScene(network)
    await connect(scene, 'anna', 'mediated')
    const { subject, answer } = asking()
    const app = scene.open('/', { subject })
    app.show()
    scene.browser.post({ v: 1, id: 'session' })
    await settled()
    expect(app.client.connections.get()).toEqual({ status: 'restoring' })
    expect(app.client.tokens('mediated').get()).toEqual({ status: 'restoring' })
    answer('anna')
    await until(app.client.tokens('mediated'), 'connected')
  })

  test('a promise of null asks to sign in', async () => {
    const app = createScene(network).open('/', { subject: Promise.resolve(null) })
    await until(app.client.connections, 'sign_in_required')
  })

  test('a callback is pending, its code is stored and sent to nobody; then it is redeemed once', async () => {
    const scene = createScene(network)
    const url = await scene.consent({ returnTo: '/accounts' }, {}, { subject: 'anna' })
    const { subject, answer } = asking()
    const app = scene.open(url, { subject })
    const key = transactionKey(stateOf(url))
    await eventually(async () => expect((await scene.browser.records()).get(key)).toHaveProperty('code'))
    await settled()
    expect(app.client.callback.get()).toEqual({ status: 'pending' })
    expect(scene.server.requests.token).toEqual([])
    answer('anna')
    expect(await outcome(app)).toMatchObject({ status: 'connected', returnTo: '/accounts' })
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('a reload loses no response', async () => {
    const scene = createScene(network)
    const url = await scene.consent({}, {}, { subject: 'anna' })
    const app = scene.open(url, { subject: asking().subject })
    const key = transactionKey(stateOf(url))
    await eventually(async () => expect((await scene.browser.records()).get(key)).toHaveProperty('code'))
    app.client.dispose()
    expect((await outcome(scene.open(app.reload(), { subject: 'anna' }))).status).toBe('connected')
  })

  test('a refusal waits as well: it is told to its own user only', async () => {
    const scene = createScene(network)
    for (const [who, status] of [
      ['anna', 'denied'],
      ['berta', 'none'],
    ] as const) {
      const url = await scene.consent({}, { error: 'access_denied' }, { subject: 'anna' })
      const { subject, answer } = asking()
      const app = scene.open(url, { subject })
      await settled()
      expect(app.client.callback.get()).toEqual({ status: 'pending' })
      answer(who)
      expect((await outcome(app)).status).toBe(status)
    }
  })

  test('authorize waits, and a popup is open from the click on', async () => {
    const scene = createScene(network)
    const popup = createPopup()
    const openPopup = vi.fn(() => popup as unknown as Window)
    const { subject, answer } = asking()
    const page = scene.browser.open('/')
    Object.assign(page.platform.navigation, { openPopup })
    const app = scene.open(page, { subject })
    const authorization = app.client.authorization('bank', { display: 'popup' })
    void authorization.authorizeAsync()
    expect(openPopup).toHaveBeenCalledTimes(1)
    await settled()
    expect(authorization.get()).toEqual({ status: 'leaving' })
    expect(popup.shows).toBe('')
    answer('anna')
    await until(authorization, 'waiting')
    expect((await scene.browser.records()).get(transactionKey(stateOf(popup.shows)))).toMatchObject({
      subject: await subjectName(scene.browser, 'anna'),
    })
    app.client.dispose()
  })

  test('prepare waits, and what it prepared is used', async () => {
    const scene = createScene(network)
    const { subject, answer } = asking()
    const app = scene.open('/', { subject })
    const prepared = app.client.authorization('bank').prepareAsync()
    await settled()
    expect([...(await scene.browser.records()).keys()]).toEqual([])
    answer('anna')
    await prepared
    const url = await scene.leave(app)
    expect((await scene.browser.records()).has(transactionKey(stateOf(url)))).toBe(true)
    expect(
      [...(await scene.browser.records()).keys()].filter((key) => key.startsWith('transaction:')),
    ).toHaveLength(1)
  })

  test('setSubject wins over an answer that comes late', async () => {
    const scene = createScene(network)
    const { subject, answer } = asking()
    const app = scene.open('/', { subject })
    app.client.setSubject(null)
    expect(app.client.connections.get()).toEqual({ status: 'sign_in_required' })
    answer('anna')
    await settled()
    expect(app.client.connections.get()).toEqual({ status: 'sign_in_required' })
  })

  test('a client that was disposed of takes no answer', async () => {
    const scene = createScene(network)
    const { subject, answer } = asking()
    const app = scene.open('/', { subject })
    app.client.dispose()
    answer('anna')
    await settled()
    expect((await scene.browser.records()).has('session')).toBe(false)
  })
})

describe('a promise that is rejected, or gives no id', () => {
  test.each([
    ['a rejection', (): Promise<never> => Promise.reject(new Error('anna@example.com'))],
    ['undefined', () => Promise.resolve(undefined)],
    ['an empty string', () => Promise.resolve('')],
    ['a number', () => Promise.resolve(7)],
  ])('%s is `subject_unknown` everywhere, and setSubject goes on', async (_name, subject) => {
    const scene = createScene(network)
    await connect(scene, 'anna', 'mediated')
    const url = await scene.consent({}, {}, { subject: 'anna' })
    const app = scene.open(url, { subject: subject() as unknown as Promise<null> })
    const { error } = await until(app.client.connections, 'failed')
    expect(error).toMatchObject({ code: 'subject_unknown', recovery: 'sign_in' })
    expect(error.message).not.toContain('anna')
    expect(await until(app.client.callback, 'failed')).toMatchObject({ error: { code: 'subject_unknown' } })
    expect(app.client.tokens('mediated').get()).toMatchObject({ status: 'failed' })
    const authorization = app.client.authorization('other')
    expect(await authorization.authorizeAsync()).toMatchObject({
      status: 'failed',
      error: { code: 'subject_unknown' },
    })

    app.client.setSubject('anna')
    expect(authorization.get()).toEqual({ status: 'idle' })
    expect((await outcome(app)).status).toBe('connected')
    await eventually(() => expect(names(app).sort()).toEqual(['bank', 'mediated']))
  })

  test('tells a refusal once the user is known', async () => {
    const scene = createScene(network)
    const url = await scene.consent({}, { error: 'access_denied' }, { subject: 'anna' })
    const app = scene.open(url, { subject: Promise.reject(new Error('offline')) })
    await until(app.client.callback, 'failed')
    app.client.setSubject('anna')
    await until(app.client.callback, 'denied')
  })

  test('a response that belongs to nobody says so all the same', async () => {
    const scene = createScene(network)
    const app = scene.open(`/callback/bank?code=x&state=${'s'.repeat(43)}`, { subject: asking().subject })
    expect(await outcome(app)).toMatchObject({ status: 'failed', error: { code: 'state_unknown' } })
  })
})

describe('when another user signs in', () => {
  test.each(['access_denied', 'server_error'])('what ended in %s is shown to them no more', async (error) => {
    const scene = createScene(network)
    const url = await scene.consent({}, { error }, { subject: 'anna' })
    const app = scene.open(url, { subject: 'anna' })
    await until(app.client.callback, 'denied', 'failed')
    app.client.setSubject('berta')
    expect(['none', 'pending']).toContain(app.client.callback.get().status)
    await until(app.client.callback, 'none')
  })

  test('a connection that failed to begin is shown to them no more, in the same store', async () => {
    const scene = createScene(network)
    const app = scene.open('/', { subject: 'anna' })
    const authorization = app.client.authorization('bank', { display: 'popup' })
    expect(await authorization.authorizeAsync()).toMatchObject({ error: { code: 'popup_blocked' } })
    const heard = vi.fn()
    authorization.subscribe(heard)
    app.client.setSubject('berta')
    expect(heard).toHaveBeenCalledTimes(1)
    expect(authorization.get()).toEqual({ status: 'idle' })
    expect(app.client.authorization('bank').get()).toBe(authorization.get())
  })

  test('a click of the first one sends nobody away', async () => {
    const scene = createScene(network)
    const app = scene.open('/', { subject: 'anna' })
    const authorization = app.client.authorization('bank')
    const clicked = authorization.authorizeAsync()
    app.client.setSubject('berta')
    expect(await clicked).toMatchObject({ status: 'failed', error: { code: 'sign_in_required' } })
    expect(authorization.get()).toEqual({ status: 'idle' })
    expect(app.left).toEqual([])
    expect([...(await scene.browser.records()).values()]).not.toContainEqual(
      expect.objectContaining({ phase: 'left' }),
    )
  })

  test('the first one finds the response again that waited for them', async () => {
    const scene = createScene(network)
    const url = await scene.consent({}, {}, { subject: 'anna' })
    const app = scene.open(url, { subject: null })
    await until(app.client.callback, 'sign_in_required')
    app.client.setSubject('berta')
    await until(app.client.callback, 'none')
    expect(scene.server.requests.token).toEqual([])
    app.client.setSubject(null)
    expect(app.client.callback.get()).toEqual({ status: 'none' })
    app.client.setSubject('anna')
    expect((await outcome(app)).status).toBe('connected')
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('abandoned attempts of the first one are not theirs', async () => {
    const scene = createScene(network)
    await scene.leave(scene.open('/', { subject: 'anna' }))
    scene.browser.clock.advance(3600)
    const app = scene.open('/', { subject: 'anna' })
    expect((await until(app.client.connections, 'ready')).abandoned).toHaveLength(1)
    app.client.setSubject('berta')
    expect(app.client.connections.get()).toEqual({ status: 'restoring' })
    expect((await until(app.client.connections, 'ready')).abandoned).toEqual([])
    app.client.setSubject('anna')
    expect((await until(app.client.connections, 'ready')).abandoned).toHaveLength(1)
  })
})

describe('two users of one browser', () => {
  test('the second one sees nothing of the first, who has everything again', async () => {
    const scene = createScene(network)
    const app = await connect(scene, 'anna', 'mediated')
    const records = async () =>
      [...(await scene.browser.records())].filter(([key]) => /^(?:connection|tokens):/.test(key))
    const before = await records()
    for (const subject of [null, 'berta', null]) {
      scene.backend.session = subject
      app.client.setSubject(subject)
      await until(app.client.connections, subject === null ? 'sign_in_required' : 'ready')
      await settled()
      expect(JSON.stringify([app.client.connections.get(), app.client.callback.get()])).not.toMatch(
        /connection-1/,
      )
      expect(await records()).toEqual(before)
    }
    scene.backend.session = 'anyone'
    app.client.setSubject('anna')
    await until(app.client.tokens('mediated'), 'connected')
  })

  test('a 404 that the second one’s session gets takes nothing from the first', async () => {
    const scene = createScene(network)
    const app = await connect(scene, 'anna', 'mediated')
    const tokens = await until(app.client.tokens('mediated'), 'connected')
    // The token in memory has run out, and the session at the backend is another's before this page hears of it.
    scene.browser.clock.advance(3600)
    scene.backend.hostile.answer = ({ path }) => {
      if (!path.endsWith('/access-token')) return undefined
      app.client.setSubject('berta')
      return refusal('unknown_connection', 404)
    }
    expect(await refusalOf(tokens.getAccessToken)).toMatchObject({ code: 'unknown_connection' })
    delete scene.backend.hostile.answer
    app.client.setSubject('anna')
    await until(app.client.tokens('mediated'), 'connected')
  })

  test('nor does one that comes when the first is back', async () => {
    const scene = createScene(network)
    const app = await connect(scene, 'anna', 'mediated')
    const tokens = await until(app.client.tokens('mediated'), 'connected')
    // The token has run out, and the list is not asked for again yet.
    scene.browser.clock.advance(3597)
    scene.backend.hostile.answer = ({ path }) => {
      if (!path.endsWith('/access-token')) return undefined
      app.client.setSubject('berta')
      app.client.setSubject('anna')
      return refusal('unknown_connection', 404)
    }
    expect(await refusalOf(tokens.getAccessToken)).toMatchObject({ code: 'unknown_connection' })
    expect([...(await scene.browser.records()).keys()]).toContain(connectionKey(tokens.connection.id))
  })

  test('nor does one after the second has signed in in another tab, which this page then follows', async () => {
    const scene = createScene(network)
    const app = await connect(scene, 'anna', 'mediated')
    const tokens = await until(app.client.tokens('mediated'), 'connected')
    // No list is under way whose answer would be of the next session.
    await settled()
    scene.browser.clock.advance(3600)
    app.platform.tabs.close()
    const noted = async () => (await scene.browser.records()).get(sessionKey)
    await eventually(async () =>
      expect(await keysOf(scene)).toEqual(expect.arrayContaining([sessionKey, await synced(scene)])),
    )
    const before = await noted()
    scene.backend.session = 'berta'
    scene.open('/', { subject: 'berta' })
    await eventually(async () => expect(await noted()).not.toEqual(before))
    expect(await refusalOf(tokens.getAccessToken)).toMatchObject({ code: 'unknown_connection' })
    expect(app.client.connections.get()).toEqual({ status: 'sign_in_required' })
    expect([...(await scene.browser.records()).keys()]).toContain(connectionKey(tokens.connection.id))
    scene.backend.session = 'anyone'
    await until(scene.open('/', { subject: 'anna' }).client.tokens('mediated'), 'connected')
  })

  test('a list that came for the second one’s session is not taken for the first one’s', async () => {
    const scene = createScene(network)
    const app = await connect(scene, 'anna', 'mediated')
    await eventually(async () => expect(await keysOf(scene)).toContain(await synced(scene)))
    app.client.dispose()
    scene.browser.clock.advance(7200)
    await scene.browser.tamper(await synced(scene), undefined)
    let asked = false
    scene.backend.hostile.answer = ({ path }) => {
      if (!path.endsWith('/connections') || asked) return undefined
      asked = true
      scene.backend.session = 'berta'
      later.client.setSubject('berta')
      return undefined
    }
    const later = scene.open('/', { subject: 'anna' })
    await eventually(() => expect(asked).toBe(true))
    await until(later.client.connections, 'ready')
    scene.backend.session = 'anyone'
    later.client.setSubject('anna')
    await until(later.client.tokens('mediated'), 'connected')
  })

  test('no list is asked for on behalf of the first one when the second has signed in already', async () => {
    const { backend, browser } = createScene(network)
    const { platform } = browser.open('/')
    const subject = createSubject(platform, 'berta')
    const nothing = async () => undefined
    const context = createContext(
      { subject: 'berta', providers, backend: '/connect', platform },
      {
        platform,
        subject,
        revealSubject: (id) => Promise.resolve(id),
        restart: nothing,
        requireSignIn() {},
        follow: async () => undefined,
      },
    )
    await synchronize(context, 'anna', 'mediated')
    expect(backend.calls).toEqual([])
    expect([...(await browser.records()).keys()]).not.toContain(syncedKey('anna'))
  })

  test('a list that came for the second one’s session is asked for again when the first is back', async () => {
    const scene = createScene(network)
    const app = await connect(scene, 'anna', 'mediated')
    await eventually(async () => expect(await keysOf(scene)).toContain(await synced(scene)))
    app.client.dispose()
    scene.browser.clock.advance(7200)
    await scene.browser.tamper(await synced(scene), undefined)
    let isFirst = true
    scene.backend.hostile.answer = ({ path }) => {
      if (!path.endsWith('/connections')) return undefined
      scene.backend.session = isFirst ? 'berta' : 'anyone'
      if (isFirst) for (const subject of ['berta', 'anna']) later.client.setSubject(subject)
      isFirst = false
      return undefined
    }
    const later = scene.open('/', { subject: 'anna' })
    await eventually(async () => expect(await keysOf(scene)).toContain(await synced(scene)))
    expect((await keysOf(scene)).filter((key) => key.startsWith('connection:'))).toHaveLength(1)
    await until(later.client.tokens('mediated'), 'connected')
  })
})
